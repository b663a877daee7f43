"""Reading what was written: pointers, documents, forms, exchanges and fingerprints."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.openapi import yaml_values
from conformance.openapi.document import escape, parse, tokens, unescape
from conformance.openapi.operations import build
from conformance.recordings import ndjson
from conformance.run.suite import compiler
from conformance.schemas import forms

often = settings(max_examples=150, deadline=None)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
printable = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"), max_size=6
)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 3))
    | printable,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(printable, inner, max_size=3),
    max_leaves=8,
)


@often
@given(st.lists(words))
def test_pointer_gives_back_its_tokens(names: list[str]) -> None:
    assert tokens("".join(f"/{escape(name)}" for name in names)) == names
    assert [unescape(escape(name)) for name in names] == names
    assert all("/" not in escape(name) for name in names)


@often
@given(st.dictionaries(printable, values, min_size=1, max_size=3), st.sampled_from([None, 1, 3]))
def test_json_is_read_alike_as_json_and_as_yaml(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    made = parse(text, path="spec")
    assert made.is_json
    assert made.data == value
    assert yaml_values.read(text, "spec") == value


@often
@given(st.dictionaries(printable, values, min_size=1, max_size=3), st.sampled_from([None, 0, 2]))
def test_every_pointer_stands_where_its_key_or_value_begins(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    made = parse(text.encode(), path="spec")
    lines = text.split("\n")
    for pointer, expected in parts(value):
        line, column = made.position(pointer)
        here = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert json.JSONDecoder().raw_decode(here)[0] == expected


def parts(value: Any, pointer: str = "") -> list[tuple[str, Any]]:
    """Every pointer with what begins at its place: the key of a member, the value of an item."""
    if isinstance(value, dict):
        return [
            each
            for key, inner in value.items()
            for each in ((f"{pointer}/{escape(key)}", key), *parts(inner, f"{pointer}/{escape(key)}"))
        ]
    if isinstance(value, list):
        return [
            each
            for index, inner in enumerate(value)
            for each in ((f"{pointer}/{index}", inner), *parts(inner, f"{pointer}/{index}"))
        ]
    return []


FIELDS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "Text": ({"type": "string"}, words),
    "Count": ({"type": "integer"}, st.integers(-(10**30), 10**30)),
    "Rate": ({"type": "number"}, st.floats(allow_nan=False, allow_infinity=False)),
    "Flag": ({"type": "boolean"}, st.booleans()),
    "List": ({"type": "array", "items": {"type": "string"}}, st.lists(words, min_size=1, max_size=3)),
    "Numbers": ({"type": "array", "items": {"type": "integer"}}, st.lists(st.integers(), min_size=1, max_size=3)),
    "a=b&c +%": ({"type": "string"}, words),
    "Data": ({"type": "object"}, st.dictionaries(words, st.integers(-5, 5) | words, max_size=2)),
}
SCHEMA = {"type": "object", "properties": {name: schema for name, (schema, _) in FIELDS.items()}}


@often
@given(st.fixed_dictionaries({}, optional={name: strategy for name, (_, strategy) in FIELDS.items()}))
def test_form_gives_back_what_was_written(value: dict[str, Any]) -> None:
    assert forms.decode(forms.encode(value), SCHEMA) == value


@often
@given(st.lists(st.tuples(words, words), max_size=4))
def test_fields_of_a_form_keep_order_repeats_and_empty_values(pairs: list[tuple[str, str]]) -> None:
    named = [(name, text) for name, text in pairs if name or text]
    body = b"&".join(forms.encode({name: text}) for name, text in named)
    found: dict[str, list[str]] = {}
    for name, text in named:
        found.setdefault(name, []).append(text)
    assert list(forms.fields(body).items()) == list(found.items())


names = st.text(st.sampled_from("abcXYZ-"), min_size=1, max_size=6).filter(
    lambda name: name.lower() != "content-encoding"
)
headers = st.lists(st.tuples(names, words), max_size=3).map(lambda pairs: Headers(tuple(pairs)))
bodies = words.map(str.encode) | st.binary(max_size=8)
exchanges = st.builds(
    Exchange,
    id=words,
    request=st.builds(
        Request, method=st.sampled_from(["GET", "POST", "PURGE"]), url=words, headers=headers, body=bodies
    ),
    response=st.builds(Response, status=st.integers(100, 599), reason=words, headers=headers, body=bodies),
    source=st.just(Source(kind="ndjson", path="x", index=0, line=1)),
    session=st.none() | words,
    extra=st.dictionaries(words.map("x-{}".format), st.integers() | words | st.lists(words), max_size=2),
)


@often
@given(exchanges)
def test_exchange_line_gives_back_what_was_written(exchange: Exchange) -> None:
    line = ndjson.write(exchange)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert ndjson.parse(line, path="x", index=0, line=1) == exchange


@often
@given(st.lists(exchanges, max_size=3))
def test_exchange_lines_are_read_one_by_one(written: list[Exchange]) -> None:
    text = b"\n".join(map(ndjson.write, written))
    read = list(ndjson.read(io.BytesIO(text), "x"))
    assert [each.request if isinstance(each, Exchange) else each for each in read] == [each.request for each in written]
    assert [each.response for each in read if isinstance(each, Exchange)] == [each.response for each in written]


@often
@given(
    st.binary(max_size=40)
    | st.builds(lambda a, b: a + b, st.sampled_from([b'{"request": ', b"[", b'{"id"']), st.binary(max_size=20))
)
def test_any_line_is_an_exchange_or_an_error(line: bytes) -> None:
    found = ndjson.parse(line, path="x", index=0, line=1)
    assert isinstance(found, Exchange) or str(found).startswith("x:1 (entry 0): ")


RECORD: dict[str, Any] = {
    "id": "1",
    "request": {"method": "GET", "url": "https://h/a", "headers": {"A": "b", "C": ["d"]}, "body": "x"},
    "response": {
        "status": 200,
        "headers": [["A", "b"]],
        "body_base64": base64.b64encode(b"x").decode(),
        "reason": "OK",
    },
    "session": "s",
}
JUNK: tuple[Any, ...] = (
    None,
    7,
    1.5,
    True,
    "text",
    "",
    [],
    [1],
    ["a"],
    [["a"]],
    [["a", 1]],
    [["a", "b", "c"]],
    {},
    {"a": 1},
    {"a": [1]},
    {"a": None},
)


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_junk_in_an_exchange_is_read_or_refused(junk: Any) -> None:
    """What is read can be judged: no value of another type gets through."""
    judge = described(lambda: {"type": "string"})
    for path in [
        (),
        *((key,) for key in RECORD),
        *(("request", key) for key in RECORD["request"]),
        *(("response", key) for key in RECORD["response"]),
    ]:
        data = json.loads(json.dumps(RECORD))
        if path:
            node = data
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = junk
        else:
            data = junk
        found = ndjson.parse(json.dumps(data).encode(), path="x", index=0, line=1)
        if isinstance(found, Exchange):
            judge.judge(found)
            assert ndjson.parse(ndjson.write(found), path="x", index=0, line=1) == found


def described(schema: Callable[[], Any], components: Any = None) -> Judge:
    content = {"application/json": {"schema": schema()}}
    operation = {"operationId": "a", "responses": {"200": {"content": content}}}
    data = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://h"}],
        "paths": {"/a": {"get": operation}},
        "components": {"schemas": components or {}},
    }
    return Judge(build(parse(json.dumps(data).encode(), path="spec.json")), checks=checks.every(), compiler=compiler())


def fingerprints(judge: Judge, value: Any) -> list[tuple[str, str]]:
    exchange = Exchange(
        id="x",
        request=Request(method="GET", url="https://h/a"),
        response=Response(
            status=200, headers=Headers.of({"Content-Type": "application/json"}), body=json.dumps(value).encode()
        ),
        source=Source(kind="test", path="", index=0),
    )
    found = [each for each in judge.judge(exchange).findings if each.side.value == "response"]
    return sorted((each.fingerprint, each.problem.instance_pointer) for each in found)


def item(name: str = "Item") -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["sid"],
        "properties": {
            "sid": {"type": "string", "pattern": "^CA[0-9a-f]{32}$"},
            "status": {"enum": ["on", "off"]},
            "since": {"type": "string", "format": "date"},
            "size": {"allOf": [{"minimum": 1}, {"multipleOf": 2}, {"type": "integer"}]},
            "child": {"$ref": f"#/components/schemas/{name}"},
        },
    }


VALUE = [
    {"sid": "CA1", "status": "ON", "since": "x", "size": 0.5},
    {"status": "gone", "size": "1", "child": {"sid": 7, "child": {}}},
    {"sid": "CA2", "status": "ON"},
]


def shuffled(node: Any, draw: st.DrawFn) -> Any:
    if isinstance(node, dict):
        return {key: shuffled(node[key], draw) for key in draw(st.permutations(list(node)))}
    if isinstance(node, list) and all(isinstance(each, dict) for each in node):
        return [shuffled(each, draw) for each in draw(st.permutations(node))]
    return node


@st.composite
def rewritten(draw: st.DrawFn) -> tuple[Any, Any]:
    """A schema that says the same in another order, under other names, with or without a reference."""
    name = draw(st.sampled_from(["Item", "Other", "a.b-c"]))
    inner = shuffled(item(name), draw)
    array = draw(st.sampled_from(["inline", "reference", "allOf"]))
    schema: dict[str, Any] = {"type": "array"}
    schema["items"] = {
        "inline": inner,
        "reference": {"$ref": f"#/components/schemas/{name}"},
        "allOf": {"allOf": [{"$ref": f"#/components/schemas/{name}"}]},
    }[array]
    return shuffled(schema, draw), {name: inner, "Unrelated": {"type": "integer"}}


EXPECTED = fingerprints(described(lambda: {"type": "array", "items": item()}, {"Item": item()}), VALUE)


@settings(max_examples=60, deadline=None)
@given(rewritten())
def test_fingerprints_outlive_order_names_and_references(described_anew: tuple[Any, Any]) -> None:
    schema, components = described_anew
    assert len(EXPECTED) == 11
    assert fingerprints(described(lambda: schema, components), VALUE) == EXPECTED


@settings(max_examples=30, deadline=None)
@given(st.permutations(VALUE), st.integers(0, 3))
def test_fingerprints_outlive_the_order_of_items(items: list[Any], before: int) -> None:
    conformant = [{"sid": f"CA{'0' * 32}"}] * before
    judge = described(lambda: {"type": "array", "items": item()}, {"Item": item()})
    assert {name for name, _ in fingerprints(judge, conformant + items)} == {name for name, _ in EXPECTED}


def test_fingerprints_tell_values_of_enums_and_places_apart() -> None:
    judge = described(lambda: {"items": item()}, {"Item": item()})
    one, other = (fingerprints(judge, [{"sid": f"CA{'0' * 32}", "status": status}]) for status in ("x", "y"))
    assert one != other
    again = (
        fingerprints(judge, [{"sid": f"CA{'0' * 32}", "since": "x"}]),
        fingerprints(judge, [{"sid": f"CA{'0' * 32}", "since": "y"}]),
    )
    assert again[0] == again[1]
