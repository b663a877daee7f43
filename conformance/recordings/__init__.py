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
from glob import glob
from importlib import import_module
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

from conformance.errors import RecordingError
from conformance.recordings import opening
from conformance.recordings.entry import Entry, Write
from conformance.recordings.window import buffered

__all__ = [
    "STANDARD_INPUT", "STANDARD_OUTPUT", "Entry", "Format", "Write", "find", "format_of", "formats", "read", "writer",
]  # fmt: skip

STANDARD_INPUT: Final = "-"
STANDARD_OUTPUT: Final = "-"
_FOREIGN: Final = {
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
        elif opening.is_remote(path):
            found += opening.inside(path)
        elif Path(path).is_dir():
            inside = [str(file) for file in sorted(Path(path).rglob("*")) if file.is_file() and _may_be_recording(file)]
            if not inside:
                raise RecordingError(path=path, what="no recording in this folder", expected=_known())
            found += inside
        elif Path(path).exists():
            found.append(path)
        elif matching := sorted(glob(path, recursive=True)):  # noqa: PTH207 - any pattern, absolute ones too
            found += find(matching)
        else:
            raise RecordingError(path=path, what="no such file or folder", expected="a recording")
    return list(dict.fromkeys(found))


def _may_be_recording(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            head, _, name = _content(stream, file.name)
            return format_of(head, name) is not None
    except (*opening.BROKEN, RecordingError):
        return True  # reading it will say what is wrong


def _known() -> str:
    return "one of " + ", ".join(_name(form) for form in formats())


def _name(form: Format) -> str:
    return form.__name__.rpartition(".")[2]


def format_of(head: bytes, name: str) -> Format | None:
    """Give the format of a file by its first bytes and its name; None where it is none that is known here."""
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
        with opening.opened(path) as file:
            yield from _entries(file, path)
    except opening.BROKEN as error:
        what = f"cannot be read ({opening.reason(error)})"
        raise RecordingError(path=path, what=what, expected="a readable file") from error


def _content(file: BinaryIO, path: str) -> tuple[bytes, BufferedReader, str]:
    """Give the first bytes of what a file holds, all of it, and the name it has unpacked."""
    head, stream = buffered(file, opening.HEAD)
    if not opening.is_packed(head):
        return head, stream, path
    head, stream = buffered(opening.unpacked(stream, head, path), opening.HEAD)
    return head, stream, path.removesuffix(".gz").removesuffix(".zst")


def _entries(file: BinaryIO, path: str) -> Iterator[Entry]:
    head, stream, name = _content(file, path)
    form = format_of(head, name)
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
