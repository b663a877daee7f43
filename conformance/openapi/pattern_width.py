"""How long the texts are that a regular expression fits, where that can be told."""

from __future__ import annotations

import math
import re
from typing import Final

_QUANTIFIER: Final = re.compile(r"\*|\+|\?|\{(\d+)(,(\d*))?\}")
_CLASS: Final = re.compile(r"\[\^?\]?(?:\\.|[^\]\\])*\]")
_ESCAPE: Final = re.compile(r"\\(?:u\{[0-9A-Fa-f]+\}|u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[pP]\{[^}]*\}|.)")
_ZERO: Final = ("\\b", "\\B")

Width = tuple[float, float]
"""Least and greatest length; infinity where there is no greatest."""


class _Unreadable(Exception):
    """Something that this module does not read: look-arounds, back references."""


def width(pattern: str) -> Width | None:
    """Give the lengths of the texts that fit a pattern; None where it has no anchors or cannot be read.

    Without both anchors a pattern says nothing of length: it may fit anywhere.
    """
    if not (pattern.startswith("^") and pattern.endswith("$")) or pattern.endswith("\\$"):
        return None
    try:
        found, rest = _alternatives(pattern[1:-1])
    except _Unreadable:
        return None
    return found if not rest and not _has_outer_choice(pattern[1:-1]) else None


def _has_outer_choice(text: str) -> bool:
    """Tell whether a choice stands outside of all groups, so that each anchor belongs to one side only."""
    depth = 0
    bare = _ESCAPE.sub("e", _CLASS.sub("c", text))
    for char in bare:
        depth += (char == "(") - (char == ")")
        if char == "|" and depth == 0:
            return True
    return False


def _alternatives(text: str) -> tuple[Width, str]:
    least, most = math.inf, 0.0
    while True:
        (low, high), text = _sequence(text)
        least, most = min(least, low), max(most, high)
        if not text.startswith("|"):
            return (least, most), text
        text = text[1:]


def _sequence(text: str) -> tuple[Width, str]:
    least, most = 0.0, 0.0
    while text and text[0] not in "|)":
        (low, high), text = _atom(text)
        quantifier = _QUANTIFIER.match(text)
        if quantifier is not None:
            few, many = _times(quantifier)
            low, high = low * few, 0.0 if high == 0 else high * many
            text = text[quantifier.end() :].removeprefix("?")
        least, most = least + low, most + high
    return (least, most), text


def _times(quantifier: re.Match[str]) -> Width:
    symbol = quantifier.group()
    if symbol in "*+?":
        return (1.0 if symbol == "+" else 0.0, 1.0 if symbol == "?" else math.inf)
    few = float(quantifier[1])
    if quantifier[2] is None:
        return few, few
    return few, float(quantifier[3]) if quantifier[3] else math.inf


def _atom(text: str) -> tuple[Width, str]:
    if text.startswith("("):
        return _group(text[1:])
    if text.startswith(_ZERO):
        return (0.0, 0.0), text[2:]
    if text[0] in "^$":
        return (0.0, 0.0), text[1:]
    held = _CLASS.match(text) or _ESCAPE.match(text)
    if held is not None and held.group()[1:2].isdigit() and held.group()[0] == "\\":
        raise _Unreadable
    return (1.0, 1.0), text[held.end() if held is not None else 1 :]


def _group(text: str) -> tuple[Width, str]:
    if text.startswith("?"):
        name = re.match(r"\?(?::|P?<[A-Za-z_]\w*>)", text)
        if name is None:
            raise _Unreadable
        text = text[name.end() :]
    found, rest = _alternatives(text)
    if not rest.startswith(")"):
        raise _Unreadable
    return found, rest[1:]
