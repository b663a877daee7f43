"""The check `format-violation`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas.constraints import looking_for, uses
from conformance.schemas.formats import STANDARD
from conformance.schemas.planting import Spot, spoiled

_BUILT_IN = frozenset({
    "date", "date-time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6", "iri",
    "iri-reference", "json-pointer", "regex", "relative-json-pointer", "time", "uri", "uri-reference", "uri-template",
    "uuid",
})  # fmt: skip
"""JSON Schema 2020-12, 7.3."""
_ASSERTED = _BUILT_IN | STANDARD.keys() | FORMATS.keys()
_FAULTS: dict[str, Any] = {
    "hostname": "not a hostname-",
    "int32": 2**31,
    "int64": 2**63,
    "iri-reference": "<>",
    "json-pointer": "no pointer",
    "phone-number-capabilities": {"voice": True, "fax-machine": "yes"},
    "regex": "(",
    "uri-map": {"self": "not a URI"},
    "uri-reference": "<>",
    "uri-template": "{",
}


def _spoil(spot: Spot) -> Any:
    name = spot.keyword("format")
    if name not in _ASSERTED or spot.keyword("enum"):
        return ABSENT
    bad = _FAULTS.get(name, f"not a {name}")
    if isinstance(bad, int) and not {"integer", "number"} & spot.types:
        return ABSENT
    return ABSENT if isinstance(bad, dict) and spot.is_text else bad


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
    needs="a value of a format that is known",
)
def format_violation(operation: Operation, side: Side) -> MessageInspector | None:
    """A value is not of the format that the description names.

    Formats are asserted: `date-time`, `uri`, `email` and the others of JSON Schema 2020-12, `int32`, `int64` and `byte`
    of OpenAPI, and those of the profile in use. A format that nobody defines asserts nothing.
    """
    return looking_for("format") if uses(operation, side).formats & _ASSERTED else None
