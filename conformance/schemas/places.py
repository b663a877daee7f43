"""Where in a value a schema has something of a kind: found once in the schema, read off every value."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.model.operation import JsonSchema
from conformance.openapi.document import escape
from conformance.schemas.walk import items, properties

Wanted = Callable[[JsonSchema, JsonSchema], bool]
"""Tells whether the values of a schema are wanted; the second argument is its root."""


class Places:
    """The places of what is wanted, for one value and everything in it."""

    __slots__ = ("children", "is_wanted", "item")

    def __init__(self, *, is_wanted: bool) -> None:
        """Know nothing of what is inside yet."""
        self.is_wanted = is_wanted
        self.children: list[tuple[str, Places]] = []
        self.item: Places | None = None

    def values(self, value: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
        """Give what is wanted of a value, with its JSON Pointers."""
        if self.is_wanted:
            yield pointer, value
        if isinstance(value, dict):
            for name, child in self.children:
                if name in value:
                    yield from child.values(value[name], f"{pointer}/{escape(name)}")
        elif self.item is not None and isinstance(value, list):
            for index, each in enumerate(value):
                yield from self.item.values(each, f"{pointer}/{index}")


def places(root: JsonSchema, wanted: Wanted) -> Places | None:
    """Give the places of a schema; None where it has none. What contains itself is searched once."""
    return _places(root, root, wanted, frozenset())


def _places(schema: JsonSchema, root: JsonSchema, wanted: Wanted, above: frozenset[int]) -> Places | None:
    if id(schema) in above:
        return None
    inside = above | {id(schema)}
    found = Places(is_wanted=wanted(schema, root))
    for name, child in properties(schema, root).items():
        below = _places(child, root, wanted, inside)
        if below is not None:
            found.children.append((name, below))
    item = items(schema, root)
    found.item = None if item is None else _places(item, root, wanted, inside)
    return found if found.is_wanted or found.children or found.item is not None else None
