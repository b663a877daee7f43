"""Files as exchanges: one file a format, found by their content.

A format is a module with `recognizes(head, name)`, which tells by the first bytes whether a file is its own, and
`read(file, path)`, which gives exchanges one by one and a `RecordingError` in the place of an entry that is broken.
One that can also be written has `SUFFIXES` and `writer(file)`.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from conformance.errors import RecordingError
from conformance.recordings.entry import Entry, Write
from conformance.recordings.window import buffered

__all__ = ["STANDARD_INPUT", "STANDARD_OUTPUT", "Entry", "Format", "Write", "find", "formats", "read", "writer"]

STANDARD_INPUT: Final = "-"
STANDARD_OUTPUT: Final = "-"
_HEAD: Final = 4096
_FOREIGN: Final = {
    b"\x1f\x8b": "packed with gzip",
    b"PK\x03\x04": "a ZIP archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


class Format(Protocol):
    """A recording format: a module of this room."""

    __name__: str

    def recognizes(self, head: bytes, name: str) -> bool:
        """Tell whether a file that starts with these bytes is of this format."""

    def read(self, file: BufferedReader, path: str) -> Iterator[Entry]:
        """Give the entries of a file in order."""


class WritableFormat(Format, Protocol):
    """A format that can be written, too."""

    SUFFIXES: tuple[str, ...]

    def writer(self, file: BinaryIO) -> AbstractContextManager[Write]:
        """Give the function that writes an exchange; the recording is complete where the context ends."""


@cache
def formats() -> tuple[Format, ...]:
    """Give every format, by the name of its module; what only writes (`…_writer`) is not imported."""
    names = (found.name for found in pkgutil.iter_modules(__path__) if not found.name.endswith("_writer"))
    modules = (import_module(f"{__name__}.{name}") for name in names)
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
            inside = [str(file) for file in sorted(Path(path).rglob("*")) if file.is_file() and _may_be_recording(file)]
            if not inside:
                raise RecordingError(path=path, what="no recording in this folder", expected=_known())
            found += inside
        elif Path(path).exists():
            found.append(path)
        else:
            raise RecordingError(path=path, what="no such file or folder", expected="a recording")
    return list(dict.fromkeys(found))


def _may_be_recording(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            return _format(stream.read(_HEAD), file.name) is not None
    except OSError:
        return True  # reading it will say what is wrong


def _known() -> str:
    return "one of " + ", ".join(_name(form) for form in formats())


def _name(form: Format) -> str:
    return form.__name__.rpartition(".")[2]


def _format(head: bytes, name: str) -> Format | None:
    return next((form for form in formats() if form.recognizes(head, name)), None)


def read(path: str) -> Iterator[Entry]:
    """Give the entries of a file, or of standard input, one by one.

    Raises:
        RecordingError: it cannot be opened, or is of no known format.

    """
    if path == STANDARD_INPUT:
        yield from _entries(sys.stdin.buffer, "<stdin>")
        return
    try:
        with Path(path).open("rb") as file:
            yield from _entries(file, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordingError(path=path, what=f"cannot be read ({reason})", expected="a readable file") from error


def _entries(file: BinaryIO, path: str) -> Iterator[Entry]:
    head, stream = buffered(file, _HEAD)
    form = _format(head, path)
    if form is None:
        foreign = next((what for start, what in _FOREIGN.items() if head.startswith(start)), None)
        what = foreign or ("of no format that is known here" if head else "empty")
        raise RecordingError(path=path, what=what, expected=_known())
    yield from form.read(stream, path)


@contextmanager
def writer(path: str) -> Iterator[Write]:
    """Give the function that writes exchanges to a new file, in the format of its suffix; NDJSON to standard output.

    Raises:
        RecordingError: no format has the suffix, or the file cannot be written.

    """
    writable = {
        suffix: form
        for form in cast("tuple[WritableFormat, ...]", formats())
        for suffix in getattr(form, "SUFFIXES", ())
    }
    form = writable[".ndjson"] if path == STANDARD_OUTPUT else writable.get(Path(path).suffix.lower())
    if form is None:
        raise RecordingError(path=path, what="no format has this suffix", expected=f"one of {', '.join(writable)}")
    if path == STANDARD_OUTPUT:
        with form.writer(sys.stdout.buffer) as write:
            yield write
        return
    try:
        with Path(path).open("wb") as file, form.writer(file) as write:
            yield write
    except OSError as error:
        reason = error.strerror or str(error)
        raise RecordingError(path=path, what=f"cannot be written ({reason})", expected="a writable file") from error
