"""The check `undeleted-resource`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_DELETED = Expectation(
    case="api.example:stateful:0/5", label="fetch what is deleted", expect=Expect.GONE, keyword="deleted"
)
_DOCUMENTED = {"responses": {"200": {"description": "OK"}, "404": {"description": "Not found"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    if seen.operation.method == "GET" and seen.exchange.response.status < 300:  # noqa: PLR2004 - a success
        yield replace(seen.exchange, extra=_DELETED.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.STATUS,
    good=[Example(title="a deleted resource is gone", operation=_DOCUMENTED, status=404, expected=_DELETED)],
    bad=[Example(title="a deleted resource still answers", operation=_DOCUMENTED, expected=_DELETED)],
    plant=_plant,
)
def undeleted_resource(_: Operation) -> CaseInspector:
    """A resource was deleted and answers all the same.

    The session deleted it with success, then asked for it again.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if expected.expect is Expect.GONE and status < 400:  # noqa: PLR2004 - no refusal
            yield Problem(
                message=f"{status} for a resource that this session has deleted ({expected.label})",
                expected="404 or 410",
                actual=status,
                keyword="status",
            )

    return inspect
