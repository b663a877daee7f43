"""What the schemas of an operation can object to, by group of keywords (see `conformance.schemas.problems.kind`).

Two keywords in one place may cover each other: a SID that breaks its pattern is not also too short. So a place offers
the group that would be reported first, and no group that can never be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from typing import Final

from conformance.model.operation import JsonSchema, Location, MediaType, Operation
from conformance.model.rule import MessageInspector, Problem, Reading, Side
from conformance.model.value import Value
from conformance.openapi.dialect import NULLABLE
from conformance.schemas.problems import REPEATED, kind
from conformance.schemas.walk import items, keyword, parts, properties, required, types

_STRUCTURE: Final = frozenset({
    "anyOf", "contains", "dependentSchemas", "if", "not", "oneOf", "patternProperties", "propertyNames",
})  # fmt: skip
_CLOSING: Final = ("additionalProperties", "unevaluatedProperties", "unevaluatedItems")
_NUMBER_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_ITEM_BOUNDS: Final = ("minItems", "maxItems", "uniqueItems")
_ALL_TYPES: Final = 7
_FIXED: Final = re.compile(
    r"\[(?:[^\]\\]|\\.)+\](?:\{(?P<count>\d+)\})?|\((?:\?:)?(?P<words>\w+(?:\|\w+)*)\)|\w(?![*+?{])"
)
"""A class with its count, alternative words, or a character: the pieces of a pattern for text of one length."""


class Uses(Value, frozen=True, kw_only=True):
    """What the schemas of one side can object to."""

    groups: frozenset[str]
    """Patterns and formats apart."""
    patterns: frozenset[str]
    formats: frozenset[str]


def schemas(operation: Operation, side: Side) -> Iterator[JsonSchema]:
    """Give the schemas of one side of an operation: parameters and bodies."""
    if side is Side.REQUEST:
        for parameter in operation.parameters:
            yield parameter.schema.json_schema
    for media_type in contents(operation, side):
        if media_type.schema is not None:
            yield media_type.schema.json_schema


def contents(operation: Operation, side: Side) -> tuple[MediaType, ...]:
    """Give the media types that one side of an operation may have."""
    if side is Side.REQUEST:
        return operation.request_body.content if operation.request_body else ()
    return tuple(media_type for answer in operation.responses for media_type in answer.content)


@lru_cache(maxsize=1024)
def uses(operation: Operation, side: Side) -> Uses:
    """Give what the schemas of one side can object to."""
    found = set(_side(operation, side))
    return Uses(
        groups=frozenset(group for group, _ in found if group not in {"pattern", "format"}),
        patterns=frozenset(name for group, name in found if group == "pattern"),
        formats=frozenset(name for group, name in found if group == "format"),
    )


_Use = tuple[str, str]
"""A group with the pattern or the format that is used."""


def _side(operation: Operation, side: Side) -> Iterator[_Use]:
    if side is Side.REQUEST:
        for parameter in operation.parameters:
            root = parameter.schema.json_schema
            yield from _value(root, root, is_text=True)
            if parameter.required and parameter.location is not Location.PATH:
                yield "required", ""
    else:
        for answer in operation.responses:
            for schema in answer.headers.values():
                yield from _value(schema.json_schema, schema.json_schema, is_text=True)
    for media_type in contents(operation, side):
        if media_type.schema is None:
            continue
        root = media_type.schema.json_schema
        if media_type.is_form:
            yield from _object(root, root)
            for child in properties(root, root).values():
                yield from _value(child, root, is_text=True)
        elif media_type.is_json:
            yield from _tree(root, root, set())
        else:
            yield from _value(root, root, is_text=True)


def _tree(schema: JsonSchema, root: JsonSchema, seen: set[int]) -> Iterator[_Use]:
    """Give what a JSON value and everything in it can break."""
    if id(schema) in seen:
        return
    seen.add(id(schema))
    if schema is False or any(False in part.get("allOf", ()) for part in parts(schema, root)):
        yield "structure", ""
    yield from _value(schema, root, is_text=False)
    yield from _object(schema, root)
    for part in parts(schema, root):
        for name in ("additionalProperties", "contains", "unevaluatedProperties", "unevaluatedItems", "if"):
            if isinstance(part.get(name), Mapping):
                yield from _tree(part[name], root, seen)
        for name in ("prefixItems", *(() if NULLABLE in part else ("anyOf", "oneOf"))):
            for child in part.get(name, ()):
                yield from _tree(child, root, seen)
    for child in properties(schema, root).values():
        yield from _tree(child, root, seen)
    item = items(schema, root)
    if item is not None:
        yield from _tree(item, root, seen)


def _binds(schema: JsonSchema, root: JsonSchema, names: tuple[str, ...]) -> bool:
    """Tell whether one of some bounds can be broken: every maximum can, zero among them, a minimum of zero cannot."""
    return any(
        value is not None and (bool(value) or name.startswith("max"))
        for name in names
        for value in [keyword(schema, root, name)]
    )


def _object(schema: JsonSchema, root: JsonSchema) -> Iterator[_Use]:
    """Give what an object can break by its members."""
    if required(schema, root) or keyword(schema, root, "dependentRequired"):
        yield "required", ""
    if _binds(schema, root, ("minProperties", "maxProperties")):
        yield "bounds", ""
    if any(keyword(schema, root, name) is False for name in _CLOSING) or any(
        _STRUCTURE & part.keys() for part in parts(schema, root) if NULLABLE not in part
    ):
        yield "structure", ""


def _value(schema: JsonSchema, root: JsonSchema, *, is_text: bool) -> Iterator[_Use]:
    """Give what a value by itself can break; text has the declared type wherever that is a string."""
    if schema is False:
        yield "structure", ""
    if not isinstance(schema, Mapping):
        return
    allowed = types(schema, root)
    if is_text and "array" in allowed and "string" not in allowed:
        yield from _list(schema, root)
        return
    if not {"string", "array", "object"} & allowed if is_text else len(allowed) < _ALL_TYPES:
        yield "type", ""
    if any(keyword(schema, root, name) is not None for name in ("enum", "const")):
        yield "enum", ""
        return
    if {"integer", "number"} & allowed and any(keyword(schema, root, name) is not None for name in _NUMBER_BOUNDS):
        yield "bounds", ""
    pattern, name = keyword(schema, root, "pattern"), keyword(schema, root, "format")
    if isinstance(name, str):
        yield "format", name
    if "string" in allowed and isinstance(pattern, str):
        yield "pattern", pattern
    lengths = keyword(schema, root, "minLength"), keyword(schema, root, "maxLength")
    if "string" in allowed and (lengths[0] or lengths[1] is not None):
        fixed = length(pattern) if isinstance(pattern, str) else None
        if fixed is None or not (lengths[0] or 0) <= fixed <= (fixed if lengths[1] is None else lengths[1]):
            yield "bounds", ""
    if "array" in allowed and _binds(schema, root, _ITEM_BOUNDS):
        yield "bounds", ""


def _list(schema: JsonSchema, root: JsonSchema) -> Iterator[_Use]:
    """Give what a repeated field or parameter can break."""
    if _binds(schema, root, _ITEM_BOUNDS):
        yield "bounds", ""
    item = items(schema, root)
    if item is not None:
        yield from _value(item, root, is_text=True)


def length(pattern: str) -> int | None:
    """Give the length of all text that a pattern accepts; None where the pattern does not plainly fix one."""
    inside = pattern.removeprefix("^").removesuffix("$")
    if len(inside) != len(pattern) - 2:
        return None
    total = position = 0
    for piece in _FIXED.finditer(inside):
        if piece.start() != position:
            return None
        position = piece.end()
        sizes = {len(each) for each in piece["words"].split("|")} if piece["words"] else {int(piece["count"] or 1)}
        if len(sizes) > 1:
            return None
        total += sizes.pop()
    return total if position == len(inside) else None


def inspector(operation: Operation, side: Side, group: str) -> MessageInspector | None:
    """Give the inspector of one group of keywords; None where no schema of that side uses the group.

    The group `structure` takes every other objection that no check is planned for: none may fall between the checks.
    Names that are repeated have a check of their own.
    """
    if group != "structure":
        return looking_for(group) if group in uses(operation, side).groups else None
    used = uses(operation, side)
    others = (used.groups - {group}) | {REPEATED} | ({"pattern", "identifier"} if used.patterns else set())
    others |= {"format"} if used.formats else set()
    return partial(_inspect_rest, others) if any(_objects(each) for each in schemas(operation, side)) else None


def looking_for(group: str) -> MessageInspector:
    """Give the inspector of one group of keywords."""
    return partial(_inspect, group)


def _objects(schema: JsonSchema) -> bool:
    """Tell whether a schema says anything."""
    return schema is False or (isinstance(schema, Mapping) and bool(schema))


def _inspect_rest(others: frozenset[str], reading: Reading) -> Iterator[Problem]:
    return (problem for problem in reading.problems if kind(problem.keyword) not in others)


def _inspect(group: str, reading: Reading) -> Iterator[Problem]:
    return (problem for problem in reading.problems if kind(problem.keyword) == group)


def unreadable(operation: Operation, side: Side, reason: str) -> MessageInspector | None:
    """Give the inspector of JSON without an agreed meaning (`conformance.schemas.strict_json`); None without JSON."""
    return looking_at_body(reason) if speaks_json(operation, side) else None


def looking_at_body(reason: str) -> MessageInspector:
    """Give the inspector of bodies that could not be read, for one reason."""
    return partial(_inspect_body, reason)


def speaks_json(operation: Operation, side: Side) -> bool:
    """Tell whether one side of an operation may have a JSON body."""
    return any(media_type.is_json for media_type in contents(operation, side))


def _inspect_body(reason: str, reading: Reading) -> Iterator[Problem]:
    if reading.body_error is not None and reading.body_error.keyword == reason:
        yield reading.body_error
