"""The check `foreign-link`.

What must hold for the absolute links of a page, of a resource to itself and to what belongs to it: they lead to the
host that was asked, or to a documented host of the operation; over https, unless the request itself came over http.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from conformance.model.expectation import SENT_TO
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.openapi.document import escape
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import Shape, page_of, resources, shape
from conformance.profiles.twilio.links import (
    BELOW,
    PAGES,
    SELF,
    are_plain,
    is_at_home,
    links,
    plain_links,
    starts_at_home,
)
from conformance.profiles.twilio.paging import node
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer


def foreign(text: str, *, hosts: frozenset[str], scheme: str) -> str | None:
    """Say why an absolute link leads away; None where it does not, or is relative."""
    if "://" not in text:
        return None
    parts = urlsplit(text)
    if parts.netloc.lower().rpartition("@")[2] not in hosts:
        return f"it leads to {parts.netloc}"
    return "it leads over http" if parts.scheme.lower() == "http" and scheme == "https" else None


def _links(seen: Matched, known: Shape) -> Iterator[tuple[str, str]]:
    """Give the links of a successful answer with their JSON Pointers."""
    page = page_of(seen, known)
    if page is not None:
        where, inner = node(page)
        for name, text in links(inner, tuple(PAGES)):
            yield f"{where}/{name}", text
    for pointer, resource in resources(seen, known):
        for name, text in links(resource, SELF):
            yield f"{pointer}/{name}", text
        for field in BELOW:
            below = resource.get(field)
            for name, text in links(below, tuple(below)) if isinstance(below, Mapping) else ():
                yield f"{pointer}/{field}/{escape(name)}", text


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, text in _links(seen, known):
        host = urlsplit(text).netloc
        if host:
            yield with_answer(seen, pointer, text.replace(host, "api.invalid", 1))
        elif text.startswith("/"):
            yield with_answer(seen, pointer, f"https://api.invalid{text}")
    for pointer, resource in resources(seen, known):
        for name in SELF:
            if name in known.fields and not resource.get(name):
                own = resource.get(known.id_field) if known.id_field is not None else None
                yield with_answer(seen, f"{pointer}/{name}", f"https://api.invalid/{own or 'one'}")


def _has_links(known: Shape) -> bool:
    return bool(({*SELF, *BELOW} & known.fields.keys()) | (PAGES.keys() & {*known.envelope, *known.meta}))


def _example(title: str, link: Any) -> Example:
    return example.page(title, {"calls": [], "first_page_uri": link})


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example("a relative link", f"{example.PAGE}?Page=0"),
        _example("a relative link with a URL in its query", f"{example.PAGE}?Url=https://api.example.org/"),
        _example("a link on the documented host", f"{example.HOST}{example.PAGE}?Page=0"),
    ],
    bad=[
        _example("a link on another host", f"https://api.example.org{example.PAGE}?Page=0"),
        _example("a link over http", f"http://api.twilio.com{example.PAGE}?Page=0"),
    ],
    plant=_plant,
    needs="an answer with links",
)
def foreign_link(operation: Operation) -> Inspector | None:
    """A link in an answer leads to another host, or over http.

    Whoever follows it sends the credentials of the account there.
    """
    known = shape(operation)
    if known is None or not _has_links(known):
        return None
    documented = frozenset(server.host for server in operation.servers)
    starts = starts_at_home(operation)
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, text in _links(seen, known):
            if is_at_home(text, starts):
                continue
            place = seen.exchange.extra.get(SENT_TO) if seen.exchange.extra else None
            parts = urlsplit(place or seen.exchange.request.url)
            own = {parts.netloc.lower().rpartition("@")[2], seen.exchange.request.headers.get("Host") or ""}
            reason = foreign(text, hosts=documented | own, scheme=parts.scheme)
            if reason is not None:
                yield Problem(
                    message=f"{text!r}: {reason}",
                    instance_pointer=pointer,
                    spec_pointer=spec,
                    expected=sorted(documented),
                    actual=text,
                    keyword="link",
                )

    def is_clear(plain: bool, seen: Matched) -> bool:  # noqa: FBT001 - the part of the exchange
        page = page_of(seen, known) if plain else None
        if page is None:
            return plain
        inner = node(page)[1]
        for name in PAGES:
            text = inner.get(name)
            if text is not None and not (type(text) is str and is_at_home(text, starts)):
                return False
        return True

    about_all = are_plain if known.items is None else is_clear
    return Glance(inspect=inspect, part=plain_links(operation, known), is_clear=about_all)
