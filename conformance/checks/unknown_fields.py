"""Fields of a response that no schema knows: each is either a documented name misspelled or undocumented."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from conformance.model.operation import MediaType, Operation
from conformance.model.redact import is_secret_name
from conformance.model.rule import Matched, Side
from conformance.model.value import Value
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas.constraints import contents
from conformance.schemas.naming import Names, names, nearest
from conformance.schemas.walk import required

OPEN_FORMATS: Final = frozenset(name for name, schema in FORMATS.items() if "additionalProperties" in schema)
"""Formats of objects whose members are whatever the format says."""


class Unknown(Value, frozen=True, kw_only=True):
    """A field that no schema knows."""

    pointer: str
    name: str
    value: Any
    meant: str | None
    """The documented name that was meant; None where none is near."""


@lru_cache(maxsize=4096)
def closed(operation: Operation, side: Side) -> dict[MediaType, Names]:
    """Give the names that the bodies of one side know, for those that do not allow all names."""
    found = {
        media_type: names(media_type.schema.json_schema, media_type.schema.json_schema, open_formats=OPEN_FORMATS)
        for media_type in contents(operation, side)
        if media_type.schema is not None
    }
    return {media_type: known for media_type, known in found.items() if known is not None}


def unknown(seen: Matched) -> Iterator[Unknown]:
    """Give the fields of a response that no schema knows; those that carry credentials are another check's."""
    media_type = seen.response.media_type
    known = None if media_type is None else closed(seen.operation, Side.RESPONSE).get(media_type)
    if known is None:
        return
    for pointer, name, documented, node in known.unknown(seen.response.body):
        if not (is_secret_name(name) and isinstance(node[name], str)):
            meant = nearest(name, sorted(documented - node.keys()))
            yield Unknown(pointer=pointer, name=name, value=node[name], meant=meant)


def must_have(seen: Matched) -> frozenset[str]:
    """Give the names that the body of a response must have; that they are missing is another check's."""
    media_type = seen.response.media_type
    if media_type is None or media_type.schema is None:
        return frozenset()
    return required(media_type.schema.json_schema, media_type.schema.json_schema)
