"""The check `impossible-dates`.

What must hold for every resource: of the pairs of dates below that it has, the first is not after the second. Dates
that are null, or cannot be read, are not compared. Twilio changes the record of a call before, while and after it runs,
so `date_updated` is only held against `date_created`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC
from typing import Any, Final

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import Shape, resources, shape
from conformance.profiles.twilio.dates import instant, iso_8601, moment, rfc_2822
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer

PAIRS: Final = (
    ("date_created", "date_updated"),
    ("date_created", "last_updated"),
    ("date_created", "date_completed"),
    ("date_created", "date_deleted"),
    ("date_created", "date_ended"),
    ("date_created", "date_sent"),
    ("date_started", "date_ended"),
    ("start_time", "end_time"),
)
"""Fields of which the first never comes after the second."""


_LATE: Final = frozenset({"date_sent", "end_time"})
"""Dates that a resource has only in some states; one that has them in another state shows another fault."""


def after(first: Any, second: Any) -> bool:
    """Tell whether the first of two dates comes after the second."""
    if first == second or not isinstance(first, str) or not isinstance(second, str):
        return False
    one, other = instant(first), instant(second)
    return one is not None and other is not None and one > other


def _pairs(known: Shape) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in PAIRS if set(pair) <= known.fields.keys())


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, resource in resources(seen, known):
        for first, second in _pairs(known):
            text = resource.get(first)
            read = moment(text) if isinstance(text, str) else None
            if read is not None and isinstance(text, str) and (resource.get(second) or second not in _LATE):
                earlier = int(read.astimezone(UTC).timestamp()) - 86_400
                yield with_answer(
                    seen, f"{pointer}/{second}", iso_8601(earlier) if text.endswith("Z") else rfc_2822(earlier)
                )


_CALL = answering(record(start_time={"type": ["string", "null"]}, end_time={"type": ["string", "null"]}))


def _example(title: str, start: str | None, end: str | None) -> Example:
    return Example(
        title=title,
        operation=_CALL,
        server=example.HOST,
        path="/Calls/{CallSid}.json",
        url=f"{example.HOST}/Calls/CA{'a' * 32}.json",
        response_body={"start_time": start, "end_time": end},
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example("the same moment in two zones", "Fri, 14 Oct 2016 21:56:34 +0200", "Fri, 14 Oct 2016 19:56:34 +0000"),
        _example("a call that still runs", "Fri, 14 Oct 2016 21:56:34 +0000", None),
    ],
    bad=[
        _example(
            "a call that ends before it starts", "Fri, 14 Oct 2016 21:56:34 +0000", "Fri, 14 Oct 2016 21:56:33 +0000"
        ),
        _example("the same in ISO 8601", "2016-10-14T21:56:34Z", "2016-10-13T21:56:34Z"),
    ],
    plant=_plant,
    needs="a resource with two dates that have an order",
)
def impossible_dates(operation: Operation) -> Inspector | None:
    """Two dates of a resource are in an order that cannot be.

    Nothing is changed, sent or ended before it is created, and nothing ends before it starts. Durations and ages that
    are computed from such dates are negative.
    """
    known = shape(operation)
    if known is None or not _pairs(known):
        return None
    pairs, spec = _pairs(known), spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            for first, second in pairs:
                if after(resource.get(first), resource.get(second)):
                    yield Problem(
                        message=f"{second} is {resource[second]!r}, before {first} {resource[first]!r}",
                        instance_pointer=f"{pointer}/{second}",
                        spec_pointer=spec,
                        expected=f"not before {resource[first]}",
                        actual=resource[second],
                        keyword="dates",
                    )

    def is_clear(found: Sequence[Mapping[str, Any]], _: Matched) -> bool:
        for resource in found:
            for first, second in pairs:
                one, other = resource.get(first), resource.get(second)
                if one and other and one != other and after(one, other):
                    return False
        return True

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
