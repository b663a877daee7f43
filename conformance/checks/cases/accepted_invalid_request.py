"""The check `accepted-invalid-request`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.example import query
from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_SIZE = query("PageSize", {"type": "integer", "maximum": 100})
_SIZE["responses"]["4XX"] = {"description": "Refused"}
_TOO_BIG = Expectation(
    case="api.example:negative:2",
    label="query/PageSize: 101, above the greatest",
    expect=Expect.REFUSE,
    keyword="maximum",
    pointer="/query/PageSize",
    message="101 is greater than the maximum of 100",
)
_URL = "https://api.example.com/things/TH1?PageSize=101"


def _plant(seen: Matched) -> Iterator[Exchange]:
    if seen.exchange.response.status < 300:  # noqa: PLR2004 - a success
        yield replace(seen.exchange, extra=_TOO_BIG.written())


@check(
    severity=Severity.ERROR,
    stage=Stage.STATUS,
    good=[
        Example(title="an invalid request, refused", operation=_SIZE, url=_URL, status=400, expected=_TOO_BIG),
        Example(
            title="a valid request, accepted",
            operation=_SIZE,
            status=204,
            expected=Expectation(case="api.example:positive:0", label="required only", expect=Expect.ACCEPT),
        ),
    ],
    bad=[Example(title="an invalid request, accepted", operation=_SIZE, url=_URL, status=204, expected=_TOO_BIG)],
    plant=_plant,
)
def accepted_invalid_request(_: Operation) -> CaseInspector:
    """The server accepted a request that breaks its description.

    Each such request breaks one constraint, which the finding names. A server that does not hold to a constraint
    stores what its clients cannot read back, and clients come to rely on what is promised to nobody.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        status = seen.exchange.response.status
        if expected.expect is Expect.REFUSE and status < 400:  # noqa: PLR2004 - no refusal
            yield Problem(
                message=f"{status} although {expected.message or expected.label}",
                instance_pointer=expected.pointer,
                expected="a status from 400 to 499",
                actual=status,
                keyword=f"accepts broken {expected.keyword}",
            )

    return inspect
