"""Generation beside `st run`: microseconds a case, cases a second of the whole process, and defects found.

    python benchmarks/generate.py [--defects N] [--examples N] [--cases N]

Both programs face the same Flask server (`tests/seeded`), each in a process of its own; the server counts what
reaches it. `--defects` says how many of the twenty are planted, one at a time; `--examples` is schemathesis' number
of examples, the default of its own being 100, `--cases` our number for each operation and mode. A defect counts as found where a program exits with another code than
against the right server.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import uvicorn

from conformance.generate.case import Mode, request
from conformance.generate.plan import nowhere, plan, randomness
from conformance.openapi.operations import find, read

HERE = Path(__file__).parents[1]
SEEDED = HERE / "tests" / "seeded"
OPENAPI = SEEDED / "openapi.json"
BIN = Path(sys.executable).parent
CASES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one program made of one server."""

    code: int
    requests: int
    seconds: float
    cpu: float
    """Processor seconds of the program alone."""


def seeded() -> Any:
    """Import the server, which is no package."""
    spec = spec_from_file_location("seeded_server", SEEDED / "server.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SERVER = seeded()


@contextmanager
def serving(*defects: str) -> Iterator[tuple[str, list[int]]]:
    """Serve the application; gives its address and the count of requests."""
    application = SERVER.create_app(*defects)
    application.logger.disabled = True
    count = [0]

    def counting(environment: Any, start_response: Any) -> Any:
        count[0] += 1
        return application(environment, start_response)

    config = uvicorn.Config(
        counting, host="127.0.0.1", port=0, interface="wsgi", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", count
    finally:
        server.should_exit = True
        thread.join()


def ours(url: str, cases: int) -> list[str]:
    """Give our command line: all modes."""
    modes = ",".join(mode.value for mode in Mode)
    output = tempfile.mkdtemp(prefix="conformance-")
    return [
        sys.executable, "-m", "conformance", "run", "--specs", str(OPENAPI), "--target", url, "--modes", modes,
        "--max-cases", str(cases), "--no-recordings", "--auth", "me:mine", "--fail-on", "warning", "--quiet", "--output", output,
    ]  # fmt: skip


def theirs(url: str, examples: int) -> list[str]:
    """Give schemathesis' command line: all phases, all checks."""
    return [
        str(BIN / "st"), "run", str(OPENAPI), "--url", f"{url}/v1", "--auth", "me:mine", "--seed", "1",
        "--max-examples", str(examples), "--checks", "all", "--continue-on-failure", "--no-color",
        "--generation-database", "none", "--workers", "1",
    ]  # fmt: skip


def timed(make: Any, *defects: str) -> Outcome:
    """Run a program against a server."""
    with serving(*defects) as (url, count):
        start, before = time.perf_counter(), _cpu()
        done = subprocess.run(make(url), cwd=HERE, capture_output=True, check=False, timeout=600)
        return Outcome(
            code=done.returncode, requests=count[0], seconds=time.perf_counter() - start, cpu=_cpu() - before
        )


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def generation() -> tuple[float, float]:
    """Give the microseconds that a case costs, at the median and the maximum over the ninety operations."""
    operations = [operation for path in find((HERE / "specs",)) for operation in read(path)]
    costs = []
    for operation in operations:
        compiled = plan(operation)
        start = time.perf_counter()
        for index in range(1_000, 1_000 + CASES):
            request(compiled.positive(index, randomness(0, operation.key, Mode.POSITIVE, index), nowhere(operation)))
        costs.append((time.perf_counter() - start) / CASES * 1e6)
    return statistics.median(costs), max(costs)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--defects", type=int, default=len(SERVER.DEFECTS))
    parser.add_argument("--examples", type=int, default=100)
    parser.add_argument("--cases", type=int, default=500)
    options = parser.parse_args()
    median, most = generation()
    print(f"generation: {median:.1f} us a case at the median over 90 operations, {most:.1f} at most")
    programs = {
        "conformance": lambda url: ours(url, options.cases),
        "st run": lambda url: theirs(url, options.examples),
    }
    clean = {}
    for name, make in programs.items():
        clean[name] = found = timed(make)
        print(
            f"{name}: {found.requests} requests in {found.seconds:.1f} s, {found.requests / found.seconds:.0f} a second, "
            f"{found.requests / found.cpu:.0f} a processor second, exit {found.code} on the right server"
        )
    for name, make in programs.items():
        outcomes = {defect: timed(make, defect) for defect in list(SERVER.DEFECTS)[: options.defects]}
        hits = [defect for defect, outcome in outcomes.items() if outcome.code != clean[name].code]
        total = sum(outcome.seconds for outcome in outcomes.values())
        print(
            f"{name}: {len(hits)} of {len(outcomes)} defects in {total:.0f} s; missed: {sorted(outcomes.keys() - set(hits))}"
        )


if __name__ == "__main__":
    main()
