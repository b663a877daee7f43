"""What several workers have done, kept in a folder, so that a check that was broken off goes on where it was.

Each result has a file, named for everything that decides it: the descriptions, the checks, the recording as it is and
the assignment. Whoever has the same assignment takes it from there. Nothing in it is secret that is not in a report.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from conformance.errors import SettingsError
from conformance.run.crew import Crew, Told, Work

FOLDER: Final = "parts"
T = TypeVar("T")
R = TypeVar("R")


class Kept:
    """Results in a folder; without a folder nothing is kept."""

    def __init__(self, folder: Path | None = None, *, subject: object = None) -> None:
        """Keep results of a subject: whatever else but the assignment decides them."""
        self._folder = folder
        self._subject = sha256(msgspec.json.encode(subject, order="deterministic")).digest()

    def start(self, *, resume: bool) -> None:
        """Make the folder; what is in it goes, unless a check is resumed.

        Raises:
            SettingsError: it cannot be written.

        """
        if self._folder is None:
            return
        try:
            if not resume:
                self.end()
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            what, hint = f"{self._folder}: {error.strerror}", "name a folder that can be written"
            raise SettingsError(where="--output", what=what, hint=hint) from error

    def end(self) -> None:
        """Take the folder away: nothing in it is of use any more."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def each(
        self, crew: Crew, work: Work[T, R], assignments: Sequence[T], kind: type[R], *, told: Told[R]
    ) -> Iterator[R]:
        """Give the results of some work in order; only what is not kept is done."""
        if self._folder is None:
            yield from crew.each(work, assignments, told=told)
            return
        files = [self._file(self._folder, work, assignment) for assignment in assignments]
        known = [self._read(file, kind) for file in files]
        missing = [place for place, result in enumerate(known) if result is None]

        def finished(number: int, result: R) -> None:
            _write(files[missing[number]], result)
            told(missing[number], result)

        done = crew.each(work, [assignments[place] for place in missing], told=finished)
        for place, result in enumerate(known):
            if result is not None:
                told(place, result)
            yield next(done) if result is None else result

    def _file(self, folder: Path, work: Callable[..., Any], assignment: object) -> Path:
        told = msgspec.json.encode((work.__name__, assignment), order="deterministic")
        return folder / f"{sha256(self._subject + told).hexdigest()}.json"

    def _read(self, file: Path, kind: type[R]) -> R | None:
        try:
            return msgspec.json.decode(file.read_bytes(), type=kind)
        except (OSError, ValueError):
            return None


def _write(file: Path, result: object) -> None:
    """Write a result whole or not at all; one that JSON cannot hold is made again by whoever needs it."""
    try:
        text = msgspec.json.encode(result)
    except (OverflowError, TypeError, ValueError):
        return
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.write_bytes(text)
    unfinished.replace(file)
