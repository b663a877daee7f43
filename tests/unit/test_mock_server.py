"""The reference server on a socket: whatever comes in, it answers and goes on."""

import asyncio
import contextlib
import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from conformance.mock import control
from conformance.mock.credentials import basic
from conformance.mock.faults import parse
from conformance.mock.handler import Answered, Mock
from conformance.mock.server import App
from conformance.mock.store import State
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Operation
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

ROOT = Path(__file__).parents[2]
PROXY = "/v1/Services"
AUTHORIZATION = basic("AC0123456789abcdef0123456789abcdef", "fake-token")


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(each for path in documents.find((ROOT / "specs",)) for each in documents.read(path))


def mock(*faults: str) -> Mock:
    return Mock(operations(), compiler(), faults=[parse(each) for each in faults])


class Running:
    """A server in a thread."""

    def __init__(self, app: App) -> None:
        self.app = app
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._socket.getsockname()[1]
        self._server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any, Mapping[str, str]]:
        fields = {"Authorization": AUTHORIZATION, **(headers or {})}
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            connection.request(method, path, body=body, headers=fields)
            with contextlib.closing(connection.getresponse()) as response:
                content = response.read()
        is_json = (response.getheader("Content-Type") or "").startswith("application/json")
        return response.status, json.loads(content) if is_json else content, dict(response.getheaders())

    def raw(self, data: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            connection.sendall(data)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    server = Running(App(mock(), max_body=1000, patience=0.5))
    yield server
    server.stop()


FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def test_all_apis_live_on_one_port(running: Running) -> None:
    status, made, headers = running.send("POST", PROXY, b"UniqueName=one", {**FORM, "Host": "proxy.twilio.com"})
    assert status == 201
    assert made["url"] == f"https://proxy.twilio.com/v1/Services/{made['sid']}"
    assert headers["twilio-request-id"].startswith("RQ")
    status, found, _ = running.send("GET", f"{PROXY}/{made['sid']}")
    assert (status, found["url"]) == (200, f"http://127.0.0.1:{running.port}/v1/Services/{made['sid']}")
    status, nothing, _ = running.send("DELETE", f"{PROXY}/{made['sid']}")
    assert (status, nothing) == (204, b"")


def test_a_body_that_is_too_large_is_refused(running: Running) -> None:
    status, body, headers = running.send("POST", PROXY, b"UniqueName=" + b"x" * 1000, FORM)
    assert (status, body["status"], headers["connection"]) == (413, 413, "close")
    chunked = b"POST /v1/Services HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert b" 413 " in running.raw(chunked + (b"3e8\r\n" + b"x" * 1000 + b"\r\n") * 2 + b"0\r\n\r\n")


def test_a_body_that_is_too_slow_is_refused(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"POST /v1/Services HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab")
        assert b" 408 " in connection.recv(65536)


def test_a_client_that_goes_away_is_forgotten(running: Running) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
        connection.sendall(b"POST /v1/Services HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nab")
    assert running.send("GET", PROXY)[0] == 200


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/Services HTTP/9.9\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/Services HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"GET /%ff%fe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        b"GET /v1/Services?%ff=%fe HTTP/1.1\r\nHost: a\r\nAuthorization: Basic \xff\r\nConnection: close\r\n\r\n",
        b"GET /v1/Services HTTP/1.0\r\n\r\n",
    ],
)
def test_malformed_http_gets_an_error_and_the_server_goes_on(running: Running, data: bytes) -> None:
    answer = running.raw(data)
    assert answer == b"" or 400 <= int(answer.split()[1]) < 500
    assert running.send("GET", PROXY)[0] == 200


