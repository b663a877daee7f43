"""However a recording is cut, the results are those of the whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.config import Settings, Shard
from conformance.model import parts, session
from conformance.model.report import Cell
from conformance.recordings.ranges import Range
from conformance.run import pieces
from conformance.run.crew import Alone, R, T, Told, Work
from conformance.run.recorder import occurrence, recorded
from conformance.run.suite import Suite, suite

SPEC = """
openapi: 3.1.0
servers: [{url: https://api.example.com}]
components:
  securitySchemes: {basic: {type: http, scheme: basic}}
  schemas: {Thing: {type: object, properties: {id: {type: string}, kind: {enum: [a, b]}}}}
security: [{basic: []}]
paths:
  /things:
    post:
      operationId: makeThing
      responses:
        '201':
          content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}
  /things/{ThingId}:
    parameters: [{name: ThingId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: fetchThing
      responses:
        '200': {content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
        '404': {description: None}
    delete:
      operationId: deleteThing
      responses: {'204': {description: Done}}
"""
JSON = {"Content-Type": "application/json"}


@cache
def made(folder: Path) -> Suite:
    path = folder / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return suite(Settings(specs=(path,)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("partitions")


@st.composite
def exchanges(draw: st.DrawFn) -> bytes:
    """One line: an exchange, or something that is none."""
    kind = draw(st.sampled_from(["make", "fetch", "fetch", "delete", "wrong", "elsewhere", "broken", "blank"]))
    if kind in {"broken", "blank"}:
        return {"broken": b'{"request": 5, "session": "s1"}\n', "blank": b" \t\r\n"}[kind]
    name = draw(st.sampled_from("123"))
    url = f"https://api.example.com/things/{name}"
    body: Any = {"id": name, "kind": draw(st.sampled_from("abcd"))}
    request: dict[str, Any] = {"method": "GET", "url": url}
    response: dict[str, Any] = {"status": 200, "headers": JSON, "body": json.dumps(body)}
    if kind == "make":
        request |= {"method": "POST", "url": "https://api.example.com/things"}
        response["status"] = 201
    elif kind == "delete":
        request["method"], response = "DELETE", {"status": 204}
    elif kind == "wrong":
        response["body"] = draw(st.sampled_from(["[]", "{", '{"id": 1, "id": [2]}', '{"kind": ["c", "c", "c", "c"]}']))
    elif kind == "elsewhere":
        request["url"] = draw(st.sampled_from(["https://other.example.org/", "https://api.example.com/none"]))
    if draw(st.integers(0, 3)):
        request["headers"] = {"Authorization": "Basic REDACTED"}
    line: dict[str, Any] = {"request": request, "response": response}
    speaker = draw(st.sampled_from([None, "s1", "s2", "s3", "s4", "s5"]))
    if speaker is not None:
        line["session"] = speaker
    if draw(st.booleans()):
        line["id"] = draw(st.sampled_from(["x", "y"]))
    return json.dumps(line).encode().replace(
        b'"session"', draw(st.sampled_from([b'"session"', b'"sessio\\u006e"']))
    ) + draw(st.sampled_from([b"\n", b"\r\n"]))


CONTENT = st.lists(exchanges(), min_size=1, max_size=30).map(b"".join)


@st.composite
def contents(draw: st.DrawFn) -> tuple[bytes, list[int]]:
    """A recording and the places at which it is cut."""
    content = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + draw(CONTENT)
    if draw(st.booleans()):
        content = content.removesuffix(b"\n")
    places = draw(st.lists(st.integers(1, max(1, len(content) - 1)), max_size=6, unique=True))
    return content, sorted(places)


def cut(path: Path, content: bytes, places: Sequence[int]) -> tuple[Range, ...]:
    edges = [0, *places, len(content)]
    return tuple(Range(path=str(path), start=a, stop=b) for a, b in pairwise(edges) if a < b)


def whole(path: Path, held: Suite) -> tuple[Cell, list[str]]:
    found: list[str] = []
    return recorded(str(path), held, lambda finding: found.append(occurrence(finding)), lambda _: None), found


def in_parts(path: Path, content: bytes, places: Sequence[int], held: Suite) -> tuple[Cell, list[str]]:
    found: list[str] = []
    (cell,) = pieces.cells(Alone(held), [cut(path, content, places)], found.append, lambda _: None)
    return cell, found


@contextmanager
def written(
    folder: Path, content: bytes, monkeypatch: pytest.MonkeyPatch, sessions: int, names: int
) -> Iterator[tuple[Path, Suite]]:
    """Give a recording, and a suite that remembers so many sessions and names."""
    path = folder / "traffic.ndjson"
    path.write_bytes(content)
    with monkeypatch.context() as patched:
        bounded(patched, sessions, names)
        yield path, made(folder)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents(), st.integers(1, 4), st.integers(0, 3))
def test_results_do_not_depend_on_the_partition(
    folder: Path, monkeypatch: pytest.MonkeyPatch, recording: tuple[bytes, list[int]], sessions: int, names: int
) -> None:
    content, places = recording
    with written(folder, content, monkeypatch, sessions, names) as (path, held):
        expected = whole(path, held)
        assert in_parts(path, content, places, held) == expected


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(contents(), st.integers(1, 4), st.integers(0, 3), st.integers(2, 4))
def test_results_do_not_depend_on_the_shards(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    recording: tuple[bytes, list[int]],
    sessions: int,
    names: int,
    count: int,
) -> None:
    content, places = recording
    with written(folder, content, monkeypatch, sessions, names) as (path, held):
        expected, _ = whole(path, held)
        ranges = cut(path, content, places)
        shards = [
            cell
            for number in range(1, count + 1)
            for cell in pieces.cells(
                Alone(held), [ranges], None, lambda _: None, shard=Shard(index=number, count=count)
            )
        ]
        assert parts.joined({cell.id: cell for cell in reversed(shards)}) == {expected.id: expected}


class Twice(Alone):
    """Does everything twice, the last part first, and believes the second time."""

    def each(self, work: Work[T, R], assignments: Sequence[T], *, told: Told[R]) -> Iterator[R]:
        for assignment in reversed(assignments):
            work(self._suite, assignment)
        yield from super().each(work, assignments, told=told)


def test_work_that_is_done_twice_counts_once(folder: Path) -> None:
    request = {"method": "DELETE", "url": "https://api.example.com/things/1"}
    lines = [{"session": "s", "request": request, "response": {"status": 204}}] * 9
    lines.append({"session": "s", "request": {**request, "method": "GET"}, "response": {"status": 200}})
    content = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    path = folder / "twice.ndjson"
    path.write_bytes(content)
    held = made(folder)
    expected, found = whole(path, held)
    assert found
    lines_found: list[str] = []
    shares = [cut(path, content, range(100, len(content), 200))]
    assert list(pieces.cells(Twice(held), shares, lines_found.append, lambda _: None)) == [expected]
    assert lines_found == found


def bounded(patched: pytest.MonkeyPatch, sessions: int, names: int) -> None:
    """Follow so few sessions that some are put aside, and some of those forgotten; add up as soon as can be."""
    patched.setattr(pieces, "_TOGETHER", 2)
    patched.setattr(session.Recency.__init__, "__kwdefaults__", {"sessions": sessions, "names": names})
