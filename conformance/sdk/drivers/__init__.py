"""Drivers that ship: one file an SDK, with its name in reports, a `TITLE` and a `launch` that says how it is started.

The programs themselves (`programs/`) run where their SDK is, outside of this package.
"""

from __future__ import annotations

import pkgutil
import shlex
import shutil
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from conformance.sdk.protocol import DriverFailed, Launch


class Shipped(Protocol):
    """A driver: a module of this folder."""

    SDK: str
    """The name that reports have for the SDK."""
    TITLE: str

    def launch(self, version: str | None) -> Launch:
        """Say how the program is started, with a version of the SDK or with the one that is here."""


@cache
def names() -> tuple[str, ...]:
    """Give the names of the drivers that ship."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if not found.ispkg))


def shipped(name: str) -> Shipped:
    """Give a driver that ships."""
    return cast("Shipped", import_module(f"{__name__}.{name}"))


def launch(text: str, version: str | None = None) -> Launch:
    """Say how a driver is started: one that ships, by its name or that of its SDK, or any other, by its command.

    Raises:
        DriverFailed: it is not there, or its SDK is not.

    """
    name = next((each for each in names() if text in {each, shipped(each).SDK}), None)
    if name is not None:
        return shipped(name).launch(version)
    command = tuple(shlex.split(text))
    if not command or shutil.which(command[0]) is None:
        message = f"no driver {text!r}: the drivers are {', '.join(names())}, or give the command that starts yours"
        raise DriverFailed(message)
    if version is not None:
        message = f"{text!r} is a driver of yours: which version of its SDK it drives is up to it"
        raise DriverFailed(message)
    return Launch(name=Path(command[-1]).stem, command=command)


def state(name: str) -> str:
    """Say whether a driver that ships can run here: `ready`, or `missing`."""
    try:
        shipped(name).launch(None)
    except DriverFailed:
        return "missing"
    return "ready"


def program(name: str) -> str:
    """Give the path of a program that ships."""
    return str(Path(__file__).parent / "programs" / name)
