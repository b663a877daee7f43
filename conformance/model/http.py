"""HTTP as it was on the wire: requests, responses and the exchanges they form. Recordings make millions of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from conformance.model.value import Value

_LIVE: Final = frozenset({"example", "mock", "pytest", "run", "sdk", "selftest", "serve"})
"""Kinds of sources of which this program saw the exchanges happen."""
_PARTS: Final = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?")


def parts(url: str) -> tuple[str, str, str]:
    """Give authority, path and query of a URL, still percent-encoded; empty where it has none.

    As in RFC 3986, appendix B: unlike `urlsplit` it has an answer for any text that a recording calls a URL.
    """
    authority, path, query = _PARTS.match(url).groups("")  # type: ignore[union-attr] # matches any text
    return authority, path, query


class Headers(Value, frozen=True, gc=False):
    """Header fields in the order they were sent, repeats kept; look-up ignores case."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, fields: Mapping[str, str | list[str]] | Iterable[tuple[str, str]]) -> Headers:
        """Headers from a mapping (a list as value means repeats) or from pairs."""
        if isinstance(fields, Mapping):
            pairs = [
                (name, text)
                for name, value in fields.items()
                for text in ([value] if isinstance(value, str) else value)
            ]
            return cls(tuple(pairs))
        return cls(tuple((name, value) for name, value in fields))

    def get(self, name: str) -> str | None:
        """The first value of a field, or None where the field is absent."""
        # Comparing lengths first is quicker than an index: few fields are asked for, most have another length.
        length = len(name)
        for key, value in self.pairs:
            if len(key) == length and (key == name or key.lower() == name.lower()):
                return value
        return None

    def get_all(self, name: str) -> tuple[str, ...]:
        """All values of a field in order."""
        wanted = name.lower()
        return tuple(value for key, value in self.pairs if key.lower() == wanted)

    def replace(self, name: str, value: str | None) -> Headers:
        """Headers with one field set to one value, or without it where the value is None."""
        wanted = name.lower()
        kept = tuple(pair for pair in self.pairs if pair[0].lower() != wanted)
        return Headers(kept if value is None else (*kept, (name, value)))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Iterate over the (name, value) pairs."""
        return iter(self.pairs)

    def __contains__(self, name: object) -> bool:
        """Tell whether a field is there."""
        return isinstance(name, str) and self.get(name) is not None

    def __len__(self) -> int:
        """Count the fields, repeats included."""
        return len(self.pairs)


class Request(Value, frozen=True, kw_only=True, gc=False):
    """A request as it was sent."""

    method: str
    """In capitals."""
    url: str
    """Absolute, still percent-encoded."""
    headers: Headers = Headers()
    body: bytes = b""
    """Empty where there was none."""

    @property
    def path(self) -> str:
        """The path of the URL, still percent-encoded."""
        return parts(self.url)[1]

    @property
    def query(self) -> str:
        """The query of the URL, still percent-encoded, without its question mark."""
        return parts(self.url)[2]

    @property
    def query_pairs(self) -> list[tuple[str, str]]:
        """The decoded query in order, repeats and empty values kept."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def segments(self) -> list[str]:
        """The decoded segments of the path."""
        return [unquote(segment) for segment in self.path.split("/")[1:]]


class Response(Value, frozen=True, kw_only=True, gc=False):
    """A response as it came back."""

    status: int
    reason: str = ""
    headers: Headers = Headers()
    body: bytes = b""
    """Empty where there was none; content codings are undone."""
    elapsed: float | None = None
    """Seconds; None where nobody measured."""


class Source(Value, frozen=True, kw_only=True, gc=False):
    """Where an exchange comes from."""

    kind: str
    """`ndjson`, `vcr`, `har`, `run` and so on."""
    path: str
    """The file, as named by the user, or the name of the cell that made it."""
    index: int
    """Counts from 0 within `path`."""
    line: int | None = None
    """Counts from 1, where the format has lines."""

    @property
    def is_live(self) -> bool:
        """Tell whether this program saw the exchange happen; from a recording, secrets may have been taken out."""
        return self.kind in _LIVE


class Exchange(Value, frozen=True, kw_only=True, gc=False):
    """One request with its response: a fact that knows no operation."""

    id: str
    request: Request
    response: Response
    source: Source
    session: str | None = None
    """Exchanges with the same value, in order, form one session; None stands alone."""
    extra: Mapping[str, Any] = {}
    """What the recording says beyond this, kept for whoever writes it again."""
