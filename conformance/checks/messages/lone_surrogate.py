"""The check `lone-surrogate`."""

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
    yield from with_json(seen, side, b'"half": "\\ud83d"')


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(
            title="both halves of a pair",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "\\ud83d\\udc4d"}',
        ),
    ],
    bad=[
        Example(
            title="the first half alone", operation=_RECORD, response_headers=_JSON, response_body='{"id": "\\ud83d"}'
        ),
        Example(
            title="the second half alone", operation=_RECORD, response_headers=_JSON, response_body='{"id": "\\udc4d!"}'
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON body",
)
def lone_surrogate(operation: Operation, side: Side) -> MessageInspector | None:
    """A string has half of a surrogate pair.

    Half a pair is no character. Some parsers refuse the body, some put a replacement character in its place, some pass
    it on and fail when the text is written. Source: RFC 8259, 8.2.
    """
    return unreadable(operation, side, strict_json.SURROGATE)
