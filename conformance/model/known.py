"""Findings that somebody accepted, and what a run shows of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from msgspec import field

from conformance.model.value import Value


class Entry(Value, frozen=True, kw_only=True):
    """One accepted finding. The fingerprint decides; the rest is for whoever reads the baseline."""

    fingerprint: str
    rule: str
    operation: str | None
    place: str
    """The side and the instance pointer."""
    message: str
    reason: str
    """Why it is accepted."""
    expires: dt.date | None = None
    """The last day on which it is accepted; None for ever."""


class Standing(Value, frozen=True, kw_only=True):
    """What a run shows of a baseline."""

    accepted: Mapping[str, Entry] = field(default_factory=dict)
    """By fingerprint: entries whose finding is there; it does not fail."""
    expired: tuple[Entry, ...] = ()
    """Entries whose finding is there, but whose day has passed: it fails again."""
    fixed: tuple[Entry, ...] = ()
    """Entries whose operation was called and whose rule looked, without the finding."""
    stale: tuple[Entry, ...] = ()
    """Entries that no run can confirm: their operation or rule does not exist."""
    unseen: tuple[Entry, ...] = ()
    """Entries that this run says nothing about."""
