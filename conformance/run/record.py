"""A recording endpoint: whatever a program sends is answered, by the reference server or by another one, and kept.

A program reaches it by its address (`CONFORMANCE_URL`), or as a proxy: over plain HTTP, and over TLS for the hosts that
the descriptions name, with a certificate made for the occasion. Other hosts are refused, so that nothing leaves this
machine by mistake.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from conformance import targets
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model import redact
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.report import Report
from conformance.model.route import Miss
from conformance.model.rule import Severity
from conformance.model.value import Value
from conformance.recordings import ndjson
from conformance.run.recorder import Recorder, emitter
from conformance.run.suite import Outcome, Progress, compiler, load, suite
from conformance.sdk.certificate import certificate
from conformance.sdk.protocol import DriverFailed
from conformance.sdk.wire import Captured, Ending, Reply, Tunnel, Wire, written
from conformance.targets import Failure, Options

_HOP: Final = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", "content-length",
})  # fmt: skip
"""Headers of one connection (RFC 9110, 7.6.1), and the length, which is written anew."""
_TRUST: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
_PROXY: Final = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
_OWN: Final = _HOP | {"host"}
"""Request headers that the connection to another server has its own of."""
Answerer = Callable[[Request], Response]


class Endpoint(Value, frozen=True, kw_only=True):
    """An endpoint that listens."""

    url: str
    environment: Mapping[str, str]
    """What points a program at it."""
    limits: str
    """Why it is no proxy for TLS; empty where it is one."""


@contextmanager
def endpoint(
    operations: tuple[Operation, ...], answer: Answerer, keep: Callable[[Request, Response], None], *, port: int = 0
) -> Iterator[Endpoint]:
    """Listen; every request is answered and kept, with the URL that the descriptions have for it."""
    routes = Mock(operations, compiler())
    lock = Lock()

    def serve(captured: Captured) -> Reply:
        if captured.request.method == "CONNECT":
            host = urlsplit(captured.request.url).hostname
            refused = Response(status=502, reason="Bad Gateway", body=f"{host} is no documented host\n".encode())
            return Reply(data=written(refused), ending=Ending.CLOSE)
        asked = replace(captured.request, url=documented(captured.request, routes))
        with lock:
            response = answer(asked)
            keep(asked, response)
        headers = Headers(tuple(pair for pair in response.headers if pair[0].lower() not in _HOP))
        return Reply(data=written(replace(response, headers=headers), method=asked.method))

    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        tunnel, trust, limits = _tunnel(operations, Path(folder))
        with Wire(serve, tunnel=tunnel, port=port) as wire:
            proxies = dict.fromkeys(_PROXY if tunnel else _PROXY[:2], wire.url)
            quiet = {"NO_PROXY": "localhost", "no_proxy": "localhost"}
            environment = {"CONFORMANCE_URL": wire.url, **proxies, **quiet, **trust}
            yield Endpoint(url=wire.url, environment=environment, limits=limits)


def _tunnel(operations: tuple[Operation, ...], folder: Path) -> tuple[Tunnel | None, dict[str, str], str]:
    hosts = frozenset(urlsplit(f"//{server.host}").hostname or "" for each in operations for server in each.servers)
    try:
        made = certificate(folder, hosts - {""})
    except DriverFailed as failure:
        return None, {}, str(failure)
    return Tunnel(hosts=hosts, tls=made.context()), dict.fromkeys(_TRUST, str(made.file)), ""


def documented(request: Request, routes: Mock) -> str:
    """Give the URL of a request on its documented server; the URL as it is where it belongs to no operation."""
    found = routes.find(request.method, request.url)
    if isinstance(found, Miss):
        return request.url
    server = found.match.server
    if not server.host or urlsplit(request.url).netloc == server.host:
        return request.url
    path, question, query = request.url.partition("?")
    rest = urlsplit(path).path
    base = "" if rest.startswith(f"{server.base_path}/") else server.base_path
    return f"{server.scheme}://{server.host}{base}{rest}{question}{query}"


def _reference(operations: tuple[Operation, ...], seed: int) -> Answerer:
    mock, state = Mock(operations, compiler(), seed=seed), State()
    return lambda request: mock.handle(request, state)[0]


# conformance sdk --exec


def listen(settings: Settings, program: str, *, progress: Progress = lambda _: None) -> Outcome:
    """Run a program against the reference server, and judge whatever it sends.

    Raises:
        ConformanceError: the settings are wrong, the program cannot be started, or it sent nothing.

    """
    started = time.perf_counter()
    made = suite(settings)
    with emitter(settings) as emit:
        recorder = Recorder("exec", made, emit)
        numbers = iter(range(1 << 62))

        def keep(request: Request, response: Response) -> None:
            index = next(numbers)
            source = Source(kind="exec", path="exec", index=index)
            recorder.add(Exchange(id=f"exec#{index}", request=request, response=response, source=source))
            progress(1)

        with endpoint(made.operations, _reference(made.operations, settings.seed), keep) as open_at:
            code = _run(tuple(shlex.split(program)), open_at)
    cell = replace(recorder.cell(), facts={"program": program, "exit_code": code, "limits": open_at.limits})
    if not cell.tallies and not cell.findings:
        hint = "let it use CONFORMANCE_URL as the address of the API, or HTTPS_PROXY as its proxy"
        raise NothingChecked(
            what=f"{program!r} ended with {code} and sent nothing to a documented operation", hint=hint
        )
    report = Report(subject=made.subject(exec=program), cells={cell.id: cell})
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


def _run(command: tuple[str, ...], open_at: Endpoint) -> int:
    """Run a program that is pointed at an endpoint, and give its exit code."""
    if not command:
        raise SettingsError(where="command", what="there is none", hint="write it behind --")
    try:
        return subprocess.run(command, env={**os.environ, **open_at.environment}, check=False).returncode  # noqa: S603 - the user's own
    except OSError as error:
        hint = "name a program that can be started"
        raise SettingsError(where="command", what=f"{command[0]}: {error.strerror}", hint=hint) from error


# conformance record


class Recorded(Value, frozen=True, kw_only=True):
    """What came of a recording."""

    count: int
    """Exchanges in the file."""
    exit_code: int
    """Of the command; 0 where there was none."""


def record(
    settings: Settings,
    to: Path,
    *,
    upstream: str | None,
    command: tuple[str, ...] = (),
    port: int = 0,
    ready: Callable[[Endpoint], None] = lambda _: None,
    wait: Callable[[], None] = lambda: None,
) -> Recorded:
    """Record into a file until a command ends; without one, until `wait` returns.

    Raises:
        ConformanceError: the file cannot be written, the server not be reached, or the command not be started.

    """
    operations = load(settings)
    code = 0
    with (
        _tape(to) as tape,
        _answerer(operations, settings, upstream) as answer,
        endpoint(operations, answer, tape.keep, port=port) as open_at,
    ):
        ready(open_at)
        if command:
            code = _run(command, open_at)
        else:
            wait()
    return Recorded(count=tape.count, exit_code=code)


class _Tape:
    """A file of exchanges, each written when it has happened, without credentials."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self.count = 0

    def keep(self, request: Request, response: Response) -> None:
        """Write an exchange."""
        source = Source(kind="ndjson", path=self._name, index=self.count)
        exchange = Exchange(
            id=f"{self._name}#{self.count}",
            request=replace(
                request,
                url=redact.credentials(request.url),
                headers=_scrubbed(request.headers),
                body=_without_credentials(request.body),
            ),
            response=replace(
                response,
                headers=_scrubbed(response.headers),
                body=_without_credentials(response.body),
            ),
            source=source,
            session=self._name,
        )
        self._file.write(ndjson.write(exchange))
        self._file.flush()
        self.count += 1


