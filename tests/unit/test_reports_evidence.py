"""What a finding is believed by: the lines of a message around its place, and values as JSON."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.model.excerpt import AROUND, LONGEST, around
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.rule import Problem, Severity, Side
from conformance.results import evidence, sample, spec_excerpt
from conformance.results.evidence import message_excerpt, plain


def exchange(*, body: bytes = b"", kind: str = "application/json", sent: bytes = b"", form: bool = False) -> Exchange:
    content = "application/x-www-form-urlencoded" if form else "application/json"
    return Exchange(
        id="x",
        request=Request(
            method="POST",
            url="https://api.example.com/things/7?Page=2&Tag=a&Tag=b",
            headers=Headers.of({"Content-Type": content}),
            body=sent,
        ),
        response=Response(status=200, reason="OK", headers=Headers.of({"Content-Type": kind}), body=body),
        source=Source(kind="ndjson", path="x.ndjson", index=0),
    )


def marked(seen: Exchange, side: Side, pointer: str) -> str:
    excerpt = message_excerpt(seen, side, pointer)
    assert excerpt is not None
    return excerpt.lines[excerpt.marked - excerpt.first]


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", "POST https://api.example.com/things/7"),
        ("/path/ThingSid", "POST https://api.example.com/things/7"),
        ("/query/Page", "    ?Page=2"),
        ("/query/Tag/1", "    &Tag=a"),
        ("/header/Content-Type", "Content-Type: application/x-www-form-urlencoded"),
        ("/Name", "Name=Ann & Bob"),
        ("/Missing", "POST https://api.example.com/things/7"),
    ],
)
def test_places_of_a_request(pointer: str, line: str) -> None:
    assert marked(exchange(sent=b"Name=Ann+%26+Bob&Empty=", form=True), Side.REQUEST, pointer) == line


@pytest.mark.parametrize(
    ("pointer", "line"),
    [
        ("", "HTTP 200 OK"),
        ("/items/1/a~1b", '      "a/b": null'),
        ("/items/0", "    1,"),
        ("/items/1/gone", "    {"),
        ("/empty", '  "empty": {}'),
    ],
)
def test_places_of_a_response(pointer: str, line: str) -> None:
    body = json.dumps({"items": [1, {"a/b": None}], "empty": {}}).encode()
    assert marked(exchange(body=body), Side.RESPONSE, pointer) == line


def test_what_is_no_json_is_shown_as_it_is() -> None:
    excerpt = message_excerpt(exchange(body=b"<h1>\nNo</h1>"), Side.RESPONSE, "/x")
    assert excerpt is not None
    assert excerpt.lines[-2:] == ("<h1>", "No</h1>")


def test_a_huge_body_is_not_laid_out() -> None:
    excerpt = message_excerpt(exchange(body=b'"' + b"x" * 2_000_000 + b'"'), Side.RESPONSE, "")
    assert excerpt is not None
    assert excerpt.lines[-1] == "(2,000,002 bytes)"


def test_a_deep_body_is_laid_out_as_far_as_anybody_reads() -> None:
    deep: Any = 1
    for _ in range(300):
        deep = [deep]
    assert marked(exchange(body=json.dumps(deep).encode()), Side.RESPONSE, "/0/0") == "    ["


def test_a_description_has_no_message() -> None:
    assert message_excerpt(exchange(), Side.SPEC, "") is None


def test_an_excerpt_stays_within_its_lines_and_cuts_long_ones_around_the_place() -> None:
    lines = [str(number) for number in range(1, 21)]
    assert around(lines, 1).lines == tuple(lines[: 2 * AROUND + 1])
    assert around(lines, 20).lines == tuple(lines[-2 * AROUND - 1 :])
    assert around(["only"], 1).lines == ("only",)
    (cut,) = around(["a" * 500 + "here" + "b" * 500], 1, column=501).lines
    assert "here" in cut
    assert (cut[0], cut[-1], len(cut)) == ("…", "…", LONGEST + 2)


def finding(**values: Any) -> Finding:
    return Finding(
        **{
            "rule_id": "r",
            "operation": None,
            "severity": Severity.ERROR,
            "side": Side.RESPONSE,
            "suspect": Suspect.UNDECIDED,
            "problem": Problem(message="m", actual="+15005550006"),
            "exchange_id": "x",
            "source": None,
            "spec": "gone.yaml",
            "line": 1,
            "column": 1,
            "fingerprint": "f",
            **values,
        }
    )


def test_a_description_that_is_gone_has_no_lines(tmp_path: Path) -> None:
    assert spec_excerpt(finding()) is None
    path = tmp_path / "one.yaml"
    path.write_text("a: 1\n")
    assert spec_excerpt(finding(spec=str(path), line=9)) is None
    found = spec_excerpt(finding(spec=str(path)))
    assert found is not None
    assert found.lines == ("a: 1",)


def test_the_lines_of_a_description_that_ships_are_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = spec_excerpt(finding(spec="specs/twilio_voice.yaml"))
    assert found is not None
    assert found.lines[0].startswith("openapi:")


def test_a_sample_of_a_description_has_no_evidence_and_one_of_traffic_no_secrets() -> None:
    assert sample(finding(), None).evidence is None
    assert sample(finding(), exchange()).actual != "+15005550006"
    long = evidence(exchange(body=b"x" * 20_000))["response"]["body"]
    assert long.endswith("… (20,000 bytes in all)")


def test_values_that_json_does_not_know_become_text() -> None:
    value = {1: float("inf"), "day": date(2024, 1, 2), "bytes": b"\xff", "pair": (1, None), "whole": 2.5}
    assert plain(value) == {"1": "inf", "day": "2024-01-02", "bytes": "\ufffd", "pair": [1, None], "whole": 2.5}
