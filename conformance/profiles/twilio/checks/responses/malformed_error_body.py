"""The check `malformed-error-body`.

What must hold for the JSON of a response with a status of 400 or above: it is an object with an integer `code`, a
`message`, and the `status`; or problem details (RFC 9457) with a `title` or a `type`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio.errors import body
from conformance.profiles.twilio.failures import (
    FAILURE,
    Failure,
    decoded,
    documented,
    example,
    failed,
    is_problem_details,
)

_TYPES = (("code", int), ("message", str), ("status", int))


def lacking(value: Any) -> str | None:
    """Say what an error body lacks; None where it is as it should be."""
    if not isinstance(value, dict):
        return "it is no object"
    if is_problem_details(value):
        return None
    for name, kind in _TYPES:
        if type(value.get(name)) is not kind:
            return f"it has no {name}" if name not in value else f"its {name} is {value[name]!r}"
    return None


def _plant(seen: Matched) -> Iterator[Exchange]:
    for status in documented(seen.operation)[:1]:
        right = body(status=status, code=20000 + status, message="Made up")
        for name, _ in _TYPES:
            yield failed(seen, status, {each: value for each, value in right.items() if each != name})
        yield failed(seen, status, {**right, "code": "20404"})
        yield failed(seen, status, ["error"])


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example("Twilio's own", {"code": 20404, "message": "Not found", "more_info": "", "status": 404}),
        example("problem details", {"type": "about:blank", "title": "Not Found", "status": 404}),
        example("no body at all", None),
    ],
    bad=[
        example("without a code", {"message": "Not found", "status": 404}),
        example("a code as text", {"code": "20404", "message": "Not found", "status": 404}),
        example("a body of another kind", {"error": "not found"}),
    ],
    plant=_plant,
    needs="a documented error of Twilio",
)
def malformed_error_body(operation: Operation) -> Inspector | None:
    """The body of an error is not as Twilio's errors are.

    Clients tell errors apart by `code`, and raise with `message` and `status`: an SDK that finds none shows its user an
    error about the error. Source: public error bodies; RFC 9457 for newer services.
    """
    return _GLANCE if documented(operation) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    found = decoded(seen)
    if found is None:
        return
    reason = lacking(found.value)
    if reason is not None:
        yield Problem(
            message=f"an error body without what Twilio's errors have: {reason}",
            spec_pointer=seen.answer.pointer if seen.answer else "",
            expected="code, message and status",
            actual=found.value,
            keyword="error",
        )


def _is_clear(found: Failure | None, _: Matched) -> bool:
    return found is None or lacking(found.value) is None


_GLANCE: Final = Glance(inspect=_inspect, part=FAILURE, is_clear=_is_clear)