def test_200_connections_at_once_are_served(running: Running) -> None:
    connections = [socket.create_connection(("127.0.0.1", running.port), timeout=20) for _ in range(200)]
    request = (
        f"GET {PROXY} HTTP/1.1\r\nHost: proxy.twilio.com\r\nAuthorization: {AUTHORIZATION}\r\nConnection: close\r\n\r\n"
    ).encode()
    for connection in connections:
        connection.sendall(request)
    answers = [connection.recv(65536) for connection in connections]
    for connection in connections:
        connection.close()
    assert {answer.split()[1] for answer in answers} == {b"200"}


def test_a_crash_is_an_answer(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        message = "planted"
        raise RuntimeError(message)

    monkeypatch.setattr(running.app.desk.mock, "answer", crash)
    assert running.send("GET", PROXY)[0] == 500
    monkeypatch.undo()
    assert running.send("GET", PROXY)[0] == 200


def test_faults_are_late_cut_off_or_reset() -> None:
    running = Running(App(mock("latency:50ms@*.ListService", "truncate@*.ListService", "reset@*.CreateService")))
    try:
        started = time.perf_counter()
        with pytest.raises(http.client.IncompleteRead) as cut:
            running.send("GET", PROXY, headers={"Host": "proxy.twilio.com"})
        assert time.perf_counter() - started > 0.05
        assert cut.value.partial
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            running.send("POST", PROXY, b"UniqueName=one", {**FORM, "Host": "proxy.twilio.com"})
        assert running.send("GET", "/__conformance/")[0] == 200
    finally:
        running.stop()


# Control paths


def test_the_control_paths_show_change_and_reset_the_state() -> None:
    running = Running(App(mock()))
    try:
        status, index, _ = running.send("GET", "/__conformance/")
        assert (status, index["operations"], index["resources"]) == (200, 90, 0)
        status, seeded, _ = running.send(
            "POST", "/__conformance/seed", b'{"operations": ["twilio_voice.fetchConference"]}'
        )
        conference = seeded["twilio_voice.fetchConference"]
        path = f"/2010-04-01/Accounts/{conference['AccountSid']}/Conferences/{conference['ConferenceSid']}.json"
        assert running.send("GET", path)[0] == 200
        state = running.send("GET", "/__conformance/state")[1]
        assert [each["id"] for each in state["resources"]["twilio_voice /Accounts/{}/Conferences"]] == [
            conference["ConferenceSid"]
        ]
        assert running.send("POST", "/__conformance/reset")[0] == 204
        assert running.send("GET", path)[0] == 404
        assert running.send("PUT", "/__conformance/state", json.dumps(state).encode())[0] == 204
        assert running.send("GET", path)[0] == 200
        assert running.send("DELETE", "/__conformance/state")[0] == 204
        assert len(running.send("POST", "/__conformance/seed")[1]) == 90
        lines = running.send("GET", "/__conformance/exchanges")[1].splitlines()
        exchanges = [json.loads(line) for line in lines]
        assert [each["response"]["status"] for each in exchanges] == [200, 404, 200]
        assert "fake" not in str(exchanges)
        assert AUTHORIZATION not in str(exchanges)
        running.send("GET", f"{PROXY}?Colour=red")
        findings = [json.loads(line) for line in running.send("GET", "/__conformance/findings")[1].splitlines()]
        assert [each["instance_pointer"] for each in findings] == ["/query/Colour"]
        running.send("POST", PROXY, b"UniqueName=\xff", FORM)
        assert (
            "body_base64" in json.loads(running.send("GET", "/__conformance/exchanges")[1].splitlines()[-1])["request"]
        )
        assert running.send("DELETE", "/__conformance/exchanges")[0] == 204
        assert running.send("GET", "/__conformance/exchanges")[1] == b""
    finally:
        running.stop()


def test_what_is_seeded_belongs_to_whoever_asks(running: Running) -> None:
    wish = json.dumps({"operations": ["twilio_voice.listConferences"], "count": 3}).encode()
    account = "AC0123456789abcdef0123456789abcdef"
    seeded = running.send("POST", "/__conformance/seed", wish)[1]
    assert seeded == {"twilio_voice.listConferences": {"AccountSid": account}}
    found = running.send("GET", f"/2010-04-01/Accounts/{account}/Conferences.json")[1]["conferences"]
    assert len(found) == 5
    seeded = running.send("POST", "/__conformance/seed", wish, {"Authorization": "Basic x"})[1]
    assert seeded == {"twilio_voice.listConferences": {"AccountSid": running.app.desk.mock.account}}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/__conformance/nothing", None, 404),
        ("GET", "/__conformance/reset", None, 405),
        ("PUT", "/__conformance/state", b"{}", 400),
        ("PUT", "/__conformance/state", b'{"format": 2}', 400),
        ("POST", "/__conformance/seed", b'{"operations": ["nothing"]}', 400),
        ("POST", "/__conformance/seed", b"[", 400),
        ("POST", "/__conformance/seed", b'{"operations": ["\xff"]}', 400),
        ("POST", "/__conformance/seed", b'{"operation": "nothing"}', 400),
        ("POST", "/__conformance/seed", b'{"count": -1}', 400),
    ],
)
def test_wrong_use_of_the_control_paths_is_told(
    running: Running, method: str, path: str, body: bytes | None, status: int
) -> None:
    assert running.send(method, path, body)[0] == status


