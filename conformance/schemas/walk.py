"""Walking a self-contained JSON Schema: following its references, its types, and the place of each part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from conformance.model.finding import json_type
from conformance.model.operation import JsonSchema, Schema
from conformance.openapi.dialect import NULLABLE
from conformance.openapi.document import escape, tokens

Trail = tuple[frozenset[int], ...]
"""The schemas around one that is being walked, outermost first, each by the identities of its parts."""

_DEEPEST: Final = 12
_ALL_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def parts(schema: JsonSchema, root: JsonSchema) -> Iterable[Mapping[str, Any]]:
    """Give a schema and everything that constrains the same value with it.

    That is `$ref` targets, `allOf` members and the non-null side of a nullable one.
    """
    if type(schema) is dict and "$ref" not in schema and "allOf" not in schema and NULLABLE not in schema:
        return (schema,)
    return _parts(schema, root)


def _parts(schema: JsonSchema, root: JsonSchema) -> Iterator[Mapping[str, Any]]:
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


def entered(schema: JsonSchema, root: JsonSchema, trail: Trail) -> Trail | None:
    """Give the trail inside a schema; None where it is on the trail already, or the trail is too long."""
    here = frozenset(map(id, parts(schema, root)))
    if len(trail) > _DEEPEST or any(here & around for around in trail):
        return None
    return (*trail, here)


def target(reference: str, root: JsonSchema) -> JsonSchema:
    """Give what a `#/$defs/…` reference of a self-contained schema refers to."""
    node: Any = root
    for token in tokens(unquote(reference.removeprefix("#"))):
        node = node[int(token)] if isinstance(node, list) else node[token]
    found: JsonSchema = node
    return found


def types(schema: JsonSchema, root: JsonSchema) -> frozenset[str]:
    """Give the JSON types that a schema allows; `integer` stands in `number` too."""
    return _types(schema, root, frozenset())


def _types(schema: JsonSchema, root: JsonSchema, trail: frozenset[int]) -> frozenset[str]:
    """`trail` holds the schemas that are being looked at: a branch that leads back to one of them adds nothing."""
    allowed = _ALL_TYPES if schema is not False else frozenset()
    for part in parts(schema, root):
        if id(part) in trail:
            return frozenset()
        if NULLABLE in part:
            continue
        allowed &= _types_here(part)
        for branches in (part.get("anyOf"), part.get("oneOf")):
            if branches:
                allowed &= frozenset().union(*(_types(branch, root, trail | {id(part)}) for branch in branches))
    return allowed | {"null"} if nullable(schema, root) else allowed


def _types_here(part: Mapping[str, Any]) -> frozenset[str]:
    declared = part.get("type")
    if declared is not None:
        names = frozenset({declared} if isinstance(declared, str) else declared)
        return names | {"integer"} if "number" in names else names
    members = [part["const"]] if "const" in part else part.get("enum")
    return frozenset(map(json_type, members)) if isinstance(members, list) else _ALL_TYPES


def nullable(schema: JsonSchema, root: JsonSchema) -> bool:
    """Tell whether OpenAPI 3.0 `nullable`, a `null` type or a branch of that type allows null."""
    for part in parts(schema, root):
        branches = (*part.get("anyOf", ()), *part.get("oneOf", ()))
        if any(isinstance(branch, Mapping) and branch.get("type") == "null" for branch in branches):
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
    waiting = [schema]
    seen: set[int] = set()
    while waiting:
        for part in parts(waiting.pop(0), root):
            if id(part) in seen:
                continue
            seen.add(id(part))
            for name, value in part.get("properties", {}).items():
                found.setdefault(name, value)
            waiting += (*part.get("anyOf", ()), *part.get("oneOf", ()))
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


def exact(path: Sequence[str | int], root: Any) -> list[str | int]:
    """Give a path of `jsonschema_rs` with the keys that a value has: it gives keys such as "10" and "010" as 10."""
    node, found = root, []
    for token in path:
        key = _key(node, token) if isinstance(node, Mapping) and isinstance(token, int) else token
        found.append(key)
        try:
            node = node[key]
        except (KeyError, IndexError, TypeError):
            node = None
    return found


def _key(node: Mapping[str, Any], token: int) -> str:
    spelled = (key for key in node if key.isascii() and key.removeprefix("+").isdigit() and int(key) == token)
    return str(token) if str(token) in node else next(spelled, str(token))


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
