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
from conformance.schemas.constraints import looking_for, uses
from conformance.schemas.planting import Spot, spoiled


def _spoil(spot: Spot) -> Any:
    pattern = spot.keyword("pattern")
    if not isinstance(pattern, str) or "string" not in spot.types or not _is_plain(pattern) or spot.keyword("enum"):
        return ABSENT
    text = spot.value if isinstance(spot.value, str) else ""
    candidates = (f"{text}\n", "?" * (len(text) or 1), "\x7f", "0", "a", "")
    return next((bad for bad in candidates if not re.search(_anchored(pattern), bad)), ABSENT)


def _anchored(pattern: str) -> str:
    """Give the pattern for Python, where `$` also stands before a newline at the end."""
    return f"{pattern[:-1]}\\Z" if pattern.endswith("$") and not pattern.endswith("\\$") else pattern


def _is_plain(pattern: str) -> bool:
    return prefixes_of_pattern(pattern) is None


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
    needs="a pattern that is not that of an identifier",
)
def pattern_mismatch(operation: Operation, side: Side) -> MessageInspector | None:
    """A string does not match its pattern.

    Patterns are read as JSON Schema reads them: unanchored unless they say otherwise, and `$` is the very end, so that
    a trailing newline counts. Patterns of identifiers belong to `malformed-sid`.
    """
    return looking_for("pattern") if any(map(_is_plain, uses(operation, side).patterns)) else None
