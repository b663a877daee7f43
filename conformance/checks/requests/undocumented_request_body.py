"""The check `undocumented-request-body`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.planting import with_body, with_request_header

_FETCH = {"responses": {"204": {"description": "Done"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    made = with_body(seen.exchange, Side.REQUEST, b"Name=one")
    yield with_request_header(made, "Content-Type", "application/x-www-form-urlencoded")


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[Example(title="no body", operation=_FETCH, status=204)],
    bad=[
        Example(title="a body in a GET request", operation=_FETCH, request_body="Name=one", status=204),
        Example(title="a body in a DELETE request", operation=_FETCH, method="DELETE", request_body="{}", status=204),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="no request body",
)
def undocumented_request_body(operation: Operation) -> Inspector | None:
    """The request has a body where the description knows none.

    Such a body has no meaning: servers ignore it, proxies may drop it, and some refuse the request because of it.
    Source: RFC 9110, 9.3.1 for GET.
    """
    return None if operation.request_body is not None else _inspect


def _inspect(seen: Matched) -> Iterator[Problem]:
    request = seen.exchange.request
    if request.body:
        yield Problem(
            message=f"the {request.method} request has a body of {len(request.body):,} bytes, none is documented",
            spec_pointer=seen.operation.pointer,
            expected="no body",
            actual=request.body[:80].decode("utf-8", "replace"),
            keyword="body",
        )
