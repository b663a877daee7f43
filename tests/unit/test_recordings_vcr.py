"""Cassettes of every recorder and age, in YAML and JSON."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from io import BufferedReader, BytesIO
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from vcr.request import Request as VcrRequest
from vcr.serialize import deserialize, serialize
from vcr.serializers import jsonserializer, yamlserializer

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings import vcr
from conformance.recordings.entry import MAX_ENTRY, Entry
from conformance.recordings.yaml_items import MAX_ANCHORS

URL = "https://api.example.com/things"
ITEM: dict[str, dict[str, Any]] = {
    "request": {"method": "GET", "uri": URL, "headers": {}, "body": None},
    "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": {"string": "fine"}},
}
OK = yaml.safe_dump([ITEM])


def read(text: str | bytes) -> list[Entry]:
    data = text.encode() if isinstance(text, str) else text
    return list(vcr.read(BufferedReader(BytesIO(data)), "tape"))


def exchanges(text: str | bytes) -> list[Exchange]:
    entries = read(text)
    found = [entry for entry in entries if isinstance(entry, Exchange)]
    assert len(found) == len(entries), [str(entry) for entry in entries]
    return found


def one(text: str | bytes) -> Exchange:
    (exchange,) = exchanges(text)
    return exchange


def cassette(*items: str, key: str = "interactions") -> str:
    return f"{key}:\n{''.join(items)}version: 1\n"


def recorded(serializer: Any, body: bytes | str, headers: dict[str, list[str]]) -> str:
    """Let vcrpy write a cassette of two interactions with the same headers."""
    request = VcrRequest("POST", URL, b"a=b", {"Accept": "*/*"})
    response = {"status": {"code": 201, "message": "Created"}, "headers": headers, "body": {"string": body}}
    text = serialize({"requests": [request, request], "responses": [response, dict(response)]}, serializer)
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("serializer", [yamlserializer, jsonserializer])
def test_cassettes_of_vcrpy(serializer: Any) -> None:
    headers = {"Content-Type": ["application/json"], "Set-Cookie": ["a=1", "b=2"]}
    first, second = exchanges(recorded(serializer, b'{"a": "\xc3\xa9"}', headers))
    assert first.request == Request(method="POST", url=URL, headers=Headers((("Accept", "*/*"),)), body=b"a=b")
    assert first.response == Response(
        status=201,
        reason="Created",
        headers=Headers((("Content-Type", "application/json"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))),
        body=b'{"a": "\xc3\xa9"}',
    )
    assert (first.id, second.id) == ("tape#0", "tape#1")
    assert first.session == second.session == "tape"
    assert first.source.line is not None
    assert second.source.line is not None
    assert first.source.line < second.source.line


def test_bodies_that_vcrpy_keeps_as_they_came() -> None:
    packed = gzip.compress(b"hello", mtime=0)
    first, _ = exchanges(recorded(yamlserializer, packed, {"content-encoding": ["gzip"]}))
    assert first.response.body == b"hello"
    first, _ = exchanges(recorded(yamlserializer, b"hello", {"content-encoding": ["gzip"]}))
    assert first.response.body == b"hello"
    first, _ = exchanges(recorded(yamlserializer, b"\xff\xfe", {}))
    assert first.response.body == b"\xff\xfe"


def test_bodies_that_were_files_or_iterators() -> None:
    text = cassette(OK).replace(
        "body: null",
        "body: !!python/object/new:_io.BytesIO\n      state: !!python/tuple\n      - !!binary aGVsbG8=\n"
        "      - 0\n      - null",
    )
    assert one(text).request.body == b"hello"
    text = cassette(OK).replace(
        "body: null",
        "body: !!python/object/apply:builtins.iter\n      args:\n      - - a\n        - !!binary Yg==\n        - 3",
    )
    assert one(text).request.body == b"ab3"
    assert one(cassette(OK).replace("body: null", "body: !!python/object/apply:builtins.iter {}")).request.body == b""


def test_cassettes_of_vcrpy_before_version_1() -> None:
    text = """\
    - request: !!python/object:vcr.request.Request
        body: !!python/unicode 'a=b'
        headers: !!python/object/apply:__builtin__.frozenset
        - - !!python/tuple [Accept-Encoding, 'gzip, deflate']
          - !!python/tuple [User-Agent, !!python/str vcr]
        host: !!python/unicode api.example.com
        method: POST
        path: /things?x=1
        port: 443
        protocol: https
      response:
        body: {string: !!python/unicode "fine"}
        headers: ["content-type: text/html; charset=utf-8\\r\\n", "Set-Cookie: a=1\\r\\n"]
        status: {code: 200, message: OK}
    """
    exchange = one(dedent(text))
    assert exchange.request == Request(
        method="POST",
        url="https://api.example.com/things?x=1",
        headers=Headers((("Accept-Encoding", "gzip, deflate"), ("User-Agent", "vcr"))),
        body=b"a=b",
    )
    assert exchange.response.headers == Headers((("content-type", "text/html; charset=utf-8"), ("Set-Cookie", "a=1")))
    request = {"host": "x", "protocol": "http", "port": 8080, "path": "/", "method": "GET", "headers": {"A": "b"}}
    assert one(json.dumps([{"request": request, "response": ITEM["response"]}])).request.url == "http://x:8080/"


def test_cassettes_of_the_httpx_stub_before_it_followed_the_others() -> None:
    response = {"http_version": "HTTP/1.1", "status_code": 200, "headers": {"a": ["b"]}, "content": "fine"}
    exchange = one(yaml.safe_dump({"interactions": [{**ITEM, "response": response}]}))
    assert (exchange.response.status, exchange.response.body) == (200, b"fine")
    assert exchange.extra == {"response": {"http_version": "HTTP/1.1"}}


RUBY = """\
---
http_interactions:
- request:
    method: get
    uri: https://api.example.com/things
    body:
      encoding: US-ASCII
      string: ''
    headers:
      Accept:
      - ! '*/*'
  response:
    status:
      code: 200
      message: OK
    headers:
      Content-Length:
      - '5'
      X-Runtime:
      - 0.10
      - 1
    body:
      encoding: {encoding}
      {body}
    http_version: '1.1'
  recorded_at: Tue, 01 Nov 2011 04:58:44 GMT
