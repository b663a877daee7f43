"""The check `out-of-bounds`."""

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
    limits = {name: spot.keyword(name) for name in ("minimum", "maximum", "maxLength", "maxItems", "minItems")}
    if spot.keyword("pattern") or spot.keyword("enum"):
        return ABSENT
    if isinstance(spot.value, int) and not isinstance(spot.value, bool):
        if limits["maximum"] is not None:
            return limits["maximum"] + 1
        return ABSENT if limits["minimum"] is None else limits["minimum"] - 1
    if isinstance(spot.value, str) and limits["maxLength"] is not None:
        return "x" * (limits["maxLength"] + 1)
    if isinstance(spot.value, list) and spot.value:
        if limits["maxItems"] is not None:
            return spot.value[:1] * (limits["maxItems"] + 1)
        if limits["minItems"] and not spot.is_text:
            return spot.value[: limits["minItems"] - 1]
    return ABSENT


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="a number at its bound",
            operation=query("PageSize", {"type": "integer", "maximum": 1000}),
            url="https://api.example.com/things/TH00000000000000000000000000000001?PageSize=1000",
            status=204,
        ),
    ],
    bad=[
        Example(
            title="a number beyond its bound",
            operation=query("PageSize", {"type": "integer", "maximum": 1000}),
            url="https://api.example.com/things/TH00000000000000000000000000000001?PageSize=1001",
            status=204,
        ),
        Example(
            title="a text that is too long",
            operation=answering(record(body={"type": "string", "maxLength": 3})),
            response_body={"body": "four"},
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def out_of_bounds(operation: Operation, side: Side) -> MessageInspector | None:
    """A number, a length or a count is outside its bounds.

    That is `minimum`, `maximum` and their exclusive forms, `multipleOf`, the lengths of strings, the counts of items
    and properties, and `uniqueItems`.
    """
    return inspector(operation, side, "bounds")
