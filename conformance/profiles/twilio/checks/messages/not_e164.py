"""The check `not-e164`.

What must hold for every value whose description says that it is in E.164 format: it is (`+`, then up to 15 digits,
the first not 0). Addresses of other channels (`whatsapp:`, `client:`, `sip:`), short codes, masked and empty values are
not looked at; nor are values with a format, which `format-violation` holds to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, Operation
from conformance.model.rule import (
    ABSENT,
    Example,
    Matched,
    MessageInspector,
    Problem,
    Reading,
    Severity,
    Side,
    Stage,
    check,
)
from conformance.profiles.twilio import applies
from conformance.profiles.twilio import example as twilio
from conformance.schemas.constraints import contents
from conformance.schemas.places import Places, places
from conformance.schemas.planting import Spot, spoiled
from conformance.schemas.walk import keyword, spec_pointer, types

E164: Final = re.compile(r"\+[1-9]\d{1,14}")
_SAYS: Final = re.compile(r"E\.?164", re.IGNORECASE)
_OTHER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*:.*|\d{3,6}|.*(?:[*•#]|[Xx]{2}).*", re.DOTALL)
"""Addresses of other channels, short codes and masked numbers."""


def malformed(value: Any) -> bool:
    """Tell whether a value that is meant to be a phone number in E.164 is none."""
    return isinstance(value, str) and bool(value) and not E164.fullmatch(value) and not _OTHER.fullmatch(value)


def _is_number(text: str, schema: JsonSchema, root: JsonSchema) -> bool:
    """Tell whether a description speaks of E.164 for text that nothing else constrains."""
    free = all(keyword(schema, root, name) is None for name in ("format", "pattern", "enum"))
    return free and "string" in types(schema, root) and _SAYS.search(text) is not None


def _wanted(schema: JsonSchema, root: JsonSchema) -> bool:
    return _is_number(str(keyword(schema, root, "description") or ""), schema, root)


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    named = {id(parameter.schema.json_schema) for parameter in _parameters(seen.operation)}

    def spoil(spot: Spot) -> Any:
        wanted = id(spot.schema) in named or _wanted(spot.schema, spot.root)
        return "(415) 555-0100" if wanted and isinstance(spot.value, str) and spot.value else ABSENT

    return spoiled(seen, side, spoil)


def _parameters(operation: Operation) -> Iterator[Any]:
    for parameter in operation.parameters:
        root = parameter.schema.json_schema
        if _is_number(parameter.description, root, root) or _wanted(root, root):
            yield parameter


_NUMBER = {"type": "string", "description": "Recipient phone number in E.164 format"}
_ANY = f"{twilio.HOST}/Messages/SM{'a' * 32}.json"


def _sent(title: str, number: str) -> Example:
    return Example(
        title=title,
        operation=form(record(To=_NUMBER)),
        server=twilio.HOST,
        method="POST",
        path="/Messages.json",
        url=f"{twilio.HOST}/Messages.json",
        request_headers=FORM,
        request_body=f"To={number}",
        status=204,
    )


def _got(title: str, number: str) -> Example:
    return Example(
        title=title,
        operation=answering(record(to=_NUMBER)),
        server=twilio.HOST,
        path="/Messages/{MessageSid}.json",
        url=_ANY,
        response_body={"to": number},
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.SCHEMA,
    good=[
        _sent("a number in E.164", "%2B14155550100"),
        _got("an address of another channel", "whatsapp:+14155550100"),
        _got("a short code", "12345"),
    ],
    bad=[
        _sent("a number without its country", "4155550100"),
        _sent("a plus sign that became a blank", "+14155550100"),
        _got("a number written for people", "(415) 555-0100"),
    ],
    plant=_plant,
    needs="a phone number that the text says is in E.164",
)
def not_e164(operation: Operation, side: Side) -> MessageInspector | None:
    """A phone number is not in E.164 format, though the description's text says so.

    Such a number reaches nobody, or somebody else: without its country code it is dialled in the country of the sender.
    Source: https://www.twilio.com/docs/glossary/what-e164
    """
    if not applies(operation.api):
        return None
    parameters = tuple(_parameters(operation)) if side is Side.REQUEST else ()
    bodies = {
        media_type: found
        for media_type in contents(operation, side)
        if media_type.schema is not None and (found := places(media_type.schema.json_schema, _wanted)) is not None
    }
    if not parameters and not bodies:
        return None

    def inspect(reading: Reading) -> Iterator[Problem]:
        for parameter in parameters:
            value = reading.parameters.get(f"{parameter.location.value}/{parameter.name}")
            if malformed(value):
                yield _problem(value, f"/{parameter.location.value}/{parameter.name}", parameter.pointer)
        found: Places | None = bodies.get(reading.media_type) if reading.media_type is not None else None
        if found is None or reading.media_type is None or reading.media_type.schema is None:
            return
        for pointer, value in found.values(reading.body):
            if malformed(value):
                yield _problem(value, pointer, spec_pointer(reading.media_type.schema, []))

    return inspect


def _problem(value: Any, pointer: str, spec: str) -> Problem:
    return Problem(
        message=f"{value!r} is not in E.164 format",
        instance_pointer=pointer,
        spec_pointer=spec,
        expected="+ and up to 15 digits",
        actual=value,
        keyword="e164",
    )
