"""The check `invalid-utf8`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import MediaType, Operation
from conformance.model.rule import Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas import strict_json
from conformance.schemas.constraints import contents, looking_at_body
from conformance.schemas.planting import body_of, reading_of, with_body, with_json, with_request_header

_JSON = {"Content-Type": "application/json"}
_RECORD = answering(record(id={"type": "string"}))


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    yield from with_json(seen, side, b'"byte": "\xff"')
    media_type = reading_of(seen, side).media_type
    if media_type is None and side is Side.REQUEST and not seen.exchange.request.body:
        media_type = next((each for each in contents(seen.operation, side) if each.is_form), None)
    if media_type is not None and media_type.is_form:
        pieces = [piece for piece in (body_of(seen.exchange, side), b"Byte=%FF") if piece]
        yield with_request_header(with_body(seen.exchange, side, b"&".join(pieces)), "Content-Type", media_type.essence)


@check(
    severity=Severity.ERROR,
    stage=Stage.WIRE,
    good=[
        Example(
            title="text beyond ASCII in UTF-8", operation=_RECORD, response_headers=_JSON, response_body='{"id": "é"}'
        ),
    ],
    bad=[
        Example(
            title="text in Latin-1",
            operation=_RECORD,
            response_headers=_JSON,
            response_body='{"id": "é"}'.encode("latin-1"),
        ),
        Example(
            title="a form in Latin-1",
            operation=form(record(Name={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="Name=%E9",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a body of JSON, text or form fields",
)
def invalid_utf8(operation: Operation, side: Side) -> MessageInspector | None:
    """A body is not UTF-8.

    JSON and URL-encoded forms are UTF-8 by definition. A parser that refuses loses the whole body, one that does not
    gives its caller other text than was meant. Source: RFC 8259, 8.1; WHATWG URL, 5.1.
    """
    return looking_at_body(strict_json.UTF_8) if any(map(_is_text, contents(operation, side))) else None


def _is_text(media_type: MediaType) -> bool:
    return media_type.is_json or media_type.is_form or media_type.essence.startswith("text/")
