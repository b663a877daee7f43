"""What Twilio's checks demand of single values of a response, as JSON Schema.

A response whose values meet these demands needs no look from the checks that say so by `silent_when_clear`. A demand
may ask for more than its check does, never for less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.operation import JsonSchema, Operation
from conformance.profiles.twilio import applies
from conformance.profiles.twilio.numbers import is_decimal, is_only_number
from conformance.profiles.twilio.sids import prefixes_of_field
from conformance.schemas.closed import Tighten
from conformance.schemas.walk import keyword

_DECIMAL: Final = r"^(?:-?[0-9]+(?:\.[0-9]+)?)?$"
_NUMBER: Final = r"^(?:\+[1-9][0-9]{1,14}|[0-9]{3,8}|[A-Za-z][A-Za-z0-9_-]*:[ -~]*)?$"
_NUMBER_OR_NAME: Final = r"^(?:\+[1-9][0-9]{1,14}|[0-9]{3,8}|[ -~]*[A-Za-z][ -~]*)?$"


def demands(operation: Operation) -> Tighten:
    """Give what a property of an operation must be beyond its schema."""
    return _of_twilio if applies(operation.api) else _none


def _none(name: str, schema: JsonSchema, root: JsonSchema) -> Mapping[str, Any]:  # noqa: ARG001 - as `Tighten` has it
    return {}


def _of_twilio(name: str, schema: JsonSchema, root: JsonSchema) -> Mapping[str, Any]:
    found = [{"pattern": pattern} for pattern in _patterns(name, schema, root)]
    return found[0] if len(found) == 1 else {"allOf": found} if found else {}


def _patterns(name: str, schema: JsonSchema, root: JsonSchema) -> Iterator[str]:
    prefixes = prefixes_of_field(name)
    if prefixes and keyword(schema, root, "pattern") is None:
        yield f"^(?:{'|'.join(prefixes)}|$)"
    if is_decimal(name, schema, root):
        yield _DECIMAL
    only_number = is_only_number(schema, root)
    if only_number is not None:
        yield _NUMBER if only_number else _NUMBER_OR_NAME
