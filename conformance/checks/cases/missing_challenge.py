"""The check `missing-challenge`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_ANONYMOUS = Expectation(
    case="api.example:headers:0",
    label="no credentials",
    expect=Expect.CHALLENGE,
    keyword="header",
    pointer="/header",
    message="the request has no credentials",
)
_DOCUMENTED = {"responses": {"200": {"description": "OK"}, "401": {"description": "Unauthorized"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    if seen.operation.security and seen.exchange.response.status < 300:  # noqa: PLR2004 - a success
        yield replace(seen.exchange, extra=_ANONYMOUS.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.STATUS,
    good=[Example(title="no credentials, refused", operation=_DOCUMENTED, status=401, expected=_ANONYMOUS)],
    bad=[Example(title="no credentials, served", operation=_DOCUMENTED, expected=_ANONYMOUS)],
    plant=_plant,
)
def missing_challenge(_: Operation) -> CaseInspector:
    """The server served a request whose credentials are missing or no good.

    The operation asks for credentials. Whoever leaves them out must get 401 or 403, not an answer.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if expected.expect is Expect.CHALLENGE and status < 400:  # noqa: PLR2004 - no refusal
            yield Problem(
                message=f"{status} although {expected.message or expected.label}",
                instance_pointer=expected.pointer,
                expected="401 or 403",
                actual=status,
                keyword="challenge",
            )

    return inspect
