"""Facts of a schema of another document (types, formats, patterns, values), in the dialect of this one; never text."""

from __future__ import annotations

from typing import Any, Final

from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey

_FACTS: Final = (
    "format", "pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "multipleOf",
)  # fmt: skip
_DEPTH: Final = 3


def borrowed(source: Survey, node: Node, into: Survey, *, depth: int = 0) -> dict[str, Any]:
    """Give the facts of a schema as one that stands by itself."""
    view = source.view(node)
    made: dict[str, Any] = {}
    types: list[str] = sorted(view.types or ())
    if types:
        made["type"] = types[0] if len(types) == 1 else types
    made.update({keyword: view.get(keyword) for keyword in _FACTS if view.has(keyword)})
    if view.enum is not None:
        made["enum"] = [member for member in view.enum if member is not None]
    inner = source.items(node)
    if inner is not None and depth < _DEPTH:
        made["items"] = borrowed(source, inner, into, depth=depth + 1)
    properties = source.properties(node)
    if properties and depth < _DEPTH:
        made["properties"] = {
            name: borrowed(source, child, into, depth=depth + 1) for name, child in properties.items()
        }
    return _nullable(made, types, into) if view.nullable and types else made


def _nullable(made: dict[str, Any], types: list[str], into: Survey) -> dict[str, Any]:
    if into.is_30:
        made["nullable"] = True
    else:
        made["type"] = [*types, "null"]
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made


def seen_schema(types: list[str], into: Survey) -> dict[str, Any]:
    """Give a schema of the JSON types that were seen."""
    plain = [name for name in types if name != "null"]
    made: dict[str, Any] = {"type": plain[0] if len(plain) == 1 else plain} if plain else {}
    return _nullable(made, plain, into) if "null" in types and plain else made
