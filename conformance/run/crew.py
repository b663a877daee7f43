"""Who does the work: functions of an assignment and a suite, done by one process or by several.

Whoever works has descriptions and a judge of its own, made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, cast

from conformance.config import Settings
from conformance.run.suite import Descriptions, Suite, suite

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

_CONTEXT: Final = "spawn"
"""A fresh interpreter for each worker: nothing of this process leaks into it."""

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Work = Callable[[Suite, T], R]
"""A function of a module: it travels by its name."""
Told = Callable[[int, R], None]
"""Hears the place of an assignment and its result."""


class Crew(Protocol):
    """Several workers."""

    @property
    def workers(self) -> int:
        """How many there are."""

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Told[R]) -> Iterator[R]:
        """Give the results of some work in the order of its assignments; `told` hears each as soon as it is done.

        Whoever closes the iterator takes back what nobody has begun.
        """


class Alone:
    """This process, for as many parts as there are."""

    workers = 1

    def __init__(self, made: Suite) -> None:
        self._suite = made

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Told[R]) -> Iterator[R]:
        """Give the results in order, each when it is asked for."""
        for place, assignment in enumerate(assignments):
            result = work(self._suite, assignment)
            told(place, result)
            yield result


_suites: list[Suite] = []


def _begin(settings: Settings, read: Descriptions) -> None:
    _suites[:] = [suite(settings, read)]


def _done(work: Work[T, R], assignment: T) -> R:
    return work(_suites[0], assignment)


class Pool:
    """Processes of this machine."""

    def __init__(self, executor: ProcessPoolExecutor, workers: int) -> None:
        self.workers = workers
        self._executor = executor

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Told[R]) -> Iterator[R]:
        """Give the results in order."""
        from concurrent.futures import as_completed  # noqa: PLC0415 - see `pool`

        futures = [self._executor.submit(_done, work, assignment) for assignment in assignments]
        places: dict[Promise[R], int] = {future: place for place, future in enumerate(futures)}
        return in_order(places, cast("Iterable[Promise[R]]", as_completed(futures)), told)


class Promise(Protocol[R_co]):
    """A result that is to come."""

    def result(self) -> R_co:
        """Give the result."""

    def cancel(self) -> object:
        """Take the work back where nobody has begun it."""


def in_order(places: dict[Promise[R], int], completed: Iterable[Promise[R]], told: Told[R]) -> Iterator[R]:
    """Give results in the order of their places, as they are completed in whatever order; each is held once."""
    ready: dict[int, R] = {}
    expected = 0
    try:
        for future in completed:
            place, result = places.pop(future), future.result()
            told(place, result)
            ready[place] = result
            while expected in ready:
                yield ready.pop(expected)
                expected += 1
    finally:
        for future in places:
            future.cancel()


@contextmanager
def pool(made: Suite) -> Iterator[Crew]:
    """Give as many processes as the settings say."""
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - both cost 10 ms, and most runs are alone
    from multiprocessing import get_context  # noqa: PLC0415

    workers, given = made.settings.workers, (made.settings, made.descriptions)
    with ProcessPoolExecutor(workers, get_context(_CONTEXT), initializer=_begin, initargs=given) as executor:
        yield Pool(executor, workers)
