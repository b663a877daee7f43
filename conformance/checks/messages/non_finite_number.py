"""The check `non-finite-number`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas import strict_json
from conformance.schemas.constraints import unreadable
from conformance.schemas.planting import with_json

_JSON = {"Content-Type": "application/json"}
_RECORD = answering(record(id={"type": "string"}, more={"type": "object"}, amount={"type": "number"}))


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    yield from with_json(seen, side, b'"amount": NaN')
    yield from with_json(seen, side, b'"amount": -Infinity')
    yield from with_json(seen, side, b'"amount": 1e400')


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(
            title="a large number that a double holds",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1", "amount": 1e300}',
        ),
    ],
    bad=[
        Example(title="NaN", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1", "amount": NaN}'),
        Example(
            title="Infinity",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1", "amount": -Infinity}',
        ),
        Example(
            title="a number beyond all doubles",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1", "amount": 1e400}',
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON body",
)
def non_finite_number(operation: Operation, side: Side) -> MessageInspector | None:
    """A number is NaN, Infinity, or larger than any double.

    JSON has no such numbers. Python and some JavaScript tools write and read NaN and Infinity, other parsers refuse the
    whole body; a number beyond all doubles is refused or silently becomes Infinity. Source: RFC 8259, 6.
    """
    return unreadable(operation, side, strict_json.NUMBER)
