"""The check `type-mismatch`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled
from conformance.schemas.walk import items, types

_FAULTS: tuple[tuple[str, Any], ...] = (("string", "not-this-type"), ("integer", 7), ("array", []), ("object", {}))


def _spoil(spot: Spot) -> Any:
    allowed = spot.types
    if spot.is_text:
        if "array" in allowed and "string" not in allowed:
            item = items(spot.schema, spot.root)
            return ABSENT if item is None or _as_text(types(item, spot.root)) else ["not-this-type"]
        return ABSENT if _as_text(allowed) else "not-this-type"
    if isinstance(spot.value, int) and not isinstance(spot.value, bool) and "string" not in allowed:
        return str(spot.value)
    return next((bad for kind, bad in _FAULTS if kind not in allowed), ABSENT)


def _as_text(allowed: frozenset[str]) -> bool:
    """Tell whether any text reads as one of the types."""
    return bool({"string", "array", "object"} & allowed)


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="an integer as an integer",
            operation=answering(record(count={"type": "integer"})),
            response_body={"count": 3},
        ),
        Example(
            title="a form field that reads as an integer",
            operation=form(record(Count={"type": "integer"})),
            method="POST",
            request_headers=FORM,
            request_body="Count=3",
            status=204,
        ),
    ],
    bad=[
        Example(
            title="an integer as a string",
            operation=answering(record(count={"type": "integer"})),
            response_body={"count": "3"},
        ),
        Example(
            title="null where no null is allowed",
            operation=answering(record(note={"type": "string"})),
            response_body={"note": None},
        ),
        Example(
            title="a form field that does not read as an integer",
            operation=form(record(Count={"type": "integer"})),
            method="POST",
            request_headers=FORM,
            request_body="Count=many",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a value of a limited type",
)
def type_mismatch(operation: Operation, side: Side) -> MessageInspector | None:
    """A value has another JSON type than the description says.

    A typed client cannot hold such a value: it raises, or it silently gives its caller something else.
    """
    return inspector(operation, side, "type")
