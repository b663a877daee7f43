"""What it costs to share a recording out: processes and a Dask cluster beside one process, and a plan for more.

Run `python benchmarks/scale.py --exchanges 100000`. One recording is made once; one process, the local pool and a
local cluster check it in turn, and their results files are compared. Then parts of it are judged and put together as
often as a large cluster would, and the figures are laid out for 1,000 parts and 100 workers.
"""

from __future__ import annotations

import argparse
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

from traffic import many

from conformance.config import Settings
from conformance.model import parts
from conformance.model.session import Remembered
from conformance.recordings import ndjson, ranges
from conformance.run import pieces
from conformance.run.pieces import Assignment, Done
from conformance.run.suite import Suite, suite

PARTS = 1_000
WORKERS = 100
PART_BYTES = 64 * 1024 * 1024


def recording(path: Path, made: Suite, count: int) -> None:
    """Write a recording: sessions of five, every hundredth answer with an undocumented field."""
    with path.open("wb") as file:
        for number, exchange in enumerate(many(made, count)):
            told = replace(exchange, session=f"s{number // 200}.{number % 40}")
            if number % 100 == 0 and told.response.body.startswith(b"{"):
                body = b'{"surprise": 1, ' + told.response.body[1:]
                told = replace(told, response=replace(told.response, body=body))
            file.write(ndjson.write(told))


def seconds(*arguments: str) -> tuple[float, float]:
    """Give how long a check takes from start to finish, and how long processors work for it in all its processes."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "check", "--quiet", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    took, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(path: Path, folder: Path, workers: int, rounds: int, count: int) -> None:
    """Print one process, the pool and the cluster side by side."""
    ways = {
        "one process": [],
        f"{workers} processes": ["--workers", str(workers)],
        f"cluster of {workers}": ["--workers", str(workers), "--scheduler", "local"],
    }
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, options in ways.items():
            times[name].append(seconds(str(path), "--output", str(folder / name), *options))
    found = {name: results(folder / name) for name in ways}
    medians = {name: [statistics.median(column) for column in zip(*each, strict=True)] for name, each in times.items()}
    print(f"\n{count:,} exchanges, {path.stat().st_size / 1e6:,.0f} MB, median of {rounds}:")
    for name, (took, work) in medians.items():
        print(f"  {name:14} {took:8.1f} s  {count / took:9,.0f} exchanges/s, {work:8.1f} s of processors")
    one, pool, cluster = medians.values()
    print(
        f"  the pool is {one[0] / pool[0]:.2f} times as quick as one process, for {pool[1] / one[1]:.2f} times the work"
    )
    print(
        f"  overhead of the cluster against the pool: {cluster[0] / pool[0]:.2f} in time, {cluster[1] / pool[1]:.2f} in work"
    )
    print("  (at most 1.25 is wanted; on a machine that does other things besides, work is the figure to trust)")
    assert len(set(found.values())) == 1
    print("  the three results files are the same, byte for byte, apart from their timing")


def results(folder: Path) -> str:
    """Give results.json without its timing."""
    lines = (folder / "results.json").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.startswith('"timing"'))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Give how long a call takes, and its result."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def plan(path: Path, made: Suite, count: int) -> None:
    """Print what each step costs, and lay it out for many parts and workers."""
    size = path.stat().st_size
    cuts = ranges.cut(str(path), -(-size // 8))
    survey, surveys = timed(lambda: [ranges.survey(each) for each in cuts])
    planned = ranges.plan(zip(cuts, surveys, strict=True))
    chosen = planned[1]
    work = Assignment(part=chosen, before=Remembered(), findings=False)
    pieces.judged_part(made, work)  # compiles what it needs
    judge, done = timed(lambda: pieces.judged_part(made, work))
    address, _ = timed(lambda: pieces.addressed(made, (chosen, chosen.spanning)))
    print(f"\neach of {count:,} exchanges of {size / count:,.0f} bytes, in one process:")
    print(f"  surveyed in {survey / count * 1e6:.1f} µs, judged in {judge / done.exchanges * 1e6:.0f} µs,")
    print(f"  sessions that span a cut found in {address / done.exchanges * 1e6:.1f} µs")
    scaled = PART_BYTES / (size / count)
    many_parts(done, surveys[0], judge / done.exchanges * scaled, survey / count * scaled)


def many_parts(done: Done, survey: ranges.Survey, judging: float, surveying: float) -> None:
    """Print what a thousand parts cost those who wait for them."""
    sent = pickle.dumps(done)
    unpack, _ = timed(lambda: [pickle.loads(sent) for _ in range(PARTS)])  # noqa: S301 - made above
    merge, whole = timed(lambda: parts.whole(parts.added("all", [done.cell] * PARTS)))
    names = tuple(f"session {number}" for number in range(11_000))
    heavy = replace(survey, first=names, last=names)
    cut = ranges.Range(path="all", start=0, stop=1)
    planning, _ = timed(lambda: ranges.plan([(cut, heavy)] * 50))
    messages, noop = scheduler()
    driver = (unpack + merge) / PARTS + noop
    makespan = simulated(judging, driver) + simulated(surveying, noop)
    print(
        f"\n{PARTS:,} parts of {PART_BYTES / 2**20:.0f} MB and {WORKERS} workers ({PARTS * PART_BYTES / 2**30:,.0f} GB):"
    )
    print(
        f"  a result is {len(sent) / 1e3:,.0f} kB, the largest survey (11,000 sessions) {len(pickle.dumps(heavy)) / 1e3:,.0f} kB"
    )
    print(f"  putting together: {merge / PARTS * 1e3:.2f} ms a part; the report has {len(whole.findings)} findings")
    print(f"  planning: {planning / 50 * 1e3:.1f} ms a part with 11,000 sessions in each")
    print(
        f"  scheduler: {messages} messages a task, {noop * 1e3:.2f} ms a task (measured here, both ends on this machine)"
    )
    print(f"  a part takes {judging:.1f} s to judge and {surveying:.2f} s to survey")
    print(
        f"  all of it takes {makespan / 60:.1f} minutes; {(judging + surveying) * PARTS / WORKERS / 60:.1f} if nobody ever waited"
    )
    print(f"  whoever puts together is busy for {(driver + planning / 50) * PARTS:.1f} s of that")


def simulated(work: float, driver: float) -> float:
    """Give how long it takes until all parts are judged by workers and, one after the other, put together."""
    free = [0.0] * WORKERS
    done: list[float] = []
    for _ in range(PARTS):
        end = heappop(free) + work
        heappush(free, end)
        done.append(end)
    at = 0.0
    for end in sorted(done):
        at = max(at, end) + driver
    return at


def scheduler() -> tuple[int, float]:
    """Give how many messages a task needs, and how long a real scheduler and client take for one that does nothing."""
    import distributed  # noqa: PLC0415 - an optional extra

    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        client.gather(client.map(abs, range(100), pure=False))
        took, _ = timed(lambda: client.gather(client.map(abs, range(PARTS), pure=False)))
    # The client's update-graph holds all tasks in one. Each task: compute-task to the worker, task-finished back,
    # key-in-memory to the client, get-data and its answer, release of the key to the scheduler and to the worker.
    return 7, took / PARTS


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exchanges", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plan-only", action="store_true", help="only the plan for more than this machine")
    given = parser.parse_args()
    made = suite(Settings())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "traffic.ndjson"
        recording(path, made, given.exchanges)
        if not given.plan_only:
            compare(path, folder, given.workers, given.rounds, given.exchanges)
        plan(path, made, given.exchanges)


if __name__ == "__main__":
    main()
