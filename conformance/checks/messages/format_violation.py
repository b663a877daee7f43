"""The check `format-violation`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled

_FAULTS: dict[str, Any] = {
    "int32": 2**31,
    "int64": 2**63,
    "phone-number-capabilities": {"voice": True, "fax-machine": "yes"},
    "uri-map": {"self": "not a URI"},
}


def _spoil(spot: Spot) -> Any:
    name = spot.keyword("format")
    if spot.value is None or name not in {*_STRINGS, *_FAULTS}:
        return ABSENT
    if spot.is_text and name in _FAULTS and isinstance(_FAULTS[name], dict):
        return ABSENT
    return _FAULTS.get(name, f"not a {name}")


_STRINGS = frozenset({
    "byte", "currency", "date", "date-time", "date-time-rfc-2822", "email", "http-method", "iso-country-code",
    "phone-number", "time", "uri", "uuid",
})  # fmt: skip


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="a date and time with its offset",
            operation=answering(record(sent={"type": "string", "format": "date-time"})),
            response_body={"sent": "2016-10-14T21:56:34Z"},
        ),
    ],
    bad=[
        Example(
            title="an RFC 2822 date declared as date-time",
            operation=answering(record(sent={"type": "string", "format": "date-time"})),
            response_body={"sent": "Fri, 14 Oct 2016 21:56:34 +0000"},
        ),
        Example(
            title="a number beyond 32 bits",
            operation=answering(record(count={"type": "integer", "format": "int32"})),
            response_body={"count": 2147483648},
        ),
        Example(
            title="a relative reference declared as uri",
            operation=form(record(Callback={"type": "string", "format": "uri"})),
            method="POST",
            request_headers=FORM,
            request_body="Callback=%2Fhook",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def format_violation(operation: Operation, side: Side) -> MessageInspector | None:
    """A value is not of the format that the description names.

    Formats are asserted: `date-time`, `uri`, `email` and the others of JSON Schema 2020-12, `int32`, `int64` and `byte`
    of OpenAPI, and those of the profile in use. A format that nobody defines asserts nothing.
    """
    return inspector(operation, side, "format")
