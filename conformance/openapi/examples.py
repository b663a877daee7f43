"""The examples of a document, each with the schema that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.value import Value
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey

_HOLDERS: Final = (Kind.PARAMETER, Kind.HEADER, Kind.MEDIA_TYPE)


class Shown(Value, frozen=True, kw_only=True):
    """An example."""

    pointer: str
    """Of its value."""
    value: Any
    schema: Node
    holder: Node
    """The parameter, header, media type or schema that has it."""


def examples(survey: Survey) -> Iterator[Shown]:
    """Give the examples of parameters, headers, media types and schemas, in document order."""
    for node in survey.nodes:
        if node.kind is Kind.SCHEMA:
            yield from _of_schema(node)
        elif node.kind in _HOLDERS:
            schema = survey.schema(node) if node.kind is not Kind.MEDIA_TYPE else survey.child(node, "schema")
            if schema is not None:
                yield from _of_holder(survey, node, schema)


def _of_schema(node: Node) -> Iterator[Shown]:
    if node.has("example"):
        yield Shown(pointer=f"{node.pointer}/example", value=node.value["example"], schema=node, holder=node)
    listed = node.get("examples")
    for index, value in enumerate(listed if isinstance(listed, list) else ()):
        yield Shown(pointer=f"{node.pointer}/examples/{index}", value=value, schema=node, holder=node)


def _of_holder(survey: Survey, node: Node, schema: Node) -> Iterator[Shown]:
    if node.has("example"):
        yield Shown(pointer=f"{node.pointer}/example", value=node.value["example"], schema=schema, holder=node)
    for child in survey.children(node, "examples"):
        found = survey.resolve(child)
        if found is not None and isinstance(found.value, Mapping) and "value" in found.value:
            pointer = f"{found.pointer}/value"
            yield Shown(pointer=pointer, value=found.value["value"], schema=schema, holder=node)
