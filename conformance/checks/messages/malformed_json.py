"""The check `malformed-json`."""

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
        yield with_json_text(seen, side, text.rstrip()[:-1])
        yield with_json_text(seen, side, b"<!DOCTYPE html><title>An error occurred</title>")


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(title="an object", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1"}'),
    ],
    bad=[
        Example(title="cut off", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1"'),
        Example(title="HTML under a JSON content type", operation=_RECORD, response_headers=_JSON, response_body="<p>"),
        Example(title="a comma too many", operation=_RECORD, response_headers=_JSON, response_body='{"id": "1",}'),
        Example(title="brackets without end", operation=_RECORD, response_headers=_JSON, response_body="[" * 2_000),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON body",
)
def malformed_json(operation: Operation, side: Side) -> MessageInspector | None:
    """A body that says it is JSON is not: cut off, HTML, or broken otherwise.

    Nothing in it can be read, so no later check speaks of it. Source: RFC 8259.
    """
    return unreadable(operation, side, strict_json.SYNTAX)
