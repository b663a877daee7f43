"""The check `no-answer`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange, Response
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_ANSWERED = Expectation(case="api.example:positive:0", label="required only", expect=Expect.ACCEPT)
_RESET = replace(_ANSWERED, failure="reset: the connection ended before the answer")


def _plant(seen: Matched) -> Iterator[Exchange]:
    yield replace(seen.exchange, response=Response(status=0, reason="reset"), extra=_RESET.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="an answer", operation={"responses": {"200": {"description": "OK"}}}, expected=_ANSWERED)],
    bad=[Example(title="the connection was reset", status=0, expected=_RESET)],
    plant=_plant,
)
def no_answer(_: Operation) -> CaseInspector:
    """No answer came: a time-out, a reset connection, a broken answer, or no trust.

    A server that answers other requests but not this one has stumbled over it.
    """

    def inspect(expected: Expectation, _: Matched) -> Iterator[Problem]:
        if expected.failure:
            kind, details = expected.failure.split(": ", 1)
            yield Problem(
                message=f"no answer to {expected.label}: {details}",
                expected="an answer",
                actual=kind,
                keyword="status",
            )

    return inspect
