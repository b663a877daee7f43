"""The loopback server that keeps raw bytes, and misbehaves when it is told to."""

from __future__ import annotations

import http.client
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from conformance.model.http import Headers, Response
from conformance.sdk.certificate import certificate
from conformance.sdk.protocol import DriverFailed
from conformance.sdk.wire import Captured, Ending, Reply, Tunnel, Wire, written

OK = Reply(data=written(Response(status=200, reason="OK", body=b"fine")))


@pytest.fixture
def seen() -> list[Captured]:
    return []


@pytest.fixture
def wire(seen: list[Captured]) -> Iterator[Wire]:
    def answer(captured: Captured) -> Reply:
        seen.append(captured)
        return OK

    with Wire(answer) as made:
        yield made


def talk(wire: Wire, *pieces: bytes) -> bytes:
    """Send bytes as they are, and give everything that comes back until the server closes or has nothing to say."""
    with socket.create_connection(("127.0.0.1", wire.port), timeout=2) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.01)
        connection.shutdown(socket.SHUT_WR)
        got = b""
        while data := connection.recv(65536):
            got += data
        return got


def test_a_connection_is_kept_and_every_byte_too(wire: Wire, seen: list[Captured]) -> None:
    client = http.client.HTTPConnection("127.0.0.1", wire.port)
    for _ in range(2):
        client.request("POST", "/v1/Things?a=1&a=2", body=b"Name=x", headers={"Host": "api.example.com", "X-A": "b"})
        assert client.getresponse().read() == b"fine"
    client.close()
    assert [each.connection for each in seen] == [0, 0]
    assert seen[0].request.url == "https://api.example.com/v1/Things?a=1&a=2"
    assert seen[0].request.body == b"Name=x"
    assert seen[0].raw.startswith(b"POST /v1/Things?a=1&a=2 HTTP/1.1\r\n")
    assert seen[0].raw.endswith(b"\r\n\r\nName=x")
    assert seen[0].raw == seen[1].raw
    assert not seen[0].proxied


def test_a_request_to_the_server_itself_keeps_its_url(wire: Wire, seen: list[Captured]) -> None:
    talk(wire, f"GET /x HTTP/1.1\r\nHost: {wire.authority}\r\n\r\n".encode())
    assert seen[0].request.url == f"{wire.url}/x"


