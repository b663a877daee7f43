"""The strictest reading of a schema: what it lets through, no check about schemas can object to.

A closed schema allows no undocumented field and demands what profiles know of identifiers. It is only a gate: a value
that does not pass is read the ordinary way, so a closed schema may be too strict but never too lax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.model.operation import JsonSchema
from conformance.openapi.dialect import NULLABLE
from conformance.schemas.walk import items, nullable, properties, types

Tighten = Callable[[str, JsonSchema], Mapping[str, Any]]
"""From the name of a property and its schema to what else must hold."""

_DEEPEST: Final = 12
_COMPOSED: Final = frozenset({
    "allOf", "anyOf", "else", "if", "not", "oneOf", "patternProperties", "then", "unevaluatedProperties",
})  # fmt: skip


def closed(root: JsonSchema, tighten: Tighten) -> JsonSchema | None:
    """Give the closed form of a self-contained schema; None where composition makes closing it unsafe."""
    try:
        made: JsonSchema = _closed(root, tighten)
    except _Composed:
        return None
    return made


class _Composed(Exception):
    """The schema is put together of several."""


def _closed(node: Any, tighten: Tighten) -> Any:
    if not isinstance(node, Mapping):
        return node
    if NULLABLE in node:
        return {**node, "anyOf": [_closed(branch, tighten) for branch in node["anyOf"]]}
    if _COMPOSED & node.keys():
        raise _Composed
    result = dict(node)
    if "properties" in node:
        result["properties"] = {
            name: _with(_closed(child, tighten), tighten(name, child)) for name, child in node["properties"].items()
        }
        result.setdefault("additionalProperties", False)
    if isinstance(result.get("additionalProperties"), Mapping):
        result["additionalProperties"] = _closed(result["additionalProperties"], tighten)
    if "items" in node:
        result["items"] = _closed(node["items"], tighten)
    if "$defs" in node:
        result["$defs"] = {name: _closed(child, tighten) for name, child in node["$defs"].items()}
    return result


def _with(schema: Any, more: Mapping[str, Any]) -> Any:
    if not more:
        return schema
    return {**schema, **more} if isinstance(schema, Mapping) else {"allOf": [schema, more]}


Counter = Callable[[Any], int]
"""Gives the number of members of all objects in a value."""


def member_counter(root: JsonSchema) -> Counter:
    """Compile a counter for values that are valid by the closed form of a schema."""
    return _counter(root, root, 0)


def count_members(value: Any) -> int:
    """Count the members of all objects in any value."""
    if type(value) is dict:
        return len(value) + sum(map(count_members, value.values()))
    return sum(map(count_members, value)) if type(value) is list else 0


def _counter(schema: JsonSchema, root: JsonSchema, depth: int) -> Counter:
    declared = properties(schema, root)
    if depth > _DEEPEST:
        return count_members
    if declared:
        inner = [(name, _counter(child, root, depth + 1)) for name, child in declared.items()]
        return _object_counter([(name, counter) for name, counter in inner if counter is not _none])
    item = items(schema, root)
    if item is not None:
        return _array_counter(_counter(item, root, depth + 1), optional=nullable(item, root))
    return count_members if {"object", "array"} & types(schema, root) else _none


def _none(_: Any) -> int:
    return 0


def _length(value: Any) -> int:
    return len(value) if value else 0


def _object_counter(inner: list[tuple[str, Counter]]) -> Counter:
    if not inner:
        return _length

    def count(value: Any) -> int:
        if not value:
            return 0
        get = value.get
        return len(value) + sum([counter(get(name)) for name, counter in inner])

    return count


def _array_counter(counter: Counter, *, optional: bool) -> Counter:
    if counter is _none:
        return _none
    function = len if counter is _length and not optional else counter
    return lambda value: sum(map(function, value)) if value else 0
