"""The check `unknown-enum-value`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import answering, query, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled


def _spoil(spot: Spot) -> Any:
    members = spot.keyword("enum")
    if not isinstance(spot.value, str) or not members:
        return ABSENT
    candidates = (spot.value.upper(), spot.value.lower(), f"{spot.value}-unknown")
    return next(bad for bad in candidates if bad not in members)


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="a documented value",
            operation=answering(record(status={"type": "string", "enum": ["queued", "sent"]})),
            response_body={"status": "sent"},
        ),
    ],
    bad=[
        Example(
            title="an undocumented value",
            operation=answering(record(status={"type": "string", "enum": ["queued", "sent"]})),
            response_body={"status": "lost"},
        ),
        Example(
            title="a documented value in the wrong case",
            operation=query("Status", {"type": "string", "enum": ["queued", "sent"]}),
            url="https://api.example.com/things/TH00000000000000000000000000000001?Status=SENT",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def unknown_enum_value(operation: Operation, side: Side) -> MessageInspector | None:
    """A value is not one of those that the description lists.

    A client that maps the list to a type of its own has no member for it. A value in the wrong case is another value.
    """
    return inspector(operation, side, "enum")
