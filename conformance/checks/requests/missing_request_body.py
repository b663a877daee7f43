"""The check `missing-request-body`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.example import FORM, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.planting import with_body, with_request_header
from conformance.schemas.reading import was_left_out

_FORM = form(record(Name={"type": "string"}), required=True)


def _plant(seen: Matched) -> Iterator[Exchange]:
    bare = with_body(seen.exchange, Side.REQUEST, b"")
    yield with_request_header(with_request_header(bare, "Content-Type", None), "Content-Length", None)


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(
            title="the required body",
            operation=_FORM,
            method="POST",
            request_headers=FORM,
            request_body="Name=one",
            status=204,
        ),
        Example(title="a form without fields", operation=_FORM, method="POST", request_headers=FORM, status=204),
        Example(
            title="a recording that left the body out and kept its length",
            operation=_FORM,
            method="POST",
            request_headers={"Content-Length": "8"},
            status=204,
            is_recorded=True,
        ),
    ],
    bad=[Example(title="no body", operation=_FORM, method="POST", status=204)],
    plant=_plant,
    silent_when_clear=True,
    needs="a required request body",
)
def missing_request_body(operation: Operation) -> Inspector | None:
    """The request has no body where one is required.

    A form without fields is a body, as its Content-Type says. A recording with the length of a body that it does not
    show proves nothing.
    """
    return _inspect if operation.request_body is not None and operation.request_body.required else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    request, body = seen.exchange.request, seen.operation.request_body
    if request.body or body is None or seen.request.body is not ABSENT:
        return
    if was_left_out(request.headers) and not seen.exchange.source.is_live:
        return
    yield Problem(
        message="the required request body is missing",
        spec_pointer=f"{body.pointer}/required",
        expected=[media_type.name for media_type in body.content],
        keyword="body",
    )