recorded_with: VCR 2.0.0
"""


@pytest.mark.parametrize(
    ("encoding", "written", "body"),
    [
        ("UTF-8", "string: ! 'Hello é'", "Hello é".encode()),
        ("ISO-8859-1", "string: é", b"\xe9"),
        ("ASCII-8BIT", "string: !binary |-\n        /w==", b"\xff"),
        ("ASCII-8BIT", "base64_string: |\n        SGVs\n        bG8=\n", b"Hello"),
        ("UTF-8", "string:", b""),
        ("UTF-8", "string: 5.10", b"5.10"),
        ("UTF-8", "string: 5", b"5"),
    ],
)
def test_cassettes_of_ruby(encoding: str, written: str, body: bytes) -> None:
    exchange = one(RUBY.replace("{encoding}", encoding).replace("{body}", written))
    assert (exchange.request.method, exchange.request.body) == ("GET", b"")
    assert exchange.response.body == body
    assert exchange.response.headers.pairs == (("Content-Length", "5"), ("X-Runtime", "0.10"), ("X-Runtime", "1"))
    assert exchange.extra == {
        "recorded_at": "Tue, 01 Nov 2011 04:58:44 GMT",
        "response": {"http_version": "1.1"},
    }


def test_cassettes_of_ruby_before_version_2() -> None:
    text = """\
    ---
    - !ruby/struct:VCR::HTTPInteraction
      request: !ruby/struct:VCR::Request
        method: :get
        uri: http://example.com:80/foo
        body:
        headers:
      response: !ruby/struct:VCR::Response
        status: !ruby/struct:VCR::ResponseStatus
          code: 200
          message: OK
        headers:
          content-type:
          - text/html
        body: Hello
        http_version: "1.1"
    """
    exchange = one(dedent(text))
    assert (exchange.request.method, exchange.request.url) == ("GET", "http://example.com:80/foo")
    assert exchange.response.body == b"Hello"


def test_scalars_with_tags_for_data_are_that_data() -> None:
    text = cassette(
        OK.replace("code: 200", "code: !!python/long 200").replace("headers: {}", "headers: {A: !!binary w6k=}", 1)
    )
    exchange = one(text + "more: !!null ''\n")
    assert (exchange.response.status, exchange.request.headers.pairs) == (200, (("A", "Ã©"),))


def test_cassettes_of_betamax_go_and_php() -> None:
    betamax = {"http_interactions": [ITEM, {**ITEM, "recorded_at": "x"}], "recorded_with": "betamax/0.8.1"}
    assert len(exchanges(json.dumps(betamax))) == 2
    go = {"body": "x", "headers": {"A": ["b"]}, "status": "201 Created", "code": 201, "duration": "1ms"}
    exchange = one(yaml.safe_dump({"version": 2, "interactions": [{"id": 0, **ITEM, "response": go}]}))
    assert (exchange.response.status, exchange.response.reason, exchange.id) == (201, "Created", "0")
    php = "-\n    request:\n        method: GET\n        url: 'https://x/'\n    response:\n        status: '200'\n"
    assert one(php).response.status == 200


def test_a_list_in_any_style_is_read() -> None:
    data = {"version": 1, "interactions": [ITEM, ITEM]}
    for text in (
        yaml.safe_dump(data, default_flow_style=True, width=60).replace("{", "# not JSON\n{", 1),
        f"version: 1\ninteractions: {json.dumps([ITEM, ITEM])}\n",
        "  - ".join(["# indented\ninteractions:\n", *[OK[2:].replace("\n", "\n  ") + "\n"] * 2]),
        f"\ufeff\n\n# comment\n%YAML 1.1\n---\n'interactions': # list\n# a\n{OK}\n# b\n{OK}...\n",
        cassette(OK, "\n\n", OK).replace("\n", "\r\n"),
        cassette(OK, OK).rstrip("\n"),
        f"--- # one document\n{cassette(OK)}---\n{cassette(OK)}",
        f"{OK}---\n{OK}",
        f"[{json.dumps(ITEM)}]\n[{json.dumps(ITEM)}]",
        json.dumps(data, indent=2),
    ):
        assert [exchange.response.body for exchange in exchanges(text)] == [b"fine", b"fine"], text


@pytest.mark.parametrize(
    "text", ["interactions: []\nversion: 1\n", "interactions:\n", "interactions: null\n", "# x\n[]"]
)
def test_an_empty_list_is_no_error(text: str) -> None:
    assert read(text) == []


def test_lists_beside_the_interactions_are_none() -> None:
    text = f"tags:\n- a\ninteractions:\n{OK}tags_too:\n- b\n- request: c\nempty:\n"
    assert len(exchanges(text)) == 1


ANSWERED = "- {request: {method: GET, url: x}, response: {status: 200, %s}}\n"


@pytest.mark.parametrize(
    ("item", "place", "reason"),
    [
        ("- request: !!python/object/apply:os.system ['touch x']\n", 0, "the tag 'tag:yaml.org,2002:python/object/"),
        ("- !!python/object/new:os.system ['x']\n", 0, "the tag 'tag:yaml.org,2002:python/object/new:os.system'"),
        ("- request: !!python/name:os.system ''\n", 0, "the tag 'tag:yaml.org,2002:python/name:os.system'"),
        ("- request: !ruby/object:Gem::Requirement {}\n", 0, "the tag '!ruby/object:Gem::Requirement'"),
        ("- request: !!binary '?'\n", 0, "a !!binary that is no Base64"),
        ("- &a [*a]\n", 0, "the alias *a without a finished anchor before it"),
        ("- [&a [x], &a [*a, *a], *b]\n", 0, "the alias *b without"),
        (f"- {'[' * 1000}{']' * 1000}\n", 0, "more than 100 levels of nesting"),
        (f"- {'- ' * 1000}x\n", 0, "more than 100 levels of nesting"),
        ("- request: 'never closed\n", 1, "while scanning a quoted scalar found unexpected end of stream"),
        ("- request:\n    a: b: c\n", 1, "mapping values are not allowed"),
        ("- request:\n\tmethod: x\n", 1, "found character that cannot start any token"),
        ("- request: a\0b\n", 0, "the character #x00 (control characters are not allowed) (column 13)"),
        ("- {request: {}, request: {}}\n", 0, "the key 'request' a second time"),
        ("- {[a]: b}\n", 0, "a key that is not a scalar"),
        ("- text\n", 0, "text, not an object"),
        ("-\n", 0, "null, not an object"),
        ("- {request: {method: GET, url: x}, response: null}\n", 0, "no response in it"),
        ("- {request: {method: GET, url: x}, response: {status: {}}}\n", 0, "no status in it"),
        (ANSWERED % "truncated_from: 9", 0, "only a part of the response body"),
        (ANSWERED % "headers: [[[]]]", 0, None),
        (ANSWERED % "headers: [[a, b, c]]", 0, "a header that is a list"),
        (ANSWERED % "body: {base64_string: '?'}", 0, "a base64_string that is no"),
        ("garbage\n", 0, "'garbage', which is no item and no key"),
        ("%garbage\n", 0, "while scanning a directive"),
    ],
)  # fmt: skip
def test_a_broken_item_is_named_and_the_rest_is_read(item: str, place: int, reason: str | None) -> None:
    entries = read(cassette(OK, item, OK))
    start = OK.count("\n") + 2
    assert isinstance(entries[0], Exchange)
    assert isinstance(entries[2], Exchange)
    assert (isinstance(entries[1], RecordingError), entries[2].source.line) == (bool(reason), start + item.count("\n"))
    if reason:
        assert str(entries[1]).startswith(f"tape:{start + place} (entry 1): ")
        assert reason in str(entries[1])
    assert not Path("/tmp/never").exists()  # noqa: S108 - what the tag would make


def test_bytes_that_are_no_utf_8_have_a_place() -> None:
    entries = read(cassette(OK).encode() + b"a: \xff\n")
    assert isinstance(entries[0], Exchange)
    assert "the character #xff (invalid leading UTF-8 octet)" in str(entries[1])


def test_aliases_reach_over_items_but_may_not_multiply() -> None:
    shared = OK.replace("headers: {}", "headers: &h {A: [b]}", 1)
    first, second = exchanges(cassette(shared, OK.replace("headers: {}", "headers: *h", 1)))
    assert first.request.headers == second.request.headers == Headers((("A", "b"),))
    laughs = "- a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"  {new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    entries = read(cassette(OK, laughs, OK))
    assert "aliases that multiply to more than 100,000 nodes" in str(entries[1])
    assert isinstance(entries[2], Exchange)


def test_anchors_are_forgotten_where_there_are_too_many() -> None:
    many = "".join(f"- &a{number} x\n" for number in range(MAX_ANCHORS + 1))
    entries = read(cassette(many, "- *a1\n", "- *a0\n"))
    assert "text, not an object" in str(entries[-2])
    assert "the alias *a0 without a finished anchor" in str(entries[-1])


@pytest.mark.parametrize("end", ["", OK])
def test_an_item_that_is_too_long_is_passed_over(end: str) -> None:
    pad = "  pad: '" + "x" * 1000 + "'\n"
    for text in (
        cassette(OK, f"- request: '{'x' * 50_000_000}'\n", end),
        cassette(OK, "- a: b\n" + pad * 50_000, end),
    ):
        entries = read(text)
        assert isinstance(entries[0], Exchange)
        assert f"more than {MAX_ENTRY:,} bytes" in str(entries[1])
        assert [isinstance(entry, Exchange) for entry in entries[2:]] == [True] * bool(end)


def test_surroundings_that_are_too_long_are_passed_over() -> None:
    entries = read(f"a: {'x' * 50_000_000}\n{cassette(OK)}")
    assert f"tape:1 (entry 0): more than {MAX_ENTRY:,} bytes" in str(entries[0])
    assert isinstance(entries[1], Exchange)
    assert "more than" in str(read("interactions: [" + "a," * 25_000_000)[0])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda text: text.replace('"method"', "method", 1), "not JSON"),
        (lambda text: text.replace('"GET"', '"\\ud800"', 1), None),
        (lambda text: text.replace('"GET"', "5", 1), None),
        (lambda text: text.replace('"GET"', "null", 1), "no method in it"),
        (lambda text: text.replace('{"request"', '}{"request"', 1), "where JSON needs a value"),
        (lambda text: text.replace('{"request"', 'null, {"request"', 1), "null, not an object"),
    ],
)  # fmt: skip
def test_a_broken_item_of_a_json_cassette(spoil: Callable[[str], str], reason: str | None) -> None:
    entries = read(spoil(json.dumps({"interactions": [ITEM] * 3})))
    errors = [str(entry) for entry in entries if isinstance(entry, RecordingError)]
    assert len(errors) == bool(reason)
    assert isinstance(entries[-1], Exchange)
    if reason:
        assert reason in errors[0]


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (cassette(OK), True),
        (RUBY, True),
        (f"# comment\n---\n{OK}", True),
        ("- !ruby/struct:VCR::HTTPInteraction \n  request: x\n", True),
        ("\ufeffcommand: 'st run'\nseed: 1\nhttp_interactions:\n", True),
        (json.dumps([ITEM]), True),
        (json.dumps({"version": 1, "interactions": []}), True),
        ("openapi: 3.0.1\npaths: {}\n", False),
        ("steps:\n- request: x\n", False),
        ('{"request": {}, "response": {}}', False),
        ("", False),
    ],
)
def test_cassettes_are_recognized_by_what_they_hold(head: str, *, is_one: bool) -> None:
    assert vcr.recognizes(head.encode(), "-") is is_one


def write(*given: Exchange) -> bytes:
    file = BytesIO()
    with vcr.writer(file) as append:
        for exchange in given:
            append(exchange)
    return file.getvalue()


def test_vcrpy_reads_what_is_written() -> None:
    exchange = Exchange(
        id="x1",
        request=Request(method="POST", url=URL, headers=Headers((("A", "b"),)), body=b"\xff"),
        response=Response(
            status=200,
            reason="OK",
            headers=Headers((("Content-Encoding", "gzip"), ("content-length", "99"), ("X", "1"), ("X", "2"))),
            body=b"fine",
            elapsed=0.25,
        ),
        source=Source(kind="test", path="", index=0),
        extra={"recorded_at": "never", "request": {"http": "2"}},
    )
    text = write(exchange, exchange)
    requests, responses = deserialize(text.decode(), yamlserializer)
    assert (requests[0].method, requests[0].uri, requests[0].body) == ("POST", URL, b"\xff")
    assert responses[1]["body"] == {"string": b"fine"}
    assert responses[1]["headers"] == {"X": ["1", "2"], "Content-Length": ["4"]}
    back, _ = exchanges(text)
    assert back.id == "x1"
    assert back.response.elapsed == 0.25
    assert back.extra == {"recorded_at": "never"}
    packed = replace(exchange, response=Response(status=200, headers=Headers((("content-encoding", "br"),)), body=b"x"))
    assert one(write(packed)).response == Response(status=200, body=b"x")


def test_an_empty_cassette_is_one_too() -> None:
    assert write() == b"interactions: []\nversion: 1\n"
    assert read(write()) == []


def test_a_cassette_is_complete_even_after_an_error() -> None:
    file = BytesIO()
    with pytest.raises(RuntimeError), vcr.writer(file):
        raise RuntimeError
    assert file.getvalue().endswith(b"version: 1\n")


def test_seconds_that_are_none() -> None:
    for elapsed in ("soon", ".inf", "nan"):
        assert one(cassette(OK.replace("status:", f"elapsed: {elapsed}\n    status:"))).response.elapsed is None
    assert one(cassette(OK.replace("status:", "elapsed: '0.5'\n    status:"))).response.elapsed == 0.5


def test_base64_of_a_cassette() -> None:
    body = {"encoding": "utf-8", "base64_string": base64.b64encode(b"\xff").decode()}
    item = {part: {**message, "body": body} for part, message in ITEM.items()}
    exchange = one(json.dumps({"interactions": [item]}))
    assert exchange.request.body == exchange.response.body == b"\xff"