def _scrubbed(fields: Headers) -> Headers:
    """Give headers without credentials; of an `Authorization` the scheme stays."""
    return Headers(tuple((name, _hidden(text) if redact.is_secret_name(name) else text) for name, text in fields))


def _hidden(text: str) -> str:
    scheme, blank, _ = text.partition(" ")
    return f"{scheme} ***" if blank else "***"


def _without_credentials(body: bytes) -> bytes:
    return redact.credentials(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


@contextmanager
def _tape(to: Path) -> Iterator[_Tape]:
    try:
        file = to.open("wb")
    except OSError as error:
        hint = "name a file that can be written"
        raise SettingsError(where="--to", what=f"{to}: {error.strerror}", hint=hint) from error
    with file:
        yield _Tape(file, to.name)


@contextmanager
def _answerer(operations: tuple[Operation, ...], settings: Settings, upstream: str | None) -> Iterator[Answerer]:
    """Give what answers: the reference server, or another one."""
    if upstream is None:
        yield _reference(operations, settings.seed)
        return
    servers = tuple(dict.fromkeys(server for operation in operations for server in operation.servers))
    target = targets.open_target(upstream, Options(servers=servers, retries=0))

    def ask(request: Request) -> Response:
        sent = replace(request, headers=Headers(tuple(pair for pair in request.headers if pair[0].lower() not in _OWN)))
        outcome = target.send(sent)
        if isinstance(outcome, Failure):
            return Response(status=502, reason="Bad Gateway", body=f"{upstream}: {outcome.message}\n".encode())
        return outcome

    try:
        yield ask
    finally:
        target.close()
