"""Schemas of OpenAPI 3.0 and 3.1 as self-contained JSON Schema 2020-12.

OpenAPI 3.1 is JSON Schema 2020-12 already. For 3.0 (Schema Object, 4.7.24):

* `nullable: true` adds `null` to the `type` and to the `enum`, whichever is there;
* `exclusiveMinimum: true` and `exclusiveMaximum: true` become the numeric keywords;
* keywords beside a `$ref` count. The letter of 3.0 ignores them; authors who write them mean them (of the 20
  places in the shipped documents, 11 carry `nullable`), and JSON Schema 2020-12 reads them so. `nullable: true`
  beside a `$ref` allows null in addition to what the reference allows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from conformance.model.operation import JsonSchema
from conformance.openapi.document import escape
from conformance.openapi.references import Place, References

NULLABLE: Final = "x-conformance-nullable"
"""Marks an `anyOf` that this module put around a schema to allow null."""

_SCHEMA: Final = frozenset({
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_SCHEMAS_BY_NAME: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_SCHEMAS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_DROPPED: Final = frozenset({"$anchor", "$id", "$schema", "discriminator", "externalDocs", "xml"})
"""References are resolved already: an `$id` would give those below it another base."""
_BOUNDS: Final = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))

_IN_FRAGMENT: Final = "!$&'()*+,;=:@/?"
"""What else a URI fragment may hold (RFC 3986, 3.5)."""

_Refer = Callable[[Place], str]


def self_contained(place: Place, references: References, *, version: str) -> JsonSchema:
    """Give the schema at a place as JSON Schema 2020-12 with all that it refers to in its `$defs`.

    A definition is named by its JSON Pointer without the leading slash, with the file before it and a `#` where it
    stands in another document.

    Raises:
        DocumentError: a reference leads nowhere, or something is no schema.

    """
    definitions: dict[str, JsonSchema] = {}
    waiting: list[tuple[str, Place]] = []
    known: set[str] = set()

    def refer(source: Place) -> str:
        target = references.follow(source)
        if isinstance(target.value, Mapping) and "$ref" in target.value:
            references.resolve(source)  # a circle would accept every value
        name = target.pointer.removeprefix("/")
        if target.document is not references.document:
            name = f"{target.document.path}#{name}"
        if name not in known:
            known.add(name)
            waiting.append((name, target))
        return f"#/$defs/{quote(escape(name), safe=_IN_FRAGMENT)}"

    convert = _convert_30 if version.startswith("3.0") else _convert
    root: JsonSchema = convert(place, refer)
    while waiting:
        name, target = waiting.pop()
        definitions[name] = convert(target, refer)
    if not definitions or isinstance(root, bool):
        return root
    return {**root, "$defs": {**root.get("$defs", {}), **definitions}}


def _convert(place: Place, refer: _Refer, convert: Callable[[Place, _Refer], Any] | None = None) -> Any:
    convert = convert or _convert
    node = place.value
    if isinstance(node, bool):
        return node
    if not isinstance(node, Mapping):
        place.document.fail(place.pointer, what=f"{node!r} in the place of a schema", expected="a mapping")
    result: dict[str, Any] = {}
    for keyword, value in node.items():
        if keyword in _DROPPED:
            continue
        if keyword == "$ref":
            result["$ref"] = refer(place)
        elif keyword in _SCHEMA:
            result[keyword] = convert(place.child(keyword), refer)
        elif keyword in _SCHEMAS_BY_NAME:
            child = place.child(keyword)
            _expect(child, Mapping, "a mapping of schemas")
            result[keyword] = {name: convert(child.child(name), refer) for name in value}
        elif keyword in _SCHEMAS:
            child = place.child(keyword)
            _expect(child, list, "a list of schemas")
            result[keyword] = [convert(child.child(index), refer) for index in range(len(value))]
        else:
            result[keyword] = value
    return result


def _expect(place: Place, kind: type, expected: str) -> None:
    if not isinstance(place.value, kind):
        place.document.fail(place.pointer, what=f"{place.value!r}", expected=expected)


def _convert_30(place: Place, refer: _Refer) -> Any:
    result = _convert(place, refer, _convert_30)
    if isinstance(result, bool):
        return result
    for exclusive, bound in _BOUNDS:
        flag = result.get(exclusive)
        if isinstance(flag, bool):
            del result[exclusive]
            if flag and bound in result:
                result[exclusive] = result.pop(bound)
    if result.pop("nullable", False) is not True:
        return result
    if "$ref" in result or ("type" not in result and _SCHEMAS & result.keys()):
        return {NULLABLE: True, "anyOf": [result, {"type": "null"}]}
    if "const" in result:
        return {NULLABLE: True, "anyOf": [result, {"type": "null"}]}
    if isinstance(result.get("type"), str):
        result["type"] = [result["type"], "null"]
    if isinstance(result.get("enum"), list) and None not in result["enum"]:
        result["enum"] = [*result["enum"], None]
    return result
