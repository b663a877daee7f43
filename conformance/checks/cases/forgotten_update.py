"""The check `forgotten-update`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.example import answering, record
from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check
from conformance.openapi.document import escape

_UPDATED: Final = Expectation(
    case="api.example:stateful:0/4",
    label="fetch what was updated",
    expect=Expect.ACCEPT,
    keyword="updated",
    values={"friendly_name": "night", "max_size": 7},
)
_THING: Final = answering(record(friendly_name={"type": "string"}, max_size={"type": "integer"}))


def _plant(seen: Matched) -> Iterator[Exchange]:
    body = seen.response.body
    names = [name for name, value in body.items() if isinstance(value, str)] if isinstance(body, dict) else []
    if seen.operation.method == "GET" and names and seen.exchange.response.status < 300:  # noqa: PLR2004 - a success
        yield replace(seen.exchange, extra=replace(_UPDATED, values={names[0]: "updated elsewhere"}).written())


@check(
    severity=Severity.ERROR,
    stage=Stage.RELATION,
    good=[
        Example(
            title="the update is shown",
            operation=_THING,
            response_body={"friendly_name": "night", "max_size": 7},
            expected=_UPDATED,
        ),
        Example(
            title="what is not part of the answer is not missed",
            operation=_THING,
            response_body={"friendly_name": "night"},
            expected=_UPDATED,
        ),
    ],
    bad=[
        Example(
            title="an old value",
            operation=_THING,
            response_body={"friendly_name": "day", "max_size": 7},
            expected=_UPDATED,
        )
    ],
    plant=_plant,
)
def forgotten_update(_: Operation) -> CaseInspector:
    """A resource was updated with success, and a fetch shows another value.

    Fields are compared by their names in snake case, and only where the answer has them. Fields that start something
    (a status, an expiry) are left out: they move on by themselves.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        body = seen.response.body
        if expected.keyword != "updated" or not isinstance(body, Mapping):
            return
        for name, sent in expected.values.items():
            if name in body and not _same(sent, body[name]):
                yield Problem(
                    message=f"{name} was updated to {sent!r}, yet a fetch shows {body[name]!r}",
                    instance_pointer=f"/{escape(name)}",
                    expected=sent,
                    actual=body[name],
                    keyword="updated",
                )

    return inspect


def _same(sent: Any, shown: Any) -> bool:
    """Tell whether a value is shown as it was sent; forms know text only, so `7` and `"7"` are the same."""
    if isinstance(sent, bool) or isinstance(shown, bool):
        return str(sent).lower() == str(shown).lower()
    return str(sent) == str(shown)
