"""What the schemas of an operation can object to, by group of keywords (see `conformance.schemas.problems.kind`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from conformance.model.operation import JsonSchema, Operation
from conformance.model.rule import MessageInspector, Problem, Reading, Side
from conformance.schemas.problems import IDENTIFIER, kind

_BY_NAME: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_ANNOTATIONS: Final = frozenset({"const", "default", "enum", "example", "examples"})
_STRUCTURE: Final = frozenset({
    "additionalProperties", "anyOf", "contains", "dependentSchemas", "else", "if", "maxContains", "minContains",
    "not", "oneOf", "patternProperties", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip


def schemas(operation: Operation, side: Side) -> Iterator[JsonSchema]:
    """Give the schemas of one side of an operation: parameters and bodies."""
    if side is Side.REQUEST:
        for parameter in operation.parameters:
            yield parameter.schema.json_schema
        content = operation.request_body.content if operation.request_body else ()
    else:
        content = tuple(media_type for answer in operation.responses for media_type in answer.content)
    for media_type in content:
        if media_type.schema is not None:
            yield media_type.schema.json_schema


@lru_cache(maxsize=1024)
def kinds(operation: Operation, side: Side) -> frozenset[str]:
    """Give the groups of keywords that the schemas of one side use."""
    found = set(_kinds(schemas(operation, side)))
    if side is Side.REQUEST and any(parameter.required for parameter in operation.parameters):
        found.add("required")
    if "pattern" in found:
        found.add(IDENTIFIER)
    return frozenset(found)


def _kinds(nodes: Iterable[Any]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, Mapping):
            for keyword, value in node.items():
                if keyword in _STRUCTURE:
                    yield "structure"
                group = kind(keyword)
                if group != "structure":
                    yield group
                if keyword in _BY_NAME:
                    yield from _kinds(value.values())
                elif keyword not in _ANNOTATIONS:
                    yield from _kinds(value if isinstance(value, list) else [value])
        elif node is False:
            yield "structure"


def inspector(operation: Operation, side: Side, group: str) -> MessageInspector | None:
    """Give the inspector of one group of keywords; None where no schema of that side uses the group."""
    return partial(_inspect, group) if group in kinds(operation, side) else None


def _inspect(group: str, reading: Reading) -> Iterator[Problem]:
    return (problem for problem in reading.problems if kind(problem.keyword) == group)
