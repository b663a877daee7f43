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
from conformance.schemas.walk import items


def _spoil(spot: Spot) -> Any:
    members = _members(spot)
    if "array" in spot.types and "string" not in spot.types and spot.is_text:
        item = items(spot.schema, spot.root)
        bad = ABSENT if item is None else _spoil(Spot(value=ABSENT, schema=item, root=spot.root, is_text=True))
        return ABSENT if bad is ABSENT else [bad]
    if not members:
        return ABSENT
    text = next((member for member in (spot.value, *members) if isinstance(member, str)), None)
    if text is not None:
        return next(bad for bad in (text.upper(), text.lower(), f"{text}-unknown") if bad not in members)
    numbers = [member for member in members if isinstance(member, int | float) and not isinstance(member, bool)]
    return max(numbers) + 1 if numbers else ABSENT


def _members(spot: Spot) -> list[Any]:
    members = spot.keyword("enum")
    constant = spot.keyword("const")
    if isinstance(members, list):
        return members
    return [] if constant is None else [constant]


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
    needs="a value from a list",
)
def unknown_enum_value(operation: Operation, side: Side) -> MessageInspector | None:
    """A value is not one of those that the description lists.

    A client that maps the list to a type of its own has no member for it. A value in the wrong case is another value.
    """
    return inspector(operation, side, "enum")
