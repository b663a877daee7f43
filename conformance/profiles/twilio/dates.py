"""How Twilio writes dates: RFC 2822 on api.twilio.com/2010-04-01, ISO 8601 with `Z` everywhere else."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


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
