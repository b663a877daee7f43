"""The filters of a list: query parameters that name a field of its items, and what they exclude."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from conformance.model.operation import Location, Operation
from conformance.profiles.twilio.answers import shape
from conformance.profiles.twilio.dates import moment
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.numbers import is_dialled
from conformance.profiles.twilio.parameters import PAGING
from conformance.profiles.twilio.sids import is_masked
from conformance.schemas.walk import keyword, types

_LETTERS: Final = re.compile(r"[^a-z0-9]+")
_SCALARS: Final = frozenset({"string", "integer", "boolean", "null"})

Excludes = Callable[[str, Any], bool]
"""Tells whether a filter, as it was sent, excludes the value of a field."""


def by_text(wanted: str, value: Any) -> bool:
    """Tell whether a value is not the one that was asked for; capitals and signs between words say nothing."""
    if isinstance(value, bool):
        return wanted.lower() != str(value).lower()
    text = str(value)
    if text == wanted or is_masked(text) or is_masked(wanted):
        return False
    return _LETTERS.sub("", text.lower()) not in {
        _LETTERS.sub("", each.lower()) for each in (wanted, *wanted.split(","))
    }


def by_number(wanted: str, value: Any) -> bool:
    """Tell whether a phone number or address is not the one that was asked for."""
    both_are_numbers = str(value).startswith("+") and wanted.startswith("+")
    if value == wanted or is_masked(str(value)) or is_masked(wanted):
        return False
    return not is_dialled(wanted, str(value)) and (both_are_numbers or by_text(wanted, value))


def _days(wanted: str, value: Any) -> tuple[date, date] | None:
    """Give the day that was asked for and that of a field; None where either is none."""
    read = moment(value) if isinstance(value, str) else None
    try:
        return None if read is None else (date.fromisoformat(wanted), read.date())
    except ValueError:
        return None


def by_day(wanted: str, value: Any) -> bool:
    """Tell whether a moment is not of the day that was asked for."""
    days = _days(wanted, value)
    return days is not None and days[0] != days[1]


def by_latest(wanted: str, value: Any) -> bool:
    """Tell whether a moment is after the day that was asked for."""
    days = _days(wanted, value)
    return days is not None and days[1] > days[0]


def by_earliest(wanted: str, value: Any) -> bool:
    """Tell whether a moment is before the day that was asked for."""
    days = _days(wanted, value)
    return days is not None and days[1] < days[0]


def filters(operation: Operation) -> list[tuple[str, str, Excludes]]:
    """Give the filters of an operation with the fields they are about."""
    known = shape(operation)
    if known is None or known.items is None:
        return []
    found: list[tuple[str, str, Excludes]] = []
    for parameter in operation.parameters_in(Location.QUERY):
        field, root = snake_case(parameter.name), parameter.schema.json_schema
        if parameter.name in PAGING or field not in known.fields or not types(root, root) <= _SCALARS:
            continue
        if keyword(root, root, "format") == "date":
            found += [
                (parameter.name, field, by_day),
                (f"{parameter.name}<", field, by_latest),
                (f"{parameter.name}>", field, by_earliest),
            ]
        else:
            found.append((parameter.name, field, by_number if field in {"to", "from"} else by_text))
    return found
