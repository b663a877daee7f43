"""The check `wrong-content-type`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Matched, MessageInspector, Problem, Reading, Severity, Side, Stage, check
from conformance.schemas.constraints import contents
from conformance.schemas.planting import body_of, with_body, with_request_header, with_response_header
from conformance.schemas.reading import pick

_PAGE = b"<!DOCTYPE html><title>An error occurred</title>"
_FAULTS = ("text/html; charset=utf-8", "text/plain", "application/octet-stream")


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    fault = next((each for each in _FAULTS if pick(contents(seen.operation, side), each) is None), None)
    if side is Side.REQUEST:
        made = with_body(seen.exchange, side, body_of(seen.exchange, side) or b"Body")
        if fault is not None:
            yield with_request_header(made, "Content-Type", fault)
        yield with_request_header(made, "Content-Type", None)
    elif seen.answer is not None and seen.answer.content and body_of(seen.exchange, side):
        if fault is not None:
            yield with_response_header(with_body(seen.exchange, side, _PAGE), "Content-Type", fault)
        yield with_response_header(seen.exchange, "Content-Type", None)


_JSON = {"Content-Type": "application/json; charset=utf-8"}


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(
            title="the documented type, with a parameter",
            operation=answering(record()),
            response_headers=_JSON,
            response_body="{}",
        ),
        Example(
            title="a type within the documented range",
            operation={"responses": {"200": {"description": "OK", "content": {"image/*": {}}}}},
            response_headers={"Content-Type": "image/png"},
            response_body=b"\x89PNG",
        ),
    ],
    bad=[
        Example(
            title="HTML where JSON is documented",
            operation=answering(record()),
            response_headers={"Content-Type": "text/html"},
            response_body="<p>Gateway</p>",
        ),
        Example(title="no type at all", operation=answering(record()), response_headers={}, response_body="{}"),
        Example(
            title="JSON where a form is documented",
            operation=form(record(Name={"type": "string"})),
            method="POST",
            request_headers={**FORM, "Content-Type": "application/json"},
            request_body='{"Name": "one"}',
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a documented body",
)
def wrong_content_type(operation: Operation, side: Side) -> MessageInspector | None:
    """A body is of a media type that is not documented for it.

    Both sides choose how to read a body by its Content-Type: an HTML error page under a status that promises JSON makes
    clients fail while parsing, and JSON where a form is expected arrives as nothing. A status or an operation that is
    documented without content says nothing about the type of its body.
    """
    return _inspect if contents(operation, side) else None


def _inspect(reading: Reading) -> Iterator[Problem]:
    if reading.media_type_error is not None:
        yield reading.media_type_error
