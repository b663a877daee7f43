"""The strictest reading of a schema: what it lets through, no check about schemas can object to.

A closed schema allows no undocumented field and demands what profiles know of identifiers. It is only a gate: a value
that does not pass is read the ordinary way, so a closed schema may be too strict but never too lax.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.model.operation import JsonSchema
from conformance.openapi.dialect import NULLABLE

Tighten = Callable[[str, JsonSchema], Mapping[str, Any]]
"""From the name of a property and its schema to what else must hold."""

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
