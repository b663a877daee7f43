"""The check `missing-required-field`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import answering, query, record
from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled, with_query, with_request_header
from conformance.schemas.walk import required


def _spoil(spot: Spot) -> Any:
    if not isinstance(spot.value, dict):
        return ABSENT
    missing = sorted(required(spot.schema, spot.root) & spot.value.keys())
    return {name: spot.value[name] for name in spot.value if name != missing[0]} if missing else ABSENT


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    yield from spoiled(seen, side, _spoil)
    if side is Side.REQUEST:
        for parameter in seen.operation.parameters:
            if parameter.required and parameter.location is Location.QUERY:
                yield with_query(seen.exchange, parameter.name, [])
            elif parameter.required and parameter.location is Location.HEADER:
                yield with_request_header(seen.exchange, parameter.name, None)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="the required field is there",
            operation=answering({**record(id={"type": "string"}), "required": ["id"]}),
            response_body={"id": "1"},
        ),
    ],
    bad=[
        Example(
            title="the required field is missing",
            operation=answering({**record(id={"type": "string"}), "required": ["id"]}),
            response_body={},
        ),
        Example(
            title="the required parameter is missing",
            operation=query("Day", {"type": "string"}, required=True),
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a required field or parameter",
)
def missing_required_field(operation: Operation, side: Side) -> MessageInspector | None:
    """A required field or parameter is missing.

    The description promises it, so clients read it without looking.
    """
    return inspector(operation, side, "required")
