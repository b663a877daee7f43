"""Words as they are printed: with their number, without what a terminal would obey, places as a person names them."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STRUCTURE: Final = frozenset(
    {
        "content",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "nullable",
        "parameters",
        "pattern",
        "properties",
        "requestBody",
        "responses",
        "schema",
        "type",
    }
)
"""Words of a pointer that a reader does not need to know the place."""


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Give a number with its noun, such as `1 exchange` or `1,200 entries`; the plural ends in `s` unless given."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def printable(line: str) -> str:
    """Give a line that neither breaks the lines around it nor steers a terminal, and that can be encoded."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode-escape").decode("ascii"), line)


def short_place(pointer: str, operation: str | None) -> str:
    """Give a place of a document as a person names it: `Call.price`, or the operation with what it is about in it."""
    names = [name.replace("~1", "/").replace("~0", "~") for name in pointer.split("/")[1:]]
    if names[:1] == ["components"]:
        start, holder = 3, names[2:3]
    elif names[:1] == ["paths"]:
        start, holder = 3, [operation.partition(".")[2]] if operation else names[1:2]
    else:
        start, holder = 1, names[:1]
    inner = [
        name
        for before, name in zip(names[start - 1 :], names[start:], strict=False)
        if before == "properties" or not (name in _STRUCTURE or "/" in name or name.isdigit())
    ]
    return ".".join([*holder, *inner])
