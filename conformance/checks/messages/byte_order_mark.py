"""The check `byte-order-mark`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas import strict_json
from conformance.schemas.constraints import unreadable
from conformance.schemas.planting import json_text, with_json_text

_JSON = {"Content-Type": "application/json"}
_RECORD = answering(record(id={"type": "string"}, more={"type": "object"}, amount={"type": "number"}))


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    text = json_text(seen, side)
    if text is not None:
        yield with_json_text(seen, side, b"\xef\xbb\xbf" + text)


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(title="no mark", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1"}'),
    ],
    bad=[
        Example(
            title="a mark before the object",
            operation=_RECORD,
            response_headers=_JSON,
            response_body=b'\xef\xbb\xbf{"id": "1"}',
        ),
        Example(
            title="JSON in UTF-16",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "1"}'.encode("utf-16"),
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON body",
)
def byte_order_mark(operation: Operation, side: Side) -> MessageInspector | None:
    """A byte order mark stands before the JSON.

    It may not be sent, and parsers may refuse it or skip it. Source: RFC 8259, 8.1.
    """
    return unreadable(operation, side, strict_json.BYTE_ORDER_MARK)
