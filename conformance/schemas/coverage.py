"""What can be seen of an operation, and what an exchange shows of it.

Names are `status 200`, `path AccountSid`, `query PageSize`, `body /FriendlyName` (request) and
`200 /calls/[]/status` (response); an enum member adds ` = queued`, null adds ` = null`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from conformance.model.operation import JsonSchema, Operation, Schema
from conformance.model.rule import ABSENT, Matched, Reading
from conformance.openapi.document import escape
from conformance.schemas.walk import Trail, entered, items, keyword, nullable, properties, values

_INDEX: Final = re.compile(r"/\d+(?=/|$)")
_MOST: Final = 2_000
"""Names of one body; what is beyond is not counted."""


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
        yield from islice(_walk(f"{start} ", root, root, ()), _MOST)


def _walk(place: str, schema: JsonSchema, root: JsonSchema, trail: Trail) -> Iterator[str]:
    """Give the names below a place; `trail` holds the schemas around it, which are not entered again."""
    inside = entered(schema, root, trail)
    if inside is None:
        return
    for name, child in properties(schema, root).items():
        inner = f"{place}/{escape(name)}"
        yield inner
        yield from _members(inner, child, root)
        yield from _walk(inner, child, root, inside)
    item = items(schema, root)
    if item is not None:
        yield from _members(f"{place}/[]", item, root)
        yield from _walk(f"{place}/[]", item, root, inside)


def _members(place: str, schema: JsonSchema, root: JsonSchema) -> Iterator[str]:
    members = keyword(schema, root, "enum")
    for member in members if isinstance(members, list) else ():
        if member is not None:
            yield f"{place} = {member}"
    if nullable(schema, root):
        yield f"{place} = null"


Shape = Callable[[Any], Any]
"""Gives equal, hashable values for bodies that show the same."""


class Lens:
    """Tells exchanges of one operation apart by what they show.

    Reading off everything that an exchange shows costs far more than judging it. So exchanges with equal keys are
    counted, and one of them is read off.
    """

    def __init__(self, operation: Operation) -> None:
        """Compile nothing yet: each schema's shape is made when it is first needed."""
        self._shapes: dict[Schema, Shape] = {}
        self._parameters = {
            f"{parameter.location.value}/{parameter.name}": _shape(parameter.schema.json_schema)
            for parameter in operation.parameters
        }

    def key(self, matched: Matched) -> Hashable:
        """Give the key of an exchange."""
        return matched.exchange.response.status, self.asked(matched.request), self._body(matched.response)

    def asked(self, reading: Reading) -> Hashable:
        """Give the key of a request."""
        sent = tuple([(name, self._parameters[name](value)) for name, value in reading.parameters.items()])
        return sent, self._body(reading)

    def _body(self, reading: Reading) -> Hashable:
        if reading.body is ABSENT or reading.media_type is None or reading.media_type.schema is None:
            return None
        schema = reading.media_type.schema
        shape = self._shapes.get(schema)
        if shape is None:
            shape = self._shapes[schema] = _shape(schema.json_schema)
        found: Hashable = shape(reading.body)
        return found


def _shape(root: JsonSchema) -> Shape:
    return _shape_of(root, root, (), {}) or type


def _shape_of(
    schema: JsonSchema, root: JsonSchema, trail: Trail, made: dict[frozenset[int], Shape | None]
) -> Shape | None:
    """Compile the shape of a schema; None where only the type of a value counts."""
    inside = entered(schema, root, trail)
    if inside is None:
        return None
    here = inside[-1]
    if here not in made:
        made[here] = _compiled(schema, root, inside, made)
    return made[here]


def _compiled(
    schema: JsonSchema, root: JsonSchema, trail: Trail, made: dict[frozenset[int], Shape | None]
) -> Shape | None:
    declared = properties(schema, root)
    if declared:
        inner = {name: _shape_of(child, root, trail, made) for name, child in declared.items()}
        return _object_shape([(name, shape) for name, shape in inner.items() if shape is not None])
    item = items(schema, root)
    if item is not None:
        return _array_shape(_shape_of(item, root, trail, made) or type)
    return _scalar_shape if isinstance(keyword(schema, root, "enum"), list) else None


def _object_shape(inner: list[tuple[str, Shape]]) -> Shape:
    def shape(value: Any) -> Any:
        if type(value) is not dict:
            return type(value)
        get = value.get
        return (
            tuple(value),
            tuple(map(type, value.values())),
            tuple([shape_of(get(name, ABSENT)) for name, shape_of in inner]),
        )

    return shape


def _array_shape(inner: Shape) -> Shape:
    def shape(value: Any) -> Any:
        return frozenset(map(inner, value)) if type(value) is list else type(value)

    return shape


def _scalar_shape(value: Any) -> Any:
    return type(value) if type(value) in {dict, list} else value


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
