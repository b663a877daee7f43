"""The check `malformed-json`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Matched, MessageInspector, Problem, Reading, Severity, Side, Stage, check
from conformance.schemas.planting import with_body


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    reading, message = (
        (seen.request, seen.exchange.request) if side is Side.REQUEST else (seen.response, seen.exchange.response)
    )
    if message.body and reading.media_type is not None and reading.media_type.is_json:
        yield with_body(seen.exchange, side, message.body[:-1])


_JSON = {"Content-Type": "application/json"}
_RECORD = answering(record(id={"type": "string"}))


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[Example(title="an object", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1"}')],
    bad=[
        Example(title="cut off", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1"'),
        Example(title="HTML under a JSON content type", operation=_RECORD, response_headers=_JSON, response_body="<p>"),
        Example(title="NaN, which is no JSON", operation=_RECORD, response_headers=_JSON, response_body='{"id": NaN}'),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def malformed_json(operation: Operation, side: Side) -> MessageInspector | None:
    """A body that says it is JSON is not.

    Nothing in it can be read, so no later check speaks of it. Source: RFC 8259.
    """
    if side is Side.REQUEST:
        content = operation.request_body.content if operation.request_body else ()
    else:
        content = tuple(media_type for answer in operation.responses for media_type in answer.content)
    return _inspect if any(media_type.is_json for media_type in content) else None


def _inspect(reading: Reading) -> Iterator[Problem]:
    if reading.body_error is not None and reading.body_error.keyword == "json":
        yield reading.body_error
