"""What schemathesis writes, by its own writers: events, cassettes and archives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from io import BufferedReader, BytesIO, StringIO
from typing import Any

import pytest
import requests
from schemathesis.config import OutputConfig
from schemathesis.core.transport import Response as SchemathesisResponse
from schemathesis.engine.recorder import CaseNode, ScenarioRecorder
from schemathesis.reporting.har import HarWriter
from schemathesis.reporting.ndjson import NdjsonWriter
from schemathesis.reporting.vcr import VcrWriter

from conformance.errors import RecordingError
from conformance.model.http import Exchange
from conformance.recordings import Entry, formats, har, schemathesis, vcr
from conformance.recordings.entry import MAX_ENTRY

URL = "https://api.example.com/things?a=b%20c&x='"
UNUSUAL = 'say "it\'s" \x00\x7f\u2028é\ttab\r\nline'.encode()


class Case:
    """As much of a case as the writers look at."""

    meta = None


def recorder(body: bytes, *, encoding: str | None = "utf-8") -> ScenarioRecorder:
    """Give a scenario with an answered, a failed and a truncated interaction."""
    made = ScenarioRecorder(label="POST /things")
    prepared = requests.Request("POST", URL, headers={"X-A": "1", "Content-Type": "text/plain"}, data=body).prepare()
    answer = SchemathesisResponse(
        status_code=201,
        headers={"Content-Type": ["application/json"], "X-B": ["1", "2"]},
        content=body,
        request=prepared,
        elapsed=0.25,
        verify=True,
        message="Created",
        encoding=encoding,
    )
    for case in ("c1", "c2", "c3"):
        made.cases[case] = CaseNode(value=Case(), parent_id=None, transition=None, is_transition_applied=False)  # type: ignore[arg-type]
    made.record_response(case_id="c1", response=answer)
    made.record_request(case_id="c2", request=prepared)
    made.max_recorded_payload_size = 3
    made.record_response(case_id="c3", response=answer)
    made.record_check_failure(name="a_check", case_id="c1", code_sample="", failure=Failure())  # type: ignore[arg-type]
    made.record_check_success(name="a_check", case_id="c3")
    return made


class Failure:
    """As much of a failure as the writers look at."""

    title = 'A failure with "quotes"'

    def asdict(self) -> dict[str, str]:
        return {"title": self.title}


def as_vcr(made: ScenarioRecorder, *, preserve_bytes: bool) -> str:
    file = StringIO()
    writer = VcrWriter(file, OutputConfig(), preserve_bytes=preserve_bytes)
    writer.open(seed=1, command="st run 'x'")
    writer.write(made)
    writer.write(made)
    writer.close()
    return file.getvalue()


def as_har(made: ScenarioRecorder, *, preserve_bytes: bool) -> str:
    file = StringIO()
    writer = HarWriter(file, OutputConfig(), preserve_bytes=preserve_bytes)
    writer.open()
    writer.write(made)
    writer.write(made)
    writer.close()
    return file.getvalue()


class Finished:
    """An event that tells of a scenario."""

    def __init__(self, made: ScenarioRecorder) -> None:
        self.id = "s1"
        self.recorder = made


def as_events(made: ScenarioRecorder, *, preserve_bytes: bool) -> str:
    file = StringIO()
    writer = NdjsonWriter(file)
    writer.open(seed=1, command="st run")
    writer._stream.write("\n")  # type: ignore[union-attr]
    for name in ("ScenarioFinished", "FuzzScenarioFinished"):
        writer._stream.write(f'{{"{name}":{{"id":"s1","recorder":')  # type: ignore[union-attr]
        writer._write_recorder(made)
        writer._stream.write("}}\n")  # type: ignore[union-attr]
    writer.close()
    return file.getvalue()


Write = Callable[..., str]


def read(text: str) -> Iterator[Entry]:
    data = text.encode()
    form = next(form for form in formats() if form.recognizes(data[:4096], "-"))
    yield from form.read(BufferedReader(BytesIO(data)), "file")


@pytest.mark.parametrize("body", [b'{"a": "\xc3\xa9"}', UNUSUAL, b""])
@pytest.mark.parametrize("preserve_bytes", [True, False])
@pytest.mark.parametrize("write", [as_vcr, as_har, as_events])
def test_interactions_are_exchanges(write: Write, body: bytes, *, preserve_bytes: bool) -> None:
    entries = list(read(write(recorder(body), preserve_bytes=preserve_bytes)))
    good = [entry for entry in entries if isinstance(entry, Exchange)]
    assert len(entries) == 6
    assert len(good) == (2 if body else 4)  # nothing of an empty body can be cut
    request, response = good[0].request, good[0].response
    assert (request.method, request.url, request.body) == ("POST", URL, body)
    assert request.headers.get("x-a") == "1"
    assert (response.status, response.body, response.elapsed) == (201, body, 0.25)
    assert response.headers.get("Content-Type") == "application/json"
    errors = [str(entry) for entry in entries if isinstance(entry, RecordingError)]
    assert sum("no response" in error for error in errors) == 2
    assert sum("only a part of the response body was recorded" in error for error in errors) == (2 if body else 0)


@pytest.mark.parametrize("write", [as_vcr, as_har, as_events])
def test_bodies_that_are_no_text(write: Write) -> None:
    good = [
        entry for entry in read(write(recorder(b"\xff\x00\xfe"), preserve_bytes=True)) if isinstance(entry, Exchange)
    ]
    assert good[0].request.body == good[0].response.body == b"\xff\x00\xfe"


def test_bodies_of_another_charset() -> None:
    good = [
        entry
        for entry in read(as_vcr(recorder(b"caf\xe9", encoding="iso-8859-1"), preserve_bytes=False))
        if isinstance(entry, Exchange)
    ]
    assert good[0].response.body == b"caf\xe9"


def test_ids_and_sessions() -> None:
    made = recorder(b"{}")
    found = [entry for entry in read(as_events(made, preserve_bytes=True)) if isinstance(entry, Exchange)]
    assert [(each.id, each.session) for each in found] == [("c1", "file#s1"), ("c3", "file#s1")] * 2
    assert [each.source.line for each in found] == [3, 3, 4, 4]
    found = [entry for entry in read(as_vcr(made, preserve_bytes=True)) if isinstance(entry, Exchange)]
    assert {each.session for each in found} == {"file"}
    assert found[0].id == "c1"
    assert found[0].extra["checks"][0]["status"] == "FAILURE"


def test_each_is_its_own_format() -> None:
    made = recorder(b"{}")
    for write, form in ((as_vcr, vcr), (as_har, har), (as_events, schemathesis)):
        head = write(made, preserve_bytes=True).encode()[:4096]
        assert next(each.__name__ for each in formats() if each.recognizes(head, "-")) == form.__name__


@pytest.mark.parametrize(
    ("line", "reasons"),
    [
        (b"{\n", ["not JSON"]),
        (b"[]\n", ["an event that is no object"]),
        (b'{"ScenarioFinished": []}\n', ["ScenarioFinished that is no object"]),
        (b'{"ScenarioFinished": {"recorder": 5}}\n', ["recorder that is no object"]),
        (b'{"ScenarioFinished": {"recorder": {"interactions": []}}}\n', ["interactions that is no object"]),
        (b'{"ScenarioFinished": {"recorder": {"interactions": {"a": 5}}}}\n', ["an interaction that is no object"]),
        (b'{"ScenarioFinished": {"recorder": {"interactions": {"a": {}, "b": {}}}}}\n', ["no request in it"] * 2),
        (b'{"ScenarioFinished": {"recorder": {}}}\n', []),
        (b'{"ScenarioFinished": {}}\n', []),
        (b'{"EngineFinished": {}}\n', []),
        (b'{"x": "' + b"x" * 50_000_000 + b'"}\n', [f"a line of {MAX_ENTRY:,} bytes or more"]),
    ],
)
def test_broken_events_are_named_and_the_rest_is_read(line: bytes, reasons: list[str]) -> None:
    told: dict[str, Any] = {"request": {"method": "GET", "uri": URL}, "response": {"status_code": 200}}
    good = json.dumps({"ScenarioFinished": {"id": "s", "recorder": {"interactions": {"c": told}}}}).encode() + b"\n"
    entries = list(schemathesis.read(BytesIO(line + good), "file"))
    assert isinstance(entries[-1], Exchange)
    assert entries[-1].source.line == 2
    errors = [str(entry) for entry in entries[:-1]]
    assert [wanted in error for wanted, error in zip(reasons, errors, strict=True)] == [True] * len(reasons)
