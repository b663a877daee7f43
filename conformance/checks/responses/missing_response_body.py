"""The check `missing-response-body`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Answer, Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.planting import with_body
from conformance.schemas.reading import BODILESS, was_left_out

_RECORD = answering(record(id={"type": "string"}))
_JSON = {"Content-Type": "application/json"}


def _plant(seen: Matched) -> Iterator[Exchange]:
    if seen.exchange.response.body and seen.answer is not None and _promises(seen.answer):
        yield with_body(seen.exchange, Side.RESPONSE, b"")


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(title="the documented body", operation=_RECORD, response_body={"id": "1"}),
        Example(
            title="a recording that left the body out and kept its length",
            operation=_RECORD,
            response_headers={**_JSON, "Content-Length": "11"},
            is_recorded=True,
        ),
    ],
    bad=[
        Example(title="no body", operation=_RECORD, response_headers=_JSON),
        Example(title="neither body nor type", operation=_RECORD),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a JSON response",
)
def missing_response_body(operation: Operation) -> Inspector | None:
    """The response has no body where JSON is documented for its status.

    Nothing at all is no JSON: clients fail while parsing it.
    """
    return _inspect if operation.method != "HEAD" and any(map(_promises, operation.responses)) else None


def _promises(answer: Answer) -> bool:
    """Tell whether a documented response always has JSON."""
    is_bodiless = answer.status.isdigit() and int(answer.status) in BODILESS
    return bool(answer.content) and all(each.is_json for each in answer.content) and not is_bodiless


def _inspect(seen: Matched) -> Iterator[Problem]:
    response, answer = seen.exchange.response, seen.answer
    if response.body or answer is None or response.status in BODILESS or not _promises(answer):
        return
    if was_left_out(response.headers) and not seen.exchange.source.is_live:
        return
    yield Problem(
        message=f"a response with {response.status} has no body",
        spec_pointer=answer.content[0].pointer,
        expected=[media_type.name for media_type in answer.content],
        keyword="body",
    )
