"""The check `forbidden-body`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.example import FORM, form, record
from conformance.model.http import Exchange, Headers
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Stage, check
from conformance.schemas.reading import BODILESS

_DONE = form(record())
_HEAD = {"responses": {"200": {"description": "OK"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    documented = [int(answer.status) for answer in seen.operation.responses if answer.status.isdigit()]
    status = next((each for each in documented if each in BODILESS or seen.operation.method == "HEAD"), None)
    if status is not None:
        response = replace(
            seen.exchange.response,
            status=status,
            reason="",
            headers=Headers((("Content-Type", "application/json"),)),
            body=b"{}",
        )
        yield replace(seen.exchange, response=response)


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[Example(title="204 without a body", operation=_DONE, method="POST", request_headers=FORM, status=204)],
    bad=[
        Example(
            title="204 with a body",
            operation=_DONE,
            method="POST",
            request_headers=FORM,
            status=204,
            response_body='{"deleted": true}',
        ),
        Example(title="an answer to HEAD with a body", operation=_HEAD, method="HEAD", response_body="{}"),
    ],
    plant=_plant,
    needs="a status without content (204, 205, 304) or the method HEAD",
)
def forbidden_body(operation: Operation) -> Inspector | None:
    """A response has a body where HTTP allows none.

    That is after HEAD and with a status of 1xx, 204, 205 or 304. Clients do not read such a body: on a connection that
    stays open they take it for the beginning of the next response. Source: RFC 9110, 6.4.1 and 15.3.6.
    """
    if operation.method != "HEAD" and not any(_has_no_content(answer.status) for answer in operation.responses):
        return None
    return _inspect


def _has_no_content(status: str) -> bool:
    return int(status) in BODILESS if status.isdigit() else status.upper() in {"1XX", "2XX", "3XX", "DEFAULT"}


def _inspect(seen: Matched) -> Iterator[Problem]:
    response = seen.exchange.response
    if response.body and (response.status in BODILESS or seen.exchange.request.method == "HEAD"):
        why = "the answer to HEAD" if seen.exchange.request.method == "HEAD" else f"a response with {response.status}"
        yield Problem(
            message=f"{why} has a body of {len(response.body):,} bytes",
            spec_pointer=seen.answer.pointer if seen.answer else seen.operation.pointer,
            expected="no body",
            actual=response.body[:80].decode("utf-8", "replace"),
            keyword="body",
        )
