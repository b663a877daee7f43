"""SIDs: two capital letters and 32 hexadecimal digits (twilio.com/docs/glossary/what-is-a-sid)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any, Final

SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
"""Any SID, whatever its prefix."""
_MASK: Final = re.compile(
    r"(?:[a-z]+:)?(?:\+?\d*|[A-Z]{2}[0-9a-fA-F]*)(?:[Xx]{4,}|[*\u2022]{3,}|\u2026|\.{3})[0-9a-fA-F]*(?:\.json)?"
    r"|\$\{?\w+\}?|<[\w -]+>|\{\{?\w+\}?\}|[<\[]?(?i:redacted|filtered|masked)[>\]]?"
)
"""What stands for a SID or a number that somebody took out."""

_PATTERN: Final = re.compile(
    r"\^?\(?(?:\?:)?(?P<prefixes>[A-Z]{2}(?:\|[A-Z]{2})*|\[a-zA-Z\]\{2\})\)?\[[0-9a-fA-F-]+\]\{32\}\$?"
)


def prefixes_of_pattern(pattern: str) -> tuple[str, ...] | None:
    """Give the prefixes that a SID pattern allows; empty for any prefix, None where it is no SID pattern."""
    found = _PATTERN.fullmatch(pattern)
    if found is None:
        return None
    return () if found["prefixes"].startswith("[") else tuple(found["prefixes"].split("|"))


@cache
def _fields() -> Mapping[str, tuple[str, ...]]:
    text = (files(__package__) / "sids.toml").read_text(encoding="utf-8")
    return {name: tuple(prefixes) for name, prefixes in tomllib.loads(text)["fields"].items()}


@lru_cache(maxsize=4096)
def prefixes_of_field(name: str) -> tuple[str, ...] | None:
    """Give the prefixes of a field that has no pattern, by its name in snake_case or PascalCase; None where unknown."""
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    return _fields().get(snake)


def is_sid(text: str) -> bool:
    """Tell whether text is a SID."""
    return SID.fullmatch(text) is not None


def is_masked(text: str) -> bool:
    """Tell whether text stands for a SID or a number that somebody took out: `ACXXXX...`, `$ACCOUNT_SID`, `+1***`."""
    return _MASK.fullmatch(text) is not None


def same(left: Any, right: Any) -> bool:
    """Tell whether two values are one; SIDs ignore case."""
    if isinstance(left, str) and isinstance(right, str):
        return left == right or (is_sid(left) and left.lower() == right.lower())
    return bool(left == right)
