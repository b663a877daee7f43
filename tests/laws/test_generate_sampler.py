"""For any schema, a sampler gives valid values or says that it cannot."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from conformance.generate import patterns, writing
from conformance.generate.case import Mode, request
from conformance.generate.draws import Aim, Presence, Sampler
from conformance.generate.patterns import Lean, Unsampleable
from conformance.generate.plan import cases
from conformance.generate.sampler import Builder, Wire
from conformance.generate.validity import problems
from conformance.model.expectation import Expect
from conformance.model.operation import Api, Contract, JsonSchema, Location, MediaType, Operation, Parameter, Schema
from conformance.openapi.document import parse
from conformance.openapi.operations import build
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas import forms
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.parameters import from_pairs, from_text, grouped
from conformance.schemas.reading import decode

ALL_FORMATS: Mapping[str, Mapping[str, Any]] = {**STANDARD, **FORMATS}
COMPILER = Compiler(formats=ALL_FORMATS)
API = Api(
    name="api",
    title="",
    version="",
    openapi="3.1.0",
    servers=(),
    digest="",
    contract=Contract.CORRECTED,
    path="api.yaml",
    locate=lambda _: (1, 1),
)
AIMS = (
    Aim(),
    Aim(presence=Presence.NONE, member=0),
    *(Aim(presence=Presence.ALL, member=member) for member in range(4)),
    Aim(presence=Presence.ALL, null=True),
)
PATTERNS = (
    r"^AC[0-9a-fA-F]{32}$", r"^\+[1-9]\d{1,14}$", "^[a-z]+(-[a-z]+)*$", "a|b", r"^(?:GET|POST)$", r"^[^/\s]{2,}$",
    r"^\p{Lu}\w*$", "^.*$", r"^(?!x)[a-z]{3}$", r"^\d{4}-\d{2}$", "^$", r"^[\w.+-]+@example\.com$", r"\bword\b",
)  # fmt: skip
FORMAT_NAMES = (
    "byte", "currency", "date", "date-time", "date-time-rfc-2822", "duration", "email", "hostname", "http-method",
    "idn-email", "idn-hostname", "ipv4", "ipv6", "iri", "iri-reference", "iso-country-code", "json-pointer", "password",
    "phone-number", "regex", "relative-json-pointer", "time", "unknown", "uri", "uri-reference", "uri-template", "uuid",
)  # fmt: skip
NAMES = ("sid", "To", "FriendlyName", "url", "page_size", "ContentVariables", "x")


def optional(keywords: Mapping[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(keywords))


scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["a", "", "b c"]), st.sampled_from([0.5, 1.0])
)
strings = optional(
    {
        "minLength": st.integers(0, 12),
        "maxLength": st.integers(0, 40),
        "pattern": st.sampled_from(PATTERNS),
        "format": st.sampled_from(FORMAT_NAMES),
    }
).map(lambda schema: {"type": "string", **schema})
bounds = st.one_of(st.integers(-20, 20), st.sampled_from([-0.5, 0.25, 3.5]))
numbers = st.builds(
    lambda kind, schema: {"type": kind, **schema},
    st.sampled_from(["integer", "number"]),
    optional(
        {
            "minimum": bounds,
            "maximum": bounds,
            "exclusiveMinimum": bounds,
            "exclusiveMaximum": bounds,
            "multipleOf": st.sampled_from([1, 2, 3, 0.5, 0.25, 1.5]),
            "format": st.sampled_from(["int32", "int64", "double"]),
        }
    ),
)
leaves = st.one_of(
    strings,
    numbers,
    st.just({"type": "boolean"}),
    st.just({}),
    st.just({"type": ["string", "null"]}),
    st.lists(scalars, min_size=1, max_size=4).map(lambda values: {"enum": values}),
    scalars.map(lambda value: {"const": value}),
)


def grown(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)
    objects = optional(
        {
            "properties": properties,
            "required": st.lists(st.sampled_from(NAMES), unique=True, max_size=3),
            "additionalProperties": st.one_of(st.booleans(), inner),
            "minProperties": st.integers(0, 3),
            "maxProperties": st.integers(0, 4),
        }
    ).map(lambda schema: {"type": "object", **schema})
    arrays = optional(
        {
            "items": inner,
            "minItems": st.integers(0, 3),
            "maxItems": st.integers(0, 4),
            "uniqueItems": st.booleans(),
            "prefixItems": st.lists(inner, min_size=1, max_size=2),
        }
    ).map(lambda schema: {"type": "array", **schema})
    joined = st.builds(
        lambda keyword, schemas: {keyword: schemas},
        st.sampled_from(["allOf", "anyOf", "oneOf"]),
        st.lists(inner, min_size=1, max_size=3),
    )
    return st.one_of(objects, arrays, joined, st.builds(lambda one, two: {**one, "not": two}, inner, inner))


schemas: st.SearchStrategy[Any] = st.recursive(leaves, grown, max_leaves=6)


def built(schema: JsonSchema, wire: Wire = Wire.JSON, *, name: str = "x") -> Sampler:
    try:
        return Builder(root=schema, api=API, compiler=COMPILER, formats=ALL_FORMATS).build("body", name=name, wire=wire)
    except Unsampleable:
        assume(False)  # noqa: FBT003 - Hypothesis has it so
        raise


def accepts(schema: JsonSchema, value: Any) -> bool:
    return COMPILER.validator(Schema(pointer="", make=lambda: schema), api=API).is_valid(value)


@given(schema=schemas, seed=st.integers(0, 2**16), name=st.sampled_from(NAMES))
@settings(max_examples=400, deadline=None)
def test_every_value_is_valid(schema: JsonSchema, seed: int, name: str) -> None:
    sampler = built(schema, name=name)
    random = Random(seed)
    for aim in AIMS:
        value = sampler.draw(random, aim)
        assert accepts(schema, value), (aim, value)


@given(schema=st.dictionaries(st.sampled_from(NAMES), leaves, max_size=4), seed=st.integers(0, 2**16))
@settings(max_examples=200, deadline=None)
def test_every_form_is_valid_when_it_is_read_back(schema: dict[str, JsonSchema], seed: int) -> None:
    whole = {"type": "object", "properties": {**schema, "list": {"type": "array", "items": {"type": "integer"}}}}
    sampler = built(whole, Wire.TOP)
    random = Random(seed)
    for aim in AIMS:
        body = forms.encode(sampler.draw(random, aim))
        assert accepts(whole, forms.decode(body, whole)), (aim, body)


STYLES = {
    Location.PATH: ("simple", "label", "matrix"),
    Location.QUERY: ("form", "spaceDelimited", "pipeDelimited"),
    Location.HEADER: ("simple",),
}
VALUES: dict[str, JsonSchema] = {
    "scalar": {"type": "integer"},
    "word": {"type": "string", "pattern": "^[a-z/&=? ]{1,8}$"},
    "array": {"type": "array", "items": {"type": "integer"}, "minItems": 1},
    "object": {
        "type": "object",
        "properties": {"a": {"type": "integer"}, "b": {"type": "boolean"}},
        "required": ["a"],
    },
}


def parameter(
    location: Location, style: str, schema: JsonSchema, *, explode: bool, media_type: str | None
) -> Parameter:
    return Parameter(
        name="p q",
        location=location,
        required=True,
        style=style,
        explode=explode,
        schema=Schema(pointer="", make=lambda: schema),
        media_type=media_type,
        description="",
        pointer="",
    )


def read_back(declared: Parameter, value: Any) -> Any:
    if declared.location is Location.QUERY:
        pairs = [tuple(unquote(piece).partition("=")[::2]) for piece in writing.in_query(declared, value)]
        return from_pairs(grouped((name, text) for name, text in pairs), declared)
    if declared.location is Location.HEADER:
        return from_text(writing.in_header(declared, value), declared)
    return from_text(unquote(writing.in_path(declared, value)), declared)


@pytest.mark.parametrize("location", STYLES)
@pytest.mark.parametrize("explode", [True, False])
@pytest.mark.parametrize("kind", VALUES)
def test_parameters_are_read_as_they_were_written(location: Location, explode: bool, kind: str) -> None:
    schema = VALUES[kind]
    for style in STYLES[location]:
        if kind == "word" and style == "form":
            continue
        declared = parameter(location, style, schema, explode=explode, media_type=None)
        sampler = built(schema, Wire.TOP)
        for seed in range(5):
            value = sampler.draw(Random(seed), Aim())
            assert read_back(declared, value) == value, (style, explode, value)


@pytest.mark.parametrize("location", STYLES)
def test_parameters_with_content_are_json(location: Location) -> None:
    declared = parameter(location, "form", VALUES["object"], explode=True, media_type="application/json")
    assert read_back(declared, {"a": 1, "b": True}) == {"a": 1, "b": True}


def test_deep_objects_have_their_names_in_brackets() -> None:
    declared = parameter(Location.QUERY, "deepObject", VALUES["object"], explode=True, media_type=None)
    assert list(writing.in_query(declared, {"a": 1, "b": True})) == ["p%20q%5Ba%5D=1", "p%20q%5Bb%5D=true"]
    assert read_back(declared, {"a": 1, "b": True}) == {"a": 1, "b": True}


@given(value=st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_json_bodies_are_read_as_they_were_written(value: Any) -> None:
    media_type = MediaType(name="application/json", schema=None, encoding={}, examples=(), pointer="")
    assert decode(media_type, writing.body(media_type, value)) == value


@given(pattern=st.sampled_from(PATTERNS), seed=st.integers(0, 2**16), lean=st.sampled_from(Lean))
def test_text_of_a_pattern_matches_it(pattern: str, seed: int, lean: Lean) -> None:
    assume("(?!" not in pattern and r"\b" not in pattern)
    text = patterns.drawing(pattern)(Random(seed), lean, 8)
    assert jsonschema_rs.Draft202012Validator({"pattern": pattern}).is_valid(text)
    least, most = patterns.length(patterns.parse(pattern))
    assert least <= len(text) <= (len(text) if most is None else most)


def test_one_and_one_point_nought_are_one_item() -> None:
    sampler = built({"type": "array", "prefixItems": [{"const": 1}, {"const": 1.0}], "uniqueItems": True})
    assert all(len(sampler.draw(Random(seed), Aim())) <= 1 for seed in range(9))


def described(schema: JsonSchema, media_type: str, parameter_schema: JsonSchema) -> Operation:
    query = {"name": "q", "in": "query", "required": True, "schema": parameter_schema}
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    operation = {"parameters": [query], "requestBody": body, "responses": {"200": {"description": ""}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/things": {"post": operation}},
    }
    return build(parse(json.dumps(document).encode(), path="api.json"))[0]


@given(
    schema=schemas,
    query=leaves,
    media_type=st.sampled_from(["application/json", "application/x-www-form-urlencoded"]),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=150, deadline=None)
def test_variants_of_any_schema_break_exactly_what_they_say(
    schema: JsonSchema, query: JsonSchema, media_type: str, seed: int
) -> None:
    operation = described(schema, media_type, query)
    for case in cases(operation, seed=seed, max_cases=12):
        assert not problems(case), case.label
    for mode in (Mode.BOUNDARY, Mode.NEGATIVE):
        for case in cases(operation, mode=mode, seed=seed, max_cases=40):
            found = problems(case)
            if case.expect is Expect.ACCEPT:
                assert not found, case.label
            elif case.expect is Expect.REFUSE:
                assert case.breaks is not None
                if found:
                    assert found == (case.breaks,), case.label
                else:
                    assert request(case).body == b"", case.label
