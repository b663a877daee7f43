"""What a run keeps of its exchanges as they come, so that one that was killed goes on where it was.

`exchanges.ndjson` in the output folder, for its owner's eyes only; a run that gets to its end takes it away. Each line
is written at once and names the plan that it belongs to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from conformance.errors import RecordingError, SettingsError
from conformance.model import redact
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.report import Subject
from conformance.recordings import ndjson

FILE: Final = "exchanges.ndjson"
_KEY: Final = "plan"
_PRIVATE: Final = 0o600


def plan_of(subject: Subject, *, engine: str) -> str:
    """Give the name of everything that decides which requests a case consists of."""
    settings = subject.settings
    parts = [subject.version, subject.contract, engine, str(settings["target"]), str(settings["seed"])]
    parts += [f"{api.name} {api.digest}" for api in subject.apis]
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


class Journal:
    """The exchanges of one plan, in a file."""

    def __init__(self, folder: Path, plan: str) -> None:
        """Open nothing yet."""
        self._path = folder / FILE
        self._plan = plan
        self._file: BinaryIO | None = None
        self._count = 0

    def read(self) -> dict[str, Exchange]:
        """Give what an earlier run kept, by the ids of its exchanges; a line that was not finished is left out.

        Raises:
            SettingsError: it was kept by a run of another plan, or cannot be read.

        """
        try:
            with self._path.open("rb") as file:
                entries = list(ndjson.read(file, str(self._path)))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._refused(error) from error
        kept = [entry for entry in entries if not isinstance(entry, RecordingError)]
        if any(entry.extra.get(_KEY) != self._plan for entry in kept):
            raise SettingsError(
                where="--resume",
                what=f"{self._path} was kept by a run of other descriptions, target, seed or engine",
                hint="give the options of that run, or leave --resume out to start anew",
            )
        return {entry.id: entry for entry in kept}

    @contextmanager
    def started(self, *, resume: bool) -> Iterator[None]:
        """Keep what comes from here on: behind what is there, where the run is resumed.

        Raises:
            SettingsError: it cannot be written.

        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | (0 if resume else os.O_TRUNC)
            self._file = os.fdopen(os.open(self._path, flags, _PRIVATE), "r+b", buffering=0)
            whole = self._file.read().rfind(b"\n") + 1
            self._file.seek(whole)
            self._file.truncate()
        except OSError as error:
            raise self._refused(error) from error
        try:
            yield
        finally:
            self.end(complete=False)

    def keep(self, name: str, sent: Request, response: Response) -> None:
        """Write an exchange; it is in the file when this returns."""
        if self._file is None:
            return
        self._count += 1
        self._file.write(
            ndjson.write(
                Exchange(
                    id=name,
                    request=Request(
                        method=sent.method,
                        url=redact.credentials(sent.url),
                        headers=Headers(tuple((field, _masked(field, text)) for field, text in sent.headers)),
                        body=sent.body,
                    ),
                    response=response,
                    source=Source(kind="run", path=name, index=self._count),
                    extra={_KEY: self._plan},
                )
            )
        )

    def end(self, *, complete: bool) -> None:
        """Close the file; what a complete run kept is of no use any more."""
        if self._file is not None:
            self._file.close()
            self._file = None
            if complete:
                self._path.unlink(missing_ok=True)

    def _refused(self, error: OSError) -> SettingsError:
        what = f"{self._path}: {error.strerror}"
        return SettingsError(where="--output", what=what, hint="name a folder that can be written")


@lru_cache(maxsize=1024)
def _masked(field: str, text: str) -> str:
    return redact.headers(Headers(((field, text),))).pairs[0][1]
