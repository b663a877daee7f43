"""Words as they are printed: with their number, and without what a terminal would obey."""

from __future__ import annotations

import re
from typing import Final

_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """Give a number with its noun, such as `1 exchange` or `1,200 entries`; the plural ends in `s` unless given."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def printable(line: str) -> str:
    """Give a line that neither breaks the lines around it nor steers a terminal, and that can be encoded."""
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode-escape").decode("ascii"), line)
