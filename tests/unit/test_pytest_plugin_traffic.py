"""What is seen of clients, without a pytest around it."""

from __future__ import annotations

import asyncio
import gzip
import io
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from requests.adapters import HTTPAdapter

from conformance.pytest_plugin.traffic import Seen, Traffic, _aiohttp_body


def seen(**values: Any) -> Seen:
    return Seen(
        **{
            "method": "GET",
            "url": "https://api.example.com/",
            "request_headers": (),
            "request_body": b"",
            "status": 200,
            "reason": "OK",
            "response_headers": (),
            **values,
        }
    )


def body_of(found: Seen) -> bytes | None:
    made = found.exchange(path="test", index=0)
    return None if made is None else made.response.body


def test_an_empty_body_need_not_be_read() -> None:
    assert body_of(seen(method="HEAD")) == b""
    assert body_of(seen(status=204)) == b""
    assert body_of(seen(response_headers=(("Content-Length", "0"),))) == b""
    assert body_of(seen()) is None


def test_codings_are_undone_or_left_unjudged() -> None:
    packed = gzip.compress(b"{}")
    assert body_of(seen(body=packed, response_headers=(("Content-Encoding", "gzip"),))) == b"{}"
    broken = packed[:4] + b"\xff" * 20
    assert body_of(seen(body=broken, response_headers=(("Content-Encoding", "gzip"),))) is None
    assert body_of(seen(parts=[b"?"], has_ended=True, response_headers=(("Content-Encoding", "br"),))) is None
    assert body_of(seen(parts=[b"a", b"b"], has_ended=True)) == b"ab"


@pytest.fixture
def traffic() -> Any:
    found = Traffic()
    found.watch()
    yield found
    found.unwatch()


class StandIn(HTTPAdapter):
    """Answers with a stream."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        raw = urllib3.HTTPResponse(io.BytesIO(b"0123456789"), status=200, preload_content=False)
        return self.build_response(request, raw)


def session() -> requests.Session:
    made = requests.Session()
    made.mount("https://", StandIn())
    return made


def test_a_stream_is_heard_however_it_is_read(traffic: Traffic) -> None:
    for read in (
        lambda found: found.content,
        lambda found: found.raw.read(),
        lambda found: b"".join(iter(lambda: found.raw.read(3), b"")),
        lambda found: b"".join(found.raw.stream(4)),
    ):
        assert read(session().get("https://api.example.com/", stream=True)) == b"0123456789"
        (found,) = traffic.drain(final=False)
        assert body_of(found) == b"0123456789"


def test_a_stream_that_was_left_is_drained_at_the_end_only(traffic: Traffic) -> None:
    answer = session().get("https://api.example.com/", stream=True)
    answer.raw.read(3)
    assert traffic.drain(final=False) == []
    (found,) = traffic.drain(final=True)
    assert body_of(found) is None
    assert traffic.drain(final=True) == []


def test_a_client_below_another_is_not_counted_twice_and_all_are_left_as_they_were() -> None:
    before = (requests.Session.send, httpx.Client.send, httpx.AsyncClient.send, aiohttp.ClientSession._request)
    found = Traffic()
    found.watch()
    assert requests.Session.send is not before[0]
    session().get("https://api.example.com/")
    assert len(found.drain(final=True)) == 1
    found.unwatch()
    assert (
        requests.Session.send, httpx.Client.send, httpx.AsyncClient.send, aiohttp.ClientSession._request,
    ) == before  # fmt: skip


def test_what_is_paused_is_not_seen_and_what_is_ignored_is_remembered(traffic: Traffic) -> None:
    traffic.paused += 1
    session().get("https://api.example.com/")
    traffic.paused -= 1
    traffic.ignored = ("rule",)
    session().get("https://api.example.com/")
    (found,) = traffic.drain(final=True)
    assert found.ignored == ("rule",)


class Sink(httpx.BaseTransport):
    """Sends what is uploaded, and keeps nothing of it."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        for _ in request.stream:
            pass
        return httpx.Response(200, json={})


def test_an_httpx_upload_that_cannot_be_read_again_is_not_judged(traffic: Traffic) -> None:
    with httpx.Client(transport=Sink()) as client:
        client.post("https://api.example.com/", content=(part for part in [b"a"]))
        client.post("https://api.example.com/", content=b"a")
    streamed, plain = traffic.drain(final=True)
    assert streamed.exchange(path="test", index=0) is None
    made = plain.exchange(path="test", index=1)
    assert made is not None
    assert made.request.body == b"a"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, b""),
        ({"json": {"a": 1}}, b'{"a": 1}'),
        ({"data": {"a": "1 2", "b": 3}}, b"a=1+2&b=3"),
        ({"data": [("a", "1"), ("a", "2")]}, b"a=1&a=2"),
        ({"data": b"raw"}, b"raw"),
        ({"data": "text"}, b"text"),
        ({"data": {"file": io.BytesIO(b"x")}}, None),
        ({"data": io.BytesIO(b"x")}, None),
    ],
)
def test_the_body_of_an_aiohttp_request(options: dict[str, Any], expected: bytes | None) -> None:
    async def body() -> bytes | None:
        async with aiohttp.ClientSession() as client:
            return _aiohttp_body(client, options)

    assert asyncio.run(body()) == expected
