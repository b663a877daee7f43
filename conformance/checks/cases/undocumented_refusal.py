"""The check `undocumented-refusal`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange, Headers
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check
from conformance.profiles import twilio

_WRONG = Expectation(
    case="api.example:negative:0",
    label="query/PageSize: abc instead of an integer",
    expect=Expect.REFUSE,
    keyword="type",
    pointer="/query/PageSize",
    message='"abc" is a string, not an integer',
)
_PROBLEM = "application/problem+json"
_BAD_REQUEST = {"responses": {"200": {"description": "OK"}, "400": {"description": "Bad request"}}}
_SILENT = {"responses": {"200": {"description": "OK"}}}
_TEAPOT = 418


def _plant(seen: Matched) -> Iterator[Exchange]:
    if not twilio.applies(seen.operation.api) and seen.operation.answer(_TEAPOT) is None:
        response = replace(seen.exchange.response, status=_TEAPOT, reason="", headers=Headers(), body=b"")
        yield replace(seen.exchange, response=response, extra=_WRONG.written())


@check(
    severity=Severity.WARNING,
    stage=Stage.STATUS,
    good=[
        Example(title="a documented refusal", operation=_BAD_REQUEST, status=400, expected=_WRONG),
        Example(
            title="a refusal that explains itself (RFC 9457)",
            operation=_SILENT,
            status=422,
            response_headers={"Content-Type": _PROBLEM},
            response_body={"title": "PageSize is no integer"},
            expected=_WRONG,
        ),
    ],
    bad=[Example(title="a refusal that nobody announced", operation=_SILENT, status=400, expected=_WRONG)],
    plant=_plant,
)
def undocumented_refusal(operation: Operation) -> CaseInspector | None:
    """An invalid request was refused with a status that is documented nowhere.

    The refusal is right, yet a client cannot know its shape: the description names no such response, and it is no
    problem document either. Twilio's error bodies have a check of their own.
    """
    if twilio.applies(operation.api):
        return None

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        response = seen.exchange.response
        content_type = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
        refused = expected.expect is not Expect.ACCEPT and 400 <= response.status < 500  # noqa: PLR2004 - client errors
        if refused and seen.answer is None and content_type != _PROBLEM:
            yield Problem(
                message=f"the refusal {response.status} is not documented",
                spec_pointer=f"{operation.pointer}/responses",
                expected=f"a documented status, or {_PROBLEM}",
                actual=response.status,
                keyword="status",
            )

    return inspect
