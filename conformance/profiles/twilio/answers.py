"""What an answer of Twilio is about: one resource or a page of them, and which of its fields repeat the request.

Everything here is read off the description once for each operation. A successful answer is the resource that the
path names, the resource that a POST to a collection made, or a page: an envelope around a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import lru_cache, partial
from typing import Any, Final

from conformance.model.operation import JsonSchema, Location, MediaType, Operation
from conformance.model.rule import ABSENT, Matched, Part
from conformance.model.value import Value
from conformance.openapi.document import escape
from conformance.profiles.twilio import applies
from conformance.profiles.twilio.fields import snake_case
from conformance.schemas.walk import items, properties, types

_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")
_ENVELOPE: Final = frozenset({"meta", "page", "page_size", "first_page_uri", "next_page_uri", "uri"})
_IDS: Final = ("sid", "port_in_request_sid", "request_id", "call_sid")
"""Fields that name a resource, the likeliest first. A participant of a conference goes by its call."""
_OTHER_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"MessageSid": ("parent_sid",)}
"""Under which other names a path parameter comes back."""


class About(Enum):
    """What a successful answer is."""

    RESOURCE = "resource"
    """The one that the path names."""
    CREATED = "created"
    """One that the request made."""
    PAGE = "page"
    """Several in an envelope."""


class Shape(Value, frozen=True, kw_only=True, eq=False):
    """The successful answer of an operation."""

    about: About
    media_type: MediaType
    schema: JsonSchema
    """Of one resource."""
    root: JsonSchema
    fields: Mapping[str, JsonSchema]
    """Of one resource."""
    id_field: str | None
    """The field that names a resource; None where nothing does."""
    items: str | None
    """On a page: the field of the envelope that holds the list."""
    envelope: Mapping[str, JsonSchema]
    """On a page: the fields of the envelope."""
    meta: Mapping[str, JsonSchema]
    """On a page: the fields of its `meta`."""
    repeats: tuple[tuple[str, str], ...]
    """Path parameters with the fields of a resource that repeat them."""
    resources: Part
    """What `resources` gives, without pointers."""
    page: Part
    """What `page_of` gives."""


@lru_cache(maxsize=4096)
def shape(operation: Operation) -> Shape | None:
    """Give what a successful answer of an operation is; None where it is none of Twilio's, or nothing we know."""
    media_type = success(operation)
    if media_type is None or media_type.schema is None or not applies(operation.api):
        return None
    root = media_type.schema.json_schema
    top = properties(root, root)
    listed = _listed(operation, top, root)
    schema = top[listed] if listed is not None else root
    if listed is not None:
        schema = items(schema, root) or True
    fields = properties(schema, root)
    if not fields:
        return None
    last = operation.path.rsplit("/", 1)[-1]
    about = About.PAGE if listed is not None else About.RESOURCE
    if listed is None and operation.method == "POST" and "{" not in last:
        about = About.CREATED
    id_field = _id_field(operation, fields, about)
    known = Shape(
        about=about,
        media_type=media_type,
        schema=schema,
        root=root,
        fields=fields,
        id_field=id_field,
        items=listed,
        envelope=top if listed is not None else {},
        meta=properties(top["meta"], root) if listed is not None and "meta" in top else {},
        repeats=tuple(_repeats(operation, fields, about, id_field)),
        resources=Part(of=partial(_resources, listed), is_in=is_in_success),
        page=Part(of=lambda seen: page_of(seen, known), is_in=is_in_success),
    )
    return known


def success(operation: Operation) -> MediaType | None:
    """Give the JSON of the documented success of an operation; None where there is none."""
    answer = operation.success
    return None if answer is None else next((each for each in answer.content if each.is_json), None)


def _listed(operation: Operation, top: Mapping[str, JsonSchema], root: JsonSchema) -> str | None:
    if operation.method != "GET" or operation.path.endswith("}"):
        return None
    lists = [name for name, each in top.items() if "array" in types(each, root) and items(each, root) is not None]
    lists = [name for name in lists if properties(items(top[name], root) or True, root)]
    return lists[0] if len(lists) == 1 and (len(top) == 1 or _ENVELOPE & top.keys()) else None


def _id_field(operation: Operation, fields: Mapping[str, JsonSchema], about: About) -> str | None:
    parameter = own_parameter(operation)
    if about is About.RESOURCE and parameter is not None and snake_case(parameter) in fields:
        return snake_case(parameter)
    return next((name for name in _IDS if name in fields), None)


def own_parameter(operation: Operation) -> str | None:
    """Give the path parameter that names the resource itself; None where the path ends in a plain word."""
    found = _PARAMETER.findall(operation.path.rsplit("/", 1)[-1])
    return found[-1] if found else None


def _repeats(
    operation: Operation, fields: Mapping[str, JsonSchema], about: About, id_field: str | None
) -> Iterator[tuple[str, str]]:
    own = own_parameter(operation)
    for parameter in operation.parameters_in(Location.PATH):
        name = snake_case(parameter.name)
        if parameter.name == own and about is About.RESOURCE:
            if id_field is not None:
                yield parameter.name, id_field
        elif name in fields:
            yield parameter.name, name
        else:
            for other in _OTHER_NAMES.get(parameter.name, ()):
                if other in fields:
                    yield parameter.name, other


def resources(seen: Matched, known: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the resources of a successful answer with their JSON Pointers; broken ones are left out."""
    body = seen.response.body
    if seen.answer is not seen.operation.success or type(body) is not dict:
        return iter(())
    if known.items is None:
        return iter((("", body),))
    found = body.get(known.items)
    if type(found) is not list:
        return iter(())
    pairs = zip(_pointers(known.items, len(found)), found, strict=True)
    return pairs if _ONLY_OBJECTS.issuperset(map(type, found)) else filter(_is_object, pairs)


def _resources(listed: str | None, seen: Matched) -> list[dict[str, Any]]:
    """Give the resources of an answer that is a success; broken ones are left out."""
    body = seen.response.body
    if type(body) is not dict:
        return []
    if listed is None:
        return [body]
    found = body.get(listed)
    if type(found) is not list:
        return []
    return found if _ONLY_OBJECTS.issuperset(map(type, found)) else [each for each in found if type(each) is dict]


_ONLY_OBJECTS: Final = frozenset({dict})


def _is_object(pair: tuple[str, Any]) -> bool:
    return type(pair[1]) is dict


@lru_cache(maxsize=256)
def _pointers(name: str, count: int) -> tuple[str, ...]:
    """Give the JSON Pointers of the items of a list."""
    return tuple(f"/{escape(name)}/{index}" for index in range(count))


def is_success(seen: Matched) -> bool:
    """Tell whether an answer is the documented success, read as JSON."""
    return seen.answer is seen.operation.success and seen.response.body is not ABSENT


def is_in_success(operation: Operation, status: int) -> bool:
    """Tell whether answers of an operation with a status are the documented success."""
    return operation.success is not None and operation.answer(status) is operation.success


def page_of(seen: Matched, known: Shape) -> dict[str, Any] | None:
    """Give the envelope of a page; None where the answer is none."""
    body = seen.response.body
    return body if known.items is not None and is_success(seen) and isinstance(body, dict) else None
