"""Schemas of OpenAPI 3.0 and 3.1 as self-contained JSON Schema 2020-12."""

from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest
import yaml

from conformance.errors import DocumentError
from conformance.model.operation import JsonSchema
from conformance.openapi.dialect import NULLABLE, self_contained
from conformance.openapi.document import parse
from conformance.openapi.references import References
from conformance.schemas.walk import target


def converted(schema: str, *, version: str = "3.0.3", more: str = "") -> JsonSchema:
    found = References(parse(f"schema: {schema}\n{more}".encode(), path="spec.yaml"))
    return self_contained(found.root.child("schema"), found, version=version)


def valid(schema: JsonSchema, value: Any) -> bool:
    return jsonschema_rs.Draft202012Validator(schema if isinstance(schema, bool) else dict(schema)).is_valid(value)


def nullable(schema: Any) -> dict[str, Any]:
    return {NULLABLE: True, "anyOf": [schema, {"type": "null"}]}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{type: string}", {"type": "string"}),
        ("{type: string, nullable: true}", {"type": ["string", "null"]}),
        ("{type: string, nullable: false}", {"type": "string"}),
        ("{type: string, nullable: true, enum: [a]}", {"type": ["string", "null"], "enum": ["a", None]}),
        ("{type: string, nullable: true, enum: [a, null]}", {"type": ["string", "null"], "enum": ["a", None]}),
        ("{nullable: true, enum: [a]}", {"enum": ["a", None]}),
        ("{nullable: true}", {}),
        ("{type: string, nullable: true, const: a}", nullable({"type": "string", "const": "a"})),
        ("{nullable: true, allOf: [{type: object}]}", nullable({"allOf": [{"type": "object"}]})),
        ("{nullable: true, oneOf: [{type: string}]}", nullable({"oneOf": [{"type": "string"}]})),
        ("{minimum: 1, exclusiveMinimum: true}", {"exclusiveMinimum": 1}),
        ("{maximum: 1, exclusiveMaximum: true}", {"exclusiveMaximum": 1}),
        ("{minimum: 1, exclusiveMinimum: false}", {"minimum": 1}),
        ("{exclusiveMinimum: true}", {}),
        ("{minimum: 1, exclusiveMinimum: 2}", {"minimum": 1, "exclusiveMinimum": 2}),
        (
            "{type: string, xml: {name: a}, externalDocs: {url: b}, discriminator: {propertyName: c}}",
            {"type": "string"},
        ),
        (
            "{properties: {nullable: {type: string, nullable: true}}}",
            {"properties": {"nullable": {"type": ["string", "null"]}}},
        ),
        (
            "{properties: {xml: {type: string}, $ref: {type: integer}}}",
            {"properties": {"xml": {"type": "string"}, "$ref": {"type": "integer"}}},
        ),
        (
            "{default: {nullable: true}, example: {$ref: nowhere}}",
            {"default": {"nullable": True}, "example": {"$ref": "nowhere"}},
        ),
        ("{items: {type: string, nullable: true}}", {"items": {"type": ["string", "null"]}}),
        (
            "{additionalProperties: {nullable: true, type: integer}}",
            {"additionalProperties": {"type": ["integer", "null"]}},
        ),
        ("{additionalProperties: false}", {"additionalProperties": False}),
        ("{not: {type: string, nullable: true}}", {"not": {"type": ["string", "null"]}}),
        ("true", True),
        ("false", False),
    ],
)
def test_openapi_30_becomes_json_schema(written: str, expected: Any) -> None:
    assert converted(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{type: string, nullable: true}", {"type": "string", "nullable": True}),
        ("{type: [string, 'null']}", {"type": ["string", "null"]}),
        (
            "{prefixItems: [{$schema: x}], if: {xml: 1}, $defs: {a: {xml: 1}}}",
            {"prefixItems": [{}], "if": {}, "$defs": {"a": {}}},
        ),
        (
            "{patternProperties: {a: true}, dependentSchemas: {b: {}}}",
            {"patternProperties": {"a": True}, "dependentSchemas": {"b": {}}},
        ),
        ("{$id: 'https://example.com/a', $anchor: b, type: string}", {"type": "string"}),
    ],
)
def test_openapi_31_is_json_schema(written: str, expected: Any) -> None:
    assert converted(written, version="3.1.0") == expected


COMPONENTS = """
components:
  schemas:
    Node:
      type: object
      properties: {next: {$ref: '#/components/schemas/Node'}, name: {$ref: '#/components/schemas/Name'}}
    Name: {type: string, minLength: 2}
    Never: {type: object}
"""


