"""What is wrong with a value, in words, with its places."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.errors import DocumentError
from conformance.model.operation import Api, Operation, Schema
from conformance.model.rule import Problem, Side
from conformance.openapi.document import parse
from conformance.openapi.operations import build
from conformance.profiles.twilio.formats import FORMATS
from conformance.run.suite import compiler
from conformance.schemas import constraints
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.problems import brief, kind, problems


def answering(schema: Any, components: Any = None, *, version: str = "3.1.0") -> Operation:
    content = {"application/json": {"schema": schema}}
    data = {
        "openapi": version,
        "paths": {"/a": {"get": {"responses": {"200": {"content": content}}}}},
        "components": {"schemas": components or {}},
    }
    (operation,) = build(parse(json.dumps(data, indent=1).encode(), path="spec.json"))
    return operation


def schema_of(operation: Operation) -> Schema:
    found = operation.responses[0].content[0].schema
    assert found is not None
    return found


def found(schema: Any, value: Any, components: Any = None, **more: str) -> tuple[Problem, ...]:
    operation = answering(schema, components, **more)
    return problems(compiler().validator(schema_of(operation), api=operation.api), value)


def told(schema: Any, value: Any) -> list[tuple[str, str, str]]:
    return [(each.instance_pointer, each.keyword, each.message) for each in found(schema, value)]


SCHEMA = "/paths/~1a/get/responses/200/content/application~1json/schema"
CA = "^CA[0-9a-fA-F]{32}$"


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ({"type": "string"}, 1, ("", "type", "1 is an integer, not a string")),
        ({"type": "integer"}, "1", ("", "type", '"1" is a string, not an integer')),
        ({"type": ["string", "null"]}, 1.5, ("", "type", "1.5 is a number, not a string or null")),
        ({"type": "array"}, None, ("", "type", "null is not an array")),
        ({"type": "object"}, [True], ("", "type", "[true] is an array, not an object")),
        ({"enum": ["a", 1, None]}, "b", ("", "enum", '"b" is not one of "a", 1, null')),
        ({"const": {"a": 1}}, 1, ("", "const", '1 is not {"a": 1}')),
        ({"pattern": "^a$"}, "a\n", ("", "pattern", '"a\\n" does not match ^a$')),
        ({"pattern": CA}, "CA1", ("", "identifier", f'"CA1" does not match {CA}')),
        ({"format": "date"}, "x", ("", "format", '"x" is not a date')),
        ({"format": "int32"}, 2**31, ("", "format", "2147483648 is not an int32")),
        ({"format": "uri-map"}, {"a": "/x"}, ("/a", "format", '"/x" is not a uri-map')),
        ({"format": "iso-country-code"}, "XX", ("", "format", '"XX" is not an iso-country-code')),
        ({"minimum": 1}, 0, ("", "minimum", "0 is less than the minimum of 1")),
        ({"required": ["a"]}, {}, ("/a", "required", "the required field 'a' is missing")),
        ({"dependentRequired": {"a": ["b/c"]}}, {"a": 1}, ("/b~1c", "required", "the required field 'b/c' is missing")),
        (
            {"additionalProperties": False},
            {"a/b": 1},
            ("/a~1b", "additionalProperties", "the field 'a/b' is not allowed here"),
        ),
        (
            {"properties": {"x": {}}, "unevaluatedProperties": False},
            {"a": 1},
            ("/a", "unevaluatedProperties", "the field 'a' is not allowed here"),
        ),
        ({"properties": {"a": False}}, {"a": "x"}, ("/a", "falseSchema", '"x" is not allowed here')),
        (
            {"properties": {"additionalProperties": False}},
            {"additionalProperties": {}},
            ("/additionalProperties", "falseSchema", "{} is not allowed here"),
        ),
        ({"prefixItems": [True], "items": False}, [1, 2], ("/1", "falseSchema", "2 is not allowed here")),
        (
            {"properties": {"a": {"items": {"type": "string"}}}},
            {"a": ["x", 1]},
            ("/a/1", "type", "1 is an integer, not a string"),
        ),
    ],
)
def test_problem_says_what_was_found_and_expected(schema: Any, value: Any, expected: tuple[str, str, str]) -> None:
    assert told(schema, value) == [expected]


def test_valid_value_has_no_problems() -> None:
    assert found({"type": "string", "format": "date"}, "2020-01-01") == ()


def test_every_field_that_is_not_allowed_is_named() -> None:
    for closed in ({"additionalProperties": False}, {"properties": {"x": {}}, "additionalProperties": False}):
        assert [each.instance_pointer for each in found(closed, {"b": 1, "a": 2})] == ["/a", "/b"]


def test_place_has_the_problem_that_says_most() -> None:
    schema = {"type": "string", "enum": ["aa"], "pattern": "^a+$", "format": "date", "minLength": 2, "maxLength": 1}
    for left_out, value, expected in (
        ((), 1, "type"),
        ((), "b", "enum"),
        (("enum",), "b", "pattern"),
        (("enum", "pattern"), "b", "format"),
        (("enum", "pattern", "format"), "b", "minLength"),
        (("enum", "pattern", "format", "minLength"), "bb", "maxLength"),
    ):
        rest = {name: content for name, content in schema.items() if name not in left_out}
        assert [each.keyword for each in found(rest, value)] == [expected]


def test_problems_come_in_order_of_place() -> None:
    schema = {"additionalProperties": {"items": {"type": "string"}, "type": "array"}}
    value = {"b": [*"x" * 2, *range(10)], "a": 1, "²": 2, "10": 3, "9": [1]}
    assert [each.instance_pointer for each in found(schema, value)] == [
        "/a", "/b/2", "/b/3", "/b/4", "/b/5", "/b/6", "/b/7", "/b/8", "/b/9", "/b/10", "/b/11", "/²", "/9/0", "/10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "value", "places"),
    [
        # the only branch of the right type
        ({"anyOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]}, {}, [("/a", "required")]),
        ({"oneOf": [{"type": "object", "required": ["a"]}, {"type": "string"}]}, {}, [("/a", "required")]),
        # no branch, or more than one
        ({"anyOf": [{"type": "object"}, {"type": "string"}]}, 1, [("", "anyOf")]),
        ({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {}, [("", "anyOf")]),
        ({"oneOf": [True, True]}, 1, [("", "oneOf")]),
        # branches told apart by a constant
        (
            {"anyOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"a": {"const": 2}}}]},
            {"a": 3},
            [("", "anyOf")],
        ),
        # nested
        (
            {
                "anyOf": [
                    {
                        "type": "object",
                        "properties": {"b": {"oneOf": [{"type": "array", "items": False}, {"type": "null"}]}},
                    },
                    {"type": "null"},
                ]
            },
            {"b": [1]},
            [("/b/0", "falseSchema")],
        ),
    ],
)
def test_choice_is_explained_by_the_branch_that_was_meant(
    schema: Any, value: Any, places: list[tuple[str, str]]
) -> None:
    assert [(each.instance_pointer, each.keyword) for each in found(schema, value)] == places


def test_nullable_reference_is_explained_by_what_it_refers_to() -> None:
    schema = {"properties": {"a": {"$ref": "#/components/schemas/S", "nullable": True, "description": "d"}}}
    components = {"S": {"type": "string", "enum": ["x"]}}
    (problem,) = found(schema, {"a": 1}, components, version="3.0.3")
    assert (problem.keyword, problem.spec_pointer) == ("type", "/components/schemas/S/type")
    (problem,) = found(schema, {"a": "y"}, components, version="3.0.3")
    assert (problem.keyword, problem.spec_pointer) == ("enum", "/components/schemas/S/enum")
    assert found(schema, {"a": None}, components, version="3.0.3") == ()


@pytest.mark.parametrize(
    ("schema", "value", "pointer"),
    [
        ({"type": "string"}, 1, f"{SCHEMA}/type"),
        ({"properties": {"a": {"format": "int32"}}}, {"a": 2**40}, f"{SCHEMA}/properties/a/format"),
        ({"properties": {"a": {"allOf": [{"format": "byte"}]}}}, {"a": "%"}, f"{SCHEMA}/properties/a/allOf/0/format"),
        ({"allOf": [True, {"required": ["a"]}]}, {}, f"{SCHEMA}/allOf/1/required"),
        ({"$ref": "#/components/schemas/S"}, {"c": 1}, "/components/schemas/S/properties/c/type"),
        ({"items": {"$ref": "#/components/schemas/S"}}, [{"c": 1}], "/components/schemas/S/properties/c/type"),
        ({"$ref": "#/components/schemas/S/properties/c"}, 1, "/components/schemas/S/properties/c/type"),
        ({"additionalProperties": {"format": "uri-map"}}, {"x": {"y": 1}}, f"{SCHEMA}/additionalProperties/format"),
        ({"not": {}}, 1, f"{SCHEMA}/not"),
    ],
)
def test_spec_pointer_leads_to_the_keyword_in_the_document(schema: Any, value: Any, pointer: str) -> None:
    operation = answering(schema, {"S": {"properties": {"c": {"type": "string"}}}})
    (problem,) = problems(compiler().validator(schema_of(operation), api=operation.api), value)
    assert problem.spec_pointer == pointer
    assert parse_again(operation).at(pointer) is not None
    assert operation.api.locate(pointer) != operation.api.locate("/components")


def parse_again(operation: Operation) -> Any:
    return operation.api.locate.__self__  # type: ignore[attr-defined] # the document


@pytest.mark.parametrize("key", ["10", "010", "0", "+1", "-1", "99999999999999999999", "²"])
def test_keys_that_look_like_numbers_are_keys(key: str) -> None:
    schema = {"properties": {"x": {}, key: {"format": "int32", "anyOf": [{"type": "integer"}]}}}
    (problem,) = found(schema, {"y": 1, key: 2**40})
    assert problem.instance_pointer == f"/{key}"
    assert problem.spec_pointer == f"{SCHEMA}/properties/{key}/format"
    (problem,) = found({"additionalProperties": {"type": "string"}}, {key: 1})
    assert (problem.instance_pointer, problem.actual) == (f"/{key}", 1)
    operation = answering({"properties": {key: {"type": "strin"}}})
    with pytest.raises(DocumentError) as caught:
        compiler().validator(schema_of(operation), api=operation.api)
    assert (caught.value.line, caught.value.column) == operation.api.locate(f"{SCHEMA}/properties/{key}/type")


def test_prefix_stands_before_every_pointer() -> None:
    schema = Schema(pointer="/s", make=lambda: {"items": {"type": "string"}})
    (problem,) = problems(compiler().validator(schema, api=api()), [1], prefix="/query/a~1b")
    assert problem.instance_pointer == "/query/a~1b/0"


def api() -> Api:
    return answering({}).api


def test_long_values_are_cut() -> None:
    assert brief("x" * 200) == '"' + "x" * 78 + "…"
    assert brief({"é": None}) == '{"é": null}'
    assert all(len(message) < 400 for _, _, message in told({"type": "string"}, ["x" * 1000]))


@pytest.mark.parametrize(
    ("schema", "pointer", "what"),
    [
        ({"type": "strin"}, "/type", "strin"),
        ({"properties": {"a": {"type": "strin"}}}, "/properties/a/type", "strin"),
        ({"pattern": "["}, "/pattern", "regex"),
        ({"minimum": "1"}, "/minimum", "number"),
        ({"required": "a"}, "/required", "array"),
        ({"enum": 1}, "/enum", "array"),
        ({"exclusiveMinimum": True}, "/exclusiveMinimum", "number"),
    ],
)
def test_schema_that_is_none_is_named_with_its_place(schema: Any, pointer: str, what: str) -> None:
    operation = answering(schema)
    with pytest.raises(DocumentError) as caught:
        compiler().validator(schema_of(operation), api=operation.api)
    assert what in caught.value.what
    assert "\n" not in str(caught.value)
    assert (caught.value.line, caught.value.column) == operation.api.locate(f"{SCHEMA}{pointer}")


def test_broken_schema_of_a_component_is_named_with_its_own_place() -> None:
    operation = answering(
        {"$ref": "#/components/schemas/S"}, {"S": {"nullable": True, "allOf": [{"type": 7}]}}, version="3.0.3"
    )
    with pytest.raises(DocumentError) as caught:
        compiler().validator(schema_of(operation), api=operation.api)
    assert (caught.value.line, caught.value.column) == operation.api.locate("/components/schemas/S/allOf/0/type")


def test_schemas_are_compiled_once() -> None:
    made, operation = Compiler(), answering({"type": "string"})
    schema = schema_of(operation)
    assert made.validator(schema, api=operation.api) is made.validator(schema, api=operation.api)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("int32", [0, 2**31 - 1, -(2**31), "text"], [2**31, -(2**31) - 1]),
        ("int64", [2**63 - 1], [2**63, -(2**63) - 1]),
        ("byte", ["", "aGk=", "aGkh", 7], ["aGk", "a", "aGk=\n", "aG k=", "é"]),
        (
            "date-time",
            ["2016-10-14T21:56:34Z", "2016-10-14T21:56:34.5+02:00"],
            ["2016-10-14", "2016-13-14T21:56:34Z", "x"],
        ),
        (
            "date-time-rfc-2822",
            ["Fri, 14 Oct 2016 21:56:34 +0000", "Fri, 1 Jan 2016 00:00:00 GMT"],
            [
                "2016-10-14T21:56:34Z",
                "Fri, 31 Feb 2016 00:00:00 +0000",
                "Fri, 14 Oct 2016 24:56:34 +0000",
                "Fri, 14 Oct 2016 21:56:34 +0000\n",
            ],
        ),
        ("currency", ["USD", "usd"], ["US", "USDX", "U$D"]),
        ("http-method", ["GET"], ["get", "OPTIONS"]),
        ("iso-country-code", ["US", "GB"], ["us", "UK", "USA"]),
        ("phone-number", ["+15005550006"], ["15005550006", "+05005550006", "+1", "+1234567890123456"]),
        ("phone-number-capabilities", [{"voice": True}, {}, "text"], [{"voice": "yes"}]),
        ("uri-map", [{"a": "https://example.com/x"}, {}], [{"a": "/x"}, {"a": 1}]),
        ("uri", ["https://example.com"], ["/x", "x y"]),
        ("float", [1.5, "x"], []),
        ("nobody-knows", ["x"], []),
    ],
)
def test_formats_are_asserted(name: str, good: list[Any], bad: list[Any]) -> None:
    validator = compiler().validator(Schema(pointer="", make=lambda: {"format": name}), api=api())
    assert [value for value in good if not validator.is_valid(value)] == []
    assert [value for value in bad if validator.is_valid(value)] == []


def test_format_names_inside_data_are_no_formats() -> None:
    schema = {"properties": {"format": {"const": {"format": "int32"}}}, "enum": [{"format": {"format": "int32"}}]}
    assert found(schema, {"format": {"format": "int32"}}) == ()


@pytest.mark.parametrize("group", ["type", "enum", "required", "bounds", "structure"])
def test_group_is_planned_where_a_schema_uses_it(group: str) -> None:
    uses = {
        "type": {"type": "string"}, "enum": {"const": 1}, "required": {"required": ["a"]},
        "bounds": {"uniqueItems": True}, "structure": {"items": False},
    }  # fmt: skip
    assert constraints.inspector(answering(uses[group]), Side.RESPONSE, group) is not None
    assert constraints.inspector(answering({}), Side.RESPONSE, group) is None
    takes_the_rest = group == "structure"
    other = {"pattern": "^a"}
    assert (constraints.inspector(answering(other), Side.RESPONSE, group) is not None) is takes_the_rest
    assert constraints.inspector(answering(uses[group]), Side.REQUEST, group) is None  # it has no schema


def test_keywords_in_data_and_names_of_properties_are_not_counted() -> None:
    schema = {"properties": {"pattern": {}, "enum": {}}, "example": {"minimum": 1}, "default": {"type": "string"}}
    assert constraints.uses(answering(schema), Side.RESPONSE) == constraints.Uses(
        groups=frozenset(), patterns=frozenset(), formats=frozenset()
    )


def test_patterns_and_formats_are_used_by_name() -> None:
    used = constraints.uses(
        answering({"items": {"pattern": CA}, "properties": {"a": {"format": "date"}}}), Side.RESPONSE
    )
    assert used.patterns == {CA}
    assert used.formats == {"date"}


def test_a_length_that_the_pattern_fixes_cannot_be_broken_alone() -> None:
    fixed = {"type": "string", "pattern": CA, "minLength": 34, "maxLength": 34}
    assert "bounds" not in constraints.uses(answering(fixed), Side.RESPONSE).groups
    assert "bounds" in constraints.uses(answering({**fixed, "maxLength": 33}), Side.RESPONSE).groups
    assert "bounds" in constraints.uses(answering({**fixed, "pattern": "^C+$"}), Side.RESPONSE).groups


def test_keyword_of_no_group_is_structure() -> None:
    assert [kind(name) for name in ("anyOf", "falseSchema", "something-else")] == ["structure"] * 3


def test_profile_formats_do_not_redefine_the_standard() -> None:
    assert not STANDARD.keys() & FORMATS.keys()
