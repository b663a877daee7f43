"""Is that right: every rule by itself, one file a rule, found by their folders."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from conformance.model.rule import Check, Subject

_HOMES = ("conformance.checks", "conformance.profiles.twilio.checks")


@cache
def every(*subjects: Subject) -> tuple[Check, ...]:
    """Give every check, or those about some subjects, by id; only the folders of these subjects are imported."""
    folders = {subject.value for subject in subjects or Subject}
    found = {check.id: check for home in _HOMES for check in _in(import_module(home), folders)}
    return tuple(found[name] for name in sorted(found))


def of_traffic(*, strict: bool = False) -> tuple[Check, ...]:
    """Give the checks that look at traffic, the strict ones where asked; those about descriptions are not imported."""
    found = every(*(subject for subject in Subject if subject is not Subject.SPEC))
    return found if strict else tuple(check for check in found if not check.strict)


def by_default() -> tuple[Check, ...]:
    """Give the checks of traffic that hold where nobody chooses: all but the strict ones."""
    return tuple(check for check in of_traffic() if not check.strict)


def _in(home: ModuleType, folders: set[str]) -> Iterator[Check]:
    for folder in pkgutil.iter_modules(home.__path__, f"{home.__name__}."):
        if not folder.ispkg or folder.name.rpartition(".")[2] not in folders:
            continue
        for module in pkgutil.iter_modules(import_module(folder.name).__path__, f"{folder.name}."):
            check = getattr(import_module(module.name), module.name.rpartition(".")[2])
            assert isinstance(check, Check)  # noqa: S101 - a module of these folders holds a check of its own name
            yield check
