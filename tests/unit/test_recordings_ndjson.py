"""Exchange NDJSON: lines as exchanges, broken lines with their place."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import pytest

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers
from conformance.recordings import ndjson
from conformance.recordings.entry import MAX_ENTRY, Entry

REQUEST = {"method": "GET", "url": "https://api.example.com/things"}
RESPONSE = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": "{}"}


def line(**members: Any) -> bytes:
    return json.dumps({"request": REQUEST, "response": RESPONSE, **members}).encode() + b"\n"


def read(*lines: bytes) -> list[Entry]:
    return list(ndjson.read(BytesIO(b"".join(lines)), "file"))


def one(**members: Any) -> Exchange:
    (entry,) = read(line(**members))
    assert isinstance(entry, Exchange), entry
    return entry


def broken(*lines: bytes) -> str:
    found = [entry for entry in read(*lines) if isinstance(entry, RecordingError)]
    assert len(found) == 1
    return str(found[0])


def test_a_line_is_an_exchange() -> None:
    exchange = one(
        id="x1",
        session="s",
        request={**REQUEST, "method": "post", "headers": [["A", "1"], ["A", "2"]], "body": "x=é"},
        response={
            "status": 201,
            "reason": "Created",
            "body_base64": base64.b64encode(b"\xff").decode(),
            "elapsed": 0.5,
        },
    )
    assert (exchange.id, exchange.session, exchange.extra) == ("x1", "s", {})
    assert (exchange.request.method, exchange.request.url) == ("POST", "https://api.example.com/things")
    assert exchange.request.headers == Headers((("A", "1"), ("A", "2")))
    assert exchange.request.body == "x=é".encode()
    assert (exchange.response.status, exchange.response.reason) == (201, "Created")
    assert (exchange.response.headers, exchange.response.body) == (Headers(), b"\xff")
    assert exchange.response.elapsed == 0.5
    assert (exchange.source.kind, exchange.source.path, exchange.source.index, exchange.source.line) == (
        "ndjson", "file", 0, 1,
    )  # fmt: skip


def test_an_exchange_without_id_bears_its_place() -> None:
    entries = read(b"\n", line(), b"  \r\n", line(id=7))
    assert [entry.id for entry in entries if isinstance(entry, Exchange)] == ["file#0", "7"]
    assert [entry.source.line for entry in entries if isinstance(entry, Exchange)] == [2, 4]


def test_unknown_members_are_kept() -> None:
    exchange = one(origin={"kind": "x"}, request={**REQUEST, "http": "2"}, response={**RESPONSE, "time": 1})
    assert exchange.extra == {"origin": {"kind": "x"}, "request": {"http": "2"}, "response": {"time": 1}}
    assert repr(exchange.extra) == repr(dict(exchange.extra))
    assert len(exchange.extra) == 3
    assert ndjson.parse(ndjson.write(exchange), path="file", index=0, line=1) == exchange


def test_headers_may_be_an_object_with_lists() -> None:
    headers = {"A": ["1", "2"], "B": "3", "C": 4, "D": None, "E": True}
    pairs = (("A", "1"), ("A", "2"), ("B", "3"), ("C", "4"), ("D", ""), ("E", "true"))
    assert one(request={**REQUEST, "headers": headers}).request.headers.pairs == pairs
    assert one(request={**REQUEST, "headers": None}).request.headers.pairs == ()


def test_the_last_line_needs_no_end() -> None:
    assert len(read(line(), line().rstrip())) == 2


def test_a_byte_order_mark_is_passed_over() -> None:
    assert isinstance(read(b"\xef\xbb\xbf" + line())[0], Exchange)


@pytest.mark.parametrize(
    ("text", "body"), [("\\udcff", b"\xff"), ("\\ud800", b"\xed\xa0\x80"), ("\\ud83d\\ude00", "😀".encode())]
)
def test_lone_surrogates_stand_for_bytes(text: str, body: bytes) -> None:
    raw = line().replace(b'"body": "{}"', f'"body": "{text}"'.encode())
    (entry,) = read(raw)
    assert isinstance(entry, Exchange)
    assert entry.response.body == body


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"{\n", "not JSON (Input data was truncated)"),
        (b"[]\n", "a list, not an object"),
        (b'"x"\n', "text, not an object"),
        (b"\x00\x00\n", "not JSON (invalid character (byte 0))"),
        (line()[:-3] + b"\xff}\n", "not JSON"),
        (b"[" * 1000 + b"]" * 1000 + b"\n", "not JSON (maximum recursion depth"),
        (b'{"request":' + b'{"a":' * 100_000 + b"\n", "not JSON (maximum recursion depth"),
        (line(response=None), "no response in it"),
        (line(request=[]), "a request that is a list"),
        (line(request={"method": "GET"}), "no url in it"),
        (line(request={"url": "/"}), "no method in it"),
        (line(request={**REQUEST, "method": {}}), "a method that is an object"),
        (line(response={}), "no status in it"),
        (line(response={"status": 0}), "no response was recorded (status 0)"),
        (line(response={"status": 99}), "the status 99, not three digits"),
        (line(response={"status": "abc"}), "a status that is 'abc'"),
        (line(response={"status": True}), "a status that is 'true'"),
        (line(response={"status": 200, "body": {"a": 1}}), "a body that is an object, not text"),
        (line(response={"status": 200, "body": 1}), "a body that is a number, not text"),
        (line(response={"status": 200, "body_base64": "?"}), "a body_base64 that is no Base64"),
        (line(response={"status": 200, "body_base64": 1}), "a body_base64 that is no text"),
        (line(response={"status": 200, "headers": "x"}), "headers that are text"),
        (line(response={"status": 200, "headers": [1]}), "a header that is a number"),
        (line(response={"status": 200, "headers": {"A": {}}}), "a header that is an object"),
        (line(session={}), "a session that is an object"),
        (line(extra=float("nan")), "not JSON"),
    ],
)  # fmt: skip
def test_a_broken_line_is_named_and_the_rest_is_read(text: bytes, reason: str) -> None:
    entries = read(line(), text, line(id="last"))
    assert isinstance(entries[0], Exchange)
    assert isinstance(entries[2], Exchange)
    assert (entries[2].id, entries[2].source.index) == ("last", 2)
    message = broken(line(), text)
    assert message.startswith(f"file:2 (entry 1): {reason}")


@pytest.mark.parametrize("ends", [True, False])
def test_a_line_that_is_too_long_is_passed_over(*, ends: bool) -> None:
    too_long = b'{"request": "' + b"x" * 50_000_000 + (b"\n" if ends else b"")
    entries = read(too_long, *([line()] if ends else []))
    assert str(entries[0]) == f"file:1 (entry 0): a line of {MAX_ENTRY:,} bytes or more, expected shorter lines"
    assert [isinstance(entry, Exchange) for entry in entries[1:]] == [True] * ends


def test_extras_that_are_no_utf_8_are_still_shown() -> None:
    (entry,) = read(line(remark="?").replace(b'"?"', b'"\xff"'))
    assert isinstance(entry, Exchange)
    assert entry.extra == {"remark": "\ufffd"}


def test_what_cannot_be_utf_8_is_written_escaped() -> None:
    exchange = one(remark="\ud800")
    assert b"\\ud800" in ndjson.write(exchange)
    assert ndjson.parse(ndjson.write(exchange), path="file", index=0, line=1) == exchange


@pytest.mark.parametrize(
    ("head", "name", "is_one"),
    [
        (line(), "-", True),
        (b"\xef\xbb\xbf" + line(), "-", True),
        (b"not JSON\n" + line(), "-", True),
        (b'{"id": "1", "response": {"status": 200, "body": "xxxxx', "-", True),
        (b'{"exchange": "x", "side": "request"}\n', "findings", False),
        (b'{"exchange": "x", "side": "request"}\n', "x.ndjson", True),
        (b"nothing of the kind", "x.jsonl", True),
        (b'{"a": 1}', "x.json", False),
        (b"", "x.txt", False),
    ],
)
def test_lines_are_recognized_by_what_they_hold(head: bytes, name: str, *, is_one: bool) -> None:
    assert ndjson.recognizes(head, name) is is_one
