"""The check `undocumented-response-field`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.unknown_fields import closed, unknown
from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.planting import with_value
from conformance.schemas.walk import spec_pointer

_ODD = "zzz_nobody_documented_this"


def _plant(seen: Matched) -> Iterator[Exchange]:
    media_type, body = seen.response.media_type, seen.response.body
    known = None if media_type is None else closed(seen.operation, Side.RESPONSE).get(media_type)
    if known is not None and known.known is not None and isinstance(body, dict):
        yield with_value(seen, Side.RESPONSE, {**body, _ODD: 1})
    elif known is not None and isinstance(body, list) and known.item is not None and known.item.known is not None:
        yield with_value(seen, Side.RESPONSE, [{**each, _ODD: 1} for each in body if isinstance(each, dict)])


_THING = record(id={"type": "string"}, notes={"type": "object"})


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(title="only documented fields", operation=answering(_THING), response_body={"id": "1"}),
        Example(
            title="whatever field in an object that declares none",
            operation=answering(_THING),
            response_body={"id": "1", "notes": {"color": "red"}},
        ),
        Example(
            title="another field where the description says what others may be",
            operation=answering(
                record(
                    id={"type": "string"},
                    more={**record(size={"type": "string"}), "additionalProperties": {"type": "string"}},
                )
            ),
            response_body={"id": "1", "more": {"color": "red"}},
        ),
    ],
    bad=[
        Example(title="another field", operation=answering(_THING), response_body={"id": "1", "color": "red"}),
        Example(
            title="another field in every item of a list",
            operation=answering({"type": "array", "items": _THING}),
            response_body=[{"id": "1", "color": "red"}, {"id": "2", "color": "blue"}],
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a response whose fields are documented",
)
def undocumented_response_field(operation: Operation) -> Inspector | None:
    """The response has a field that the description does not know.

    The schema allows it, clients made from it drop it. Either the description lags behind the API, or something leaks
    that nobody meant to show. A name that is near a documented one belongs to `misspelled-response-field`.
    """
    return _inspect if closed(operation, Side.RESPONSE) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    if seen.response.body is ABSENT or seen.response.media_type is None or seen.response.media_type.schema is None:
        return
    for found in unknown(seen):
        if found.meant is None:
            yield Problem(
                message=f"the field {found.name!r} is not documented",
                instance_pointer=found.pointer,
                spec_pointer=spec_pointer(seen.response.media_type.schema, []),
                expected="a documented field",
                actual=found.value,
                keyword="undocumented",
            )
