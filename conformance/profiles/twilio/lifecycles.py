"""How Twilio's resources change by themselves and by request."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from msgspec import field

from conformance.model.value import Value

NOW: Final = "@now"
"""Stands for the time of the change, in the style of the field."""
ELAPSED: Final = "@elapsed"
"""Stands for the seconds since the resource was made."""


class Step(Value, frozen=True, kw_only=True):
    """A change that happens by itself."""

    after: int
    """Seconds since the resource was made."""
    fields: Mapping[str, str]


class Ending(Value, frozen=True, kw_only=True):
    """What goes with a status that a request sets; nothing happens by itself afterwards."""

    origins: frozenset[str]
    """The statuses in which it may be set."""
    fields: Mapping[str, str]


class Lifecycle(Value, frozen=True, kw_only=True):
    """The life of one kind of resource: it moves forward only."""

    start: Mapping[str, str]
    steps: tuple[Step, ...] = ()
    endings: Mapping[str, Ending] = field(default_factory=dict)
    final: frozenset[str] = frozenset()
    """Statuses that never change."""


@cache
def _table() -> Mapping[str, Lifecycle]:
    text = (files(__package__) / "lifecycles.toml").read_text(encoding="utf-8")
    return {entry["path"]: _lifecycle(entry) for entry in tomllib.loads(text)["lifecycle"]}


def _lifecycle(entry: Mapping[str, Any]) -> Lifecycle:
    return Lifecycle(
        start=entry["start"],
        steps=tuple(
            Step(after=step["after"], fields={name: value for name, value in step.items() if name != "after"})
            for step in entry.get("steps", ())
        ),
        endings={
            status: Ending(
                origins=frozenset(ending["from"]),
                fields={name: value for name, value in ending.items() if name != "from"},
            )
            for status, ending in entry.get("endings", {}).items()
        },
        final=frozenset(entry.get("final", ())),
    )


def lifecycle(path: str) -> Lifecycle | None:
    """Give the life of what stands in a collection: its path without suffix, `{}` for each parameter."""
    return _table().get(path)
