"""The check `server-error`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_ODD = Expectation(case="api.example:boundary:7", label="query/To: a zero byte", expect=Expect.SURVIVE)
_PLAIN = {"responses": {"200": {"description": "OK"}, "5XX": {"description": "Down"}}}
_NOT_IMPLEMENTED = 501


def _plant(seen: Matched) -> Iterator[Exchange]:
    response = replace(seen.exchange.response, status=500, reason="", body=b"")
    yield replace(seen.exchange, response=response, extra=_ODD.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="odd text, served", operation=_PLAIN, expected=_ODD)],
    bad=[Example(title="odd text, and the server fails", operation=_PLAIN, status=500, expected=_ODD)],
    plant=_plant,
)
def server_error(_: Operation) -> CaseInspector:
    """The server failed over a request.

    A 5xx says that the server could not cope. No request, however wrong, may bring that about; a documented 5xx is
    no excuse.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if status >= 500 and status != _NOT_IMPLEMENTED:  # noqa: PLR2004 - server errors begin there
            yield Problem(
                message=f"{status} for {expected.label}",
                expected="a status below 500",
                actual=status,
                keyword="status",
            )

    return inspect
