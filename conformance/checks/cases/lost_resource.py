"""The check `lost-resource`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_CREATED = Expectation(
    case="api.example:stateful:0/1",
    label="fetch",
    expect=Expect.ACCEPT,
    keyword="created",
    values={"id": "TH00000000000000000000000000000001"},
)
_DOCUMENTED = {"responses": {"200": {"description": "OK"}, "404": {"description": "Not found"}}}
_GONE = frozenset({404, 410})


def _plant(seen: Matched) -> Iterator[Exchange]:
    if seen.operation.method == "GET" and seen.operation.path.partition(".json")[0].endswith("}"):
        response = replace(seen.exchange.response, status=404, reason="", body=b"")
        yield replace(seen.exchange, response=response, extra=_CREATED.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="a created resource, fetched", operation=_DOCUMENTED, expected=_CREATED)],
    bad=[Example(title="a created resource that is not there", operation=_DOCUMENTED, status=404, expected=_CREATED)],
    plant=_plant,
)
def lost_resource(_: Operation) -> CaseInspector:
    """A resource was created, and a fetch right after does not know it.

    The answer to the creation named the resource; the same session asked for it by that name.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if expected.keyword == "created" and status in _GONE:
            yield Problem(
                message=f"{status} for {expected.values.get('id')}, which this session has created",
                expected="a success",
                actual=status,
                keyword="status",
            )

    return inspect
