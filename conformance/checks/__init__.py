"""Is that right: every rule by itself, one file a rule, found by their folders."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from conformance.model.rule import Check

_HOMES = ("conformance.checks", "conformance.profiles.twilio.checks")


@cache
def every() -> tuple[Check, ...]:
    """Give every check, by id."""
    found = {check.id: check for home in _HOMES for check in _in(import_module(home))}
    return tuple(found[name] for name in sorted(found))


def _in(home: ModuleType) -> Iterator[Check]:
    for folder in pkgutil.iter_modules(home.__path__, f"{home.__name__}."):
        if not folder.ispkg:
            continue
        for module in pkgutil.iter_modules(import_module(folder.name).__path__, f"{folder.name}."):
            check = getattr(import_module(module.name), module.name.rpartition(".")[2])
            assert isinstance(check, Check)  # noqa: S101 - a module of these folders holds a check of its own name
            yield check
