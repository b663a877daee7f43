"""The check `undocumented-status`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Stage, check

_STATUSES = (418, 299, 599)


def _plant(seen: Matched) -> Iterator[Exchange]:
    status = next((status for status in _STATUSES if seen.operation.answer(status) is None), None)
    if status is not None:
        yield replace(seen.exchange, response=replace(seen.exchange.response, status=status, reason=""))


@check(
    severity=Severity.ERROR,
    stage=Stage.STATUS,
    good=[
        Example(title="a documented status", operation=answering(record()), response_body={}),
        Example(title="a documented range", operation=answering(record(), status="2XX"), status=201, response_body={}),
    ],
    bad=[Example(title="another status", operation=answering(record()), status=302)],
    plant=_plant,
    silent_when_clear=True,
)
def undocumented_status(operation: Operation) -> Inspector:
    """The response has a status code that the operation does not document.

    A client generated from the description has no type for such a response.
    """
    expected = [answer.status for answer in operation.responses]

    def inspect(seen: Matched) -> Iterator[Problem]:
        if seen.answer is None:
            status = seen.exchange.response.status
            yield Problem(
                message=f"the status {status} is not documented, only {', '.join(expected) or 'nothing'}",
                spec_pointer=f"{operation.pointer}/responses",
                expected=expected,
                actual=status,
                keyword="status",
            )

    return inspect
