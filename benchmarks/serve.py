"""How fast `conformance serve` answers: beside Prism, with a million resources, and per second of one core.

Run `python benchmarks/serve.py --help`. Prism is run by `npx` where Node is there, or left out. Both servers are asked
for the same resource by the same client over the same number of connections, one after the other, in rounds; ratios
are those of medians. Requests per core second divide by the processor time of the server, so that a busy machine does
not count against it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

from conformance.config import Settings
from conformance.mock.credentials import basic
from conformance.mock.handler import Mock
from conformance.mock.store import Resource, State
from conformance.model.http import Headers
from conformance.model.http import Request as Asked
from conformance.run.suite import compiler, load

ROOT = Path(__file__).parents[1]
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
AUTHORIZATION = basic(ACCOUNT, "fake-token")
PRISM = "@stoplight/prism-cli@5"
SPEC = ROOT / "specs" / "twilio_proxy_v1.json"
HOST = "proxy.twilio.com"


@contextlib.contextmanager
def started(command: list[str], address: Callable[[str], int | None]) -> Iterator[tuple[int, int]]:
    """Run a server; give its port and the id of its process once `address` finds the port in a line of its output."""
    environment = {**os.environ, "NO_COLOR": "1"}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        try:
            port = next(found for line in process.stdout if (found := address(line)) is not None)
            yield port, process.pid
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def ours(line: str) -> int | None:
    """Give the port in the first line of `conformance serve`."""
    return int(line.rpartition(":")[2]) if line.startswith("http://") else None


def processor(group: int) -> float:
    """Give the seconds of processor time of all processes of a group, so far."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def ask(port: int, path: str, *, requests: int, connections: int) -> float:
    """Ask for a path so often, over so many connections at once, and give the seconds it took."""
    data = (
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {AUTHORIZATION}\r\nAccept: application/json\r\n\r\n"
    ).encode()
    poll = select.epoll()
    sockets = {each.fileno(): each for each in (_connect(port) for _ in range(connections))}
    held = dict.fromkeys(sockets, b"")
    for number in sockets:
        poll.register(number, select.EPOLLIN)
    started_at, sent, done = time.perf_counter(), connections, 0
    for each in sockets.values():
        each.sendall(data)
    while done < requests:
        for number, _ in poll.poll():
            held[number] += sockets[number].recv(65536)
            if not _is_whole(held[number]):
                continue
            if not held[number].startswith(b"HTTP/1.1 200"):
                raise SystemExit(held[number].decode("utf-8", "replace"))
            held[number], done = b"", done + 1
            if sent < requests:
                sockets[number].sendall(data)
                sent += 1
    elapsed = time.perf_counter() - started_at
    for each in sockets.values():
        each.close()
    return elapsed


def _connect(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _is_whole(data: bytes) -> bool:
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = next(
        (int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
    )
    return len(body) >= length


def measured(name: str, port: int, group: int, path: str, options: argparse.Namespace) -> tuple[float, float]:
    """Print and give the median of requests a second, and of those a second of processor time."""
    ask(port, path, requests=options.connections * 20, connections=options.connections)
    rates, cores = [], []
    for _ in range(options.rounds):
        before = processor(group)
        seconds = ask(port, path, requests=options.requests, connections=options.connections)
        rates.append(options.requests / seconds)
        cores.append(options.requests / max(processor(group) - before, 1e-9))
    rate, core = statistics.median(rates), statistics.median(cores)
    print(f"{name:30} {rate:10,.0f} requests/s {core:10,.0f} requests per core second")
    return rate, core


def side_by_side(options: argparse.Namespace) -> None:
    """Measure a fetch of ours and of Prism's."""
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0", "--specs", str(SPEC)]
    with started(command, ours) as (port, group):
        made = Request(
            f"http://127.0.0.1:{port}/v1/Services",
            data=b"UniqueName=bench",
            headers={"Authorization": AUTHORIZATION, "Host": HOST},
        )
        with urlopen(made) as response:  # noqa: S310 - our own server
            path = f"/v1/Services/{json.load(response)['sid']}"
        mine = measured("conformance serve", port, group, path, options)
    npx = shutil.which("npx")
    if npx is None or options.no_prism:
        print("Prism: left out" if options.no_prism else "Prism: no npx on this machine")
        return
    command = [npx, "--yes", PRISM, "mock", "--host", "127.0.0.1", "--port", str(options.prism_port), str(SPEC)]
    with started(command, lambda line: options.prism_port if "is listening" in line else None) as (port, group):
        its = measured("prism mock", port, group, path, options)
    print(f"conformance serve / prism: {mine[0] / its[0]:.1f} by time, {mine[1] / its[1]:.1f} by core")


def million(options: argparse.Namespace) -> None:
    """Measure a fetch in process, alone and among many resources."""
    mock, state = Mock(load(Settings(specs=(SPEC,))), compiler()), State()
    create = Asked(
        method="POST",
        url=f"https://{HOST}/v1/Services",
        headers=Headers.of(
            {
                "Authorization": AUTHORIZATION,
                "Content-Type": "application/x-www-form-urlencoded",
            }
        ),
        body=b"UniqueName=bench",
    )
    mock.handle(create, state)
    one = next(each for collection in state.collections.values() for each in collection)
    fetch = Asked(
        method="GET",
        url=f"https://{HOST}/v1/Services/{one.id}",
        headers=Headers.of({"Authorization": AUTHORIZATION}),
    )

    def timed() -> float:
        found = []
        for _ in range(9):
            start = time.process_time()
            for _ in range(2000):
                mock.handle(fetch, state)
            found.append((time.process_time() - start) / 2000)
        return statistics.median(found) * 1e6

    alone = timed()
    for number in range(options.resources):
        key = f"KS{number:032x}"
        values = {**one.values, "sid": key}
        state.put(Resource(id=key, number=state.number(), place=one.place, created=one.created, values=values))
    among = timed()
    print(f"a fetch in process: {alone:.1f} us alone, {among:.1f} us among {options.resources:,} resources: "
          f"{among / alone:.2f} times")  # fmt: skip


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="requests in a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--resources", type=int, default=1_000_000)
    parser.add_argument("--prism-port", type=int, default=4012)
    parser.add_argument("--no-prism", action="store_true", help="measure only our server")
    options = parser.parse_args()
    side_by_side(options)
    million(options)


if __name__ == "__main__":
    main()
