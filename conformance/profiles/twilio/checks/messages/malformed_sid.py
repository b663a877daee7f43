"""The check `malformed-sid`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, MessageInspector, Severity, Side, Stage, check
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.constraints import looking_for, uses
from conformance.schemas.planting import Spot, spoiled
from conformance.schemas.problems import IDENTIFIER

_CALL = answering(record(sid={"type": "string", "pattern": "^CA[0-9a-fA-F]{32}$"}))


def _spoil(spot: Spot) -> Any:
    pattern = spot.keyword("pattern")
    if not isinstance(pattern, str) or "string" not in spot.types or (prefixes := prefixes_of_pattern(pattern)) is None:
        return ABSENT
    digits = spot.value[2:] if isinstance(spot.value, str) and spot.value else "0" * 32
    return f"XX{digits}" if prefixes else f"CA{digits[:-1]}g"


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    return spoiled(seen, side, _spoil)


@check(
    severity=Severity.ERROR,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="the right prefix and 32 hexadecimal digits in either case",
            operation=_CALL,
            response_body={"sid": "CA00000000000000000000000000abCDef"},
        ),
    ],
    bad=[
        Example(
            title="the prefix of another resource",
            operation=_CALL,
            response_body={"sid": "SM000000000000000000000000000000ab"},
        ),
        Example(
            title="a placeholder from a document",
            operation=_CALL,
            response_body={"sid": "CAXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"},
        ),
        Example(
            title="a trailing newline",
            operation=_CALL,
            response_body={"sid": "CA000000000000000000000000000000ab\n"},
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a SID with a pattern",
)
def malformed_sid(operation: Operation, side: Side) -> MessageInspector | None:
    """A SID does not match its pattern: wrong prefix, wrong length, or digits that are not hexadecimal.

    A SID is two letters that name the kind of resource and 32 hexadecimal digits. With another prefix it names another
    resource, and every later request that uses it fails. Where the description has no pattern, `wrong-sid-prefix`
    looks at the prefix.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid and the patterns of the description.
    """
    patterns = uses(operation, side).patterns
    return looking_for(IDENTIFIER) if any(prefixes_of_pattern(pattern) is not None for pattern in patterns) else None
