"""Who does the work: functions of an assignment and a suite, done by one process or by several.

Whoever works has descriptions and a judge of its own, made once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import AbstractContextManager, contextmanager
from multiprocessing import get_context
from typing import Final, Protocol, TypeVar

from conformance.config import Settings
from conformance.run.suite import Suite, suite

_CONTEXT: Final = "spawn"
"""A fresh interpreter for each worker: nothing of this process leaks into it."""

T = TypeVar("T")
R = TypeVar("R")
Work = Callable[[Suite, T], R]
"""A function of a module: it travels by its name."""


class Crew(Protocol):
    """Several workers."""

    workers: int

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Callable[[R], None]) -> Iterator[R]:
        """Give the results of some work in the order of its assignments; `told` hears each as soon as it is done.

        Whoever closes the iterator takes back what nobody has begun.
        """


class Alone:
    """This process, for as many parts as there are."""

    workers = 1

    def __init__(self, made: Suite) -> None:
        self._suite = made

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Callable[[R], None]) -> Iterator[R]:
        """Give the results in order, each when it is asked for."""
        for assignment in assignments:
            result = work(self._suite, assignment)
            told(result)
            yield result


_suites: list[Suite] = []


def _begin(settings: Settings) -> None:
    _suites[:] = [suite(settings)]


def _done(work: Work[T, R], assignment: T) -> R:
    return work(_suites[0], assignment)


class Pool:
    """Processes of this machine."""

    def __init__(self, executor: ProcessPoolExecutor, workers: int) -> None:
        self.workers = workers
        self._executor = executor

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Callable[[R], None]) -> Iterator[R]:
        """Give the results in order."""
        futures = [self._executor.submit(_done, work, assignment) for assignment in assignments]
        return in_order(futures, as_completed(futures), told)


def in_order(futures: Sequence[Future[R]], completed: Iterable[Future[R]], told: Callable[[R], None]) -> Iterator[R]:
    """Give the results of futures in their order, as they are completed in whatever order; each is held once."""
    places = {future: place for place, future in enumerate(futures)}
    ready: dict[int, R] = {}
    expected = 0
    try:
        for future in completed:
            result = future.result()
            told(result)
            ready[places.pop(future)] = result
            while expected in ready:
                yield ready.pop(expected)
                expected += 1
    finally:
        for future in places:
            future.cancel()


@contextmanager
def pool(settings: Settings) -> Iterator[Crew]:
    """Give as many processes as the settings say.

    Raises:
        ConformanceError: the settings are wrong.

    """
    workers = settings.workers
    with ProcessPoolExecutor(workers, get_context(_CONTEXT), initializer=_begin, initargs=(settings,)) as executor:
        yield Pool(executor, workers)


Hire = Callable[[Settings], AbstractContextManager[Crew]]
"""Gives a crew for as long as its context lasts."""
