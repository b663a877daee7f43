"""The check `not-e164`.

What must hold for every value whose description says that it is in E.164 format: it is (`+`, then up to 15 digits,
the first not 0). Addresses of other channels (`whatsapp:`, `client:`, `sip:`), short codes, masked and empty values are
not looked at; nor are values with a format, which `format-violation` holds to it. Where the text allows other things
than numbers (a sender ID, a name, a SIM), only what has the digits of a phone number and no letters is taken for one;
text that speaks of numbers formatted for display asks for no format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, MediaType, Operation, Parameter
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
from conformance.model.value import Value
from conformance.profiles.twilio import applies
from conformance.profiles.twilio import example as twilio
from conformance.profiles.twilio.numbers import E164, is_only_number
from conformance.schemas.constraints import contents
from conformance.schemas.places import Places, places
from conformance.schemas.planting import Spot, spoiled
from conformance.schemas.walk import spec_pointer

_DIALLED: Final = re.compile(r"[\s().+/-]*(?:\d[\s().+/-]*){9,}")
"""Digits as people write phone numbers, too many for a short code."""
_OTHER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*:.*|\d{3,8}|.*(?:[*•#]|[Xx]{2}).*", re.DOTALL)
"""Addresses of other channels, short codes and masked numbers."""


def malformed(value: Any, *, only_numbers: bool) -> bool:
    """Tell whether a value that is meant to be a phone number in E.164 is none.

    `only_numbers` says that nothing but a number may stand there.
    """
    if not isinstance(value, str) or not value or E164.fullmatch(value) or _OTHER.fullmatch(value):
        return False
    return only_numbers or _DIALLED.fullmatch(value) is not None


def _only_numbers(schema: JsonSchema, root: JsonSchema) -> bool:
    return is_only_number(schema, root) is True


def _numbers_too(schema: JsonSchema, root: JsonSchema) -> bool:
    return is_only_number(schema, root) is False


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    named = {id(parameter.schema.json_schema) for parameter, _ in _parameters(seen.operation)}

    def spoil(spot: Spot) -> Any:
        wanted = id(spot.schema) in named or is_only_number(spot.schema, spot.root) is not None
        return "(415) 555-0100" if wanted and isinstance(spot.value, str) and spot.value else ABSENT

    return spoiled(seen, side, spoil)


def _parameters(operation: Operation) -> Iterator[tuple[Parameter, bool]]:
    for parameter in operation.parameters:
        root = parameter.schema.json_schema
        only_numbers = is_only_number(root, root, parameter.description)
        if only_numbers is not None:
            yield parameter, only_numbers


class _Body(Value, frozen=True, kw_only=True):
    """Where phone numbers stand in a body."""

    numbers: Places | None
    """Where nothing else may."""
    others: Places | None
    """Where they are one of the things that may."""

    def wrong(self, body: Any) -> Iterator[tuple[str, Any]]:
        for found, only_numbers in ((self.numbers, True), (self.others, False)):
            if found is not None:
                yield from (each for each in found.values(body) if malformed(each[1], only_numbers=only_numbers))


def _bodies(operation: Operation, side: Side) -> Iterator[tuple[MediaType, _Body]]:
    for media_type in contents(operation, side):
        if media_type.schema is not None:
            root = media_type.schema.json_schema
            body = _Body(numbers=places(root, _only_numbers), others=places(root, _numbers_too))
            if body.numbers is not None or body.others is not None:
                yield media_type, body


_NUMBER = {"type": "string", "description": "Recipient phone number in E.164 format"}
_SENDER = {"type": "string", "description": "The number (in E.164 format) or alphanumeric sender that sent it"}
_SHOWN = {"type": "string", "description": "The number. Formatted for display. Others are in E.164 format"}
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


def _got(title: str, number: str, field: Mapping[str, Any] = _NUMBER) -> Example:
    return Example(
        title=title,
        operation=answering(record(to=field, contact=_NUMBER)),
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
        _got("a sender's name where one may stand", "Owl Books 12", _SENDER),
        _got("a number that is meant for people", "(415) 555-0100", _SHOWN),
    ],
    bad=[
        _sent("a number without its country", "4155550100"),
        _sent("a plus sign that became a blank", "+14155550100"),
        _got("a number written for people", "(415) 555-0100"),
        _got("a number without its country where a name may stand", "415-555-0100", _SENDER),
    ],
    plant=_plant,
    silent_when_clear=Side.RESPONSE,
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
    bodies = dict(_bodies(operation, side))
    if not parameters and not bodies:
        return None

    def inspect(reading: Reading) -> Iterator[Problem]:
        for parameter, only_numbers in parameters:
            name = f"{parameter.location.value}/{parameter.name}"
            if malformed(reading.parameters.get(name), only_numbers=only_numbers):
                yield _problem(reading.parameters[name], f"/{name}", parameter.pointer)
        body = bodies.get(reading.media_type) if reading.media_type is not None else None
        if body is not None and reading.media_type is not None and reading.media_type.schema is not None:
            spec = spec_pointer(reading.media_type.schema, [])
            yield from (_problem(value, pointer, spec) for pointer, value in body.wrong(reading.body))

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
