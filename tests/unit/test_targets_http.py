"""Live targets: what goes over the wire, and what becomes of everything that goes wrong there."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from conformance.errors import TargetError
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Server
from conformance.targets import Dialogue, Failure, Options, Outcome, Reason, http, open_target, single
from conformance.targets.connection import Broken, Connection
from conformance.targets.http import HttpTarget, Places, is_loopback

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: %d\r\n\r\n%b"
REPLIES = {
    "/empty": b"",
    "/half": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "/garbage": b"I speak something else\r\n\r\n",
    "/redirect": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    "/odd": b"HTTP/1.1 200 OK\r\nX-Odd: \xe9\r\nContent-Length: 0\r\n\r\n",
}


class Raw:
    """A server that shows what it got, byte for byte."""

    def __init__(self) -> None:
        self.port = 0
        self.connections = 0
        self.active = 0
        self.most_active = 0
        self.refusals = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    def _serve(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._answer(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readexactly(1)
        if head == b"\x16":
            writer.write(b"no TLS here")
            return False
        head += await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
        body = await reader.readexactly(length)
        path = head.split(b" ")[1].decode()
        if path == "/slow":
            await asyncio.sleep(60)
        if path.startswith("/wait"):
            self.active += 1
            self.most_active = max(self.most_active, self.active)
            await asyncio.sleep(0.02)
            self.active -= 1
        if path in REPLIES:
            writer.write(REPLIES[path])
            await writer.drain()
            return path in {"/redirect", "/odd"}
        if path == "/busy" and self.refusals < 2:
            self.refusals += 1
            writer.write(b"HTTP/1.1 429 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n")
        else:
            echo = head + body
            writer.write(OK % (len(echo), echo))
        await writer.drain()
        return True


@pytest.fixture(scope="module")
def raw() -> Iterator[Raw]:
    with Raw() as server:
        yield server


@pytest.fixture
def target(raw: Raw) -> Iterator[HttpTarget]:
    found = open_target(f"http://127.0.0.1:{raw.port}", Options(timeout=0.5))
    assert isinstance(found, HttpTarget)
    yield found
    found.close()


def get(path: str) -> Request:
    return Request(method="GET", url=f"https://api.example.com{path}")


def responded(outcome: Outcome) -> Response:
    assert isinstance(outcome, Response), outcome
    return outcome


def test_requests_go_out_exactly_as_they_were_generated(target: HttpTarget, raw: Raw) -> None:
    sent = Request(
        method="POST",
        url="https://api.example.com/a%2Fb/%7Bx%7D/./..;v=1?q=%2B1+2&q=&StartTime%3C=x%20y",
        headers=Headers((("X-B", "1"), ("Accept", "text/plain"), ("X-B", "2"))),
        body=b"a=%C3%A9",
    )
    answer = responded(target.send(sent))
    head, _, body = answer.body.decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert lines[0] == "POST /a%2Fb/%7Bx%7D/./..;v=1?q=%2B1+2&q=&StartTime%3C=x%20y HTTP/1.1"
    assert body == "a=%C3%A9"
    fields = sorted(lines[1:])
    assert fields == ["Accept: text/plain", "Content-Length: 8", f"Host: 127.0.0.1:{raw.port}", "X-B: 1", "X-B: 2"]
    assert answer.headers.get_all("X-A") == ("1", "2")
    assert (answer.elapsed or 0) > 0


def test_the_documented_host_can_be_kept(raw: Raw) -> None:
    target = open_target(f"http://127.0.0.1:{raw.port}", Options(keep_host=True))
    assert b"Host: api.example.com\r\n" in responded(target.send(get("/"))).body
    target.close()


def test_connections_are_kept_alive(target: HttpTarget, raw: Raw) -> None:
    before = raw.connections
    assert [responded(each).status for each in target.play(single(get("/")) for _ in range(5))] == [200] * 5
    assert raw.connections == before + 1


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/slow", Reason.TIMEOUT),
        ("/empty", Reason.RESET),
        ("/half", Reason.TRUNCATED),
        ("/garbage", Reason.NOT_HTTP),
    ],
)
def test_what_goes_wrong_on_the_wire_is_a_value(target: HttpTarget, path: str, reason: Reason) -> None:
    outcome = target.send(get(path))
    assert isinstance(outcome, Failure)
    assert outcome.reason is reason
    assert outcome.message
    assert (outcome.elapsed or 0) > 0


def test_encryption_that_fails_is_a_value(raw: Raw) -> None:
    target = open_target(f"https://127.0.0.1:{raw.port}", Options(timeout=2))
    outcome = target.send(get("/"))
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.TLS
    target.close()


def test_a_server_that_is_not_there_is_a_value_and_can_be_asked_for_first() -> None:
    target = open_target("http://127.0.0.1:1")
    outcome = target.send(get("/"))
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.UNREACHABLE
    assert isinstance(target, HttpTarget)
    with pytest.raises(TargetError, match="no connection"):
        target.reach()
    target.close()


def test_a_server_that_is_there_can_be_reached(target: HttpTarget) -> None:
    target.reach()


def test_redirects_are_answers(target: HttpTarget) -> None:
    assert responded(target.send(get("/redirect"))).status == 302


def test_header_bytes_that_are_no_utf_8_are_kept(target: HttpTarget) -> None:
    assert responded(target.send(get("/odd"))).headers.get("X-Odd") == "é"


def test_too_many_requests_are_sent_again(target: HttpTarget, raw: Raw) -> None:
    raw.refusals = 0
    assert responded(target.send(get("/busy"))).status == 200
    assert target.retried == 2


def test_retries_end(raw: Raw) -> None:
    raw.refusals = 0
    target = open_target(f"http://127.0.0.1:{raw.port}", Options(retries=1))
    assert responded(target.send(get("/busy"))).status == 429
    target.close()


def pair(first: str, second: str) -> Dialogue[list[str]]:
    found = []
    for path in (first, second):
        outcome = yield get(path)
        found.append(responded(outcome).body.decode().split(" ")[1])
    return found


def test_dialogues_run_side_by_side_and_end_in_their_order(raw: Raw) -> None:
    raw.most_active = 0
    target = open_target(f"http://127.0.0.1:{raw.port}", Options(workers=4))
    played = list(target.play(pair(f"/wait/{n}" if n % 3 == 0 else f"/{n}", f"/second/{n}") for n in range(40)))
    assert [second for _, second in played] == [f"/second/{n}" for n in range(40)]
    assert 1 < raw.most_active <= 4
    target.close()


def test_leaving_early_lets_go_of_what_is_running(raw: Raw) -> None:
    target = open_target(f"http://127.0.0.1:{raw.port}", Options(workers=3))
    playing = target.play(single(get("/" if n == 0 else "/slow")) for n in range(9))
    assert responded(next(playing)).status == 200
    playing.close()  # type: ignore[attr-defined] # it is a generator
    target.close()


def test_requests_keep_to_the_rate(raw: Raw) -> None:
    target = open_target(f"http://127.0.0.1:{raw.port}", Options(rate=100, workers=2))
    loop = asyncio.new_event_loop()
    start = loop.time()
    assert len(list(target.play(single(get("/")) for _ in range(11)))) == 11
    assert loop.time() - start > 0.09
    loop.close()
    target.close()


SERVERS = tuple(
    Server(url=f"https://{host}{base}", scheme="https", host=host, base_path=base)
    for host, base in [("api.example.com", "/v1"), ("api.example.com", "/v1/beta"), ("", "/any"), ("b.com", "")]
)


@pytest.mark.parametrize(
    ("target", "url", "expected"),
    [
        ("http://h:1", "https://api.example.com/v1/x?q=%2F", "http://h:1/v1/x?q=%2F"),
        ("http://h:1/", "https://api.example.com/v1/x", "http://h:1/x"),
        ("http://h:1/own", "https://api.example.com/v1/x", "http://h:1/own/x"),
        ("http://h:1/own/", "https://api.example.com/v1/beta/x", "http://h:1/own/x"),
        ("http://h:1/", "https://api.example.com/v10/x", "http://h:1/v10/x"),
        ("http://h:1/", "https://api.example.com/v1", "http://h:1"),
        ("http://h:1/", "https://c.com/any/x", "http://h:1/x"),
        ("http://h:1/", "https://b.com/v1/x", "http://h:1/v1/x"),
    ],
)
def test_a_target_with_a_path_of_its_own_replaces_the_base_path(target: str, url: str, expected: str) -> None:
    assert Places(target, SERVERS).of(url) == expected


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]"])
def test_loopback_hosts_are_local(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["api.twilio.com", "10.0.0.1", "0.0.0.0", "localhost.example.com", ""])  # noqa: S104 - not bound
def test_other_hosts_are_not(host: str) -> None:
    assert not is_loopback(host)


def test_proxies_come_from_the_environment(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{raw.port}")
    monkeypatch.setenv("no_proxy", "direct.invalid")
    target = open_target("http://far.invalid", Options(timeout=2))
    assert isinstance(target, HttpTarget)
    assert not target.local
    target.reach()
    assert responded(target.send(get("/x"))).body.startswith(b"GET http://far.invalid/x HTTP/1.1")
    target.close()
    direct = open_target("http://direct.invalid", Options(timeout=2))
    outcome = direct.send(get("/x"))
    assert isinstance(outcome, Failure)
    assert outcome.reason in {Reason.UNREACHABLE, Reason.TIMEOUT}
    direct.close()


def test_certificate_bundles_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    open_target("https://127.0.0.1:1").close()
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    with pytest.raises(TargetError, match="certificate bundle"):
        open_target("https://127.0.0.1:1")


def test_a_connection_that_takes_too_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", never)
    target = open_target("http://127.0.0.1:1", Options(timeout=0.01))
    assert isinstance(target, HttpTarget)
    with pytest.raises(TargetError, match=r"within 0\.01 s"):
        target.reach()
    target.close()


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200, b"ok"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3;x=y\r\n!!!\r\n0\r\nT: 1\r\n\r\n",
            200,
            b"ok!!!",
        ),
        (b"HTTP/1.1 204 None\r\nContent-Length: 2\r\n\r\n{}", 204, b"{}"),
        (b"HTTP/1.1 204 None\r\nContent-Length: 0\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 2\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 204 None\r\n\r\n", 204, b""),
        (b"HTTP/1.1 404\r\ncontent-length:0\r\n\r\n", 404, b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", 200, b"ok"),
    ],
)
def test_answers_are_read_however_they_are_framed_and_cut(reply: bytes, status: int, body: bytes) -> None:
    for size in (1, 7, len(reply)):
        with Scripted([reply[start : start + size] for start in range(0, len(reply), size)]) as port:
            target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
            answer = responded(target.send(get("/")))
            target.close()
        assert (answer.status, answer.body) == (status, body)


@pytest.mark.parametrize(
    ("reply", "reason", "message"),
    [
        (b"SSH-2.0-OpenSSH\r\n", Reason.NOT_HTTP, "no HTTP: b'SSH"),
        (b"HTTP/1.1 abc\r\n\r\n", Reason.NOT_HTTP, "no status line"),
        (b"HTTP/1.1 200 OK\r\nno field\r\n\r\n", Reason.NOT_HTTP, "no header field"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", Reason.NOT_HTTP, "Content-Length: x"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000, Reason.NOT_HTTP, "more than 65536 bytes"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Reason.TRUNCATED, "no size of a chunk"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", Reason.TRUNCATED, "within the body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", Reason.TRUNCATED, "within the body"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno", Reason.TRUNCATED, "no gzip"),
        (b"HTTP/1.1 200 O", Reason.RESET, "before the answer"),
    ],
)
def test_answers_that_cannot_be_read_say_why(reply: bytes, reason: Reason, message: str) -> None:
    with Scripted([reply]) as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        outcome = target.send(get("/"))
        target.close()
    assert isinstance(outcome, Failure)
    assert outcome.reason is reason
    assert message in outcome.message


class Scripted:
    """A server that says the same to whoever connects, piece by piece, then hangs up."""

    def __init__(self, pieces: list[bytes], *, accept: int = 1, hangs_up: bool = True) -> None:
        self._pieces = pieces
        self._hangs_up = hangs_up
        self._accept = accept
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self.seen: list[bytes] = []

    def __enter__(self) -> int:
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._socket.close()

    def _serve(self) -> None:
        for _ in range(self._accept):
            connection, _ = self._socket.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.seen.append(connection.recv(65_536))
                for piece in self._pieces:
                    connection.sendall(piece)
                if self._hangs_up:
                    connection.shutdown(socket.SHUT_WR)
                connection.recv(65_536)


def test_heads_have_no_body(raw: Raw) -> None:
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
    with Scripted([reply]) as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert responded(target.send(Request(method="HEAD", url="https://h/"))).body == b""
        target.close()


@pytest.mark.parametrize(("method", "survives"), [("GET", True), ("POST", False)])
def test_a_kept_connection_that_was_closed_is_opened_again_where_that_is_safe(method: str, survives: bool) -> None:
    server = Scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"], accept=2, hangs_up=False)
    with server as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert responded(target.send(get("/"))).status == 200
        outcome = target.send(Request(method=method, url="https://h/"))
        if not survives:
            assert isinstance(outcome, Failure)
            assert outcome.reason is Reason.RESET
            assert responded(target.send(get("/"))).status == 200
        else:
            assert responded(outcome).status == 200
        target.close()


def test_what_comes_unasked_closes_the_connection() -> None:
    server = Scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"], accept=2)
    with server as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert [responded(target.send(get("/"))).status for _ in range(2)] == [200, 200]
        target.close()


def test_idle_connections_are_not_trusted_for_long(
    target: HttpTarget, raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    target.send(get("/"))
    before = raw.connections
    monkeypatch.setattr("conformance.targets.http._IDLE", -1.0)
    target.send(get("/"))
    assert raw.connections == before + 1


def test_headers_that_would_end_early_are_not_sent(target: HttpTarget) -> None:
    outcome = target.send(Request(method="GET", url="https://h/", headers=Headers((("X", "a\r\nY: b"),))))
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.WITHHELD


def test_plain_proxies_get_their_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    with server as port:
        monkeypatch.setenv("http_proxy", f"http://me:my%20own@127.0.0.1:{port}")
        target = open_target("http://far.invalid/base", Options(timeout=2))
        assert responded(target.send(get("/x?y"))).status == 200
        target.close()
    assert server.seen[0].startswith(b"GET http://far.invalid/base/x?y HTTP/1.1\r\nHost: far.invalid\r\n")
    assert b"Proxy-Authorization: Basic bWU6bXkgb3du\r\n" in server.seen[0]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=far.test"
    subprocess.run(  # noqa: S603 - our own command
        [*command.split(), "-addext", "subjectAltName=DNS:far.test"], cwd=folder, check=True, capture_output=True
    )
    return folder


class Tunnel(threading.Thread):
    """A proxy that ends the tunnel itself: it answers CONNECT, then plays the encrypted server."""

    def __init__(self, folder: Path, *, status: bytes = b"200 OK") -> None:
        super().__init__()
        self._folder = folder
        self._status = status
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.asked = b""
        self.inside = b""

    def run(self) -> None:
        connection, _ = self._socket.accept()
        self._socket.close()
        with connection:
            self.asked = connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 " + self._status + b"\r\n\r\n")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._folder / "cert.pem", self._folder / "key.pem")
            try:
                with context.wrap_socket(connection, server_side=True) as encrypted:
                    self.inside = encrypted.recv(65_536)
                    encrypted.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                    encrypted.recv(1)
            except (ssl.SSLError, OSError):
                return


def test_encrypted_servers_are_reached_through_a_tunnel(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = Tunnel(certificate)
    proxy.start()
    monkeypatch.setenv("https_proxy", f"http://me:mine@127.0.0.1:{proxy.port}")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    target = open_target("https://far.test", Options(timeout=5))
    assert responded(target.send(get("/x"))).body == b"ok"
    target.close()
    proxy.join(10)
    assert proxy.asked.startswith(b"CONNECT far.test:443 HTTP/1.1\r\nHost: far.test:443\r\nProxy-Authorization: Basic ")
    assert proxy.inside.startswith(b"GET /x HTTP/1.1\r\nHost: far.test\r\n")


@pytest.mark.parametrize(
    ("status", "trusted", "reason"),
    [(b"403 Forbidden", True, Reason.UNREACHABLE), (b"200 OK", False, Reason.TLS)],
)
def test_tunnels_that_do_not_open_say_why(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, status: bytes, trusted: bool, reason: Reason
) -> None:
    proxy = Tunnel(certificate, status=status)
    proxy.start()
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
    if trusted:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))
    target = open_target("https://far.test", Options(timeout=5))
    outcome = target.send(get("/x"))
    target.close()
    proxy.join(10)
    assert isinstance(outcome, Failure)
    assert outcome.reason is reason


def test_a_target_that_goes_away_is_given_up_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.targets.http._PAUSES", (0.0, 0.0))
    with Scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]) as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert responded(target.send(get("/"))).status == 200
    outcomes = list(target.play(single(get("/")) for _ in range(3)))
    target.close()
    assert all(isinstance(outcome, Failure) for outcome in outcomes)
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Failure)]
    assert reasons == [Reason.UNREACHABLE, Reason.WITHHELD, Reason.WITHHELD]


def test_a_target_that_comes_back_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with Scripted([answer], accept=2) as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert isinstance(target, HttpTarget)
        assert responded(target.send(get("/"))).status == 200
        opened = target._way.open
        tries = []

        async def sometimes(timeout: float) -> Connection:  # noqa: ASYNC109 - as the real one has it
            tries.append(timeout)
            if len(tries) == 1:
                raise Broken(Reason.UNREACHABLE, "restarting")
            return await opened(timeout)

        monkeypatch.setattr(target._way, "open", sometimes)
        assert responded(target.send(get("/"))).status == 200
        target.close()
    assert len(tries) == 2


def test_trust_that_is_lost_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with Scripted([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"]) as port:
        target = open_target(f"http://127.0.0.1:{port}", Options(timeout=2))
        assert isinstance(target, HttpTarget)
        target.send(get("/"))

    async def distrusting(_: float) -> Connection:
        raise Broken(Reason.TLS, "expired")

    monkeypatch.setattr(target._way, "open", distrusting)
    outcome = target.send(get("/"))
    target.close()
    assert isinstance(outcome, Failure)
    assert outcome.reason is Reason.TLS


def test_nobody_waits_for_workers_that_have_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LATEST", 60)

    async def ended() -> None:
        worker = asyncio.ensure_future(asyncio.sleep(0))
        await worker
        await asyncio.wait_for(http._any([worker], asyncio.Event()), 5)

    asyncio.run(ended())