def test_chunks_are_understood_and_kept(wire: Wire, seen: list[Captured]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"3\r\nabc\r\n2;note=1\r\nde\r\n0\r\nTrailer: x\r\n\r\n"
    assert b"200 OK" in talk(wire, head, body)
    assert seen[0].request.body == b"abcde"
    assert seen[0].raw == head + body


def test_a_client_that_asks_first_is_told_to_go_on(wire: Wire, seen: list[Captured]) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    assert talk(wire, head, b"hi").startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")
    assert seen[0].request.body == b"hi"


def test_a_client_that_wants_to_close_is_told_so(wire: Wire) -> None:
    got = talk(wire, b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 200 OK\r\nConnection: close\r\n")


def test_absolute_form_is_spoken_to_a_proxy(wire: Wire, seen: list[Captured]) -> None:
    talk(wire, b"GET http://a.example/x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert seen[0].proxied
    assert seen[0].request.url == "http://a.example/x?y=1"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET /\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffff\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc",
        b"GET / HTTP/1.1\r\nHalf: a hea",
        b"\x16\x03\x01\x02\x00\x01",
    ],
)
def test_what_is_no_request_is_a_400(wire: Wire, seen: list[Captured], sent: bytes) -> None:
    assert talk(wire, sent).startswith(b"HTTP/1.1 400 Bad Request")
    assert seen == []


def test_a_client_that_says_nothing_is_let_go(wire: Wire, seen: list[Captured]) -> None:
    assert talk(wire) == b""
    assert seen == []


def test_a_reset_is_a_reset() -> None:
    with Wire(lambda _: Reply(data=b"", ending=Ending.RESET)) as wire:
        client = http.client.HTTPConnection("127.0.0.1", wire.port)
        client.request("GET", "/")
        with pytest.raises(ConnectionResetError):
            client.getresponse()
        client.close()


def test_a_head_without_an_end_is_not_read_for_ever(seen: list[Captured]) -> None:
    def answer(captured: Captured) -> Reply:
        seen.append(captured)
        return OK

    with (
        Wire(answer) as wire,
        socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection,
        pytest.raises(OSError, match=r"reset|pipe|abort"),
    ):
        connection.sendall(b"A" * 10_000_000)
    assert seen == []


def test_an_answer_can_be_cut_short() -> None:
    reply = Reply(data=written(Response(status=200, body=b"x" * 100))[:-50], ending=Ending.CLOSE)
    with Wire(lambda _: reply) as wire:
        client = http.client.HTTPConnection("127.0.0.1", wire.port)
        client.request("GET", "/")
        with pytest.raises(http.client.IncompleteRead):
            client.getresponse().read()
        client.close()


def test_a_server_that_closes_does_not_sit_out_its_delays() -> None:
    started = time.monotonic()
    with Wire(lambda _: Reply(data=OK.data, delay=30)) as wire:
        client = http.client.HTTPConnection("127.0.0.1", wire.port, timeout=0.05)
        client.request("GET", "/")
        with pytest.raises(TimeoutError):
            client.getresponse()
        client.close()
    assert time.monotonic() - started < 5


def test_a_request_whose_sender_gave_up_is_known() -> None:
    seen: dict[str, bool] = {}
    closed = Event()

    def answer(captured: Captured) -> Reply:
        if captured.request.path == "/first":
            closed.wait(5)
        seen[captured.request.path] = captured.abandoned
        return Reply(data=b"")

    with Wire(answer) as wire:
        with socket.create_connection(("127.0.0.1", wire.port), timeout=5) as connection:
            for path in ("/first", "/second"):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a.example\r\n\r\n".encode())
        closed.set()
        for _ in range(500):
            if "/second" in seen:
                break
            time.sleep(0.01)
    assert seen["/second"]


def test_answers_without_a_body_have_no_length() -> None:
    assert written(Response(status=204, reason="No Content")) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert written(Response(status=200, body=b"abc"), method="HEAD").endswith(b"Content-Length: 3\r\n\r\n")
    assert written(Response(status=200, headers=Headers((("Content-Length", "9"),)), body=b"abc")).count(b"Length") == 1


def test_tls_and_tunnels_for_documented_hosts_only(tmp_path: Path, seen: list[Captured]) -> None:
    made = certificate(tmp_path, ["api.example.com"])
    trusting = ssl.create_default_context(cafile=made.trust["SSL_CERT_FILE"])

    def answer(captured: Captured) -> Reply:
        seen.append(captured)
        return OK

    with Wire(answer, tls=made.context()) as wire:
        assert wire.url.startswith("https://127.0.0.1:")
        client = http.client.HTTPSConnection("127.0.0.1", wire.port, context=trusting)
        client.request("GET", "/x", headers={"Host": "api.example.com"})
        assert client.getresponse().read() == b"fine"
        client.close()
    tunnel = Tunnel(hosts=frozenset({"api.example.com"}), tls=made.context())
    with Wire(answer, tunnel=tunnel) as wire:
        client = http.client.HTTPSConnection("127.0.0.1", wire.port, context=trusting)
        client.set_tunnel("api.example.com")
        client.request("GET", "/y")
        assert client.getresponse().read() == b"fine"
        client.close()
        stranger = http.client.HTTPSConnection("127.0.0.1", wire.port, context=trusting)
        stranger.set_tunnel("elsewhere.example")
        with pytest.raises(ssl.SSLError):
            stranger.request("GET", "/")
        stranger.close()
    urls = [each.request.url for each in seen]
    assert urls == ["https://api.example.com/x", "https://api.example.com/y", "https://elsewhere.example:443"]


def test_without_openssl_there_is_no_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(DriverFailed, match="no `openssl`"):
        certificate(tmp_path, [])


def test_a_certificate_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    with pytest.raises(DriverFailed, match="makes no certificate"):
        certificate(tmp_path / "missing", ["api.example.com"])
