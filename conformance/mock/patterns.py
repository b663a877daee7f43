"""Text that matches a regular expression, made from a source of numbers.

It knows what the patterns of API descriptions use: literals, classes, groups, alternatives and repeats. What it does
not know (look-around, back-references) it leaves out; whoever asks has to check the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Final

Choose = Callable[[int], int]
"""Gives a number from 0 up to, not including, a bound."""

_PARSER: Final[Any] = import_module("re._parser")
"""The one parser that reads what `re` reads."""
_MOST_REPEATS: Final = 8
_PRINTABLE: Final = [chr(code) for code in range(0x20, 0x7F)]
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz0123456789_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abcdefghijklmnopqrstuvwxyz",
    "CATEGORY_NOT_WORD": "-.",
    "CATEGORY_NOT_SPACE": "abcdefghijklmnopqrstuvwxyz0123456789",
}


def sample(pattern: str, choose: Choose) -> str | None:
    """Give text for a pattern; None where the pattern cannot be read."""
    try:
        parsed = _PARSER.parse(pattern)
    except (re.error, RecursionError):
        return None
    return "".join(_texts(parsed, choose))


def _texts(parsed: Any, choose: Choose) -> Iterator[str]:
    for operator, argument in parsed:
        match str(operator):
            case "LITERAL":
                yield chr(argument)
            case "ANY":
                yield "x"
            case "IN" | "NOT_LITERAL":
                letters = _class(argument if isinstance(argument, list) else [("NEGATE", None), ("LITERAL", argument)])
                yield letters[choose(len(letters))] if letters else ""
            case "SUBPATTERN":
                yield from _texts(argument[-1], choose)
            case "ATOMIC_GROUP":
                yield from _texts(argument, choose)
            case "BRANCH":
                branches = argument[1]
                yield from _texts(branches[choose(len(branches))], choose)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, inner = argument
                for _ in range(least + choose(min(int(most), least + _MOST_REPEATS) - least + 1)):
                    yield from _texts(inner, choose)
            case _:
                continue


def _class(entries: list[Any]) -> list[str]:
    found: list[str] = []
    negated = False
    for operator, argument in entries:
        match str(operator):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found.append(chr(argument))
            case "RANGE":
                found += [chr(code) for code in range(argument[0], min(argument[1], argument[0] + 255) + 1)]
            case "CATEGORY":
                found += _CATEGORIES.get(str(argument), "")
            case _:
                continue
    return [letter for letter in _PRINTABLE if letter not in found] if negated else found
