"""How `conformance serve` compares with Prism: start-up, requests a second, valid answers; and with a million resources.

Run `python benchmarks/serve.py --help`. Prism is fetched by `npx` where Node is there, or left out. Both servers are
asked the same by the same client, one after the other, in rounds; ratios are those of medians. Requests per core second
divide by the processor time of the server, so that a busy machine does not count against it. An answer is valid when
its status is a success that the description lists for the operation and its body is there, has the described media type and
fits the schema as it is written.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

from conformance.config import Settings
from conformance.generate.case import Case, authorized, request
from conformance.generate.plan import Context, cases, nowhere
from conformance.mock.credentials import basic
from conformance.mock.handler import Mock
from conformance.mock.store import Resource, State
from conformance.model.http import Exchange, Headers, Response, Source
from conformance.model.http import Request as Asked
from conformance.model.operation import Operation
from conformance.run.suite import compiler, load
from conformance.schemas.reading import Reader

ROOT = Path(__file__).parents[1]
ACCOUNT = "AC0123456789abcdef0123456789abcdef"
AUTHORIZATION = basic(ACCOUNT, "fake-token")
CREDENTIALS = {"Authorization": AUTHORIZATION}
PRISM = "@stoplight/prism-cli@5"
SPECS = sorted((ROOT / "specs").glob("twilio_*"))
SPEC = ROOT / "specs" / "twilio_proxy_v1.json"
HOST = "proxy.twilio.com"
SOURCE = Source(kind="benchmark", path="benchmark", index=0)
COMPILER = compiler()
SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    port: int
    group: int
    """The id of its process group."""
    startup: float
    """Seconds from the start of the process to the first answer."""

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Response:
        """Ask once, over a connection of its own."""
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            connection.request(method, path, body=body or None, headers=dict(headers))
            answer = connection.getresponse()
            return Response(status=answer.status, headers=Headers(tuple(answer.getheaders())), body=answer.read())


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A way to start a server for one description."""

    name: str
    command: Callable[[int, Path], list[str]]
    """Gives the command line, for a port and a description."""
    is_ours: bool
    """Whether it keeps what is created, has control paths, and serves below the base path of the description."""

    @contextlib.contextmanager
    def started(self, spec: Path) -> Iterator[Running]:
        """Run it until it answers, and end it afterwards."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        began = time.perf_counter()
        with subprocess.Popen(
            self.command(port, spec), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as process:
            running = Running(port=port, group=process.pid, startup=0)
            try:
                while process.poll() is None:
                    with contextlib.suppress(OSError):
                        running.send("GET", "/", {})
                        break
                    time.sleep(0.01)
                else:
                    sys.exit(f"{self.name} ended with {process.returncode}")
                yield Running(port=port, group=process.pid, startup=time.perf_counter() - began)
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGTERM)


def ours() -> Server:
    """Give `conformance serve`."""
    command = [sys.executable, "-m", "conformance", "serve", "--contract", "as-written"]
    return Server(
        name="conformance serve",
        command=lambda port, spec: [*command, "--port", str(port), "--specs", str(spec)],
        is_ours=True,
    )


def prisms() -> tuple[Server, ...]:
    """Give Prism with static and with dynamic answers; none where this machine has no Node."""
    npx = shutil.which("npx")
    if npx is None:
        print("Prism: left out, no npx on this machine")
        return ()
    where = [npx, "--yes", "--package", PRISM, "--", "which", "prism"]
    program = subprocess.run(where, check=True, capture_output=True, text=True).stdout.strip()

    def command(port: int, spec: Path) -> list[str]:
        return [program, "mock", "--host", "127.0.0.1", "--port", str(port), str(spec)]

    return (
        Server(name="prism mock", command=command, is_ours=False),
        Server(name="prism mock -d", command=lambda port, spec: [*command(port, spec), "-d"], is_ours=False),
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The medians of several rounds."""

    startup: float
    """Seconds."""
    rate: float
    """Requests a second."""
    core: float
    """Requests a second of processor time."""


