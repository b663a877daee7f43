"""What can be seen of an operation, and what an exchange shows of it.

Names are `status 200`, `path AccountSid`, `query PageSize`, `body /FriendlyName` (request) and
`200 /calls/[]/status` (response); an enum member adds ` = queued`, null adds ` = null`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from conformance.model.operation import JsonSchema, Operation, Schema
from conformance.model.rule import ABSENT, Matched, Reading
from conformance.openapi.document import escape
from conformance.schemas.walk import items, keyword, nullable, properties, values

_INDEX: Final = re.compile(r"/\d+(?=/|$)")
_MAX_DEPTH: Final = 12


@lru_cache(maxsize=4096)
def declared(operation: Operation) -> tuple[str, ...]:
    """Give everything that can be seen of an operation, in the order of the description, each name once."""
    return tuple(dict.fromkeys(_declared(operation)))


def _declared(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        place = f"{parameter.location.value} {parameter.name}"
        yield place
        root = parameter.schema.json_schema
        yield from _members(place, root, root)
    for media_type in operation.request_body.content if operation.request_body else ():
        yield from _fields("body", media_type.schema)
    for answer in operation.responses:
        yield f"status {answer.status}"
        for media_type in answer.content:
            yield from _fields(answer.status, media_type.schema)


def _fields(start: str, schema: Schema | None) -> Iterator[str]:
    if schema is not None:
        root = schema.json_schema
        yield from _walk(f"{start} ", root, root, 0)


def _walk(place: str, schema: JsonSchema, root: JsonSchema, depth: int) -> Iterator[str]:
    if depth > _MAX_DEPTH:
        return
    for name, child in properties(schema, root).items():
        inner = f"{place}/{escape(name)}"
        yield inner
        yield from _members(inner, child, root)
        yield from _walk(inner, child, root, depth + 1)
    item = items(schema, root)
    if item is not None:
        yield from _members(f"{place}/[]", item, root)
        yield from _walk(f"{place}/[]", item, root, depth + 1)


def _members(place: str, schema: JsonSchema, root: JsonSchema) -> Iterator[str]:
    members = keyword(schema, root, "enum")
    for member in members if isinstance(members, list) else ():
        if member is not None:
            yield f"{place} = {member}"
    if nullable(schema, root):
        yield f"{place} = null"


def seen(matched: Matched) -> set[str]:
    """Give what an exchange shows of its operation, undeclared statuses included."""
    answer = matched.answer
    found = {f"status {answer.status if answer else matched.exchange.response.status}"}
    for place, value in matched.request.parameters.items():
        location, _, name = place.partition("/")
        found.add(f"{location} {name}")
        found.update(f"{location} {name} = {item}" for item in (value if isinstance(value, list) else [value]))
    found.update(_shown("body", matched.request))
    if answer is not None:
        found.update(_shown(answer.status, matched.response))
    return found & _universe(matched.operation) | {name for name in found if name.startswith("status ")}


@lru_cache(maxsize=4096)
def _universe(operation: Operation) -> frozenset[str]:
    return frozenset(declared(operation))


def _shown(start: str, reading: Reading) -> Iterator[str]:
    if reading.body is ABSENT or reading.media_type is None or reading.media_type.schema is None:
        return
    root = reading.media_type.schema.json_schema
    for pointer, value, _ in values(reading.body, root, root):
        place = f"{start} {_INDEX.sub('/[]', pointer)}"
        yield place
        if value is None or isinstance(value, str | int):
            yield f"{place} = {_written(value)}"


def _written(value: Any) -> str:
    return "null" if value is None else str(value)
