"""The shape of a body: what it shows of its schema, and how many strings it is written with.

Bodies of equal shape cover the same: the same fields, the same members of enumerations, nulls in the same fields. The
number of strings (names of members included) tells whether a text holds each member once: a name that occurs twice in
one object is lost in decoding, its quotes are not.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Final

from conformance.model.operation import JsonSchema
from conformance.schemas.walk import Trail, entered, items, keyword, properties, types

Look = Callable[[Any], tuple[Hashable, int]]
"""Gives the shape of a valid value and the number of strings in it."""


_Column = Callable[[Sequence[Any]], tuple[Hashable, int]]
"""Gives the shape of several values of one schema together, and the number of strings in them."""


def look(root: JsonSchema) -> Look:
    """Compile a function for the values that are valid by a self-contained schema in its closed form."""
    column = _column(root, root, (), {})
    direct: Look | None = getattr(column, "one", None)
    return direct or _alone(column)


def count_strings(value: Any) -> int:
    """Count the strings in any value, names of members included."""
    if type(value) is str:
        return 1
    if type(value) is dict:
        if len(value) == list(map(type, value.values())).count(str):
            return 2 * len(value)
        return len(value) + sum(map(count_strings, value.values()))
    return sum(map(count_strings, value)) if type(value) is list else 0


def _column(schema: JsonSchema, root: JsonSchema, trail: Trail, made: dict[frozenset[int], _Column]) -> _Column:
    """Compile a schema once; inside itself it is anything."""
    inside = entered(schema, root, trail)
    if inside is None or isinstance(schema, bool):
        return _anything
    here = inside[-1]
    if here not in made:
        made[here] = _compiled(schema, root, inside, made)
    return made[here]


def _compiled(schema: JsonSchema, root: JsonSchema, trail: Trail, made: dict[frozenset[int], _Column]) -> _Column:
    declared = properties(schema, root)
    allowed = types(schema, root)
    if declared and allowed <= {"object", "null"}:
        columns = {name: _column(child, root, trail, made) for name, child in declared.items()}
        more = keyword(schema, root, "additionalProperties")
        return _objects(columns, is_open=more is not None and more is not False)
    item = items(schema, root)
    if item is not None and allowed <= {"array", "null"}:
        return _arrays(_column(item, root, trail, made))
    if {"object", "array"} & allowed:
        return _anything
    if isinstance(keyword(schema, root, "enum"), list):
        return _members
    if "string" not in allowed:
        return _no_strings
    return _only_strings if allowed <= {"string", "null"} else _some_strings


def _anything(values: Sequence[Any]) -> tuple[Hashable, int]:
    return None in values, sum(map(count_strings, values))


_anything.one = lambda value: (value is None, count_strings(value))  # type: ignore[attr-defined] # see `_objects`


def _members(values: Sequence[Any]) -> tuple[Hashable, int]:
    if len(values) == 1:
        return values[0], type(values[0]) is str
    return frozenset(values), list(map(type, values)).count(str)


def _no_strings(values: Sequence[Any]) -> tuple[Hashable, int]:
    return None in values, 0


def _only_strings(values: Sequence[Any]) -> tuple[Hashable, int]:
    try:
        "".join(values)  # nothing tells faster that no value is null
    except TypeError:
        return True, len(values) - values.count(None)
    return False, len(values)


def _some_strings(values: Sequence[Any]) -> tuple[Hashable, int]:
    return None in values, list(map(type, values)).count(str)


def _objects(columns: dict[str, _Column], *, is_open: bool) -> _Column:
    choices = tuple(name for name, column in columns.items() if column is _members)
    nested = tuple(
        (name, getattr(column, "one", None) or _alone(column))
        for name, column in columns.items()
        if column not in {_members, _no_strings, _only_strings, _some_strings}
    )

    def one(value: dict[str, Any]) -> tuple[Hashable, int]:
        kinds = tuple(map(type, value.values()))
        texts = kinds.count(str)
        strings = len(kinds) + texts
        inner = list(map(value.get, choices))
        for name, look_at in nested:
            found = value.get(name)
            if type(found) is dict or type(found) is list:
                shape, count = look_at(found)
                inner.append(shape)
                strings += count
        if is_open and texts < len(kinds):
            strings += sum(_strings_within(found) for name, found in value.items() if name not in columns)
        return (tuple(value), kinds, tuple(inner)), strings

    def together(values: Sequence[Any]) -> tuple[Hashable, int]:
        present = [value for value in values if value is not None]
        gaps = len(present) < len(values)
        if len(present) == 1:
            shape, strings = one(present[0])
            return (gaps, shape), strings
        keys = list(present[0]) if present else []
        if len(present) < _FEW or list(map(list, present)).count(keys) < len(present):
            found = list(map(one, present))
            return (gaps, frozenset([shape for shape, _ in found])), sum([count for _, count in found])
        seen = [
            columns.get(name, _anything)(values)
            for name, values in zip(keys, zip(*map(_values, present), strict=True), strict=True)
        ]
        strings = len(keys) * len(present) + sum([count for _, count in seen])
        return (gaps, tuple(keys), tuple([shape for shape, _ in seen])), strings

    together.one = one  # type: ignore[attr-defined] # a body is one object most of the time
    return together


_FEW: Final = 4
"""Of fewer objects each is looked at by itself, which is faster. Of more there are too many different sets of them."""
_values = dict.values


def _strings_within(value: Any) -> int:
    return 0 if type(value) is str else count_strings(value)


def _alone(column: _Column) -> Look:
    return lambda value: column((value,))


def _arrays(column: _Column) -> _Column:
    def together(values: Sequence[Any]) -> tuple[Hashable, int]:
        present = [item for value in values if value is not None for item in value]
        if not present:
            return (None in values, len(values)), 0
        shape, strings = column(present)
        return (None in values, shape), strings

    return together
