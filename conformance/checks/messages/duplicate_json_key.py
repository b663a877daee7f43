"""The check `duplicate-json-key`."""

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
    yield from with_json(seen, side, b'"key_twice": 1, "key_twice": 2')


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(
            title="each name once in its object",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1", "more": {"id": "2"}}',
        ),
    ],
    bad=[
        Example(
            title="a name twice", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1", "id": "2"}'
        ),
        Example(
            title="a name twice, once written with an escape",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1", "\\u0069d": "2"}',
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON body",
)
def duplicate_json_key(operation: Operation, side: Side) -> MessageInspector | None:
    """A name stands twice in one JSON object.

    Some parsers take the first member, most take the last, some refuse: what one side checked is not what the other
    side uses. Source: RFC 8259, 4 and RFC 7493, 2.3.
    """
    return unreadable(operation, side, strict_json.DUPLICATE_NAME)
