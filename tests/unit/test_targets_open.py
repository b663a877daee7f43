"""Targets by the name that a user gives them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.errors import TargetError
from conformance.model.http import Headers, Request, Response
from conformance.targets import Failure, Options, Reason, descriptions, open_target, single
from conformance.targets.asgi import AsgiTarget
from conformance.targets.http import HttpTarget
from conformance.targets.wsgi import WsgiTarget

APPLICATIONS = """
import asyncio
import gzip


class Apps:
    @staticmethod
    def wsgi(environ, start_response):
        return plain_wsgi(environ, start_response)


def plain_wsgi(environ, start_response):
    body = environ["wsgi.input"].read()
    lines = [environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["RAW_URI"], environ["HTTP_HOST"],
             environ.get("CONTENT_TYPE", "-"), environ.get("CONTENT_LENGTH", "-"), environ.get("HTTP_X_TWICE", "-"),
             body.decode()]
    write = start_response("201 Created", [("Content-Type", "text/plain"), ("X-A", "1"), ("X-A", "2")])
    write(b"head|")
    return iter(["|".join(lines).encode()])


def make():
    return plain_wsgi


def crashing_wsgi(environ, start_response):
    raise ValueError("broken")


def silent_wsgi(environ, start_response):
    return []


def twice_wsgi(environ, start_response):
    start_response("200 OK", [])
    start_response("200 OK", [])


def zipped_wsgi(environ, start_response):
    start_response("200 OK", [("Content-Encoding", "gzip")])
    return [gzip.compress(b"hello")]


def badly_zipped_wsgi(environ, start_response):
    start_response("200 OK", [("Content-Encoding", "gzip")])
    return [b"not gzip"]


started = []


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        assert (await receive())["type"] == "lifespan.startup"
        scope["state"]["database"] = "open"
        started.append("up")
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        started.append("down")
        await send({"type": "lifespan.shutdown.complete"})
        return
    message = await receive()
    await asyncio.sleep(0)
    lines = [scope["method"], scope["path"], scope["raw_path"].decode(), scope["query_string"].decode(),
             dict(scope["headers"])[b"host"].decode(), scope["state"]["database"], message["body"].decode()]
    await send({"type": "http.response.start", "status": 202, "headers": [(b"x-a", b"1"), (b"x-a", b"2")]})
    await send({"type": "http.response.body", "body": b"head|", "more_body": True})
    await send({"type": "http.response.body", "body": "|".join(lines).encode()})
    assert (await receive())["type"] == "http.disconnect"


async def bare_asgi(scope, receive, send):
    assert scope["type"] == "http"
    if scope["path"] == "/crash":
        raise ValueError("broken")
    if scope["path"] == "/slow":
        await asyncio.sleep(60)
    if scope["path"] != "/silent":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"bare"})


async def failing_asgi(scope, receive, send):
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no database"})


async def stuck_asgi(scope, receive, send):
    await asyncio.sleep(60)


