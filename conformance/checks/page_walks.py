"""Walks from page to page: which page a request asks for, and to which page its answer leads on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance.model.operation import Operation
from conformance.model.rule import Matched
from conformance.model.value import Value
from conformance.profiles.twilio.answers import page_of, resources, shape
from conformance.profiles.twilio.links import lowered
from conformance.profiles.twilio.paging import node

NEXT: Final = ("next_page_uri", "next_page_url")
_TOKEN: Final = "next_token"  # noqa: S105 - the name of a field


class Page(Value, frozen=True, kw_only=True):
    """A page on a walk."""

    name: str
    """The decoded path and the sorted query, so that two spellings of one URL are one page."""
    leads_to: str | None
    """The name of the next page; None on the last one."""
    items: tuple[str, ...]
    """The names of the resources on it, in lower case."""


def is_walked(operation: Operation) -> bool:
    """Tell whether the pages of an operation lead on."""
    known = shape(operation)
    return known is not None and bool({*NEXT, _TOKEN} & {*known.envelope, *known.meta})


def page(seen: Matched) -> Page | None:
    """Give the page that an exchange shows; None where it shows none."""
    known = shape(seen.operation)
    body = None if known is None else page_of(seen, known)
    if known is None or body is None:
        return None
    inner = node(body)[1]
    url = seen.exchange.request.url
    found = [item.get(known.id_field) for _, item in resources(seen, known)] if known.id_field is not None else []
    return Page(
        name=name_of(url, seen),
        leads_to=_next(inner, url, seen),
        items=tuple(each.lower() for each in found if isinstance(each, str)),
    )


def _next(inner: Mapping[str, Any], url: str, seen: Matched) -> str | None:
    for field in NEXT:
        if isinstance(inner.get(field), str) and inner[field]:
            return name_of(inner[field], seen)
    token = inner.get(_TOKEN)
    if not isinstance(token, str) or not token:
        return None
    return name_of(url, seen, token=token)


def name_of(url: str, seen: Matched, *, token: str | None = None) -> str:
    """Give the name of the page at a URL, or of the one that a token leads to from there."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if token is not None:
        pairs = [*((name, text) for name, text in pairs if name != "Token"), ("Token", token)]
    path = unquote(parts.path)
    depth = seen.operation.path.count("/")
    tail = "/".join(path.split("/")[-depth:])
    return f"{seen.operation.key} {lowered(tail)} {sorted(pairs)}"
