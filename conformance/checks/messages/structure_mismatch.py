"""The check `structure-mismatch`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled


def _spoil(spot: Spot) -> Any:
    if isinstance(spot.value, dict) and spot.keyword("additionalProperties") is False:
        return {**spot.value, "field_that_nobody_documented": 1}
    return ABSENT


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="only documented fields where no others are allowed",
            operation=answering({**record(id={"type": "string"}), "additionalProperties": False}),
            response_body={"id": "1"},
        ),
    ],
    bad=[
        Example(
            title="another field where none is allowed",
            operation=answering({**record(id={"type": "string"}), "additionalProperties": False}),
            response_body={"id": "1", "name": "one"},
        ),
        Example(
            title="two branches of a oneOf at once",
            operation=answering({"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            response_body={"a": 1, "b": 2},
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a schema with a closed object, a choice or a condition",
)
def structure_mismatch(operation: Operation, side: Side) -> MessageInspector | None:
    """A value is put together in a way that the description excludes.

    That is every keyword about structure: a field where no others are allowed, none or several of the `oneOf` branches,
    a `not` that holds, a condition that is broken.
    """
    return inspector(operation, side, "structure")
