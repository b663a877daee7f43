"""A report as text: one file a view, drawn from the report alone and never read back.

A view is a module with `FILE`, the name of the file it makes in the output folder (None for what is printed), and
`render(shown)`, which gives its text.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from conformance.errors import SettingsError
from conformance.model.overview import Overview


class View(Protocol):
    """A view: a module of this room."""

    FILE: str | None

    def render(self, shown: Overview) -> str:
        """Give the text of a report."""


@cache
def names() -> tuple[str, ...]:
    """Give the names of all views."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__)))


def view(name: str) -> View:
    """Give a view by its name.

    Raises:
        SettingsError: there is none of that name.

    """
    if name not in names():
        raise SettingsError(where="--report", what=f"no view {name!r}", hint=f"choose from {', '.join(names())}")
    return cast("View", import_module(f"{__name__}.{name}"))
