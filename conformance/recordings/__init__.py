"""Files as exchanges: one file a format, found by their content.

A format is a module with `recognizes(head, name)`, which tells by the first bytes whether a file is its own, and
`read(file, path)`, which gives exchanges one by one and a `RecordingError` in the place of an entry that is broken.
"""

from __future__ import annotations

import io
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from conformance.errors import RecordingError
from conformance.model.http import Exchange

_HEAD: Final = 4096
STANDARD_INPUT: Final = "-"

Entry = Exchange | RecordingError
"""An exchange, or why there is none."""


class Format(Protocol):
    """A recording format: a module of this room."""

    def recognizes(self, head: bytes, name: str) -> bool:
        """Tell whether a file that starts with these bytes is of this format."""

    def read(self, file: BinaryIO, path: str) -> Iterator[Entry]:
        """Give the entries of a file in order."""


@cache
def formats() -> tuple[Format, ...]:
    """Give every format, by the name of its module."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    return tuple(cast("Format", module) for module in modules if hasattr(module, "recognizes"))


def find(paths: Iterable[str]) -> list[str]:
    """Give the files that paths name; a folder gives every recording below it, by name.

    Raises:
        RecordingError: a path does not exist, or a folder has no recording.

    """
    found: list[str] = []
    for path in paths:
        if path == STANDARD_INPUT:
            found.append(path)
        elif Path(path).is_dir():
            inside = [str(file) for file in sorted(Path(path).rglob("*")) if file.is_file() and _is_recording(file)]
            if not inside:
                raise RecordingError(path=path, what="no recording in this folder", expected=_known())
            found += inside
        elif Path(path).exists():
            found.append(path)
        else:
            raise RecordingError(path=path, what="no such file or folder", expected="a recording")
    return list(dict.fromkeys(found))


def _is_recording(file: Path) -> bool:
    with file.open("rb") as stream:
        return _format(stream.read(_HEAD), file.name) is not None


def _known() -> str:
    return "one of " + ", ".join(sorted(module.__name__.rpartition(".")[2] for module in formats()))  # type: ignore[attr-defined] # modules


def _format(head: bytes, name: str) -> Format | None:
    return next((form for form in formats() if form.recognizes(head, name)), None)


def read(path: str) -> Iterator[Entry]:
    """Give the entries of a file, or of standard input, one by one.

    Raises:
        RecordingError: it cannot be opened, or is of no known format.

    """
    if path == STANDARD_INPUT:
        yield from _entries(cast("io.BufferedReader", sys.stdin.buffer), "<stdin>")
        return
    try:
        with Path(path).open("rb") as file:
            yield from _entries(file, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordingError(path=path, what=f"cannot be read ({reason})", expected="a readable file") from error


def _entries(file: io.BufferedReader, path: str) -> Iterator[Entry]:
    head = file.peek(_HEAD)[:_HEAD]
    form = _format(head, path)
    if form is None:
        what = "empty" if not head else "of no format that is known here"
        raise RecordingError(path=path, what=what, expected=_known())
    yield from form.read(file, path)
