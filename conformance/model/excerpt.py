"""Lines around one place of a description or a message, for a reader who wants to see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.model.value import Value

AROUND: Final = 5
"""Lines shown on each side of the place."""
LONGEST: Final = 200
"""Characters of a line; longer ones are cut."""


class Excerpt(Value, frozen=True, kw_only=True):
    """A few lines, one of them marked."""

    first: int
    """Number of the first line, from 1."""
    marked: int
    """Number of the line that is meant, from 1."""
    lines: tuple[str, ...]


def around(lines: Sequence[str], marked: int, *, column: int = 1) -> Excerpt:
    """Give the lines around one, the marked one cut around its column where it is long; lines and columns from 1."""
    first = max(1, min(marked - AROUND, len(lines) - 2 * AROUND))
    shown = [
        _cut(line, column if number == marked else 1)
        for number, line in enumerate(lines[first - 1 : first + 2 * AROUND], start=first)
    ]
    return Excerpt(first=first, marked=marked, lines=tuple(shown))


def _cut(line: str, column: int) -> str:
    if len(line) <= LONGEST:
        return line
    start = max(0, min(column - LONGEST // 2, len(line) - LONGEST))
    end = start + LONGEST
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"
