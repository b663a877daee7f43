"""A Dask cluster that judges: one that runs already, or one of this machine.

The descriptions are sent once to each worker, which makes a judge of them when it first has work. What travels back are
aggregates. A worker that is lost costs only its time: whoever is left, or comes, does its work again, and since every
result has one place, work that was done twice counts once.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

from conformance.errors import TargetError
from conformance.run.crew import Crew, Promise, Told, Work, in_order
from conformance.run.suite import Suite
from conformance.version import __version__

LOCAL: Final = "local"
_PATIENCE: Final = 30
"""Seconds to wait for a scheduler and for its first worker."""
T = TypeVar("T")
R = TypeVar("R")


def _install() -> Any:
    try:
        import distributed  # noqa: PLC0415 - an optional extra
    except ImportError as error:
        hint = "install it: pip install 'conformance[dask]'"
        raise TargetError(target="--scheduler", what=f"Dask is missing ({error})", hint=hint) from error
    return distributed


class Cluster:
    """The workers of a scheduler."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    @property
    def workers(self) -> int:
        """How many there are."""
        return max(1, len(self._client.scheduler_info(n_workers=-1)["workers"]))

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Told[R]) -> Iterator[R]:
        """Give the results in order.

        Raises:
            TargetError: the scheduler is lost, or an assignment ended several workers.

        """
        distributed = _install()
        from conformance.run.guest import done  # noqa: PLC0415 - an optional extra

        try:
            futures = self._client.map(partial(done, work=work, name=self._name), assignments, pure=False)
            places: dict[Promise[R], int] = {future: place for place, future in enumerate(futures)}
            completed = distributed.as_completed(futures)
            del futures  # what is held here stays in the memory of the workers
            yield from in_order(places, completed, told)
        except (distributed.KilledWorker, distributed.CancelledError, OSError) as error:
            what = f"the work was not done ({type(error).__name__}: {error})"
            raise TargetError(target="--scheduler", what=what, hint="what was done is kept: try --resume") from error


@contextmanager
def cluster(made: Suite) -> Iterator[Crew]:
    """Give the workers of the scheduler that the settings name.

    Raises:
        TargetError: Dask is missing, or the scheduler cannot be reached or has no worker.

    """
    address = cast("str", made.settings.scheduler)
    name = f"conformance-{uuid4().hex}"
    with _connected(address, made.settings.workers) as client:
        _send(client, name, made, address)
        try:
            yield Cluster(client, name)
        finally:
            with suppress(Exception):  # the cluster may be gone, and with it what it was to forget
                client.unregister_worker_plugin(name)


@contextmanager
def _connected(address: str, workers: int) -> Iterator[Any]:
    distributed = _install()
    if address == LOCAL:
        count = workers if workers > 1 else os.cpu_count() or 1
        with (
            distributed.LocalCluster(
                n_workers=count, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
            ) as found,
            distributed.Client(found) as client,
        ):
            yield client
        return
    try:
        client = distributed.Client(address, timeout=_PATIENCE)
        client.wait_for_workers(1, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        hint = "give the address of a Dask scheduler that has workers, such as tcp://HOST:8786, or local"
        raise TargetError(target=address, what=f"cannot be reached ({error})", hint=hint) from error
    with client:
        yield client


def _send(client: Any, name: str, made: Suite, address: str) -> None:
    from conformance.run.guest import Descriptions  # noqa: PLC0415 - an optional extra

    documents = pickle.dumps((made.settings, made.descriptions, str(Path.cwd())))
    try:
        client.register_plugin(Descriptions(name, __version__, documents), name=name)
    except Exception as error:
        hint = "install the same version of conformance on every worker"
        raise TargetError(target=address, what=f"the workers cannot judge ({error})", hint=hint) from error
