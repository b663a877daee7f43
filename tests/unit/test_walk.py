"""Walking self-contained schemas."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.model.operation import JsonSchema, Schema
from conformance.openapi.dialect import NULLABLE
from conformance.schemas import walk

ALL = {"array", "boolean", "integer", "null", "number", "object", "string"}


def root(schema: Any, **definitions: Any) -> dict[str, Any]:
    return {**schema, "$defs": definitions}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/$defs/{name}"}


def nullable(schema: Any) -> dict[str, Any]:
    return {NULLABLE: True, "anyOf": [schema, {"type": "null"}]}


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({}, ALL),
        (True, ALL),
        (False, set()),
        ({"type": "string"}, {"string"}),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"type": "number"}, {"number", "integer"}),
        ({"type": ["number", "null"]}, {"number", "integer", "null"}),
        ({"allOf": [{"type": ["string", "integer"]}, {"type": ["integer", "object"]}]}, {"integer"}),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"string", "integer"}),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, {"string", "null"}),
        ({"oneOf": [{"type": "string"}, {}]}, ALL),
        ({"anyOf": [{"type": "string"}, {"type": "object"}], "oneOf": [{"type": "object"}]}, {"object"}),
        ({"type": ["string", "integer"], "anyOf": [{"type": "string"}]}, {"string"}),
        (nullable({"type": "string"}), {"string", "null"}),
        (nullable({"allOf": [{"type": "object"}]}), {"object", "null"}),
        ({"enum": [1, 2]}, {"integer"}),
        ({"enum": ["a", None]}, {"string", "null"}),
        ({"const": {"a": 1}}, {"object"}),
        ({"type": "string", "enum": [1]}, {"string"}),
        (root(ref("a"), a={"type": "array"}), {"array"}),
        (root(ref("a"), a={**ref("b"), "type": ["array", "string"]}, b={"type": "array"}), {"array"}),
        (root(ref("a"), a={"anyOf": [ref("a"), {"type": "string"}]}), {"string"}),
        (root(ref("a"), a={"oneOf": [ref("b")]}, b={"anyOf": [ref("a"), {"type": "integer"}]}), {"integer"}),
        (root(ref("a"), a={"allOf": [ref("a"), {"type": "string"}]}), {"string"}),
    ],
)
def test_types_are_what_every_part_allows(schema: JsonSchema, expected: set[str]) -> None:
    assert walk.types(schema, schema) == expected


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, False),
        ({"type": ["string", "null"]}, True),
        ({"type": "null"}, True),
        ({}, False),
        (True, False),
        (nullable(ref("a")) | {"$defs": {"a": {"type": "string"}}}, True),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, True),
        ({"anyOf": [{"type": "string"}, True]}, False),
        (root({**ref("a"), "type": ["string", "null"]}, a={"type": "string"}), False),
        (root(ref("a"), a={"type": ["string", "null"]}), True),
    ],
)
def test_null_is_allowed_where_somebody_said_so(schema: JsonSchema, expected: bool) -> None:
    assert walk.nullable(schema, schema) is expected


def test_properties_are_those_of_every_part_and_branch() -> None:
    schema = root(
        {
            "properties": {"own": {"type": "string"}},
            "allOf": [ref("a")],
            "anyOf": [{"properties": {"any": {}, "own": {"type": "integer"}}}, True],
            "oneOf": [ref("back")],
        },
        a={"properties": {"all": {}}, "required": ["all"]},
        back={"oneOf": [ref("back"), nullable({"properties": {"deep": {}}})]},
    )
    assert walk.properties(schema, schema).keys() == {"own", "all", "any", "deep"}
    assert walk.properties(schema, schema)["own"] == {"type": "string"}
    assert walk.required(schema, schema) == {"all"}
    assert walk.properties({"not": False}, {}) == {}


def test_items_and_keywords_are_found_in_any_part() -> None:
    schema = root({"allOf": [ref("a")]}, a={"items": {"type": "string"}, "enum": [None]})
    assert walk.items(schema, schema) == {"type": "string"}
    assert walk.keyword(schema, schema, "enum") == [None]
    assert walk.items({}, {}) is None
    assert walk.keyword({}, {}, "enum") is None


def test_values_are_paired_with_their_schemas() -> None:
    schema = root(
        {"properties": {"list": {"items": ref("node")}, "a/b": {"type": "string"}}},
        node={"properties": {"child": ref("node"), "n": {"type": "integer"}}},
    )
    value = {"list": [{"n": 1, "child": {"n": 2}}, 7], "a/b": "x", "unknown": {"y": 1}}
    found = {pointer: (part, inner) for pointer, part, inner in walk.values(value, schema, schema)}
    assert found.keys() == {
        "", "/list", "/list/0", "/list/0/n", "/list/0/child", "/list/0/child/n", "/list/1", "/a~1b",
    }  # fmt: skip
    assert found["/list/0/child/n"] == (2, {"type": "integer"})
    assert [pointer for pointer, _, _ in walk.values([1], {}, {})] == [""]


DOCUMENT = {
    "properties": {"a/b": {"items": ref("components~1schemas~1S")}, "n": nullable(ref("components~1schemas~1N"))},
    "allOf": [{"type": "object"}],
    "$defs": {
        "components/schemas/S": {"properties": {"x": nullable({"type": "string"})}},
        "components/schemas/N": nullable({"allOf": [{"type": "integer"}]}),
        "own": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ([], "/paths/s"),
        (["properties", "a/b", "items"], "/paths/s/properties/a~1b/items"),
        (["allOf", 0, "type"], "/paths/s/allOf/0/type"),
        (
            ["$defs", "components/schemas/S", "properties", "x", "anyOf", 0, "type"],
            "/components/schemas/S/properties/x/type",
        ),
        (["$defs", "components/schemas/S", "properties", "x", "anyOf"], "/components/schemas/S/properties/x"),
        (["$defs", "components/schemas/N", "anyOf", 0, "allOf", 0, "type"], "/components/schemas/N/allOf/0/type"),
        (["properties", "n", "anyOf", 0, "$ref"], "/paths/s/properties/n/$ref"),
        (["nothing", "there"], "/paths/s/nothing/there"),
    ],
)
def test_path_in_a_schema_leads_back_to_its_place_in_the_document(path: list[str | int], pointer: str) -> None:
    schema = Schema(pointer="/paths/s", make=lambda: DOCUMENT)
    assert walk.spec_pointer(schema, path) == pointer


def test_boolean_schema_has_its_place_too() -> None:
    assert walk.spec_pointer(Schema(pointer="/s", make=lambda: False), ["items"]) == "/s/items"
