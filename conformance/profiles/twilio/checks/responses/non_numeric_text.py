"""The check `non-numeric-text`.

What must hold for every resource: the fields that `conformance.profiles.twilio.numbers` knows as numbers written as
text, where they are text and not empty, hold a decimal number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Contract, Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import Shape, resources, shape
from conformance.profiles.twilio.numbers import is_decimal
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")


def malformed(value: Any) -> bool:
    """Tell whether text that should hold a number does not."""
    return isinstance(value, str) and bool(value) and not value.isdecimal() and _NUMBER.fullmatch(value) is None


def _fields(known: Shape) -> tuple[str, ...]:
    return tuple(name for name, schema in known.fields.items() if is_decimal(name, schema, known.root))


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    for pointer, resource in resources(seen, known) if known is not None else ():
        for name in _fields(known) if known is not None else ():
            if name in resource:
                yield with_answer(seen, f"{pointer}/{name}", "several")


def _example(title: str, duration: str) -> Example:
    return Example(
        title=title,
        operation=answering(record(duration={"type": "string"})),
        server=example.HOST,
        path="/Calls/{CallSid}.json",
        url=f"{example.HOST}/Calls/CA{'a' * 32}.json",
        response_body={"duration": duration},
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.SCHEMA,
    good=[_example("seconds", "15"), _example("a recording that has not ended", "-1")],
    bad=[_example("minutes and seconds", "0:15")],
    plant=_plant,
    silent_when_clear=True,
    needs="a number that Twilio writes as text",
)
def non_numeric_text(operation: Operation) -> Inspector | None:
    """A number that Twilio writes as text is no number.

    The schema says text, every client reads a number: an amount, a count, seconds. Under the contract as written the
    text is whatever the description allows, and this check says nothing.
    """
    known = shape(operation)
    if known is None or not _fields(known) or operation.api.contract is Contract.AS_WRITTEN:
        return None
    names, spec = _fields(known), spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            for name in names:
                if malformed(resource.get(name)):
                    yield Problem(
                        message=f"{name} is {resource[name]!r}, not a number",
                        instance_pointer=f"{pointer}/{name}",
                        spec_pointer=spec,
                        expected="a decimal number as text",
                        actual=resource[name],
                        keyword="number-text",
                    )

    return inspect