def test_references_stand_in_definitions_named_by_their_pointer() -> None:
    schema = converted("{$ref: '#/components/schemas/Node'}", more=COMPONENTS)
    assert schema == {
        "$ref": "#/$defs/components~1schemas~1Node",
        "$defs": {
            "components/schemas/Node": {
                "type": "object",
                "properties": {
                    "next": {"$ref": "#/$defs/components~1schemas~1Node"},
                    "name": {"$ref": "#/$defs/components~1schemas~1Name"},
                },
            },
            "components/schemas/Name": {"type": "string", "minLength": 2},
        },
    }
    assert valid(schema, {"next": {"next": {"name": "ab"}}})
    assert not valid(schema, {"next": {"next": {"name": "a"}}})


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_keywords_beside_a_reference_count(version: str) -> None:
    schema = converted("{$ref: '#/components/schemas/Name', maxLength: 3}", version=version, more=COMPONENTS)
    assert [valid(schema, text) for text in ("a", "ab", "abcd")] == [False, True, False]


def test_nullable_beside_a_reference_allows_null_too() -> None:
    schema = converted("{$ref: '#/components/schemas/Name', nullable: true, description: x}", more=COMPONENTS)
    assert [valid(schema, value) for value in (None, "ab", "a", 1)] == [True, True, False, False]


@pytest.mark.parametrize(
    ("name", "reference"),
    [
        ("/a/{id}", "#/paths/~1a~1{id}/schema"),
        ("/a/{id}", "#/paths/~1a~1%7Bid%7D/schema"),
        ("/a b", "#/paths/~1a%20b/schema"),
        ("/a b", "#/paths/~1a b/schema"),
        ("/é", "#/paths/~1é/schema"),
        ("/50%", "#/paths/~150%25/schema"),
        ('/"^|', '#/paths/~1"^|/schema'),
        ("/~x", "#/paths/~1~0x/schema"),
        ("/q?a=b", "#/paths/~1q?a=b/schema"),
    ],
)
def test_any_pointer_can_be_referred_to(name: str, reference: str) -> None:
    more = yaml.safe_dump({"paths": {name: {"schema": {"type": "integer"}}}})
    schema = converted(yaml.safe_dump({"$ref": reference}, default_flow_style=True), more=more)
    assert valid(schema, 1)
    assert not valid(schema, "1")
    assert isinstance(schema, dict)
    assert target(schema["$ref"], schema) == {"type": "integer"}


def test_definitions_of_the_schema_itself_are_kept() -> None:
    schema = converted("{$ref: '#/schema/$defs/x', $defs: {x: {type: string}}}", version="3.1.0")
    assert valid(schema, "a")
    assert not valid(schema, 1)
    assert isinstance(schema, dict)
    assert schema["$defs"].keys() == {"x", "schema/$defs/x"}


def test_dynamic_references_keep_their_meaning() -> None:
    tree = "{$dynamicAnchor: node, type: object, properties: {child: {$dynamicRef: '#node'}}}"
    schema = converted(tree, version="3.1.0")
    assert valid(schema, {"child": {"child": {}}})
    assert not valid(schema, {"child": {"child": 1}})


@pytest.mark.parametrize(
    ("written", "line", "column", "what"),
    [
        ("7", 1, 1, "7 in the place of a schema"),
        ("\n  items: [{type: string}]", 2, 3, "in the place of a schema"),
        ("\n  properties: [a]", 2, 3, "['a']"),
        ("\n  allOf: {type: string}", 2, 3, "{'type': 'string'}"),
        ("\n  properties:\n    a: text", 3, 5, "'text' in the place of a schema"),
        ("\n  anyOf:\n  - {}\n  - []", 4, 5, "[] in the place of a schema"),
        ("\n  items:\n    $ref: '#/nowhere'", 3, 5, "leads nowhere"),
        ("\n  $ref: '#/a'\na: {$ref: '#/b'}\nb: {$ref: '#/a'}", 1, 1, "circle"),
        ("\n  properties:\n    a: {$ref: '#/schema/properties/a'}", 3, 5, "circle"),
    ],
)
@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
def test_what_is_no_schema_is_named_with_its_place(
    written: str, line: int, column: int, what: str, version: str
) -> None:
    with pytest.raises(DocumentError) as caught:
        converted(written, version=version)
    assert what in caught.value.what
    assert (caught.value.line, caught.value.column) == (line, column)
