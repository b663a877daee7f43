"""What runs in the process of a Dask worker; only imported where Dask is."""

from __future__ import annotations

import pickle
from contextlib import chdir
from pathlib import Path
from threading import Lock
from typing import Final, TypeVar

from distributed import Worker, WorkerPlugin

from conformance.run.crew import Work
from conformance.run.suite import Suite, suite
from conformance.version import __version__

T = TypeVar("T")
R = TypeVar("R")

_given: Final[dict[str, bytes]] = {}
_suites: Final[dict[str, tuple[Suite, str]]] = {}
_one_at_a_time: Final = Lock()
"""A judge compiles what it needs when it needs it, which two threads must not do together."""


class Descriptions(WorkerPlugin):
    """The descriptions of a check: sent once to every worker that is there, and to those that come later."""

    def __init__(self, name: str, version: str, documents: bytes) -> None:
        """Know the check by a name that no other check has; `documents` are settings, descriptions and a folder."""
        self._name = name
        self._version = version
        self._documents = documents

    def setup(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """Take them.

        Raises:
            RuntimeError: another version of this program is installed here.

        """
        if self._version != __version__:
            message = f"the worker has conformance {__version__}, the check is made by {self._version}"
            raise RuntimeError(message)
        _given[self._name] = self._documents

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's signature
        """Forget them."""
        _given.pop(self._name, None)
        _suites.pop(self._name, None)


def done(assignment: T, *, work: Work[T, R], name: str) -> R:
    """Do some work, with a judge that is made once; relative paths are meant from the folder of who asks for it."""
    with _one_at_a_time:
        if name not in _suites:
            settings, read, folder = pickle.loads(_given[name])  # noqa: S301 - from who may run code here anyway
            _suites[name] = (suite(settings, read), folder)
        made, folder = _suites[name]
        with chdir(folder if Path(folder).is_dir() else "."):
            return work(made, assignment)
