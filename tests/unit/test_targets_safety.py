"""What may be sent where, with whose credentials, and how a request is sent again by hand."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import SettingsError
from conformance.model import curl
from conformance.model.http import Headers, Request, Response
from conformance.targets import Dialogue, Failure, Outcome, Reason, in_turn, single
from conformance.targets.credentials import find
from conformance.targets.safety import Guarded, Policy, are_test_credentials, is_twilio_host


class Recorded:
    name = "recorded"

    def __init__(self, *, local: bool) -> None:
        self.local = local
        self.methods: list[str] = []
        self.closed = False

    def reach(self) -> None:
        self.methods.append("reach")

    def place(self, url: str) -> str:
        return f"{url}#{self.name}"

    def send(self, request: Request) -> Outcome:
        self.methods.append(request.method)
        return Response(status=200)

    def play(self, dialogues: Iterable[Dialogue[Any]]) -> Iterator[Any]:
        return in_turn(self.send, dialogues)

    def close(self) -> None:
        self.closed = True


def ask(method: str) -> Request:
    return Request(method=method, url="https://api.example.com/things")


@pytest.mark.parametrize(
    ("host", "local", "policy", "sent"),
    [
        ("127.0.0.1", True, Policy(), ["GET", "POST", "DELETE"]),
        ("api.example.com", False, Policy(), ["GET"]),
        ("api.example.com", False, Policy(writes=True), ["GET", "POST", "DELETE"]),
        ("api.twilio.com", False, Policy(writes=True), ["GET"]),
        ("API.TWILIO.COM", False, Policy(writes=True, costs=True), ["GET", "POST", "DELETE"]),
        ("api.twilio.com", False, Policy(writes=True, test_credentials=True), ["GET", "POST", "DELETE"]),
        ("api.twilio.com", False, Policy(costs=True), ["GET"]),
        ("127.0.0.1", True, Policy(dry=True), []),
        ("127.0.0.1", True, Policy(max_requests=2), ["GET", "POST"]),
    ],
)
def test_only_what_the_user_allowed_is_sent(host: str, local: bool, policy: Policy, sent: list[str]) -> None:
    for play in (True, False):
        target = Recorded(local=local)
        guarded = Guarded(target, policy, host=host)
        requests = [ask(method) for method in ("GET", "POST", "DELETE")]
        outcomes = list(guarded.play(map(single, requests))) if play else list(map(guarded.send, requests))
        assert target.methods == sent
        assert guarded.sent == len(sent)
        withheld = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        assert len(withheld) == 3 - len(sent)
        assert all(outcome.reason is Reason.WITHHELD for outcome in withheld)
        assert (guarded.name, guarded.local) == ("recorded", local)
        guarded.close()
        assert target.closed


def test_a_dry_run_does_not_even_ask_who_is_there() -> None:
    target = Recorded(local=True)
    Guarded(target, Policy(dry=True)).reach()
    assert target.methods == []
    Guarded(target, Policy()).reach()
    assert target.methods == ["reach"]


def test_a_refusal_says_what_would_allow_it() -> None:
    guarded = Guarded(Recorded(local=False), Policy(), host="api.example.com")
    refusal = guarded.refusal(ask("POST"))
    assert refusal is not None
    assert refusal.message == "POST is not sent to api.example.com without --allow-writes"


@pytest.mark.parametrize(
    ("host", "expected"), [("api.twilio.com", True), ("twilio.com", True), ("nottwilio.com", False)]
)
def test_twilio_hosts(host: str, expected: bool) -> None:
    assert is_twilio_host(host) == expected


def test_test_credentials_are_told_by_twilio_itself() -> None:
    forbidden = Response(status=403, body=b'{"code": 20008, "status": 403}')
    assert are_test_credentials(forbidden)
    assert not are_test_credentials(Response(status=200))
    assert not are_test_credentials(Response(status=403, body=b'{"code": 20003}'))
    assert not are_test_credentials(Failure(reason=Reason.RESET, message=""))


ACCOUNT = {"TWILIO_ACCOUNT_SID": "ACfake", "TWILIO_AUTH_TOKEN": "fake"}
KEY = {"TWILIO_API_KEY": "SKfake", "TWILIO_API_SECRET": "fake secret"}


@pytest.mark.parametrize(
    ("host", "environment", "expected"),
    [
        ("h", {"CONFORMANCE_AUTH": "me:a:b"}, ("me", "a:b")),
        ("api.twilio.com", ACCOUNT, ("ACfake", "fake")),
        ("api.twilio.com", {**ACCOUNT, **KEY}, ("SKfake", "fake secret")),
        ("api.twilio.com", {"TWILIO_ACCOUNT_SID": "ACfake"}, None),
        ("evil.example.com", ACCOUNT, None),
        ("api.twilio.com", {**ACCOUNT, "CONFORMANCE_AUTH": "me:x"}, ("me", "x")),
    ],
)
def test_credentials_come_from_the_environment_and_go_where_they_belong(
    tmp_path: Path, host: str, environment: dict[str, str], expected: tuple[str, str] | None
) -> None:
    assert find(host, {**environment, "NETRC": str(tmp_path / "none")}) == expected


def test_credentials_come_from_a_netrc_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".netrc"
    file.write_text(
        "machine api.example.com login me password mine\nmachine bare account x\ndefault login d password d\n"
    )
    file.chmod(0o600)
    assert find("api.example.com", {"NETRC": str(file)}) == ("me", "mine")
    assert find("other.example.com", {"NETRC": str(file)}) is None
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find("api.example.com", {}) == ("me", "mine")


@pytest.mark.parametrize("text", ["machine", "frobnicate h"])
def test_a_broken_netrc_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "netrc"
    file.write_text(text)
    with pytest.raises(SettingsError, match="cannot be read"):
        find("h", {"NETRC": str(file)})


def test_credentials_without_a_colon_are_refused() -> None:
    with pytest.raises(SettingsError, match="no colon"):
        find("h", {"CONFORMANCE_AUTH": "me"})


SECRET = Headers((("Authorization", "Basic bWU6bWluZQ=="), ("X-Api-Key", "k"), ("Host", "h"), ("X-Empty", "")))


def test_a_command_line_has_no_secrets() -> None:
    text = curl.line(Request(method="GET", url="https://h/a?b='c'", headers=SECRET))
    assert "bWU6" not in text
    assert '--user "$CONFORMANCE_AUTH"' in text
    assert '"X-Api-Key: $SECRET"' in text
    assert "'https://h/a?b='\"'\"'c'\"'\"''" in text


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize(
    "body",
    [b"", b"a=%C3%A9&b='x'", "é $HOME `id` @file".encode(), b"@file", b"\x00\xff%s\\n'\r\n", b"x" * 5000],
)
def test_a_command_line_sends_the_same_bytes(body: bytes) -> None:
    got: list[tuple[str, str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            got.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    headers = Headers((("Accept", "text/plain"), ("X-Odd", "it's $HOME"), ("X-Empty", "")))
    sent = Request(method="POST", url="https://h/a%2Fb/../c?q=[1]&r='x'", headers=headers, body=body)
    url = sent.url.replace("https://h", f"http://127.0.0.1:{server.server_port}")
    subprocess.run(["sh", "-c", f"{curl.line(sent, url=url)} --silent --noproxy '*'"], check=True, timeout=20)  # noqa: S607, S603 - our own line
    thread.join(10)
    server.server_close()
    method, path, fields, received = got[0]
    assert (method, path, received) == ("POST", "/a%2Fb/../c?q=[1]&r='x'", body)
    assert {name: fields.get(name) for name in ("Accept", "X-Odd", "X-Empty")} == dict(headers.pairs)
    assert "User-Agent" not in fields
    assert "Content-Type" not in fields