def test_the_log_is_bounded_in_number_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control, "KEPT", 3)
    monkeypatch.setattr(control, "KEPT_BYTES", 1000)
    desk = control.Desk(mock=mock(), state=State())
    for size in (10, 10, 10, 10):
        desk.note(*seen(size))
    assert ([each.id for each in desk.log], desk.size) == (["serve#2", "serve#3", "serve#4"], 30)
    desk.note(*seen(985))
    assert ([each.id for each in desk.log], desk.size) == (["serve#4", "serve#5"], 995)
    desk.note(*seen(2000))
    assert (list(desk.log), desk.size, desk.seen) == ([], 0, 6)


def seen(size: int) -> tuple[Request, Answered]:
    request = Request(method="POST", url="https://example.com", body=b"x" * size)
    return request, Answered(response=Response(status=200), operation=None, path_parameters={})


def test_a_million_faults_in_one_body_are_told_a_hundred_times() -> None:
    served = mock()
    form = "&".join(f"a{number}=1" for number in range(1000)).encode()
    headers = Headers.of({"Authorization": AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"})
    request = Request(method="POST", url="https://proxy.twilio.com/v1/Services", headers=headers, body=form)
    answered = served.answer(request, State())
    assert (answered.response.status, len(answered.problems)) == (400, 100)


# The shell itself


def test_lifespan_and_websockets_are_answered() -> None:
    sent: list[Any] = []
    ended: list[str] = []
    app = App(mock(), State(), closing=lambda: ended.append("closed"))
    events = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> Any:
        return next(events)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(app({"type": "lifespan"}, receive, send))
    asyncio.run(app({"type": "websocket"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]
    assert ended == ["closed"]


SERVE = """
import sys
from functools import partial
from pathlib import Path
sys.path[:0] = [sys.argv[1], str(Path(sys.argv[1]) / "tests" / "unit")]
from conformance.mock.server import App, run
from test_mock_server import mock
say = partial(print, flush=True)
app = App(mock("latency:500ms"), observe=lambda seen: say(seen.id), closing=lambda: say("closed"))
run(app, port=0, announce=say)
"""


def test_sigterm_lets_requests_finish() -> None:
    command = [sys.executable, "-c", SERVE, str(ROOT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])), timeout=10) as connection:
            connection.sendall(
                f"GET {PROXY} HTTP/1.1\r\nHost: proxy.twilio.com\r\nAuthorization: {AUTHORIZATION}\r\n\r\n".encode()
            )
            assert process.stdout.readline() == "serve#1\n"
            process.send_signal(signal.SIGTERM)
            assert b" 200 " in connection.recv(65536)
        assert process.stdout.readline() == "closed\n"
        process.wait(timeout=10)
