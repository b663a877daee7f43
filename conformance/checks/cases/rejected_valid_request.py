"""The check `rejected-valid-request`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_REJECTIONS: Final = frozenset({400, 405, 406, 411, 413, 414, 415, 422, 431})
"""Statuses that blame the request itself. Credentials (401, 403), what there is (404, 409, 410, 412) and how often one
asks (429) are not the request's form."""

_PLAIN = Expectation(case="api.example:positive:0", label="required only", expect=Expect.ACCEPT)
_DOCUMENTED = {"responses": {"200": {"description": "OK"}, "400": {"description": "Bad"}, "404": {"description": "No"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    status = next((status for status in sorted(_REJECTIONS) if seen.operation.answer(status) is not None), None)
    if status is not None:
        response = replace(seen.exchange.response, status=status, reason="", body=b"")
        yield replace(seen.exchange, response=response, extra=_PLAIN.written())


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(title="a valid request, accepted", operation=_DOCUMENTED, expected=_PLAIN),
        Example(title="a valid request for nothing", operation=_DOCUMENTED, status=404, expected=_PLAIN),
    ],
    bad=[Example(title="a valid request, refused", operation=_DOCUMENTED, status=400, expected=_PLAIN)],
    plant=_plant,
)
def rejected_valid_request(_: Operation) -> CaseInspector:
    """The server refused a request that keeps to its description.

    Either the server is stricter than its description says, or the description leaves out a rule that clients need.
    Where the status is not documented at all, `undocumented-status` says so instead.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if expected.expect is Expect.ACCEPT and status in _REJECTIONS and seen.answer is not None:
            yield Problem(
                message=f"{status} for a valid request ({expected.label})",
                expected="a success",
                actual=status,
                keyword="status",
            )

    return inspect
