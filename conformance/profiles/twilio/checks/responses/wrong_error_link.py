"""The check `wrong-error-link`.

What must hold for the JSON of a response with a status of 400 or above that has a `code` and a `more_info`: the link
ends in the code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio.errors import body
from conformance.profiles.twilio.failures import FAILURE, Failure, decoded, documented, example, failed


def differs(value: Any) -> bool:
    """Tell whether the link of an error body leads to another error than its code."""
    if not isinstance(value, dict):
        return False
    link, code = value.get("more_info"), value.get("code")
    return isinstance(link, str) and bool(link) and type(code) is int and link.rstrip("/").split("/")[-1] != str(code)


def _plant(seen: Matched) -> Iterator[Exchange]:
    for status in documented(seen.operation)[:1]:
        right = body(status=status, code=20000 + status, message="Made up")
        yield failed(seen, status, {**right, "more_info": "https://www.twilio.com/docs/errors/11200"})


_MORE = "https://www.twilio.com/docs/errors/"
_BODY = {"code": 20404, "message": "Not found", "status": 404}


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example("the error itself", {**_BODY, "more_info": f"{_MORE}20404"}),
        example("no link", _BODY),
    ],
    bad=[example("another error", {**_BODY, "more_info": f"{_MORE}20003"})],
    plant=_plant,
    needs="a documented error of Twilio",
)
def wrong_error_link(operation: Operation) -> Inspector | None:
    """The link of an error body leads to another error than its code.

    `more_info` is what a developer reads when something failed.
    """
    return _GLANCE if documented(operation) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    found = decoded(seen)
    if found is not None and differs(found.value):
        yield Problem(
            message=f"more_info is {found.value['more_info']!r}, the code is {found.value['code']}",
            instance_pointer="/more_info",
            spec_pointer=seen.answer.pointer if seen.answer else "",
            expected=f"{_MORE}{found.value['code']}",
            actual=found.value["more_info"],
            keyword="error",
        )


def _is_clear(found: Failure | None, _: Matched) -> bool:
    return found is None or not differs(found.value)


_GLANCE: Final = Glance(inspect=_inspect, part=FAILURE, is_clear=_is_clear)
