"""What the schemas say: the compiled validators agree with `jsonschema`, and each objection belongs to a check."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from random import Random
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.draws import Aim
from conformance.generate.sampler import Builder, Wire
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Contract, Operation, Schema
from conformance.model.rule import Severity, Side
from conformance.openapi import operations
from conformance.openapi.document import parse, shipped
from conformance.profiles.twilio.formats import FORMATS
from conformance.run.suite import compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.problems import problems

COMPILER = compiler()
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, 2**31, 2**63]),
    st.sampled_from(["", "a", "1", "on"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "10", "sid"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@cache
def documented() -> tuple[tuple[Operation, Schema], ...]:
    """Every schema of a body in the five documents, under both contracts."""
    found: dict[tuple[str, Contract], tuple[Operation, Schema]] = {}
    for contract in Contract:
        for path in operations.find((shipped(),)):
            for operation in operations.read(path, contract=contract):
                content = [*(operation.request_body.content if operation.request_body else ())]
                content += [media_type for answer in operation.responses for media_type in answer.content]
                for media_type in content:
                    if media_type.schema is not None:
                        found[media_type.schema.pointer + operation.api.name, contract] = operation, media_type.schema
    return tuple(found.values())


@cache
def oracle(index: int) -> jsonschema.Draft202012Validator:
    """The schema as `jsonschema` reads it, formats of JSON Schema itself left out."""
    operation, schema = documented()[index]
    return jsonschema.Draft202012Validator(plain(COMPILER.validator(schema, api=operation.api).json_schema))


def formatless(node: Any) -> Any:
    """A schema without formats, which libraries read differently."""
    if isinstance(node, list):
        return [formatless(item) for item in node]
    if not isinstance(node, dict):
        return node
    return {name: formatless(value) for name, value in node.items() if name != "format" or not isinstance(value, str)}


def plain(node: Any) -> Any:
    """A schema for `jsonschema`: no formats, and patterns that Python reads as JSON Schema does."""
    made = json.dumps(formatless(node))
    return json.loads(
        re.sub(r'(?<="pattern": )"(?:[^"\\]|\\.)*"', lambda found: json.dumps(in_python(json.loads(found[0]))), made)
    )


def in_python(pattern: str) -> str:
    return re.sub(r"(?<!\\)\$", r"\\Z", pattern).replace(r"\d", "[0-9]")


@cache
def sample(index: int, seed: int) -> Any:
    operation, schema = documented()[index]
    builder = Builder(root=schema.json_schema, api=operation.api, compiler=COMPILER, formats={**STANDARD, **FORMATS})
    return builder.build("body", name="", wire=Wire.JSON).draw(Random(seed), Aim())


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its keys."""
    found: list[tuple[Any, Any]] = []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(members):
        found += [(value, key), *places(inner)]
    return found


def spoiled(value: Any, changes: list[tuple[int, Any]]) -> Any:
    """A copy of a value with some of its parts replaced."""
    result = copy.deepcopy(value)
    for position, new in changes:
        found = places(result)
        if found:
            container, key = found[position % len(found)]
            container[key] = copy.deepcopy(new)
    return result


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_objections_agree_with_the_oracle(data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(documented()) - 1))
    value = spoiled(
        sample(index, data.draw(st.integers(0, 3))),
        data.draw(st.lists(st.tuples(st.integers(0, 200), VALUES), max_size=3)),
    )
    operation, schema = documented()[index]
    found = problems(COMPILER.validator(schema, api=operation.api), value)
    if not oracle(index).is_valid(value):
        assert found
    else:
        assert {problem.keyword for problem in found} <= {"format"}
    for problem in found:
        assert problem.message
        assert operation.api.locate(problem.spec_pointer) != (1, 1)


def test_every_sample_is_conformant() -> None:
    for index, (operation, schema) in enumerate(documented()):
        value = sample(index, 0)
        assert problems(COMPILER.validator(schema, api=operation.api), value) == ()
        assert oracle(index).is_valid(value)


NAMES = st.sampled_from(["a", "b", "10", "sid"])
PATTERNS = st.sampled_from(["^a", "1$", "^CA[0-9a-f]{32}$"])
SCHEMAS = st.recursive(
    st.one_of(
        st.booleans(),
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(
                    ["string", "integer", "number", "boolean", "null", "array", "object", ["string", "null"]]
                ),
                "enum": st.lists(SCALARS, min_size=1, max_size=2),
                "const": SCALARS,
                "format": st.sampled_from(["date", "int32", "uri-map", "nothing"]),
                "pattern": PATTERNS,
                "minimum": st.integers(-1, 1),
                "exclusiveMaximum": st.integers(-1, 1),
                "multipleOf": st.just(2),
                "minLength": st.integers(0, 2),
                "maxLength": st.integers(0, 2),
            },
        ),
    ),
    lambda inner: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=2),
            "patternProperties": st.dictionaries(PATTERNS, inner, max_size=1),
            "additionalProperties": inner,
            "propertyNames": inner,
            "required": st.lists(NAMES, max_size=2, unique=True),
            "dependentRequired": st.dictionaries(NAMES, st.lists(NAMES, max_size=1), max_size=1),
            "dependentSchemas": st.dictionaries(NAMES, inner, max_size=1),
            "unevaluatedProperties": inner,
            "minProperties": st.integers(0, 2),
            "maxProperties": st.integers(0, 2),
            "items": inner,
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
            "contains": inner,
            "minContains": st.integers(0, 2),
            "maxContains": st.integers(0, 2),
            "unevaluatedItems": inner,
            "uniqueItems": st.booleans(),
            "minItems": st.integers(0, 2),
            "maxItems": st.integers(0, 2),
            "allOf": st.lists(inner, min_size=1, max_size=2),
            "anyOf": st.lists(inner, min_size=1, max_size=2),
            "oneOf": st.lists(inner, min_size=1, max_size=2),
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
        },
    ),
    max_leaves=6,
)