number = 3
"""


@pytest.fixture
def applications(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / "apps_under_test.py").write_text(APPLICATIONS)
    (tmp_path / "broken_under_test.py").write_text("1 / 0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    sys.modules.pop("apps_under_test", None)


def post(path: str = "/a%2Fb/c") -> Request:
    headers = Headers((("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2")))
    return Request(method="POST", url=f"https://api.example.com{path}?q=%2F", headers=headers, body=b"hi")


def responded(outcome: object) -> Response:
    assert isinstance(outcome, Response), outcome
    return outcome


def failed(outcome: object) -> Failure:
    assert isinstance(outcome, Failure), outcome
    return outcome


def test_every_kind_of_target_is_described() -> None:
    found = dict(descriptions())
    assert list(found) == ["asgi:module:app", "http(s)://host[:port][/path]", "mock", "wsgi:module:app"]
    assert all(found.values())


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mok", "did you mean 'mock'?"),
        ("api.twilio.com", "http://api.twilio.com"),
        ("localhost:4010", "http://localhost:4010"),
        ("target", "use mock"),
        ("ftp://x", "use mock"),
        ("http://", "write http://host"),
        ("http://user:secret@host", "--auth"),
        ("http://host:port", "http://host:port"),
        ("asgi:", "module:app"),
        ("asgi:no_such_module:app", "install"),
        ("mock", "name a URL"),
    ],
)
def test_a_name_that_is_no_target_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(TargetError) as caught:
        open_target(text)
    assert hint in str(caught.value)


def test_urls_open_live_targets() -> None:
    for url in ("http://127.0.0.1:1", "https://localhost:1"):
        target = open_target(url)
        assert isinstance(target, HttpTarget)
        assert target.local
        target.close()


def test_the_mock_is_the_function_that_the_caller_gives() -> None:
    target = open_target("mock", Options(mock=lambda request: Response(status=len(request.url))))
    assert target.local
    target.reach()
    answers = list(target.play([single(Request(method="GET", url="x" * n)) for n in (3, 5)]))
    assert [responded(answer).status for answer in answers] == [3, 5]
    assert (responded(answers[0]).elapsed or 0) > 0
    target.close()


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize("name", ["plain_wsgi", "Apps.wsgi", "make()"])
def test_wsgi_applications_see_the_request_as_a_server_gives_it(name: str) -> None:
    target = open_target(f"wsgi:apps_under_test:{name}")
    assert isinstance(target, WsgiTarget)
    target.reach()
    answer = responded(target.send(post()))
    assert (answer.status, answer.reason) == (201, "Created")
    assert answer.headers.get_all("X-A") == ("1", "2")
    expected = "head|POST|/a/b/c|/a%2Fb/c?q=%2F|api.example.com|text/plain|2|1,2|hi"
    assert answer.body.decode() == expected
    assert [responded(each).status for each in target.play([single(post())])] == [201]
    target.close()


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(
    ("name", "reason", "message"),
    [
        ("crashing_wsgi", Reason.CRASH, "ValueError: broken"),
        ("silent_wsgi", Reason.CRASH, "not called"),
        ("twice_wsgi", Reason.CRASH, "called twice"),
        ("badly_zipped_wsgi", Reason.TRUNCATED, "no gzip"),
    ],
)
def test_what_goes_wrong_in_a_wsgi_application_is_a_value(name: str, reason: Reason, message: str) -> None:
    failure = failed(open_target(f"wsgi:apps_under_test:{name}").send(post()))
    assert failure.reason is reason
    assert message in failure.message


@pytest.mark.usefixtures("applications")
def test_content_codings_are_undone() -> None:
    assert responded(open_target("wsgi:apps_under_test:zipped_wsgi").send(post())).body == b"hello"


@pytest.mark.usefixtures("applications")
def test_asgi_applications_run_between_start_up_and_shut_down() -> None:
    target = open_target("asgi:apps_under_test:asgi")
    assert isinstance(target, AsgiTarget)
    target.reach()
    answer = responded(target.send(post()))
    assert answer.status == 202
    assert answer.headers.get_all("X-A") == ("1", "2")
    assert answer.body.decode() == "head|POST|/a/b/c|/a%2Fb/c|q=%2F|api.example.com|open|hi"
    target.close()
    assert sys.modules["apps_under_test"].started == ["up", "down"]


@pytest.mark.usefixtures("applications")
def test_what_goes_wrong_in_an_asgi_application_is_a_value() -> None:
    target = open_target("asgi:apps_under_test:bare_asgi", Options(timeout=0.05))
    assert responded(target.send(Request(method="GET", url="http://h/"))).body == b"bare"
    assert failed(target.send(Request(method="GET", url="http://h/crash"))).message.endswith("ValueError: broken")
    assert failed(target.send(Request(method="GET", url="http://h/slow"))).reason is Reason.TIMEOUT
    assert failed(target.send(Request(method="GET", url="http://h/silent"))).reason is Reason.CRASH
    assert len(list(target.play([single(Request(method="GET", url="http://h/"))]))) == 1
    target.close()


@pytest.mark.usefixtures("applications")
@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("asgi:apps_under_test:failing_asgi", "start-up failed: no database"),
        ("asgi:apps_under_test:stuck_asgi", "no answer within"),
        ("wsgi:apps_under_test:nothing", "has no 'nothing'"),
        ("wsgi:apps_under_test:number", "a int is no application"),
        ("wsgi:broken_under_test:app", "ZeroDivisionError"),
    ],
)
def test_applications_that_cannot_be_used_are_named(text: str, what: str) -> None:
    with pytest.raises(TargetError) as caught:
        open_target(text, Options(timeout=0.05))
    assert what in str(caught.value)
