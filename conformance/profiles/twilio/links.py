"""Links in Twilio's answers: `uri` relative to the host on api.twilio.com/2010-04-01, `url` absolute elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from conformance.model.operation import Operation
from conformance.model.rule import Matched, Part
from conformance.model.value import Value
from conformance.profiles.twilio.answers import About, Shape, is_in_success
from conformance.profiles.twilio.sids import SID, is_masked

SELF: Final = ("uri", "url")
"""Fields with the link of the thing itself."""
PAGES: Final[Mapping[str, str]] = {
    "uri": "this", "url": "this",
    "first_page_uri": "first", "first_page_url": "first",
    "next_page_uri": "next", "next_page_url": "next",
    "previous_page_uri": "previous", "previous_page_url": "previous",
}  # fmt: skip
"""Fields with the link of a page, and which page that is."""
BELOW: Final = ("subresource_uris", "links")
"""Fields with the links of what belongs to a resource."""

_SID_LENGTH: Final = 34
_SID: Final = re.compile(rf"(?<![A-Za-z0-9]){SID.pattern}(?![A-Za-z0-9])")


class Link(Value, frozen=True, kw_only=True):
    """A link, decoded."""

    scheme: str
    """Empty where the link is relative."""
    host: str
    path: str
    query: Mapping[str, str]


def parse(text: str) -> Link:
    """Give a link, decoded."""
    parts = urlsplit(text)
    return Link(
        scheme=parts.scheme.lower(),
        host=parts.netloc.lower().rpartition("@")[2],
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
    )


def links(node: Mapping[str, Any], names: Iterator[str] | tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Give the links among some fields of an object: those that are there and not empty."""
    for name in names:
        text = node.get(name)
        if isinstance(text, str) and text:
            yield name, text


def same_path(left: str, right: str) -> bool:
    """Tell whether a decoded path ends in another one; SIDs ignore case, and what is masked may be anything."""
    one, other = lowered(left), lowered(right)
    if one.endswith(other):
        return True
    wanted = other.lstrip("/").split("/")
    tail = one.split("/")[-len(wanted) :]
    return len(tail) == len(wanted) and all(
        a == b or is_masked(a) or is_masked(b) for a, b in zip(tail, wanted, strict=True)
    )


def lowered(path: str) -> str:
    """Give a path with its SIDs in lower case."""
    return _SID.sub(lambda found: found[0].lower(), path)


def sids(path: str) -> list[str]:
    """Give the SIDs in a path, in lower case."""
    return [found.lower() for found in _SID.findall(path)]


def last_name(path: str) -> str:
    """Give the last segment of a path without `.json`."""
    return path.rstrip("/").rpartition("/")[2].removesuffix(".json")


@lru_cache(maxsize=4096)
def plain_links(operation: Operation, known: Shape) -> Part:
    """Whether the links of resources need no decoding, so that no check of such links has to look at them.

    The link of a resource to itself is the URL of the request as it is written, or one on a documented host that ends
    in the resource's name; every link to what belongs to it is that link with a path shorter than a SID after it.
    """
    starts = starts_at_home(operation)
    name = known.id_field

    is_named_by_path, resources = known.about is About.RESOURCE, known.resources.of

    def of(seen: Matched) -> bool:
        location = seen.exchange.request.url.partition("?")[0] if is_named_by_path else None
        for resource in resources(seen):
            own, url = resource.get("uri"), resource.get("url")
            if url is not None:
                if own is not None:
                    return False
                own = url
            if own is not None:
                if type(own) is not str or not is_at_home(own, starts):
                    return False
                bare = own.removesuffix(".json")
                if location is None:
                    given = resource.get(name)
                    if type(given) is not str or not bare.endswith(f"/{given}"):
                        return False
                elif not location.endswith(own):
                    return False
            for field in BELOW:
                below = resource.get(field)
                if below is not None and (own is None or type(below) is not dict or not _are_below(below, bare)):
                    return False
        return True

    return Part(of=of, is_in=is_in_success)


def are_plain(plain: bool, _: Matched) -> bool:  # noqa: FBT001 - the part of an exchange
    """Tell that there is nothing to object to in plain links."""
    return plain


def _are_below(below: Mapping[str, Any], own: str) -> bool:
    start, longest = f"{own}/", len(own) + _SID_LENGTH
    for text in below.values():
        if type(text) is not str or not text.startswith(start) or len(text) > longest:
            return False
    return True


def starts_at_home(operation: Operation) -> tuple[str, ...]:
    """Give how links start that lead to a documented host over https."""
    return ("/", *(f"https://{server.host}/" for server in operation.servers if server.host))


def is_at_home(text: str, starts: tuple[str, ...]) -> bool:
    """Tell whether a link starts so; one that starts with `//` leads to any host."""
    return text.startswith(starts) and not text.startswith("//")
