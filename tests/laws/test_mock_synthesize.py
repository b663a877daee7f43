"""What the reference server makes up, the schema accepts."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.mock import patterns
from conformance.mock.store import EPOCH, Draw
from conformance.mock.synthesize import Synthesizer
from conformance.model.operation import Api, Contract, Server
from conformance.model.rule import ABSENT
from conformance.run.suite import compiler

FORMATS = [
    "byte", "currency", "date", "date-time", "date-time-rfc-2822", "duration", "email", "hostname", "http-method",
    "idn-email", "idn-hostname", "ipv4", "ipv6", "iri", "iri-reference", "iso-country-code", "json-pointer",
    "phone-number", "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template", "uuid",
]  # fmt: skip


def api(host: str) -> Api:
    server = Server(url=f"https://{host}", scheme="https", host=host, base_path="")
    return Api(
        name="any",
        title="",
        version="",
        openapi="3.1.0",
        servers=(server,),
        digest="",
        contract=Contract.CORRECTED,
        path="any.json",
        locate=lambda _: (1, 1),
    )


def made(
    schema: Any, *, name: str = "field", key: str = "key", host: str = "example.com", example: Any = ABSENT
) -> Any:
    synthesizer = Synthesizer(schema, api=api(host), compiler=compiler())
    maker = synthesizer.maker(schema, name, example=example, must=True)
    value = maker(Draw(key=key, now=EPOCH, account="AC" + "1" * 32, number=3))
    assert synthesizer.accepts(schema)(value), (schema, value)
    return value


strings = st.builds(
    lambda least, more, pattern: (
        {"type": "string", "minLength": least, "maxLength": least + more}
        if pattern is None
        else {"type": "string", "pattern": pattern}
    ),
    st.integers(0, 100),
    st.integers(0, 20),
    st.none() | st.sampled_from(["^[A-Z]{2}[0-9a-f]{32}$", "^a|b$", r"^\d{3}-\w+$", "^(foo|bar)+?[^x-z]$", "^.?$"]),
)
numbers = st.builds(
    lambda kind, low, span, exclusive, step: {
        "type": kind,
        **({"exclusiveMinimum": low} if exclusive else {"minimum": low}),
        "maximum": low + span,
        **({"multipleOf": step} if step else {}),
    },
    st.sampled_from(["integer", "number"]),
    st.integers(-1000, 1000),
    st.integers(20, 100),
    st.booleans(),
    st.sampled_from([0, 1, 5]),
)
simple = strings | numbers | st.sampled_from([
    {"type": "boolean"},
    {"type": "null"},
    {"enum": ["b", "a"]},
    {"const": {"a": [1]}},
    {"type": ["string", "null"]},
    {"type": "number", "exclusiveMaximum": 0},
    {"type": "integer", "maximum": -5},
    {},
    True,
])  # fmt: skip


def deeper(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    objects = st.builds(
        lambda fields, needed: {
            "type": "object",
            "properties": fields,
            "required": [name for name in fields if name in needed],
        },
        st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        st.sets(st.sampled_from("abcd")),
    )
    arrays = st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)
    )
    branches = st.builds(lambda first, second: {"anyOf": [first, second]}, inner, inner)
    return objects | arrays | branches


@settings(max_examples=300, deadline=None)
@given(schema=st.recursive(simple, deeper, max_leaves=8), key=st.text(max_size=4))
def test_what_is_made_is_valid(schema: Any, key: str) -> None:
    made(schema, key=key)


@pytest.mark.parametrize("format_name", FORMATS)
def test_every_format_is_made(format_name: str) -> None:
    assert made({"type": "string", "format": format_name}, host="api.twilio.com")
    assert made({"type": "string", "format": format_name})


def test_a_schema_that_contains_itself_ends() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}, "all": {"type": "array", "items": {"$ref": "#"}}}}
    node = {"$ref": "#/$defs/Node", "$defs": {"Node": {**schema, "properties": {
        "next": {"$ref": "#/$defs/Node"}, "all": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
    }}}}  # fmt: skip
    assert made(node)["next"]["next"]["all"]


def test_bounds_without_a_lower_end_are_kept() -> None:
    assert made({"type": "integer", "maximum": -5}) <= -5
    assert made({"type": "number", "exclusiveMaximum": 0}) < 0
    assert made({"type": "array", "items": {"type": "string"}, "maxItems": 0}) == []


def test_what_the_description_shows_comes_first() -> None:
    assert made({"type": "string", "example": "shown", "enum": ["first", "shown"]}) == "shown"
    assert made({"type": "string", "default": "usual"}) == "usual"
    assert made({"type": "string", "examples": ["one", "two"]}) == "one"
    assert made({"type": "integer", "example": "broken", "enum": [3]}) == 3
    assert made({"type": "string"}, example="given") == "given"
    assert made({"type": "integer"}, example="broken") >= 1


def test_what_a_twilio_field_says_follows_its_name() -> None:
    sid = {"type": ["string", "null"], "pattern": "^QU[0-9a-fA-F]{32}$"}
    assert made(sid, name="sid", host="api.twilio.com").startswith("QU")
    assert made({"type": "string"}, name="parent_call_sid", host="api.twilio.com").startswith("CA")
    assert made({"type": "string"}, name="AccountSid", host="api.twilio.com") == "AC" + "1" * 32
    assert made({"type": "string"}, name="phone_number", host="api.twilio.com").startswith("+1555503")
    assert made({"type": "string", "enum": ["inbound", "outbound-api"]}, name="direction", host="api.twilio.com") == (
        "outbound-api"
    )
    shown = {"capabilities": [{"sid": "IDxxxx"}]}
    schema = {"type": "object", "properties": {"capabilities": {"type": "array", "items": {
        "type": "object", "properties": {"sid": {"type": "string", "pattern": "^ID[0-9a-f]{32}$"}},
    }}}}  # fmt: skip
    assert made(schema, host="api.twilio.com", example=shown)["capabilities"][0]["sid"].startswith("ID")


def test_a_required_field_that_nobody_describes_is_null() -> None:
    assert made({"type": "object", "required": ["a"]}) == {"a": None}


def test_a_schema_that_accepts_nothing_leaves_its_field_out() -> None:
    synthesizer = Synthesizer(False, api=api("example.com"), compiler=compiler())  # noqa: FBT003 - a schema
    assert synthesizer.maker(False, "field")(Draw(key="", now=EPOCH)) is ABSENT  # noqa: FBT003 - a schema


@pytest.mark.parametrize("pattern", ["(", "[", "(?<=a"])
def test_a_broken_pattern_gives_no_text(pattern: str) -> None:
    assert patterns.sample(pattern, lambda _: 0) is None


def test_patterns_with_atomic_groups_and_look_around_give_what_they_can() -> None:
    assert patterns.sample("^(?>ab)(?=c)c$", lambda _: 0) == "abc"
    assert patterns.sample(r"[^a]\D\S\W\s[\d-]", lambda _: 0) == " aa- 0"
