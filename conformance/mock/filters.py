"""Which resources of a list a request wants: by equal values, by days, by ranges of days."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from conformance.mock.paging import PARAMETERS
from conformance.mock.representation import Representation
from conformance.mock.store import Resource
from conformance.profiles.twilio import dates
from conformance.schemas.forms import text

Wanted = Callable[[Resource], bool]
"""Tells whether a resource is wanted."""

_DAY: Final = 24 * 60 * 60
_RANGES: Final = {"CreatedBefore": ("date_created", -1), "CreatedAfter": ("date_created", 1)}


def wanted(shape: Representation, said: Mapping[str, list[str]], fixed: Mapping[str, str]) -> Wanted | None:
    """Give the filter of a list; None where everything is wanted.

    `said` is the query as text, `fixed` what the path demands of fields.
    """
    tests = [*_tests(shape, said), *(_equals(name, value) for name, value in fixed.items())]
    if not tests:
        return None
    return lambda resource: all(test(resource) for test in tests)


def _tests(shape: Representation, said: Mapping[str, list[str]]) -> Iterator[Wanted]:
    for name, values in said.items():
        if name in PARAMETERS or not values[-1]:
            continue
        if shape.kind.twilio and name in _RANGES:
            field, side = _RANGES[name]
            yield _day(field, values[-1], side)
        elif shape.kind.twilio and name.endswith(("<", ">")):
            about = shape.field_of(name[:-1])
            if about is not None:
                yield _day(about, values[-1], -1 if name.endswith("<") else 1)
        else:
            about = shape.field_of(name)
            if about is not None:
                yield _any_of(shape, about, values)


def _any_of(shape: Representation, name: str, values: list[str]) -> Wanted:
    """Want a value among some; those of a SID may be separated by commas."""
    if shape.is_date(name) and all(dates.seconds(value) is not None for value in values):
        tests = [_day(name, value, 0) for value in values]
    else:
        parts = [part for value in values for part in (value.split(",") if name.endswith("sid") else [value])]
        tests = [_equals(name, part) for part in parts]
    return lambda resource: any(test(resource) for test in tests)


def _equals(name: str, value: str) -> Wanted:
    def test(resource: Resource) -> bool:
        actual = resource.values.get(name)
        return actual is not None and (actual == value or text(actual) == value)

    return test


def _day(name: str, value: str, side: int) -> Wanted:
    """Want the same day (0), that day or before (-1), or that day or after (1)."""
    asked = dates.seconds(value)

    def test(resource: Resource) -> bool:
        actual = dates.seconds(resource.values.get(name))
        if actual is None or asked is None:
            return False
        difference = actual // _DAY - asked // _DAY
        return difference * side >= 0 if side else difference == 0

    return test
