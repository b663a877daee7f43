"""The check `malformed-schema`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.keywords import TYPES
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in TYPES for name in names)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value) and len(set(value)) == len(value)


@lru_cache(maxsize=1024)
def _compiles(pattern: str) -> bool:
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern})
    except (jsonschema_rs.ValidationError, ValueError):
        return False
    return True


def _is_pattern(value: Any) -> bool:
    return isinstance(value, str) and _compiles(value)


_Test = Callable[[Any], bool]
_TESTS: Final[Mapping[str, tuple[_Test, str]]] = {
    "type": (_is_type, "one of the types of JSON Schema"),
    "required": (_is_names, "a list of different names"),
    "pattern": (_is_pattern, "a regular expression"),
    "format": (lambda value: isinstance(value, str), "text"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list with a member"),
    "properties": (lambda value: isinstance(value, Mapping), "an object of schemas"),
    "multipleOf": (lambda value: _is_number(value) and value > 0, "a number above 0"),
    **dict.fromkeys(("maximum", "minimum"), (_is_number, "a number")),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), (lambda value: isinstance(value, list) and bool(value), "schemas")),
    **dict.fromkeys(
        ("maxItems", "maxLength", "maxProperties", "minItems", "minLength", "minProperties"),
        (_is_count, "a whole number from 0"),
    ),
    **dict.fromkeys(
        ("deprecated", "nullable", "readOnly", "uniqueItems", "writeOnly"),
        (lambda value: isinstance(value, bool), "true or false"),
    ),
}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="keywords as JSON Schema defines them",
            document=thing(name={"type": ["string", "null"], "pattern": "^[a-z]+$", "maxLength": 5}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="required beside a property instead of beside all",
            document=thing(name={"type": "string", "required": True}),
            at=(f"{THING}/properties/name/required",),
        ),
        DocumentExample(
            title="a pattern with an open bracket",
            document=thing(name={"type": "string", "pattern": "^[a-z$"}),
            at=(f"{THING}/properties/name/pattern",),
        ),
        DocumentExample(
            title="a type that JSON does not have",
            document=thing(born={"type": "date"}),
            at=(f"{THING}/properties/born/type",),
        ),
        DocumentExample(title="a schema that is text", document=component("string"), at=(THING,)),
        DocumentExample(
            title="an array without items in OpenAPI 3.0",
            document={"openapi": "3.0.3", **component({"type": "array"})},
            at=(THING,),
        ),
    ],
)
def malformed_schema(audited: Audited) -> Iterator[Problem]:
    """A keyword of a schema has a value that JSON Schema does not allow.

    Tools refuse such a schema, or hold nothing to it.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        if isinstance(node.value, bool) and not survey.is_30:
            continue
        if not isinstance(node.value, Mapping):
            yield flaw(node, f"{node.value!r} is no schema", keyword="object")
            continue
        yield from _keywords(node)
        if survey.is_30 and node.get("type") == "array" and not node.has("items"):
            yield flaw(node, "an array without items, which OpenAPI 3.0 asks for", keyword="items")
        if isinstance(node.get("items"), list):
            yield flaw(node, "a list of items; a tuple is written with prefixItems", keyword="items")


def _keywords(node: Node) -> Iterator[Problem]:
    for keyword, value in node.value.items():
        if keyword in _TESTS and not _TESTS[keyword][0](value):
            wanted = _TESTS[keyword][1]
            yield flaw(node, f"{keyword} is {value!r}, not {wanted}", keyword=keyword, expected=wanted, actual=value)
