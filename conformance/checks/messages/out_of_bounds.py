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
    if spot.keyword("enum") or spot.keyword("pattern") or spot.keyword("format") in _COVERING:
        return ABSENT
    allowed = spot.types
    if {"integer", "number"} & allowed and not (spot.is_text and "string" in allowed):
        return _number(spot)
    if "string" in allowed:
        return _text(spot)
    return _list(spot) if "array" in allowed else ABSENT


_COVERING = frozenset({"date", "date-time", "email", "phone-number", "uri", "uuid"})
"""Formats that every text of a wrong length breaks first."""


def _number(spot: Spot) -> Any:
    for name, step in (("maximum", 1), ("exclusiveMaximum", 0), ("minimum", -1), ("exclusiveMinimum", 0)):
        limit = spot.keyword(name)
        if limit is not None:
            return limit + step
    factor = spot.keyword("multipleOf")
    return ABSENT if factor is None else factor * 1.5


def _text(spot: Spot) -> Any:
    most, least = spot.keyword("maxLength"), spot.keyword("minLength")
    if most is not None:
        return "x" * (most + 1)
    return "x" * (least - 1) if least else ABSENT


def _list(spot: Spot) -> Any:
    item = spot.value[:1] if isinstance(spot.value, list) else []
    most, least = spot.keyword("maxItems"), spot.keyword("minItems")
    if most is not None and item:
        return item * (most + 1)
    if spot.keyword("uniqueItems") and item:
        return item * 2
    return item * (least - 1) if least and (item or least == 1) and not spot.is_text else ABSENT


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
    needs="a bounded number, length or count",
)
def out_of_bounds(operation: Operation, side: Side) -> MessageInspector | None:
    """A number, a length or a count is outside its bounds.

    That is `minimum`, `maximum` and their exclusive forms, `multipleOf`, the lengths of strings, the counts of items
    and properties, and `uniqueItems`.
    """
    return inspector(operation, side, "bounds")
