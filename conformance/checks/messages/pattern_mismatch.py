"""The check `pattern-mismatch`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.constraints import inspector
from conformance.schemas.planting import Spot, spoiled


def _spoil(spot: Spot) -> Any:
    pattern = spot.keyword("pattern")
    if not isinstance(spot.value, str) or pattern is None or prefixes_of_pattern(pattern) is not None:
        return ABSENT
    candidates = ("", "\x7f", f"{spot.value}\n", "?" * len(spot.value))
    return next((bad for bad in candidates if not re.search(pattern.replace("$", r"\Z"), bad)), ABSENT)


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="four digits",
            operation=answering(record(pin={"type": "string", "pattern": "^[0-9]{4}$"})),
            response_body={"pin": "1234"},
        ),
    ],
    bad=[
        Example(
            title="a trailing newline",
            operation=answering(record(pin={"type": "string", "pattern": "^[0-9]{4}$"})),
            response_body={"pin": "1234\n"},
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def pattern_mismatch(operation: Operation, side: Side) -> MessageInspector | None:
    """A string does not match its pattern.

    Patterns are read as JSON Schema reads them: unanchored unless they say otherwise, and `$` is the very end, so that
    a trailing newline counts. Patterns of identifiers belong to `malformed-sid`.
    """
    return inspector(operation, side, "pattern")
