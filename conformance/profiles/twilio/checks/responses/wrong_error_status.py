"""The check `wrong-error-status`.

What must hold for the JSON of a response with a status of 400 or above that has a `status`: it is that of the response.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio.errors import body
from conformance.profiles.twilio.failures import FAILURE, Failure, decoded, documented, example, failed


def differs(value: Any, status: int) -> bool:
    """Tell whether an error body speaks of another status than that of its response."""
    return isinstance(value, dict) and type(value.get("status")) is int and value["status"] != status


def _plant(seen: Matched) -> Iterator[Exchange]:
    for status in documented(seen.operation)[:1]:
        right = body(status=status, code=20000 + status, message="Made up")
        yield failed(seen, status, {**right, "status": status + 1})


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[example("the same status twice", {"code": 20404, "message": "Not found", "status": 404})],
    bad=[
        example("two statuses", {"code": 20404, "message": "Not found", "status": 400}),
        example("two statuses in problem details", {"title": "Not found", "status": 400}),
    ],
    plant=_plant,
    needs="a documented error of Twilio",
)
def wrong_error_status(operation: Operation) -> Inspector | None:
    """An error body has another status than its response.

    Some clients decide by the one, some by the other: whether to try again, and what to tell their user.
    """
    return _GLANCE if documented(operation) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    found, status = decoded(seen), seen.exchange.response.status
    if found is not None and differs(found.value, status):
        yield Problem(
            message=f"the body says {found.value['status']}, the response is {status}",
            instance_pointer="/status",
            spec_pointer=seen.answer.pointer if seen.answer else "",
            expected=status,
            actual=found.value["status"],
            keyword="error",
        )


def _is_clear(found: Failure | None, seen: Matched) -> bool:
    return found is None or not differs(found.value, seen.exchange.response.status)


_GLANCE: Final = Glance(inspect=_inspect, part=FAILURE, is_clear=_is_clear)
