"""Several recordings at once: a process for each worker, each with descriptions and a judge of its own.

A recording is a cell, and what follows what within it matters, so one recording is judged by one process, from its
first exchange to its last. The cells are those of a run without workers, and findings are written in the same order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Final

from conformance.config import Settings
from conformance.model.finding import Finding
from conformance.model.report import Cell
from conformance.run.recorder import recorded
from conformance.run.suite import Suite, suite

_CONTEXT: Final = "spawn"
"""A fresh interpreter for each worker: nothing of this process leaks into it."""

_suites: list[Suite] = []


def cells(
    settings: Settings, files: Sequence[str], *, workers: int, findings: bool
) -> Iterator[tuple[Cell, list[Finding], int]]:
    """Give the cell of each recording, its findings where they are asked for, and how many exchanges it has, in order.

    Raises:
        ConformanceError: the settings are wrong.

    """
    with ProcessPoolExecutor(workers, get_context(_CONTEXT), initializer=_begin, initargs=(settings,)) as pool:
        yield from pool.map(_cell, files, [findings] * len(files))


def _begin(settings: Settings) -> None:
    _suites[:] = [suite(settings)]


def _cell(file: str, findings: bool) -> tuple[Cell, list[Finding], int]:  # noqa: FBT001 - called by the pool
    found: list[Finding] = []
    told: list[int] = []
    cell = recorded(file, _suites[0], found.append if findings else None, told.append)
    return cell, found, sum(told)
