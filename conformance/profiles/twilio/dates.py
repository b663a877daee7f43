"""How Twilio writes dates, and how they are read: RFC 2822 on api.twilio.com/2010-04-01, else ISO 8601 with `Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_RFC_2822: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:([+-])(\d{2})(\d{2})|GMT|UTC?|Z)"
)


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime | None:
    """Read a date and time in either style; None where it is neither, or says no offset from UTC."""
    found = _RFC_2822.fullmatch(text)
    try:
        if found is None:
            read = datetime.fromisoformat(text)
            return read.astimezone(UTC) if read.tzinfo is not None else None
        day_, month, year, hour, minute, second, sign, hours, minutes = found.groups()
        read = datetime(
            int(year), _MONTHS.index(month) + 1, int(day_), int(hour), int(minute), min(int(second), 59), tzinfo=UTC
        )
    except (ValueError, OverflowError):
        return None
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    return read + offset if sign == "-" else read - offset


@lru_cache(maxsize=4096)
def instant(text: str) -> float | None:
    """Read a date and time in either style as seconds since 1970; None where `moment` is."""
    read = moment(text)
    return None if read is None else read.timestamp()


@lru_cache(maxsize=1024)
def iso_8601(seconds: int) -> str:
    """Write a time in seconds since 1970 as `2016-10-14T21:56:34Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@lru_cache(maxsize=1024)
def rfc_2822(seconds: int) -> str:
    """Write a time in seconds since 1970 as `Fri, 14 Oct 2016 21:56:34 +0000`, whatever the locale."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {_MONTHS[moment.month - 1]} {moment.year:04d} "
        f"{moment.hour:02d}:{moment.minute:02d}:{moment.second:02d} +0000"
    )


@lru_cache(maxsize=1024)
def day(seconds: int) -> str:
    """Write the day of a time in seconds since 1970 as `2016-10-14`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def seconds(text: object) -> int | None:
    """Read a date of either style, or a day, as seconds since 1970; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text) if text[:1].isdigit() else parsedate_to_datetime(text)
        return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp())
    except (ValueError, OverflowError):
        return None
