"""Links in Twilio's answers: `uri` relative to the host on api.twilio.com/2010-04-01, `url` absolute elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

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

_SID: Final = re.compile(rf"(?<![A-Za-z0-9]){SID.pattern}(?![A-Za-z0-9])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
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
