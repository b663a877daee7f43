"""Plans of small documents: what becomes of parameters, bodies and whatever cannot be made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from conformance.errors import SettingsError
from conformance.generate import patterns
from conformance.generate.case import Case, Mode, authorized, basic, request
from conformance.generate.patterns import Unsampleable
from conformance.generate.plan import cases, plan, rebuild
from conformance.model.expectation import Expect
from conformance.model.http import Request
from conformance.model.operation import Operation
from conformance.openapi.operations import read


def operation(
    tmp_path: Path, node: Mapping[str, Any], *, path: str = "/things/{id}", method: str = "post", **document: Any
) -> Operation:
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com/v1"}],
        "paths": {path: {method: {"responses": {"200": {"description": "ok"}}, **node}}},
        **document,
    }
    file = tmp_path / "api.json"
    file.write_text(json.dumps(whole))
    return read(file)[0]


def body(schema: Any, *, media_type: str = "application/json", required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {media_type: {"schema": schema}}}}


def made(found: Operation, **settings: Any) -> list[Case]:
    return list(cases(found, **settings))


def test_designed_cases_reach_every_optional_place_and_enum_member(tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string"},
            "color": {"enum": ["red", "green", "blue"]},
            "inner": {"type": "object", "properties": {"deep": {"type": ["integer", "null"]}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"x": {"type": "boolean"}}}},
            "id": {"type": "string", "readOnly": True},
        },
    }
    query = {"parameters": [{"name": "q", "in": "query", "schema": {"type": "integer"}}]}
    found = made(operation(tmp_path, {**query, **body(schema, required=False)}))
    labels = [case.label for case in found]
    places = ["query/q", "body", "body/color", "body/inner", "body/inner/deep", "body/list", "body/list/[]/x"]
    assert labels[:4] == ["required only", *(f"all fields, member {n} of 3" for n in (1, 2, 3))]
    assert [label.removeprefix("with ") for label in labels if label.startswith("with ")] == places
    assert "all fields, null where allowed" in labels
    assert found[0].media_type is None
    assert [case.body["color"] for case in found[1:4]] == ["red", "green", "blue"]
    assert {case.body["inner"]["deep"] for case in found if case.label.endswith("allowed")} == {None}
    assert all("id" not in case.body for case in found if case.media_type)
    assert len(next(case.body["list"] for case in found if case.label == "with body/list/[]/x")) >= 1


def test_max_cases_bounds_the_plan_and_bytes_never_repeat(tmp_path: Path) -> None:
    found = operation(tmp_path, body({"type": "object", "properties": {"a": {"const": 1}}}), path="/things")
    assert len(made(found, max_cases=1)) == 1
    assert [request(case).body for case in made(found)] == [b"{}", b'{"a":1}']


def test_known_path_parameters_are_taken_and_asked_for_every_time(tmp_path: Path) -> None:
    asked: list[str] = []

    def context(asking: Operation) -> Mapping[str, str]:
        asked.append(asking.key)
        return {"id": f"n/{len(asked)}", "other": "x"}

    found = made(operation(tmp_path, body({"type": "integer"})), context=context, max_cases=3)
    assert [request(case).url for case in found] == [f"https://api.example.com/v1/things/n%2F{n}" for n in (1, 2, 3)]


def test_media_types_take_turns(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}
    content = {
        "application/json": {"schema": schema},
        "application/x-www-form-urlencoded": {"schema": schema},
        "multipart/form-data": {"schema": schema},
        "text/plain": {"schema": {"type": "string", "pattern": "^é{2}$"}},
        "application/octet-stream": {},
        "text/*": {},
        "*/*": {"schema": {"const": 1}},
        "application/xml": {"schema": schema},
    }
    found = operation(tmp_path, {"requestBody": {"required": True, "content": content}})
    assert plan(found).unreached == {
        "body as application/xml": "bodies of application/xml cannot be written",
    }
    sent = {
        case.media_type.name: request(case) for case in made(found) if case.media_type and case.label.startswith("all")
    }
    assert list(sent) == [name for name in content if name != "application/xml"]
    types = {name: one.headers.get("Content-Type") for name, one in sent.items()}
    assert types["*/*"] == "application/json"
    assert types["text/*"] == "text/plain"
    assert (types["multipart/form-data"] or "").startswith("multipart/form-data; boundary=")
    assert sent["*/*"].body == b"1"
    assert sent["text/plain"].body == "éé".encode()
    assert b'name="a"\r\n\r\n' in sent["multipart/form-data"].body
    assert sent["application/x-www-form-urlencoded"].body.startswith(b"a=")


def test_whatever_is_optional_and_impossible_is_left_out_with_its_reason(tmp_path: Path) -> None:
    bad = {"type": "string", "pattern": r"(a)\1"}
    schema = {"type": "object", "properties": {"bad": bad, "none": False, "items": {"type": "array", "items": bad}}}
    query = {"parameters": [{"name": "q", "in": "query", "schema": {"type": "null"}}]}
    found = operation(tmp_path, {**query, **body(schema)})
    unreached = plan(found).unreached
    assert set(unreached) == {"query/q", "body/bad", "body/none"}
    assert "a back-reference at offset" in unreached["body/bad"]
    assert "allows nothing" in unreached["body/none"]
    assert all(case.body in ({}, {"items": []}) for case in made(found))


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (body({"type": "string", "pattern": r"(a)\1"}), "back-reference"),
        (body({"type": "object", "required": ["a"], "properties": {"a": False}}), "allows nothing"),
        (body({"enum": ["a"], "type": "integer"}), "no member of the `enum` is allowed"),
        (body({"enum": ["a"], "minLength": 2}), "no member of the `enum` is valid"),
        (body({"type": "integer", "minimum": 3, "maximum": 2}), "no multiple of 1"),
        (body({"type": "number", "exclusiveMinimum": 2, "maximum": 2}), "no number"),
        (body({"type": "array", "minItems": 2, "maxItems": 1}), "at least 2"),
        (body({"type": "array", "minItems": 1, "items": False}), "allows nothing"),
        (body({"type": "array", "minItems": 2, "items": {"const": 1}, "uniqueItems": True}), "none of 200 draws"),
        (body({"type": "string", "minLength": 2, "maxLength": 1}), "at least 2"),
        (body({"type": "object", "minProperties": 1, "additionalProperties": False}), "no set of properties"),
        (body({"anyOf": [False, {"type": "integer", "enum": ["a"]}]}), "no branch"),
        (body({"allOf": [{"type": "string"}, {"type": "integer"}]}), "no type is left"),
        (body({"$ref": "#/components/schemas/Endless"}), "without end"),
        (body({"$ref": "#/components/schemas/Circle"}), "no branch"),
        (body({}, media_type="application/xml"), "cannot be written"),
        ({"requestBody": {"required": True, "content": {}}}, "no media type"),
        ({"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "null"}}]}, "as text"),
    ],
)
def test_what_is_required_and_impossible_leaves_no_cases(tmp_path: Path, node: Mapping[str, Any], why: str) -> None:
    schemas = {
        "Endless": {
            "type": "object",
            "required": ["next"],
            "properties": {"next": {"$ref": "#/components/schemas/Endless"}},
        },
        "Circle": {"anyOf": [{"$ref": "#/components/schemas/Circle"}]},
    }
    found = operation(tmp_path, node, components={"schemas": schemas})
    assert why in plan(found).impossible
    assert made(found) == []


def test_optional_bodies_of_no_writable_type_are_left_out(tmp_path: Path) -> None:
    found = operation(tmp_path, body({}, media_type="application/xml", required=False))
    assert [case.media_type for case in made(found)] == [None]


def test_schemas_that_refer_to_themselves_are_filled_some_levels_deep(tmp_path: Path) -> None:
    node = {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            **{f"child{n}": {"$ref": "#/components/schemas/Node"} for n in range(8)},
            "list": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    }
    found = operation(tmp_path, body({"$ref": "#/components/schemas/Node"}), components={"schemas": {"Node": node}})
    everything = made(found, max_cases=2)[1].body
    assert everything["child0"]["child0"]["child0"]["child0"]
    assert len(json.dumps(everything)) < 100_000


def test_parameters_go_where_they_belong(tmp_path: Path) -> None:
    only_one = {"type": "integer", "enum": [1]}
    parameters = [
        {"name": "X-Header", "in": "header", "required": True, "schema": {"type": "array", "items": only_one}},
        {"name": "X-Object", "in": "header", "required": True, "schema": {"const": {"a": 1}, "type": "object"}},
        {
            "name": "X-Exploded",
            "in": "header",
            "required": True,
            "explode": True,
            "schema": {"const": {"a": 1}, "type": "object"},
        },
        {"name": "cookie", "in": "cookie", "required": True, "schema": {"const": "a b"}},
        {"name": "json", "in": "query", "required": True, "content": {"application/json": {"schema": {"const": [1]}}}},
        {"name": "Start<", "in": "query", "required": True, "schema": {"const": "x&y"}},
    ]
    sent = request(made(operation(tmp_path, {"parameters": parameters}, method="get"))[0])
    assert sent.url == "https://api.example.com/v1/things/1?json=%5B1%5D&Start%3C=x%26y"
    values = [sent.headers.get(name) for name in ("X-Header", "X-Object", "X-Exploded", "Cookie")]
    assert values == ["1", "a,1", "a=1", "cookie=a%20b"]
    assert sent.headers.get("Accept") == "*/*"


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "http", "scheme": "bearer"}, "Authorization: Bearer not-a-real-token"),
        ({"type": "oauth2", "flows": {}}, "Authorization: Bearer not-a-real-token"),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, "X-Key: not-a-real-token"),
        ({"type": "apiKey", "in": "cookie", "name": "key"}, "Cookie: key=not-a-real-token"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "?key=not-a-real-token"),
        ({"type": "mutualTLS"}, "things/1"),
    ],
)
def test_credentials_are_visibly_fake(tmp_path: Path, scheme: Mapping[str, Any], expected: str) -> None:
    found = operation(tmp_path, {"security": [{"s": []}]}, components={"securitySchemes": {"s": scheme}})
    sent = request(made(found)[0])
    assert expected in "\n".join([sent.url, *(f"{name}: {value}" for name, value in sent.headers)])


def test_credentials_can_be_replaced(tmp_path: Path) -> None:
    found = operation(
        tmp_path,
        {"security": [{"s": []}]},
        components={"securitySchemes": {"s": {"type": "http", "scheme": "basic"}}},
    )
    sent = authorized(request(made(found)[0]), basic("me", "mine"))
    assert sent.headers.get_all("Authorization") == (basic("me", "mine"),)
    bad = {case.label: request(case) for case in made(found, mode=Mode.HEADERS) if case.expect is Expect.CHALLENGE}
    assert len(bad) == 6
    assert all(authorized(one, basic("me", "mine")) == one for one in bad.values())


def test_bearer_tokens_can_be_replaced(tmp_path: Path) -> None:
    scheme = {"type": "http", "scheme": "bearer"}
    found = operation(tmp_path, {"security": [{"s": []}]}, components={"securitySchemes": {"s": scheme}})
    assert authorized(request(made(found)[0]), "Bearer mine").headers.get("Authorization") == "Bearer mine"


def test_another_server_can_be_named(tmp_path: Path) -> None:
    servers = [{"url": "https://api.example.com/v1"}, {"url": "/v2"}]
    found = operation(tmp_path, {}, servers=servers)
    case = made(found)[0]
    assert request(case, server=found.servers[1]).url == "http://localhost/v2/things/1"


def test_a_case_is_made_again_from_its_id(tmp_path: Path) -> None:
    found = operation(tmp_path, body({"type": "integer"}), path="/a:b")
    case = made(found)[4]
    assert case.id == "api.POST /a:b:positive:4"
    assert rebuild(case.id, [found]) == case
    assert rebuild(case.id, [found], seed=1) != case


@pytest.mark.parametrize("text", ["x", "a:b", "api.x:positive:y", "api.x:sideways:1", "api.x:positive:1"])
def test_ids_that_name_no_case_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError):
        rebuild(text, [operation(tmp_path, {})])


def test_modes_have_the_names_of_the_command_line() -> None:
    assert [mode.value for mode in Mode] == ["positive", "boundary", "negative", "headers", "stateful"]


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        (r"(a)\1", "a back-reference"),
        (r"a(b", "a group without an end"),
        (r"a)b", "a closing parenthesis too many"),
        (r"*a", "a quantifier without"),
        (r"a\\"[:-1], "an early end"),
        (r"[a", "an early end"),
        (r"[]", "an empty set"),
        (r"[b-a]", "runs backwards"),
        (r"\p{Han}", "no known character"),
        (r"\uZZZZ", "a code point that is none"),
        (r"(?i)a", "a group with flags"),
    ],
)
def test_patterns_that_cannot_be_drawn_say_why(pattern: str, why: str) -> None:
    with pytest.raises(Unsampleable, match=why):
        patterns.parse(pattern)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (r"a{2}b{2,2}?", "aabb"),
        (r"a{b}", "a{b}"),
        (r"a{,2}", "a{,2}"),
        (r"(?<name>a)(?P<other>b)", "ab"),
        (r"(?=x)(?<!y)a\b", "a"),
        (r"\u0041\x42\u{43}\t\.\/", "ABC\t./"),
        (r"[\u0041]", "A"),
        (r"[^\x00-\x7d]", "~"),
        (r"[\b]", "\b"),
        (r"[a\-]{0}", ""),
    ],
)
def test_patterns_are_read_as_ecmascript_does(pattern: str, expected: str) -> None:
    assert patterns.drawing(pattern)(Random(0), patterns.Lean.RANDOM, 8) == expected


@pytest.mark.parametrize(("pattern", "allowed"), [(r"[\d-x]", "0123456789-x"), (r"[-a]", "-a"), (r"[a-]", "a-")])
def test_hyphens_in_sets_may_be_themselves(pattern: str, allowed: str) -> None:
    node = patterns.parse(pattern)
    assert isinstance(node, patterns.Characters)
    assert sorted(node.choices) == sorted(allowed)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("a|bc", (1, 2)), ("a*|b", (0, None)), ("(ab){2,3}", (4, 6)), ("|", (0, 0)), ("a+b", (2, None))],
)
def test_lengths_of_patterns(pattern: str, expected: tuple[int, int | None]) -> None:
    assert patterns.length(patterns.parse(pattern)) == expected


def test_requests_without_security_carry_none(tmp_path: Path) -> None:
    sent: Request = request(made(operation(tmp_path, {}))[0])
    assert "Authorization" not in sent.headers