def answering(schema: Any) -> Operation:
    content = {"application/json": {"schema": schema}}
    data = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a": {"get": {"operationId": "a", "responses": {"200": {"content": content}}}}},
    }
    (operation,) = operations.build(parse(json.dumps(data).encode(), path="spec.json"))
    return operation


def exchange(value: Any) -> Exchange:
    return Exchange(
        id="x",
        request=Request(method="GET", url="https://api.example.com/a"),
        response=Response(
            status=200, headers=Headers.of({"Content-Type": "application/json"}), body=json.dumps(value).encode()
        ),
        source=Source(kind="test", path="", index=0),
    )


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, VALUES)
def test_every_objection_to_an_answer_is_reported_by_one_check(schema: Any, value: Any) -> None:
    """No keyword may fall between the checks: what is invalid is found, once at each place."""
    operation = answering(schema)
    judgement = Judge((operation,), checks=checks.by_default(), compiler=COMPILER).judge(exchange(value))
    assert not judgement.crashed
    valid = COMPILER.validator(schema_of(operation), api=operation.api).is_valid(value)
    found = [each for each in judgement.findings if each.side is Side.RESPONSE and each.severity is Severity.ERROR]
    assert bool(found) is not valid
    places = [each.problem.instance_pointer for each in found]
    assert len(places) == len(set(places))


def asking(**operation: Any) -> Operation:
    data = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a": {"post": {"operationId": "a", "responses": {"204": {"description": "done"}}, **operation}}},
    }
    (made,) = operations.build(parse(json.dumps(data).encode(), path="spec.json"))
    return made


def asked(operation: Operation, request: Request) -> tuple[bool, bool]:
    """Whether the schemas object to a request, and whether a check reports it."""
    sent = Exchange(
        id="x", request=request, response=Response(status=204), source=Source(kind="test", path="", index=0)
    )
    judgement = Judge((operation,), checks=checks.by_default(), compiler=COMPILER).judge(sent)
    assert not judgement.crashed
    assert judgement.matched is not None
    found = [each for each in judgement.findings if each.side is Side.REQUEST]
    return bool(judgement.matched.request.problems), bool(found)


JSON = Headers.of({"Content-Type": "application/json"})
FORM = Headers.of({"Content-Type": "application/x-www-form-urlencoded"})


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, VALUES)
def test_every_objection_to_a_body_that_is_sent_is_reported(schema: Any, value: Any) -> None:
    operation = asking(requestBody={"content": {"application/json": {"schema": schema}}})
    request = Request(method="POST", url="https://api.example.com/a", headers=JSON, body=json.dumps(value).encode())
    objected, reported = asked(operation, request)
    assert reported >= objected


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(NAMES, SCHEMAS, max_size=3),
    st.lists(st.tuples(NAMES, st.sampled_from(["", "a", "1", "-3", "true", "on", "[]"])), max_size=4),
    st.booleans(),
)
def test_every_objection_to_fields_and_parameters_is_reported(
    schemas: dict[str, Any], pairs: list[tuple[str, str]], in_query: bool
) -> None:
    text = "&".join(f"{name}={value}" for name, value in pairs)
    if in_query:
        operation = asking(
            parameters=[{"name": name, "in": "query", "schema": schema} for name, schema in schemas.items()]
        )
        request = Request(method="POST", url=f"https://api.example.com/a?{text}")
    else:
        whole = {"type": "object", "properties": schemas}
        operation = asking(requestBody={"content": {"application/x-www-form-urlencoded": {"schema": whole}}})
        request = Request(method="POST", url="https://api.example.com/a", headers=FORM, body=text.encode())
    objected, reported = asked(operation, request)
    assert reported >= objected


def schema_of(operation: Operation) -> Schema:
    found = operation.responses[0].content[0].schema
    assert found is not None
    return found


@settings(max_examples=100, deadline=None)
@given(SCHEMAS, VALUES)
def test_validators_agree_with_the_oracle_on_any_schema(schema: Any, value: Any) -> None:
    made = COMPILER.validator(schema_of(answering(schema)), api=answering(schema).api).json_schema
    assert jsonschema_rs.Draft202012Validator(formatless(made)).is_valid(value) is jsonschema.Draft202012Validator(
        plain(made)
    ).is_valid(value)


@pytest.mark.parametrize("seed", range(3))
def test_faults_in_samples_are_found_where_they_were_planted(seed: int) -> None:
    """One value of another type: one problem, at its place, with the line of the right file."""
    random = Random(seed)
    for index, (operation, schema) in enumerate(documented()):
        value = spoiled(sample(index, seed % 3), [])
        strings = [(node, key) for node, key in places(value) if isinstance(node[key], str)]
        if not strings:
            continue
        node, key = random.choice(strings)
        node[key] = {"not": "a string"}
        found = problems(COMPILER.validator(schema, api=operation.api), value)
        if oracle(index).is_valid(value):
            assert found == ()
            continue
        assert [problem.keyword for problem in found] == ["type"]
        assert found[0].actual == {"not": "a string"}
