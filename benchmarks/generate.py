"""Generation beside `st run`: microseconds a case, cases a second of the whole process, and defects found.

    python benchmarks/generate.py [--defects N] [--examples N] [--cases N] [--faults NAMES] [--speed]

Both programs face the same server. `--defects` says how many of the twenty of the Flask server in `tests/seeded` are
planted, one at a time; `--examples` is schemathesis' number of examples, the default of its own being 100, `--cases`
ours for each operation and mode. A defect counts as found where a program reports, of any operation, something that it
does not report of the right server.

`--faults` are faults of `conformance serve`, by comma, planted in the same way in the reference server, which serves
Twilio Routes (`--specs`: another description), as written, with its own strictness. `--speed` compares cases a second on the right reference server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import multiprocessing
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
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
PROXY = HERE / "specs" / "twilio_proxy_v1.json"
ROUTES = HERE / "specs" / "twilio_routes_v2.yaml"
ACCOUNT = "AC00000000000000000000000000000000:not-a-real-token"
BIN = Path(sys.executable).parent
CASES = 200
SCRATCH = tempfile.mkdtemp(prefix="generate-")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one program made of one server."""

    requests: int
    seconds: float
    cpu: float
    """Processor seconds of the program alone."""
    distinct: int = 0
    """Requests that differ in method, URL or body; 0 where nobody counted."""


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
def serving(*defects: str) -> Iterator[str]:
    """Serve the application; gives its address."""
    application = SERVER.create_app(*defects)
    logging.disable()  # what a planted defect says of itself
    config = uvicorn.Config(
        application, host="127.0.0.1", port=0, interface="wsgi", log_level="critical", access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _canned(port: Any) -> None:
    """Answer every request alike, as fast as Python can."""
    body = b'{"error": "no such place"}'
    answer = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"

    seen: set[int] = set()

    class Canned(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport
            self.waiting = b""

        def data_received(self, data: bytes) -> None:
            self.waiting += data
            while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
                found = re.search(rb"(?i)content-length: *([0-9]+)", self.waiting[:end])
                whole = end + 4 + (int(found[1]) if found else 0)
                if len(self.waiting) < whole:
                    return
                seen.add(hash((self.waiting[: self.waiting.find(b"\r\n")], self.waiting[end:whole])))
                port.value_distinct.value = len(seen)
                self.waiting = self.waiting[whole:]
                port.value_count.value += 1
                self.transport.write(answer % (len(body), body))

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", 0)
        port.value_port.value = server.sockets[0].getsockname()[1]
        await asyncio.Event().wait()

    asyncio.run(serve())


@dataclass
class _Shared:
    value_port: Any
    value_count: Any
    value_distinct: Any


@contextmanager
def canned() -> Iterator[tuple[str, list[int]]]:
    """Serve canned answers from a process of its own; gives its address and the count of requests."""
    shared = _Shared(*(multiprocessing.Value("i", 0) for _ in range(3)))
    process = multiprocessing.Process(target=_canned, args=(shared,), daemon=True)
    process.start()
    while not shared.value_port.value:
        time.sleep(0.01)
    count = [0, 0]
    try:
        yield f"http://127.0.0.1:{shared.value_port.value}", count
        count[:] = shared.value_count.value, shared.value_distinct.value
    finally:
        process.terminate()
        process.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What both programs are pointed at."""

    document: Path
    auth: str
    base: str = ""
    """The base path of the description, which schemathesis wants to be told."""


TWILIO_PROXY = Place(document=PROXY, auth=ACCOUNT)
BOOKINGS = Place(document=OPENAPI, auth="me:mine", base="/v1")


def command(
    name: str, place: Place, url: str, output: Path, *, examples: int, cases: int, workers: int = 1
) -> list[str]:
    """Give the command line of a program, all phases or modes and all checks; its results go to a folder."""
    if name == "st run":
        return [
            str(BIN / "st"), "run", str(place.document), "--url", f"{url}{place.base}", "--auth", place.auth, "--seed",
            "1", "--max-examples", str(examples), "--workers", str(workers), "--checks", "all",
            "--continue-on-failure", "--no-color", "--generation-database", "none",
            "--report-json-path", str(output / "st.json"),
        ]  # fmt: skip
    return [
        sys.executable, "-m", "conformance", "run", "--specs", str(place.document), "--target", url, "--auth", place.auth,
        "--modes", ",".join(mode.value for mode in Mode), "--max-cases", str(cases), "--workers", str(workers),
        "--contract", "as-written", "--no-recordings", "--quiet", "--output", str(output),
    ]  # fmt: skip


def timed(make: Callable[[str], list[str]]) -> Outcome:
    """Run a program against canned answers."""
    with canned() as (url, count):
        start, before = time.perf_counter(), _cpu()
        subprocess.run(make(url), cwd=SCRATCH, env=ENVIRONMENT, capture_output=True, check=False, timeout=600)
        seconds, cpu = time.perf_counter() - start, _cpu() - before
    return Outcome(requests=count[0], seconds=seconds, cpu=cpu, distinct=count[1])


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def reference(*faults: str, document: Path = ROUTES) -> Iterator[str]:
    """Serve one description by the reference server, from a process of its own; gives its address."""
    command = [
        sys.executable,
        "-m",
        "conformance",
        "serve",
        "--port",
        "0",
        "--specs",
        str(document),
        "--contract",
        "as-written",
        "--account",
        ACCOUNT,
    ]
    command += [f"--faults={fault}" for fault in faults]
    with subprocess.Popen(command, cwd=SCRATCH, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def reported(
    name: str, place: Place, url: str, *, examples: int, cases: int, workers: int = 1
) -> tuple[frozenset[tuple[str, str]], int, float]:
    """Give what a program reports of a server, by operation, with its cases and seconds."""
    output = Path(tempfile.mkdtemp(prefix="reported-"))
    sent = command(name, place, url, output, examples=examples, cases=cases, workers=workers)
    start = time.perf_counter()
    subprocess.run(sent, cwd=SCRATCH, env=ENVIRONMENT, capture_output=True, check=False, timeout=600)
    seconds = time.perf_counter() - start
    if name == "st run":
        told = json.loads((output / "st.json").read_text())
        found = {(each["type"], operation) for each in told["failures"] for operation in each["operations"]}
        return frozenset(found), told["test_cases"]["generated"], seconds
    told = json.loads((output / "results.json").read_text())
    cases = sum(each["exchanges"] for each in told["operations"])
    return frozenset((each["rule"], each["operation"]) for each in told["findings"]), cases, seconds


def hunt(
    server: Callable[..., AbstractContextManager[str]], faults: list[str], place: Place, options: argparse.Namespace
) -> None:
    """Print what each program finds of faults that are planted one at a time."""
    for name in ("conformance", "st run"):
        ask = partial(reported, name, place, examples=options.examples, cases=options.cases)
        with server() as url:
            clean, cases, seconds = ask(url)
        print(f"{name}: {len(clean)} reports on the right server, {cases} cases in {seconds:.1f} s: {sorted(clean)}")
        total, missed = 0.0, []
        for fault in faults:
            with server(fault) as url:
                found, _, seconds = ask(url)
            total += seconds
            if not found - clean:
                missed.append(fault)
        hits = len(faults) - len(missed)
        print(f"{name}: {hits} of {len(faults)} in {total:.0f} s, {hits / total:.2f} a second; missed: {missed}")


def speed(options: argparse.Namespace) -> None:
    """Print how many cases a second each program sends to the right reference server with Twilio Proxy.

    The whole process counts, from its start to its end. `--many` makes the numbers of cases nearly equal.
    """
    for workers in (1, 4):
        rates = {}
        for name, rounds in (("conformance", 5), ("st run", 1)):
            found = []
            for _ in range(rounds):
                with reference(document=PROXY) as url:
                    reports, cases, seconds = reported(
                        name, TWILIO_PROXY, url, examples=options.many, cases=options.cases, workers=workers
                    )
                found.append(cases / seconds)
            rates[name] = statistics.median(found)
            print(f"{name}: {cases} cases with {workers} workers, {rates[name]:.0f} a second, {len(reports)} reports")
        print(f"with {workers} workers: {rates['conformance'] / rates['st run']:.1f} times as many a second")


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
    parser.add_argument("--many", type=int, default=33, help="schemathesis' examples for 30 operations")
    parser.add_argument("--specs", type=Path, default=ROUTES, help="what the reference server with faults serves")
    parser.add_argument("--speed", action="store_true", help="only cases a second against the reference server")
    parser.add_argument("--faults", default="", help="by comma; nothing else is measured then")
    options = parser.parse_args()
    if options.faults:
        served = read(options.specs)[0].servers[0]
        place = Place(document=options.specs, auth=ACCOUNT, base=served.base_path)
        hunt(partial(reference, document=options.specs), options.faults.split(","), place, options)
        return
    if options.speed:
        speed(options)
        return
    median, most = generation()
    print(f"generation: {median:.1f} us a case at the median over 90 operations, {most:.1f} at most")
    places = {"6": BOOKINGS, "30": Place(document=PROXY, auth=BOOKINGS.auth, base=BOOKINGS.base)}
    examples = {"6": options.examples, "30": options.many}
    for name in ("conformance", "st run"):
        for what, place in places.items():
            output = Path(tempfile.mkdtemp(prefix="canned-"))
            make = partial(command, name, place, output=output, examples=examples[what], cases=options.cases)
            fast = timed(make)
            print(
                f"{name}: {fast.requests} requests in {fast.seconds:.1f} s, {fast.requests / fast.seconds:.0f} a second, "
                f"{fast.requests / fast.cpu:.0f} a processor second, {fast.distinct} distinct, "
                f"{what} operations against canned answers"
            )
    hunt(serving, list(SERVER.DEFECTS)[: options.defects], BOOKINGS, options)


if __name__ == "__main__":
    main()
