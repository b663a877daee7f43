"""Edges of small schemas: which values stand at them, and which are one step beyond."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.generate.case import Case, Mode, request
from conformance.generate.plan import cases
from conformance.model.expectation import Expect, Expectation, expectation
from conformance.model.operation import Operation
from conformance.openapi.operations import read


def operation(tmp_path: Path, node: dict[str, Any], *, path: str = "/a", method: str = "post") -> Operation:
    file = tmp_path / "api.json"
    paths = {path: {method: {"responses": {"200": {"description": ""}}, **node}}}
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    return read(file)[0]


def body(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {media_type: {"schema": schema}}}}


def query(schema: Any, *, required: bool = False) -> dict[str, Any]:
    return {"parameters": [{"name": "q", "in": "query", "required": required, "schema": schema}]}


def field(tmp_path: Path, schema: Any, mode: Mode = Mode.BOUNDARY) -> dict[Expect, list[Any]]:
    """Give the values of one JSON field by what is expected of them."""
    whole = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    found: dict[Expect, list[Any]] = {}
    for case in cases(operation(tmp_path, body(whole)), mode=mode):
        if case.label.startswith("body/a:"):
            found.setdefault(case.expect, []).append(case.body["a"])
    return found


@pytest.mark.parametrize(
    ("schema", "accepted", "refused"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 9}, [3, 9], [2, 10]),
        ({"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 9}, [4, 8], [3, 9]),
        ({"type": "integer", "minimum": 3, "maximum": 20, "multipleOf": 5}, [5, 20], [0, 25, 11]),
        ({"type": "number", "minimum": 0.5, "maximum": 1.5}, [0.5, 1.5], [-0.5, 2.5]),
        ({"type": "number", "exclusiveMinimum": 0.5, "exclusiveMaximum": 1.5}, [], [0.5, 1.5]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["xx", "xxx"], ["x", "xxxx"]),
        ({"enum": ["a", "b"]}, ["a", "b"], []),
        ({"type": ["string", "null"], "maxLength": 1}, ["x", None], ["xx"]),
    ],
)
def test_bounds_and_one_step_beyond(tmp_path: Path, schema: Any, accepted: list[Any], refused: list[Any]) -> None:
    found = field(tmp_path, schema)
    assert found.get(Expect.ACCEPT, []) == accepted
    assert [value for value in found.get(Expect.REFUSE, []) if not isinstance(value, str) or schema] == refused


def test_arrays_have_the_fewest_and_the_most_items(tmp_path: Path) -> None:
    found = field(tmp_path, {"type": "array", "items": {"type": "number"}, "minItems": 1, "maxItems": 3})
    assert [len(value) for value in found[Expect.ACCEPT]] == [1, 3]
    assert [len(value) for value in found[Expect.REFUSE]] == [0, 4]


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"type": "integer"}, [0, -1, -(2**31) - 1, 2**31 - 1, 2**31, 2**53 + 1, 10**30]),
        ({"type": "integer", "maximum": -1}, [-1, -(2**31) - 1]),
        ({"type": "number"}, [0.0, -0.5, -1e300, 0.1 + 0.2, 1e-300, 1e300]),
        ({"type": "array", "items": {"const": 1}}, [[], [1] * 100]),
        ({"type": "string", "pattern": "^a{1,3}$"}, ["a", "aaa"]),
        ({"type": "string", "pattern": r"^(a)\1$|^b$"}, []),
        ({"type": "string", "format": "ipv4"}, ["0.0.0.1", "255.255.255.255"]),
    ],
)
def test_what_is_allowed_but_odd_has_to_be_survived(tmp_path: Path, schema: Any, values: list[Any]) -> None:
    found = [value for value in field(tmp_path, schema).get(Expect.SURVIVE, []) if value is not None]
    assert found == values


@pytest.mark.parametrize(
    ("schema", "keyword", "values"),
    [
        ({"type": "integer", "multipleOf": 2**40}, "multipleOf", None),
        ({"type": "array", "uniqueItems": True, "minItems": 1, "items": {"const": 1}}, "uniqueItems", [[1, 1]]),
        ({"type": "object", "additionalProperties": False}, "additionalProperties", [{"undeclared": "x"}]),
        ({"type": "object", "maxProperties": 1}, "maxProperties", [{"extra_0": "x", "extra_1": "x"}]),
        ({"type": "boolean"}, "type", ["x", 7, 1.5, [], {}, None]),
        ({"type": "object", "required": ["x"], "properties": {"x": {"const": 1}}}, "required", [{}]),
        ({"enum": [1, 2]}, "enum", ["no-such-member"]),
        ({"type": "string", "format": "uuid"}, "format", None),
    ],
)
def test_each_constraint_is_broken_alone(tmp_path: Path, schema: Any, keyword: str, values: list[Any] | None) -> None:
    whole = {"type": "object", "required": ["a"], "properties": {"a": schema}}
    pointer = {"required": "/a/x", "additionalProperties": "/a/undeclared"}.get(keyword, "/a")
    sent = [
        case.body["a"]
        for case in cases(operation(tmp_path, body(whole)), mode=Mode.NEGATIVE)
        if case.breaks and (case.breaks.keyword, case.breaks.instance_pointer) == (keyword, pointer)
    ]
    assert sent
    if values is not None:
        assert [value for value in sent if value not in ("true", "false")] == values


def texts(tmp_path: Path, schema: Any, expect: Expect) -> list[str]:
    found = operation(tmp_path, query(schema, required=True), method="get")
    return [
        request(case).query
        for mode in (Mode.BOUNDARY, Mode.NEGATIVE)
        for case in cases(found, mode=mode)
        if case.expect is expect and case.label.startswith("query/q")
    ]


def test_text_that_is_no_number_has_to_be_refused(tmp_path: Path) -> None:
    refused = texts(tmp_path, {"type": "number", "minimum": 1, "maximum": 2}, Expect.REFUSE)
    assert {"q=abc", "q=", "q=1%2C5"} <= set(refused)
    survived = texts(tmp_path, {"type": "number", "minimum": 1, "maximum": 2}, Expect.SURVIVE)
    assert "q=NaN" in survived


def test_required_parameters_are_left_out_and_sent_twice(tmp_path: Path) -> None:
    found = operation(tmp_path, query({"type": "integer", "minimum": 4, "maximum": 4}, required=True), method="get")
    negative = {case.label: case for case in cases(found, mode=Mode.NEGATIVE)}
    missing = negative["query/q: missing"]
    assert request(missing).query == ""
    assert missing.breaks is not None
    assert missing.breaks.keyword == "required"
    boundary = {case.label: case for case in cases(found, mode=Mode.BOUNDARY)}
    assert request(boundary["query/q: sent twice"]).query == "q=4&q=4"
    assert request(boundary["query: a parameter that is not declared"]).query == "q=4&undeclared=x"


def test_form_fields_are_sent_twice_and_lost(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"const": "x"}, "b": {"enum": ["y", "z"]}}}
    found = operation(tmp_path, body(schema, "application/x-www-form-urlencoded"))
    boundary = {case.label: request(case).body for case in cases(found, mode=Mode.BOUNDARY)}
    assert boundary["body/a: sent twice"] == b"a=x&a=x"
    assert boundary["body: form with no UTF-8"] == b"a=%FF%FE"
    assert boundary["body/b: the member z"] == b"a=x&b=z"
    negative = {case.label: case for case in cases(found, mode=Mode.NEGATIVE)}
    lost = negative["body: without a"]
    assert request(lost).body == b""
    assert lost.breaks is not None
    assert lost.breaks.instance_pointer == "/a"


def test_path_parameters_are_never_empty_and_never_sure(tmp_path: Path) -> None:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    found = operation(tmp_path, {"parameters": [parameter]}, path="/a/{id}", method="get")
    made = list(cases(found, mode=Mode.BOUNDARY))
    urls = {case.label: request(case).url for case in made}
    assert urls["path/id: a slash within"] == "http://localhost/a/a%2Fb"
    assert urls["path/id: a dot segment"] == "http://localhost/a/.."
    assert all(case.expect is Expect.SURVIVE for case in made)
    assert not any(url.endswith("/") for url in urls.values())


def test_json_bodies_are_cut_short_and_left_out(tmp_path: Path) -> None:
    found = operation(tmp_path, body({"type": "object"}))
    negative = {case.label: case for case in cases(found, mode=Mode.NEGATIVE)}
    assert request(negative["body: JSON cut short"]).body == b'{"a": '
    assert request(negative["body: missing"]).body == b""
    assert "Content-Type" not in request(negative["body: missing"]).headers
    assert {case.breaks.keyword for case in negative.values() if case.breaks} == {"json", "required", "type", "utf-8"}


def test_every_alternative_has_its_edges(tmp_path: Path) -> None:
    found = field(tmp_path, {"anyOf": [{"type": "integer", "minimum": 1, "maximum": 2}, {"type": "null"}]})
    assert found[Expect.ACCEPT] == [1, 2, None]
    assert field(tmp_path, {"anyOf": [{"const": 1}, {"const": "x"}]}) == {Expect.ACCEPT: [1, "x"]}


def test_what_cannot_be_made_has_no_edges(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": False, "b": {"type": "string", "readOnly": True}}}
    labels = {case.label for case in cases(operation(tmp_path, body(schema)), mode=Mode.BOUNDARY)}
    assert not any(label.startswith(("body/a", "body/b")) for label in labels)


def test_content_types_are_only_certain_where_the_body_is(tmp_path: Path) -> None:
    def expected(node: dict[str, Any]) -> dict[str, Expect]:
        return {case.label: case.expect for case in cases(operation(tmp_path, node), mode=Mode.HEADERS)}

    sure = body({"type": "object"})
    assert expected(sure)["Content-Type: nonsense"] is Expect.REFUSE
    optional = {"requestBody": {**sure["requestBody"], "required": False}}
    assert expected(optional)["Content-Type: nonsense"] is Expect.SURVIVE
    assert expected(body({}, "text/*"))["Content-Type: text/plain"] is Expect.SURVIVE
    assert "no credentials" not in expected(sure)


def test_keys_in_headers_and_queries_are_left_out(tmp_path: Path) -> None:
    schemes = {
        "h": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "q": {"type": "apiKey", "in": "query", "name": "key"},
    }
    file = tmp_path / "api.json"
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "security": [{"h": [], "q": []}],
        "components": {"securitySchemes": schemes},
        "paths": {"/a": {"get": {"responses": {"200": {"description": ""}}}}},
    }
    file.write_text(json.dumps(document))
    found: list[Case] = list(cases(read(file)[0], mode=Mode.HEADERS))
    challenged = [case for case in found if case.expect is Expect.CHALLENGE]
    assert [case.label for case in challenged] == ["no credentials"]
    sent = request(challenged[0])
    assert "X-Key" not in sent.headers
    assert sent.query == ""


@pytest.mark.parametrize("extra", [{}, {"generated": 3}, {"generated": {"expect": "x"}}, {"generated": {"a": 1}}])
def test_expectations_that_cannot_be_read_are_none(extra: dict[str, Any]) -> None:
    assert expectation(extra) is None


def test_expectations_travel() -> None:
    expected = Expectation(case="a", label="b", expect=Expect.GONE, keyword="deleted", values={"id": "x"})
    assert expectation(json.loads(json.dumps(dict(expected.written())))) == expected
