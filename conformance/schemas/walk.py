"""Walking a self-contained JSON Schema: following its references, its types, and the place of each part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from conformance.model.operation import JsonSchema, Schema
from conformance.openapi.dialect import NULLABLE
from conformance.openapi.document import escape, tokens

_ALL_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def parts(schema: JsonSchema, root: JsonSchema) -> Iterator[Mapping[str, Any]]:
    """Give a schema and everything that constrains the same value with it.

    That is `$ref` targets, `allOf` members and the non-null side of a nullable one.
    """
    waiting = [schema]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, Mapping) or id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if "$ref" in node:
            waiting.append(target(node["$ref"], root))
        waiting.extend(node.get("allOf", ()))
        if NULLABLE in node:
            waiting.append(node["anyOf"][0])


def target(reference: str, root: JsonSchema) -> JsonSchema:
    """Give what a `#/$defs/…` reference of a self-contained schema refers to."""
    node: Any = root
    for token in tokens(unquote(reference.removeprefix("#"))):
        node = node[int(token)] if isinstance(node, list) else node[token]
    found: JsonSchema = node
    return found


def types(schema: JsonSchema, root: JsonSchema) -> frozenset[str]:
    """Give the JSON types that a schema allows; `integer` stands in `number` too."""
    allowed = _ALL_TYPES
    for part in parts(schema, root):
        declared = part.get("type")
        if declared is not None and NULLABLE not in part:
            names = frozenset({declared} if isinstance(declared, str) else declared)
            allowed &= names | {"integer"} if "number" in names else names
        branches = () if NULLABLE in part else (part.get("anyOf") or part.get("oneOf") or ())
        if branches:
            allowed &= frozenset().union(*(types(branch, root) for branch in branches))
    return allowed | {"null"} if nullable(schema, root) else allowed


def nullable(schema: JsonSchema, root: JsonSchema) -> bool:
    """Tell whether this module's reading of OpenAPI 3.0 `nullable` or a `null` type allows null."""
    for part in parts(schema, root):
        if NULLABLE in part:
            return True
        if "$ref" in part:
            continue
        declared = part.get("type")
        if declared is not None:
            return "null" in ({declared} if isinstance(declared, str) else set(declared))
    return False


def properties(schema: JsonSchema, root: JsonSchema) -> dict[str, JsonSchema]:
    """Give the declared properties of an object schema, those of `anyOf` and `oneOf` branches included."""
    found: dict[str, JsonSchema] = {}
    for part in parts(schema, root):
        for name, value in part.get("properties", {}).items():
            found.setdefault(name, value)
        for branch in () if NULLABLE in part else (*part.get("anyOf", ()), *part.get("oneOf", ())):
            for name, value in properties(branch, root).items():
                found.setdefault(name, value)
    return found


def required(schema: JsonSchema, root: JsonSchema) -> frozenset[str]:
    """Give the names that an object must have."""
    return frozenset(name for part in parts(schema, root) for name in part.get("required", ()))


def items(schema: JsonSchema, root: JsonSchema) -> JsonSchema | None:
    """Give the schema of an array's items; None where it is no array or says nothing of them."""
    return next((part["items"] for part in parts(schema, root) if "items" in part), None)


def keyword(schema: JsonSchema, root: JsonSchema, name: str) -> Any:
    """Give the first value of a keyword among the parts of a schema; None where no part has it."""
    return next((part[name] for part in parts(schema, root) if name in part), None)


def values(
    value: Any, schema: JsonSchema, root: JsonSchema, pointer: str = ""
) -> Iterator[tuple[str, Any, JsonSchema]]:
    """Give every part of a value that the schema describes: its JSON Pointer, itself and its schema."""
    yield pointer, value, schema
    if isinstance(value, Mapping):
        declared = properties(schema, root)
        for name in value:
            if name in declared:
                yield from values(value[name], declared[name], root, f"{pointer}/{escape(name)}")
    elif isinstance(value, list):
        inner = items(schema, root)
        if inner is not None:
            for index, item in enumerate(value):
                yield from values(item, inner, root, f"{pointer}/{index}")


def spec_pointer(schema: Schema, path: Sequence[str | int]) -> str:
    """Turn the path of a keyword in a self-contained schema into a JSON Pointer into the OpenAPI document."""
    node: Any = schema.json_schema
    pointer = schema.pointer
    rest = list(path)
    if len(rest) > 1 and rest[0] == "$defs" and isinstance(node, Mapping) and rest[1] in node.get("$defs", {}):
        node = node["$defs"][rest[1]]
        pointer = f"/{rest[1]}" if "#" not in str(rest[1]) else str(rest[1])
        rest = rest[2:]
    while rest:
        if isinstance(node, Mapping) and NULLABLE in node and rest[0] == "anyOf":
            node = node["anyOf"][0]
            rest = rest[2:]
            continue
        token = rest.pop(0)
        pointer += f"/{escape(str(token))}"
        try:
            node = node[token]
        except (KeyError, IndexError, TypeError):
            node = None
    return pointer
