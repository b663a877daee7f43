"""Names in objects that no schema knows, and the known names that were meant."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.model.operation import JsonSchema
from conformance.openapi.document import escape
from conformance.schemas.walk import items, keyword, parts, properties

_OPENING: Final = ("additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties")
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SHORTEST: Final = 3
_LONG: Final = 8


class Names:
    """The names that a schema knows, for one value and everything in it."""

    __slots__ = ("children", "item", "known")

    def __init__(self) -> None:
        """Know nothing yet: whoever makes it fills it, as a schema may contain itself."""
        self.known: frozenset[str] | None = None
        """None where the schema allows whatever name."""
        self.children: tuple[tuple[str, Names], ...] = ()
        self.item: Names | None = None

    def unknown(self, value: Any, pointer: str = "") -> Iterator[tuple[str, str, frozenset[str], Mapping[str, Any]]]:
        """Give each member that no schema knows: its JSON Pointer, its name, the known names, the object it is in."""
        if isinstance(value, dict):
            if self.known is not None and not value.keys() <= self.known:
                for name in value:
                    if name not in self.known:
                        yield f"{pointer}/{escape(name)}", name, self.known, value
            for name, child in self.children:
                if name in value:
                    yield from child.unknown(value[name], f"{pointer}/{escape(name)}")
        elif self.item is not None and isinstance(value, list):
            for index, each in enumerate(value):
                yield from self.item.unknown(each, f"{pointer}/{index}")

    def knows(self, value: Any) -> bool:
        """Tell whether no name in a value is unknown."""
        if isinstance(value, dict):
            if self.known is not None and not value.keys() <= self.known:
                return False
            for name, child in self.children:
                if name in value and not child.knows(value[name]):
                    return False
        elif self.item is not None and isinstance(value, list):
            return all(map(self.item.knows, value))
        return True


def names(schema: JsonSchema, root: JsonSchema, *, open_formats: Collection[str] = ()) -> Names | None:
    """Give the names that a schema knows; None where it allows whatever name everywhere.

    An object is open to all names where it declares none, where it says what others may be, or where its format does.
    """
    made: dict[int, Names] = {}
    found = _names(schema, root, open_formats, made)
    return found if any(each.known is not None for each in made.values()) else None


def _names(schema: JsonSchema, root: JsonSchema, open_formats: Collection[str], made: dict[int, Names]) -> Names:
    if id(schema) in made:
        return made[id(schema)]
    found = made[id(schema)] = Names()
    declared = properties(schema, root)
    is_open = keyword(schema, root, "format") in open_formats or any(
        name in part for part in parts(schema, root) for name in _OPENING
    )
    found.known = frozenset(declared) if declared and not is_open else None
    inner = ((name, _names(child, root, open_formats, made)) for name, child in declared.items())
    found.children = tuple((name, child) for name, child in inner if _matters(child))
    item = items(schema, root)
    found.item = None if item is None else _names(item, root, open_formats, made)
    return found


def _matters(node: Names) -> bool:
    """Tell whether there is anything to look at; a schema within itself is looked at again."""
    return node.known is not None or bool(node.children) or node.item is not None


def objects(schema: JsonSchema, root: JsonSchema) -> Iterator[JsonSchema]:
    """Give a schema and every schema inside it that declares properties, each once."""
    waiting, seen = [schema], set[int]()
    while waiting:
        node = waiting.pop()
        declared = properties(node, root)
        item = items(node, root)
        if id(node) not in seen:
            seen.add(id(node))
            waiting += [*declared.values(), *([] if item is None else [item])]
            if declared:
                yield node


def plain(name: str) -> str:
    """Give a name without case, underscores and hyphens."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Give the candidate that a name was meant to be; None where no one is near.

    Near is: the same letters in another case or with other signs between, the same words in another order, or one slip
    of the keyboard (a letter too many, too few, wrong, or two exchanged), two in a long name.
    """
    found = [(rank, each) for each in candidates if (rank := _distance(name, each)) is not None]
    return min(found)[1] if found else None


def _distance(name: str, other: str) -> int | None:
    if plain(name) == plain(other):
        return 0
    if len(name) < _SHORTEST or len(other) < _SHORTEST:
        return None
    if sorted(map(str.lower, _WORD.findall(name))) == sorted(map(str.lower, _WORD.findall(other))):
        return 1
    slips = _slips(plain(name), plain(other))
    return slips if slips <= (2 if min(len(name), len(other)) >= _LONG else 1) else None


def _slips(one: str, other: str) -> int:
    """Give the number of slips between two words (optimal string alignment distance); a large number stops early."""
    if abs(len(one) - len(other)) > _SHORTEST:
        return len(one) + len(other)
    before: list[int] = []
    row = list(range(len(other) + 1))
    for index, letter in enumerate(one, start=1):
        last, before, row = before, row, [index] + [0] * len(other)
        for place, wanted in enumerate(other, start=1):
            row[place] = min(row[place - 1] + 1, before[place] + 1, before[place - 1] + (letter != wanted))
            if index > 1 and place > 1 and letter == other[place - 2] and one[index - 2] == wanted:
                row[place] = min(row[place], last[place - 2] + 1)
    return row[-1]
