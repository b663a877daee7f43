"""The strictest reading of a schema: what it lets through, no check about schemas can object to.

A closed schema allows no undocumented field and demands what profiles know of identifiers. It is only a gate: a value
that does not pass is read the ordinary way, so a closed schema may be too strict but never too lax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.model.operation import JsonSchema
from conformance.openapi.dialect import NULLABLE

Tighten = Callable[[str, JsonSchema, JsonSchema], Mapping[str, Any]]
"""From the name of a property (empty for an item and for the whole), its schema and the root of that to what else must
hold."""
_Demand = Callable[[str, JsonSchema], Mapping[str, Any]]

_COMPOSED: Final = frozenset({
    "allOf", "anyOf", "else", "if", "not", "oneOf", "patternProperties", "then", "unevaluatedProperties",
})  # fmt: skip


def closed(root: JsonSchema, tighten: Tighten) -> JsonSchema | None:
    """Give the closed form of a self-contained schema; None where composition makes closing it unsafe."""
    try:
        made: JsonSchema = _demanded("", root, lambda name, schema: tighten(name, schema, root))
    except _Composed:
        return None
    return made


class _Composed(Exception):
    """The schema is put together of several."""


def _demanded(name: str, schema: Any, demand: _Demand) -> Any:
    closed, more = _closed(schema, demand), demand(name, schema)
    if not more:
        return closed
    if isinstance(closed, Mapping) and closed.keys().isdisjoint(more):
        return {**closed, **more}
    return {"allOf": [closed, more]}


def _closed(node: Any, demand: _Demand) -> Any:
    if not isinstance(node, Mapping):
        return node
    if NULLABLE in node:
        return {**node, "anyOf": [_closed(branch, demand) for branch in node["anyOf"]]}
    if _COMPOSED & node.keys():
        raise _Composed
    result = dict(node)
    if "properties" in node:
        result["properties"] = {name: _demanded(name, child, demand) for name, child in node["properties"].items()}
        result.setdefault("additionalProperties", False)
    if isinstance(result.get("additionalProperties"), Mapping):
        result["additionalProperties"] = _closed(result["additionalProperties"], demand)
    if "items" in node:
        result["items"] = _demanded("", node["items"], demand)
    if "$defs" in node:
        result["$defs"] = {name: _closed(child, demand) for name, child in node["$defs"].items()}
    return result
