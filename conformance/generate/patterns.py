"""Text that matches a pattern: the part of ECMA-262 that descriptions use, parsed once and drawn from often.

Characters are drawn from printable ASCII, and from Latin letters where a Unicode property asks for them. Look-arounds
and word boundaries are read over: whoever draws has to test the text. What cannot be drawn at all (back-references,
named properties that no known character has) raises `Unsampleable`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from enum import Enum
from functools import cache
from random import Random
from typing import Final, NoReturn

from conformance.model.value import Value

PRINTABLE: Final = "".join(map(chr, range(0x20, 0x7F)))
_KNOWN: Final = PRINTABLE + "".join(map(chr, range(0xA1, 0x250)))
_DIGITS: Final = "0123456789"
_WORD: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + "abcdefghijklmnopqrstuvwxyz" + _DIGITS + "_"
_SPACE: Final = " \t\n\r\f\v"
_ESCAPES: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "0": "\0"}
_SPREAD: Final = 8
"""How many repetitions an open-ended quantifier adds at most, where no length asks for more."""


class Unsampleable(Exception):
    """No value can be made; the sentence says of what and why."""


class Lean(Enum):
    """Which repetition count of a quantifier is drawn."""

    RANDOM = "random"
    SHORT = "short"
    LONG = "long"


class Characters(Value, frozen=True):
    """One character out of some."""

    choices: str


class Sequence(Value, frozen=True):
    """One node after the other."""

    items: tuple[Node, ...]


class Choice(Value, frozen=True):
    """One of several nodes."""

    options: tuple[Node, ...]


class Repeat(Value, frozen=True):
    """A node several times; no `high` means without end."""

    node: Node
    low: int
    high: int | None


Node = Characters | Sequence | Choice | Repeat
Draw = Callable[[Random, Lean, int], str]
"""Draws text; the last argument is how far open-ended quantifiers may go."""

_NOTHING: Final = Sequence(())


@cache
def parse(pattern: str) -> Node:
    """Read a pattern.

    Raises:
        Unsampleable: it uses something that cannot be drawn, or is no pattern.

    """
    parser = _Parser(pattern)
    node = parser.choice()
    if parser.at < len(pattern):
        parser.fail("a closing parenthesis too many")
    return node


@cache
def drawing(pattern: str) -> Draw:
    """Give the function that draws text for a pattern.

    Raises:
        Unsampleable: the pattern cannot be drawn from.

    """
    return _drawing(parse(pattern))


def length(node: Node) -> tuple[int, int | None]:
    """Give the shortest and the longest length (None: no limit) of what a node matches."""
    match node:
        case Characters():
            return 1, 1
        case Sequence(items):
            lengths = [length(item) for item in items]
            highs = [high for _, high in lengths]
            return sum(low for low, _ in lengths), _total(highs)
        case Choice(options):
            lengths = [length(option) for option in options]
            tops = [high for _, high in lengths]
            return min(low for low, _ in lengths), None if None in tops else max(filter(None, tops), default=0)
        case Repeat(inner, low, high):
            shortest, longest = length(inner)
            return shortest * low, None if high is None or longest is None else longest * high


def _total(highs: list[int | None]) -> int | None:
    known = [high for high in highs if high is not None]
    return sum(known) if len(known) == len(highs) else None


def _drawing(node: Node) -> Draw:
    match node:
        case Characters(choices):
            return lambda random, _lean, _spread: choices[int(random.random() * len(choices))]
        case Sequence(items):
            draws = [_drawing(item) for item in items]
            return lambda random, lean, spread: "".join([draw(random, lean, spread) for draw in draws])
        case Choice(options):
            choices_of = [_drawing(option) for option in options]
            return lambda random, lean, spread: choices_of[int(random.random() * len(choices_of))](random, lean, spread)
        case Repeat(Characters(choices), low, high):
            return lambda random, lean, spread: "".join(
                random.choices(choices, k=_count(random, low, high, lean, spread))
            )
        case Repeat(inner, low, high):
            once = _drawing(inner)
            return lambda random, lean, spread: "".join(
                [once(random, lean, spread) for _ in range(_count(random, low, high, lean, spread))]
            )


def _count(random: Random, low: int, high: int | None, lean: Lean, spread: int) -> int:
    top = low + spread if high is None else min(high, max(low, spread))
    if lean is Lean.SHORT or top == low:
        return low
    if lean is Lean.LONG:
        return top
    return random.randint(low, top)


def spread_for(*, least: int, most: int | None) -> int:
    """Give how far open-ended quantifiers should go for text of some length."""
    return max(_SPREAD, least, min(most, least + 64) if most is not None else 0)


class _Parser:
    """Reads a pattern from left to right (ECMA-262, 22.2.1)."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def fail(self, why: str) -> NoReturn:
        message = f"the pattern {self.pattern!r} cannot be drawn from: {why} at offset {self.at}"
        raise Unsampleable(message)

    def choice(self) -> Node:
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        items: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            node = self._quantified()
            if node is not _NOTHING:
                items.append(node)
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _take(self, text: str) -> bool:
        if self.pattern.startswith(text, self.at):
            self.at += len(text)
            return True
        return False

    def _next(self) -> str:
        if self.at >= len(self.pattern):
            self.fail("an early end")
        self.at += 1
        return self.pattern[self.at - 1]

    def _quantified(self) -> Node:
        node = self._atom()
        low, high = self._quantifier()
        return node if (low, high) == (1, 1) or node is _NOTHING else Repeat(node, low, high)

    def _quantifier(self) -> tuple[int, int | None]:
        bounds: tuple[int, int | None] = (1, 1)
        if self._take("*"):
            bounds = (0, None)
        elif self._take("+"):
            bounds = (1, None)
        elif self._take("?"):
            bounds = (0, 1)
        elif self.pattern.startswith("{", self.at):
            found = self._braces()
            if found is None:
                return bounds
            bounds = found
        else:
            return bounds
        self._take("?")
        return bounds

    def _braces(self) -> tuple[int, int | None] | None:
        inside, closed, _ = self.pattern[self.at + 1 :].partition("}")
        low, comma, high = inside.partition(",")
        if not closed or not low.isdigit() or (high and not high.isdigit()):
            return None
        self.at += len(inside) + 2
        return int(low), (int(high) if high else None) if comma else int(low)

    def _atom(self) -> Node:
        character = self._next()
        match character:
            case "^" | "$":
                return _NOTHING
            case ".":
                return Characters(PRINTABLE)
            case "(":
                return self._group()
            case "[":
                return Characters(self._set())
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                self.fail("a quantifier without anything before it")
        return Characters(character)

    def _group(self) -> Node:
        looks = any(self._take(start) for start in ("?=", "?!", "?<=", "?<!"))
        if not looks and not self._take("?:") and self._take("?"):
            self._take("P")
            if not self._take("<"):
                self.fail("a group with flags")
            while self._next() != ">":
                pass
        node = self.choice()
        if not self._take(")"):
            self.fail("a group without an end")
        return _NOTHING if looks else node

    def _escaped(self) -> Node:
        character = self._next()
        if character in "bB":
            return _NOTHING
        if character in "123456789k":
            self.fail("a back-reference")
        return Characters(self._class(character))

    def _class(self, character: str) -> str:
        """Give the characters that an escape stands for."""
        known = {"d": _DIGITS, "w": _WORD, "s": _SPACE}.get(character.lower())
        if known is not None:
            return known if character.islower() else _without(known)
        if character in "pP" and self.pattern.startswith("{", self.at):
            return self._property(negated=character == "P")
        if character in "xu":
            return self._code(2 if character == "x" else 4)
        return _ESCAPES.get(character, character)

    def _code(self, digits: int) -> str:
        if self._take("{"):
            text, _, _ = self.pattern[self.at :].partition("}")
            self.at += len(text) + 1
        else:
            text = self.pattern[self.at : self.at + digits]
            self.at += digits
        try:
            return chr(int(text, 16))
        except (ValueError, OverflowError):
            self.fail("a code point that is none")

    def _property(self, *, negated: bool) -> str:
        name, _, _ = self.pattern[self.at + 1 :].partition("}")
        self.at += len(name) + 2
        wanted = _LONG_NAMES.get(name, name).rpartition("=")[2]
        found = "".join(c for c in _KNOWN if unicodedata.category(c).startswith(wanted) is not negated)
        if not found:
            self.fail(f"no known character has the property {name!r}")
        return found

    def _set(self) -> str:
        negated = self._take("^")
        found: dict[str, None] = {}
        while not self._take("]"):
            found.update(dict.fromkeys(self._members()))
        text = _without("".join(found)) if negated else "".join(found)
        if not text:
            self.fail("an empty set of characters")
        return text

    def _members(self) -> Iterator[str]:
        start = self._member()
        if len(start) == 1 and self.pattern.startswith("-", self.at) and not self.pattern.startswith("-]", self.at):
            self.at += 1
            end = self._member()
            if len(end) != 1:
                yield from (*start, "-", *end)
                return
            if ord(end) < ord(start):
                self.fail("a range that runs backwards")
            yield from map(chr, range(ord(start), min(ord(end), ord(start) + 0x250) + 1))
            return
        yield from start

    def _member(self) -> str:
        character = self._next()
        if character != "\\":
            return character
        escaped = self._next()
        return "\b" if escaped == "b" else self._class(escaped)


_LONG_NAMES: Final = {
    "Alphabetic": "L",
    "Letter": "L",
    "Lowercase_Letter": "Ll",
    "Number": "N",
    "Uppercase_Letter": "Lu",
}


def _without(characters: str) -> str:
    return "".join(character for character in PRINTABLE if character not in characters)
