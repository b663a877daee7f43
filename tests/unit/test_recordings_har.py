"""HTTP archives, as the standard says and as exporters write them."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from io import BufferedReader, BytesIO
from typing import Any

import pytest

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings import har
from conformance.recordings.entry import MAX_ENTRY, Entry

URL = "https://api.example.com/things"
FORM = {"name": "Content-Type", "value": "application/x-www-form-urlencoded"}


def entry(request: Mapping[str, Any] | None = None, response: Mapping[str, Any] | None = None, **members: Any) -> Any:
    return {
        "startedDateTime": "2024-05-01T10:00:00.000Z",
        "time": 25,
        "request": {"method": "GET", "url": URL, "httpVersion": "HTTP/1.1", "headers": [], **(request or {})},
        "response": {"status": 200, "statusText": "OK", "headers": [], "content": {"size": 0}, **(response or {})},
        **members,
    }


def archive(*entries: Any, **members: Any) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries, **members}}).encode()


def read(data: bytes) -> list[Entry]:
    return list(har.read(BufferedReader(BytesIO(data)), "file.har"))


def one(
    request: Mapping[str, Any] | None = None, response: Mapping[str, Any] | None = None, **members: Any
) -> Exchange:
    (exchange,) = read(archive(entry(request, response, **members)))
    assert isinstance(exchange, Exchange), exchange
    return exchange


def answered(**content: Any) -> bytes:
    return one(response={"content": content}).response.body


def sent(data: Mapping[str, Any], *headers: Mapping[str, str], **request: Any) -> bytes:
    return one({"method": "POST", "postData": data, "headers": headers, **request}).request.body


def broken(*entries: Any) -> list[str]:
    return [str(each) for each in read(archive(*entries)) if isinstance(each, RecordingError)]


def indexes(entries: list[Entry]) -> list[int]:
    return [each.source.index for each in entries if isinstance(each, Exchange)]


def test_an_entry_is_an_exchange() -> None:
    exchange = one(
        {"method": "post", "headers": [{"name": "A", "value": "1"}, {"name": "a", "value": "2"}]},
        {"content": {"size": 2, "mimeType": "application/json", "text": "{}"}},
    )
    assert exchange == Exchange(
        id="file.har#0",
        request=Request(method="POST", url=URL, headers=Headers((("A", "1"), ("a", "2")))),
        response=Response(status=200, reason="OK", body=b"{}", elapsed=0.025),
        source=Source(kind="har", path="file.har", index=0, line=1),
        session="file.har",
        extra={"startedDateTime": "2024-05-01T10:00:00.000Z"},
    )


@pytest.mark.parametrize("indent", [None, 2])
def test_every_entry_has_its_line(indent: int | None) -> None:
    text = json.dumps(json.loads(archive(*[entry()] * 5)), indent=indent)
    lines = [each.source.line for each in read(text.encode()) if isinstance(each, Exchange)]
    starts = [number for number, line in enumerate(text.split("\n"), 1) if line == " " * 6 + "{"]
    assert lines == (starts or [1] * 5)


def test_pseudo_headers_are_no_headers() -> None:
    headers = [{"name": ":authority", "value": "x"}, {"name": "accept", "value": "*/*"}]
    assert one({"headers": headers}).request.headers == Headers((("accept", "*/*"),))


def test_bodies_of_responses() -> None:
    assert answered(text="é", size=2) == "é".encode()
    assert answered(text="", size=0) == b""
    assert answered(text=base64.b64encode(b"\xff").decode(), encoding="base64") == b"\xff"
    assert answered(text="\udcff") == b"\xff"
    assert one(response={"content": None}).response.body == b""
    packed = {"text": base64.b64encode(gzip.compress(b"hello", mtime=0)).decode(), "encoding": "base64"}
    headers = [{"name": "content-encoding", "value": "gzip"}]
    assert one(response={"content": packed, "headers": headers}).response.body == b"hello"
    assert one(response={"content": {"text": "hello"}, "headers": headers}).response.body == b"hello"


@pytest.mark.parametrize(
    ("method", "status", "content", "reason"),
    [
        ("GET", 200, {"size": 1234}, "the archive was saved without the response body (of 1,234 bytes)"),
        ("GET", 200, {"size": -1}, "the archive was saved without the response body (of unknown size)"),
        ("HEAD", 200, {"size": 5}, None),
        ("GET", 204, {"size": 5}, None),
        ("GET", 302, {"size": -1}, None),
        ("GET", 304, {"size": 5}, None),
        ("GET", 200, {"text": "{", "comment": "Body truncated: 1 of 2 bytes recorded"}, "only a part of the response"),
        ("GET", 200, {"text": "{", "comment": "remark"}, None),
        ("GET", 200, {"text": "?", "encoding": "base64"}, "a content.text that is no Base64"),
    ],
)
def test_bodies_that_are_not_there(method: str, status: int, content: Any, reason: str | None) -> None:
    errors = broken(entry({"method": method}, {"status": status, "content": content}))
    assert len(errors) == bool(reason)
    assert not reason or reason in errors[0]


def test_bodies_of_requests() -> None:
    assert sent({"mimeType": "x", "text": "a=b"}) == b"a=b"
    assert sent({"mimeType": "x", "text": ""}) == b""
    assert sent({"mimeType": "x"}) == b""
    assert sent({"text": "/w==", "encoding": "base64"}) == b"\xff"
    assert sent({"text": "/w=="}, bodySize=1) == b"\xff"
    assert sent({"text": "/w=="}, bodySize=4) == b"/w=="
    assert sent({"text": "/w=="}, bodySize=2) == b"/w=="
    assert sent({"text": "plain"}, bodySize=1) == b"plain"
    assert sent({"text": "plain"}, bodySize=-1) == b"plain"
    assert sent({"text": "plain", "params": [{"name": "a", "value": "b"}]}) == b"plain"


@pytest.mark.parametrize(
    ("params", "body"),
    [
        ([{"name": "To", "value": "+1 5"}, {"name": "x"}], b"To=%2B1+5&x="),
        ([{"name": "To", "value": "%2B15"}, {"name": "a_b", "value": "c"}], b"To=%2B15&a_b=c"),
        ([{"name": "To", "value": "%2B15 &"}], b"To=%252B15+%26"),
        ([{"name": "a", "value": "100%"}], b"a=100%25"),
        ([], b""),
    ],
)
def test_parameters_become_a_form(params: Any, body: bytes) -> None:
    assert sent({"params": params}, FORM) == body


def test_parameters_become_parts() -> None:
    params = [
        {"name": 'a"b', "value": "c"},
        {"name": "f", "fileName": "x.txt", "contentType": "text/plain", "value": "é"},
        {"name": "g", "fileName": "y"},
    ]
    expected = (
        '--q\r\nContent-Disposition: form-data; name="a%22b"\r\n\r\nc\r\n'
        '--q\r\nContent-Disposition: form-data; name="f"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\né\r\n'
        '--q\r\nContent-Disposition: form-data; name="g"; filename="y"\r\n\r\n\r\n--q--\r\n'
    ).encode()
    assert sent({"params": params, "mimeType": "multipart/form-data; boundary=q"}) == expected
    header = {"name": "content-type", "value": 'Multipart/Form-Data; boundary="q"'}
    assert sent({"params": params}, header) == expected
    errors = broken(entry({"postData": {"mimeType": "multipart/form-data", "params": params}}))
    assert "multipart parameters without a boundary" in errors[0]


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (entry(response={"status": 0}), "no response was recorded (status 0)"),
        (entry(response={"status": -1}), "the status -1, not three digits"),
        (entry(response={"status": None}), "no status in it"),
        ({**entry(), "response": None}, "no response in it"),
        ({**entry(), "request": None}, "no request in it"),
        ({"startedDateTime": "x"}, "no request in it"),
        ([], "no request in it"),
        (None, "no request in it"),
        (entry({"url": None}), "no url in it"),
        (entry({"headers": [{"value": "x"}]}), "no header name in it"),
        (entry({"headers": "x"}), "headers that are text"),
        (entry({"postData": "x"}), "Expected `object | null`, got `str`"),
        (entry(response={"content": {"text": {}}}), "Expected `str | null`, got `object`"),
    ],
)
def test_a_broken_entry_is_named_and_the_rest_is_read(spoiled: Any, reason: str) -> None:
    entries = read(archive(entry(), spoiled, entry()))
    errors = [each for each in entries if isinstance(each, RecordingError)]
    assert [str(error).startswith(f"file.har:1 (entry 1): {reason}") for error in errors] == [True], errors
    assert indexes(entries) == [0, 2]


def test_small_liberties_are_taken_as_they_are_meant() -> None:
    exchange = one(
        {"method": 5, "headers": {"A": "b", ":path": "/"}, "bodySize": "3"},
        {"status": "200", "statusText": None, "headers": [{"name": "N", "value": 5}], "content": {"size": "x"}}
        | {"content": {"text": "ok", "size": "2"}},
        time="soon",
        startedDateTime=5,
    )
    assert exchange.request == Request(method="5", url=URL, headers=Headers((("A", "b"),)))
    assert exchange.response == Response(status=200, headers=Headers((("N", "5"),)), body=b"ok")
    assert exchange.extra == {}
    assert one(time=None).response.elapsed is None
    assert one({"headers": None}, time=5).response.elapsed == 0.005


@pytest.mark.parametrize(
    ("data", "good", "reasons"),
    [
        (archive(entry(), entry())[:-60], 1, ["JSON that is cut short"]),
        (archive(entry(), entry())[:-3], 2, ["the end of the file where JSON needs ]"]),
        (archive(entry(), entry())[:-2], 2, ["the end of the file where JSON needs ,"]),
        (archive(entry(), entry(), entry()).replace(b'"GET"', b"GET", 1), 2, ["not JSON (invalid character"]),
        (archive(entry(), entry(), entry()).replace(b"}}, {", b"}, {", 1), 2, ["not JSON (Input data was truncated)"]),
        (archive(entry(), entry()).replace(b"[{", b"[}{", 1), 1, ["the byte b'}' where JSON needs a value"]),
        (archive(entry(), entry()).replace(b"[{", b"[,{", 1), 2, []),
        (archive(entry(), entry()).replace(b'"GET"', b'"G\0T"', 1), 1, ["not JSON (invalid character"]),
        (archive(entry(), entry()).replace(b'"GET"', b'"G\xffT"', 1), 1, ["not JSON ('utf-8' codec"]),
        (archive(entry(), entry()).replace(b'"GET"', b'"\\ud800"', 1), 2, []),
        (archive(entry(), entry()).replace(b'"GET"', b"[" * 100_000 + b"]" * 100_000, 1), 1, ["not JSON (maximum"]),
        (archive(entry(), entry()).replace(b'"GET"', b"[" * 50, 1), 1, ["not JSON (invalid character"]),
        (archive(entry(), 5, entry()), 2, ["no request in it"]),
        (archive(entry(), entry()) * 2, 4, []),
        (b"\xef\xbb\xbf \n" + archive(entry()), 1, []),
        (archive(), 0, []),
        (b'{"log": {"entries": null}}', 0, []),
        (b'{"log": {}}', 0, []),
        (b'{"log": {', 0, ["the end of the file where JSON needs a key"]),
        (b'{"log": {"a" 5}}', 0, ["the byte b'5' where JSON needs :"]),
        (b'{"log": {"a": }}', 0, ["the byte b'}' where JSON needs a value"]),
        (b'{"log": {5: 5}}', 0, ["the byte b'5' where JSON needs a key"]),
        (b'{"log": {"\\q": 5}}', 0, ["a key that is no JSON"]),
        (b'{"log": {"a": "', 0, ["JSON that is cut short"]),
        (b'{"log": {"a": "' + b"x" * 70_000_000, 0, ["a value of more than 33,554,432 bytes"]),
        (b'{"log": {"a": 5, "b": [[], {}], "entries": []}}', 0, []),
    ],
)
def test_a_broken_archive_is_read_as_far_as_it_goes(data: bytes, good: int, reasons: list[str]) -> None:
    entries = read(data)
    errors = [str(each) for each in entries if isinstance(each, RecordingError)]
    assert [wanted in error for wanted, error in zip(reasons, errors, strict=True)] == [True] * len(reasons), errors
    assert len(entries) - len(errors) == good


@pytest.mark.parametrize("kind", ["good", "broken", "open"])
def test_an_entry_that_is_too_long_is_passed_over(kind: str) -> None:
    pad = "x" * 50_000_000
    data = archive(entry(), entry(pad=pad), entry())
    if kind == "broken":
        data = data.replace(b'"pad"', b"pad")
    if kind == "open":
        data = data[:50_000_000]
    error, *rest = read(data)
    assert f"file.har:1 (entry 1): more than {MAX_ENTRY:,} bytes" in str(error)
    assert indexes(rest) == ([0] if kind == "open" else [0, 2])


def test_entries_that_look_like_the_start_of_others_are_whole() -> None:
    nested = entry(children=[{"startedDateTime": "x"}, {"startedDateTime": "y"}], pad="z" * 100_000)
    assert [isinstance(each, Exchange) for each in read(archive(entry(), nested, entry(), nested))] == [True] * 4


def test_many_broken_entries_take_no_longer() -> None:
    small, large = json.dumps(entry()).encode(), json.dumps(entry(pad="x" * 70_000)).encode()
    entries = [small[:-1], small] * 200 + [large[:-1], large] * 600
    found = read(archive("entries").replace(b'"entries"]', b", ".join(entries) + b"]"))
    assert len(found) == len(entries)
    assert indexes(found) == [*range(1, len(entries), 2)]


def test_entries_come_in_the_order_of_their_start() -> None:
    times = [
        "2024-05-01T10:00:01.000Z", "2024-05-01T10:00:00.000Z", "2024-05-01T12:00:00.500+02:00", "yesterday",
        "2024-05-01T10:00:00.250", "2024-05-01T10:00:03.000Z",
    ]  # fmt: skip
    found = read(archive(*[entry(startedDateTime=time) for time in times], "no entry"))
    assert indexes(found) == [1, 4, 2, 0, 3, 5]
    many = [f"2024-05-01T10:{minute:02}:{second:02}.000Z" for minute in range(4) for second in range(59, -1, -1)]
    found = read(archive(*[entry(startedDateTime=time) for time in many]))
    assert [each.extra["startedDateTime"] for each in found if isinstance(each, Exchange)] == sorted(many)


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (archive(entry()), True),
        (b"\xef\xbb\xbf\n" + archive(), True),
        (b'{"log":{"_x":1', True),
        (b'{"log": 5}', False),
        (b'{"request": {}, "response": {"body": "{\\"log\\": {\\"version\\""}}', False),
        (b'- "log": {"a"', False),
        (b"", False),
    ],
)
def test_archives_are_recognized_by_what_they_hold(head: bytes, *, is_one: bool) -> None:
    assert har.recognizes(head, "-") is is_one


def test_what_is_written_is_an_archive() -> None:
    exchange = Exchange(
        id="x",
        request=Request(method="POST", url=f"{URL}?a=b&a=", headers=Headers((("Content-Type", "x/y"),)), body=b"\xff"),
        response=Response(status=302, headers=Headers((("Location", "/x"),)), body=b"\xfe", elapsed=0.5),
        source=Source(kind="test", path="", index=0),
        extra={"startedDateTime": "2024-05-01T10:00:00.000Z"},
    )
    file = BytesIO()
    with har.writer(file) as write:
        write(exchange)
        write(exchange)
    written = json.loads(file.getvalue())["log"]
    assert (written["version"], written["creator"]["name"], len(written["entries"])) == ("1.2", "conformance", 2)
    first = written["entries"][0]
    assert (first["startedDateTime"], first["time"], first["timings"]["wait"]) == (
        "2024-05-01T10:00:00.000Z", 500.0, 500.0,
    )  # fmt: skip
    assert first["request"]["queryString"] == [{"name": "a", "value": "b"}, {"name": "a", "value": ""}]
    assert first["request"]["postData"] == {"mimeType": "x/y", "text": "/w==", "encoding": "base64"}
    assert first["response"]["redirectURL"] == "/x"
    assert first["response"]["content"] == {"size": 1, "mimeType": "", "text": "/g==", "encoding": "base64"}
    assert not file.closed


def test_an_archive_is_complete_even_after_an_error() -> None:
    file = BytesIO()
    with pytest.raises(RuntimeError), har.writer(file):
        raise RuntimeError
    assert json.loads(file.getvalue())["log"]["entries"] == []
