"""Parameters and forms, decoded by their declared styles and types."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conformance.model.operation import Operation, Parameter
from conformance.model.rule import ABSENT
from conformance.openapi.document import parse
from conformance.openapi.operations import build
from conformance.schemas import forms, parameters

ARRAY = {"type": "array", "items": {"type": "integer"}}
OBJECT = {"type": "object", "properties": {"R": {"type": "integer"}, "G": {"type": "integer"}}}


def declared(where: str, schema: Any, **more: Any) -> Parameter:
    parameter = {"name": "color", "in": where, **({"schema": schema} if schema is not None else {}), **more}
    operation = {"parameters": [parameter], "responses": {}}
    data = {"openapi": "3.1.0", "paths": {"/a/{color}": {"get": operation}}}
    (made,) = build(parse(json.dumps(data).encode(), path="spec.json"))
    assert isinstance(made, Operation)
    return made.parameters[0]


@pytest.mark.parametrize(
    ("style", "explode", "schema", "text", "value"),
    [
        # OpenAPI 3.1, 4.8.12.4
        ("simple", False, {"type": "integer"}, "5", 5),
        ("simple", False, ARRAY, "1,2,3", [1, 2, 3]),
        ("simple", False, ARRAY, "1", [1]),
        ("simple", True, ARRAY, "1,2,3", [1, 2, 3]),
        ("simple", False, OBJECT, "R,100,G,200", {"R": 100, "G": 200}),
        ("simple", True, OBJECT, "R=100,G=200", {"R": 100, "G": 200}),
        ("label", False, {"type": "integer"}, ".5", 5),
        ("label", False, ARRAY, ".1,2,3", [1, 2, 3]),
        ("label", True, ARRAY, ".1.2.3", [1, 2, 3]),
        ("label", False, OBJECT, ".R,100,G,200", {"R": 100, "G": 200}),
        ("label", True, OBJECT, ".R=100.G=200", {"R": 100, "G": 200}),
        ("matrix", False, {"type": "integer"}, ";color=5", 5),
        ("matrix", True, {"type": "integer"}, ";color=5", 5),
        ("matrix", False, ARRAY, ";color=1,2,3", [1, 2, 3]),
        ("matrix", True, ARRAY, ";color=1;color=2", [1, 2]),
        ("matrix", False, OBJECT, ";color=R,100,G,200", {"R": 100, "G": 200}),
        ("matrix", True, OBJECT, ";R=100;G=200", {"R": 100, "G": 200}),
        # what does not fit stays as it is, so that a check can name it
        ("simple", False, {"type": "integer"}, "five", "five"),
        ("simple", False, ARRAY, "1,two", [1, "two"]),
        ("simple", False, OBJECT, "R,100,G", {"R": 100}),
        ("simple", True, OBJECT, "R,X=1", {"R": "", "X": "1"}),
        ("simple", False, {"type": ["array", "string"]}, "1,2", "1,2"),
    ],
)
def test_path_parameters_are_read_by_their_style(style: str, explode: bool, schema: Any, text: str, value: Any) -> None:
    assert parameters.from_text(text, declared("path", schema, style=style, explode=explode)) == value


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        (ARRAY, "1, 2 ,\t3", [1, 2, 3]),
        (ARRAY, "1,2", [1, 2]),
        ({"type": "string"}, "a, b", "a, b"),
        (OBJECT, "R, 100, G, 200", {"R": 100, "G": 200}),
    ],
)
def test_headers_may_have_spaces_between_items(schema: Any, text: str, value: Any) -> None:
    assert parameters.from_text(text, declared("header", schema)) == value


@pytest.mark.parametrize(
    ("more", "schema", "pairs", "value"),
    [
        ({}, {"type": "integer"}, {"color": ["5"]}, 5),
        ({}, {"type": "integer"}, {"other": ["5"]}, ABSENT),
        ({}, {"type": "integer"}, {"color": [""]}, ""),
        ({}, {"type": "integer"}, {"color": ["1", "2"]}, ["1", "2"]),
        ({}, {}, {"color": ["1"]}, "1"),
        ({}, {}, {"color": ["1", "2"]}, ["1", "2"]),
        ({}, ARRAY, {"color": ["1", "2"]}, [1, 2]),
        ({}, ARRAY, {"color": ["1"]}, [1]),
        ({"explode": False}, ARRAY, {"color": ["1,2"]}, [1, 2]),
        ({"style": "spaceDelimited", "explode": False}, ARRAY, {"color": ["1 2"]}, [1, 2]),
        ({"style": "pipeDelimited", "explode": False}, ARRAY, {"color": ["1|2"]}, [1, 2]),
        ({"style": "pipeDelimited", "explode": True}, ARRAY, {"color": ["1", "2"]}, [1, 2]),
        ({}, OBJECT, {"R": ["100"], "G": ["200"], "x": ["1"]}, {"R": 100, "G": 200}),
        ({}, OBJECT, {"x": ["1"]}, ABSENT),
        ({"explode": False}, OBJECT, {"color": ["R,100,G,200"]}, {"R": 100, "G": 200}),
        ({"style": "pipeDelimited", "explode": False}, OBJECT, {"color": ["R|100|G|200"]}, {"R": 100, "G": 200}),
        ({"style": "deepObject"}, OBJECT, {"color[R]": ["100"], "color[x]": ["y"], "z": ["1"]}, {"R": 100, "x": "y"}),
        ({"style": "deepObject"}, OBJECT, {"color": ["1"], "color[": ["2"]}, ABSENT),
    ],
)
def test_query_parameters_are_read_by_their_style(more: Any, schema: Any, pairs: Any, value: Any) -> None:
    assert parameters.from_pairs(pairs, declared("query", schema, **more)) == value


def test_content_is_read_by_its_media_type() -> None:
    as_json = declared("query", None, content={"application/json": {"schema": {"type": "object"}}})
    assert parameters.from_pairs({"color": ['{"a": [1]}']}, as_json) == {"a": [1]}
    assert parameters.from_pairs({"color": ["{"]}, as_json) == "{"
    assert parameters.from_text('{"a": 1}', as_json) == {"a": 1}
    as_text = declared("query", None, content={"text/plain": {"schema": {"type": "string"}}})
    assert parameters.from_pairs({"color": ['{"a": 1}']}, as_text) == '{"a": 1}'


DEEP = "[" * 100_000


@pytest.mark.parametrize(
    ("schema", "text", "value"),
    [
        ({"type": "integer"}, "-7", -7),
        ({"type": "integer"}, "+7", "+7"),
        ({"type": "integer"}, "007", "007"),
        ({"type": "integer"}, "7.0", "7.0"),
        ({"type": "integer"}, " 7", " 7"),
        ({"type": "integer"}, "٣", "٣"),
        ({"type": "integer"}, "7\n", "7\n"),
        ({"type": "integer"}, "9" * 5000, "9" * 5000),
        ({"type": "number"}, "7", 7),
        ({"type": "number"}, "-7.5e-3", -0.0075),
        ({"type": "number"}, "1e999", "1e999"),
        ({"type": "number"}, "NaN", "NaN"),
        ({"type": "number"}, ".5", ".5"),
        ({"type": "boolean"}, "true", True),
        ({"type": "boolean"}, "false", False),
        ({"type": "boolean"}, "True", "True"),
        ({"type": "boolean"}, "1", "1"),
        ({"type": ["integer", "string"]}, "7", "7"),
        ({"type": ["integer", "boolean"]}, "true", True),
        ({"enum": [1, 2]}, "1", 1),
        ({"const": True}, "true", True),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "7", 7),
        ({"type": "null"}, "", ""),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": "object"}, "{", "{"),
        ({"type": "object"}, DEEP, DEEP),
        (False, "x", "x"),
    ],
)
def test_text_becomes_the_declared_type_or_stays_text(schema: Any, text: str, value: Any) -> None:
    found = parameters.scalar(text, schema, schema)
    assert (type(found), found) == (type(value), value)


def test_items_and_fields_without_a_schema_stay_text() -> None:
    assert parameters.array(["1", "2"], {}, {}) == ["1", "2"]
    assert parameters.record([("a", "1")], {}, {}) == {"a": "1"}


def test_repeated_names_are_collected_in_order() -> None:
    assert parameters.grouped([("a", "1"), ("b", "2"), ("a", "")]) == {"a": ["1", ""], "b": ["2"]}


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        (None, []),
        ("", []),
        ("a=1", [("a", "1")]),
        ("a=1; b=2 3;c", [("a", "1"), ("b", "2 3"), ("c", "")]),
        ("a=b=c; ; =x; d=%20", [("a", "b=c"), ("d", " ")]),
    ],
)
def test_cookies_are_split(header: str | None, pairs: list[tuple[str, str]]) -> None:
    assert parameters.cookies(header) == pairs


FORM = {
    "type": "object",
    "properties": {
        "Name": {"type": "string"},
        "Count": {"type": "integer"},
        "Flag": {"type": "boolean"},
        "Url": {"type": "array", "items": {"type": "string"}},
        "Number": {"type": "array", "items": {"type": "integer"}},
        "Data": {"type": "object"},
        "Both": {"type": ["string", "array"]},
        "StartTime<": {"type": "string"},
    },
}


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("Name=a+b%20c&Count=3&Flag=true", {"Name": "a b c", "Count": 3, "Flag": True}),
        ("Url=a&Url=b", {"Url": ["a", "b"]}),
        ("Url=a", {"Url": ["a"]}),
        ("Number=1&Number=x", {"Number": [1, "x"]}),
        ("Data=%7B%22a%22%3A1%7D", {"Data": {"a": 1}}),
        ("Name=a&Name=b", {"Name": ["a", "b"]}),
        ("Both=a&Both=b", {"Both": ["a", "b"]}),
        ("Both=a", {"Both": "a"}),
        ("Unknown=1&Unknown=2&Other=", {"Unknown": ["1", "2"], "Other": ""}),
        ("StartTime%3C=2020-01-01", {"StartTime<": "2020-01-01"}),
        ("Name", {"Name": ""}),
        ("", {}),
        ("Name=%F0%9F%99%82", {"Name": "🙂"}),
    ],
)
def test_forms_are_read_by_the_declared_types(body: str, value: Any) -> None:
    assert forms.decode(body.encode(), FORM) == value


@pytest.mark.parametrize("body", [b"Name=\xff", b"Name=%FF"])
def test_form_that_is_not_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(UnicodeDecodeError):
        forms.decode(body, FORM)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        ({"a": "x y&z=", "b": 1, "c": True, "d": None}, b"a=x+y%26z%3D&b=1&c=true&d="),
        ({"a": ["1", False], "b": []}, b"a=1&a=false"),
        ({"a": {"b": 1}, "c": 1.5}, b"a=%7B%22b%22%3A1%7D&c=1.5"),
        ({"é": "ü"}, b"%C3%A9=%C3%BC"),
    ],
)
def test_forms_are_written_as_clients_write_them(value: Any, body: bytes) -> None:
    assert forms.encode(value) == body


@given(st.text(st.sampled_from("ab&=;%+C3A9e28 \u00e9\n"), max_size=30))
@example("a=%C3%A9&b=%c3a%A9&&=x&c&%E2%82=%zz+%2B%")
def test_fields_are_those_of_the_standard_library(text: str) -> None:
    assert parameters.fields(text) == parse_qs(text, keep_blank_values=True)
    try:
        strict: Any = parse_qs(text, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        strict = None
    if strict is None:
        with pytest.raises(UnicodeDecodeError):
            parameters.fields(text, errors="strict")
    else:
        assert parameters.fields(text, errors="strict") == strict


@pytest.mark.parametrize("style", ["simple", "label", "matrix"])
@pytest.mark.parametrize("schema", [{"type": "integer"}, ARRAY, OBJECT, {}, {"type": ["array", "string"]}])
def test_what_is_read_as_a_scalar_is_known_beforehand(style: str, schema: Any) -> None:
    parameter = declared("path", schema, style=style)
    allowed = parameters.plain(parameter)
    assert (allowed is None) == (style != "simple" or schema in (ARRAY, OBJECT))
    for text in ("5", "five", "1,2", "true"):
        if allowed is not None:
            assert parameters.scalar_of(text, allowed) == parameters.from_text(text, parameter)
