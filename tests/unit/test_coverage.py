"""What can be seen of an operation, and what an exchange shows of it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from conformance.checks.judge import Judge
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.route import Match
from conformance.model.rule import Matched
from conformance.openapi.document import parse
from conformance.openapi.operations import build
from conformance.run.suite import compiler
from conformance.schemas.coverage import Lens, declared, seen
from conformance.schemas.shapes import count_strings, look

JSON = {"Content-Type": "application/json"}


def described(operation: Any, components: Any = None, method: str = "post") -> Operation:
    data = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://h"}],
        "paths": {"/a/{id}": {method: operation}},
        "components": {"schemas": components or {}},
    }
    (made,) = build(parse(json.dumps(data).encode(), path="spec.json"))
    return made


def answering(schema: Any, components: Any = None) -> Operation:
    content = {"application/json": {"schema": schema}}
    return described({"responses": {"200": {"content": content}}}, components)


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def read(operation: Operation, *, query: str = "", body: Any = None, status: int = 200, answer: Any = None) -> Matched:
    judge = Judge((operation,), checks=(), compiler=compiler())
    exchange = Exchange(
        id="x",
        request=Request(
            method=operation.method,
            url=f"https://h/a/1{query}",
            headers=Headers.of(JSON),
            body=b"" if body is None else json.dumps(body).encode(),
        ),
        response=Response(
            status=status, headers=Headers.of(JSON), body=b"" if answer is None else json.dumps(answer).encode()
        ),
        source=Source(kind="test", path="", index=0),
    )
    found = judge.router.match(operation.method, exchange.request.url)
    assert isinstance(found, Match)
    return judge.read(exchange, found)


FULL = {
    "parameters": [
        {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "Size", "in": "query", "schema": {"type": ["integer", "null"]}},
        {"name": "Kind", "in": "query", "schema": {"type": "array", "items": {"enum": ["a", "b"]}, "enum": [["a"]]}},
        {"name": "Sort", "in": "query", "schema": {"enum": ["up", "down", 1, True, None]}},
    ],
    "requestBody": {"content": {"application/json": {"schema": {"properties": {"n/m": {"type": "integer"}}}}}},
    "responses": {
        "200": {
            "content": {
                "application/json": {
                    "schema": {
                        "properties": {
                            "status": {"enum": ["on", "off"]},
                            "list": {"items": {"properties": {"x": {"type": ["string", "null"]}}}},
                            "tags": {"items": {"enum": ["t"]}},
                        }
                    }
                },
                "text/plain": {},
            }
        },
        "4XX": {"description": "none"},
    },
}


def test_everything_that_is_declared_has_one_name() -> None:
    assert declared(described(FULL)) == (
        "path id",
        "query Size", "query Size = null",
        "query Kind", "query Kind = ['a']",
        "query Sort", "query Sort = up", "query Sort = down", "query Sort = 1", "query Sort = True",
        "body /n~1m",
        "status 200",
        "200 /status", "200 /status = on", "200 /status = off",
        "200 /list", "200 /list/[]/x", "200 /list/[]/x = null",
        "200 /tags", "200 /tags/[] = t",
        "status 4XX",
    )  # fmt: skip


def test_exchange_shows_what_is_declared_and_nothing_else() -> None:
    matched = read(
        described(FULL),
        query="?Size=5&Sort=up&Unknown=1",
        body={"n/m": 1, "unknown": 2},
        answer={"status": "on", "list": [{"x": "y"}, {"x": None}], "tags": ["t", "u"], "more": {"x": 1}},
    )
    assert seen(matched) == {
        "path id", "query Size", "query Sort", "query Sort = up", "body /n~1m", "status 200",
        "200 /status", "200 /status = on", "200 /list", "200 /list/[]/x", "200 /list/[]/x = null",
        "200 /tags", "200 /tags/[] = t",
    }  # fmt: skip


def test_statuses_show_the_range_they_are_documented_by() -> None:
    operation = described(FULL)
    assert seen(read(operation, status=404)) == {"path id", "status 4XX"}
    assert seen(read(operation, status=500)) == {"path id", "status 500"}


RECURSIVE = {
    "Node": {
        "type": "object",
        "properties": {
            "name": {"enum": ["n"]},
            **{f"child{number}": ref("Node") for number in range(8)},
            "list": {"type": "array", "items": ref("Node")},
        },
    }
}


def test_recursive_schema_is_written_out_once() -> None:
    names = declared(answering(ref("Node"), RECURSIVE))
    assert len(names) == 1 + 2 + 8 + 1
    assert "200 /child7" in names
    assert "200 /child7/name" not in names


def test_wide_and_deep_schema_is_counted_to_a_limit() -> None:
    layers = {
        f"L{depth}": {"type": "object", "properties": {name: ref(f"L{depth + 1}") for name in "abcdefgh"}}
        for depth in range(20)
    }
    started = time.process_time()
    operation = answering(ref("L0"), {**layers, "L20": {"type": "string"}})
    assert len(declared(operation)) == 2_001
    assert time.process_time() - started < 2


@pytest.mark.parametrize("schema", [ref("Node"), {"type": "array", "items": ref("Node")}])
def test_shapes_of_recursive_schemas_are_compiled_at_once(schema: Any) -> None:
    operation = answering(schema, RECURSIVE)
    root = operation.responses[0].content[0].schema
    assert root is not None
    started = time.process_time()
    look_at = look(root.json_schema)
    value: Any = {"name": "n", "child1": {"name": "n", "child2": {"list": [{"name": "n"}]}}}
    value = [value] if "items" in schema else value
    assert look_at(value)[1] == count_strings(value) == 9
    Lens(operation).key(read(operation, answer=value))
    assert time.process_time() - started < 2


EQUAL = [
    ({"status": "on"}, {"status": "on"}, True),
    ({"status": "on"}, {"status": "off"}, False),
    ({"list": [{"x": "a"}]}, {"list": [{"x": "b"}, {"x": "c"}]}, True),
    ({"list": [{"x": "a"}]}, {"list": [{"x": None}]}, False),
    ({"list": []}, {"list": [{"x": "a"}]}, False),
    ({"tags": ["t"]}, {"tags": ["t", "t"]}, True),
    ({"tags": ["t"]}, {"tags": ["u"]}, False),
    ({"tags": [["t"]]}, {"tags": [{"t": 1}]}, False),
    ({}, {"status": "on"}, False),
    ([], {}, False),
]


@pytest.mark.parametrize(("one", "other", "equal"), EQUAL)
def test_exchanges_with_one_key_show_the_same(one: Any, other: Any, equal: bool) -> None:
    operation = described(FULL)
    lens = Lens(operation)
    first, second = read(operation, answer=one), read(operation, answer=other)
    assert (lens.key(first) == lens.key(second)) is equal
    if equal:
        assert seen(first) == seen(second)


def test_key_of_a_request_tells_what_was_asked_apart() -> None:
    operation = described(FULL)
    lens = Lens(operation)
    queries = ("", "?Size=1", "?Sort=up", "?Sort=down", "?Kind=a", "?Kind=a&Kind=b")
    assert len({lens.key(read(operation, query=query)) for query in queries}) == len(queries)
    assert lens.key(read(operation, query="?Size=1")) == lens.key(read(operation, query="?Size=2"))
    assert lens.key(read(operation, status=404)) != lens.key(read(operation, status=403))
    assert lens.key(read(operation, body={"n/m": 1})) != lens.key(read(operation))