def speed(server: Server, options: argparse.Namespace) -> Speed:
    """Print and give how fast a server starts and how fast it answers a fetch of something that is there."""
    with server.started(SPEC) as running:
        fields = {**CREDENTIALS, "Host": HOST, "Content-Type": "application/x-www-form-urlencoded"}
        made = running.send("POST", "/v1/Services", fields, b"UniqueName=bench")
        path = f"/v1/Services/{json.loads(made.body)['sid'] if server.is_ours else 'KS' + '0' * 32}"
        ask(running.port, path, requests=options.connections * 20, connections=options.connections)
        rates, cores = [], []
        for _ in range(options.rounds):
            before = processor(running.group)
            seconds = ask(running.port, path, requests=options.requests, connections=options.connections)
            rates.append(options.requests / seconds)
            cores.append(options.requests / max(processor(running.group) - before, 1e-9))
    found = Speed(startup=running.startup, rate=statistics.median(rates), core=statistics.median(cores))
    print(
        f"{server.name:20} {found.startup:5.1f} s to the first answer {found.rate:8,.0f} requests/s "
        f"{found.core:8,.0f} requests per core second"
    )
    return found


def answers(server: Server, options: argparse.Namespace) -> float:
    """Print and give the part of all answers to valid requests that are valid."""
    valid = asked = 0
    for spec in SPECS:
        with server.started(spec) as running:
            for operation in load(Settings(specs=(spec,), contract="as-written")):
                context = seeds(running) if server.is_ours else nowhere
                for case in islice(cases(operation, context=context), options.cases):
                    asked += 1
                    valid += is_valid(operation, *exchanged(server, running, case))
    print(f"{server.name:20} {valid:5} of {asked} answers to valid requests are valid")
    return valid / asked


def seeds(running: Running) -> Context:
    """Give what asks our server for path parameters that lead to something."""

    def known(operation: Operation) -> dict[str, str]:
        wanted = json.dumps({"operations": [operation.key]}).encode()
        found: dict[str, dict[str, str]] = json.loads(
            running.send("POST", "/__conformance/seed", CREDENTIALS, wanted).body
        )
        return found[operation.key]

    return known


def exchanged(server: Server, running: Running, case: Case) -> tuple[Asked, Response | None]:
    """Send a case; no response where the server gave none, as when it ended."""
    sent = authorized(request(case), AUTHORIZATION)
    url = urlsplit(sent.url)
    path = url.path if server.is_ours else url.path.removeprefix(case.operation.servers[0].base_path)
    fields = {**dict(sent.headers.pairs), "Host": url.netloc}
    try:
        return sent, running.send(sent.method, f"{path}?{url.query}" if url.query else path, fields, sent.body)
    except (OSError, http.client.HTTPException):
        return sent, None


def is_valid(operation: Operation, sent: Asked, response: Response | None) -> bool:
    """Tell whether an answer is a success as the operation describes it."""
    answer = operation.answer(response.status) if response is not None else None
    if response is None or answer is None or response.status not in SUCCESS:
        return False
    exchange = Exchange(id="", request=sent, response=response, source=SOURCE)
    read = Reader(operation, COMPILER).read(exchange, {}).response
    is_whole = bool(response.body or not answer.content)
    return is_whole and read.media_type_error is None and read.body_error is None and not read.problems


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
    print(
        f"a fetch in process: {alone:.1f} us alone, {among:.1f} us among {options.resources:,} resources: "
        f"{among / alone:.2f} times"
    )


def main() -> None:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="requests in a round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cases", type=int, default=4, help="valid requests for each operation")
    parser.add_argument("--resources", type=int, default=1_000_000)
    parser.add_argument("--no-prism", action="store_true", help="measure only our server")
    options = parser.parse_args()
    servers = (ours(), *(() if options.no_prism else prisms()))
    speeds = [speed(server, options) for server in servers]
    shares = [answers(server, options) for server in servers]
    for server, its, share in zip(servers[1:], speeds[1:], shares[1:], strict=True):
        print(
            f"conformance serve / {server.name}: {its.startup / speeds[0].startup:.1f} times as soon, "
            f"{speeds[0].rate / its.rate:.1f} times the requests/s, {speeds[0].core / its.core:.1f} times by core, "
            f"{shares[0] / share:.1f} times the valid answers"
        )
    million(options)


if __name__ == "__main__":
    main()
