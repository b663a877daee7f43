"""A fault planted into the reference server fails the named check, for that operation only, with exit code 1."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from conformance.cli import main
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Request, Response

Lie = Callable[[Response], Response]


def with_field(name: str, value: Any) -> Lie:
    def lie(response: Response) -> Response:
        body = msgspec.json.decode(response.body)
        return replace(response, body=msgspec.json.encode({**body, name: value}))

    return lie


def html(response: Response) -> Response:
    headers = response.headers.replace("Content-Type", "text/html")
    return replace(response, headers=headers, body=b"<!DOCTYPE html><title>Oops</title>")


LIES = [
    ("twilio_voice.fetchCall", "malformed-sid", with_field("sid", "SM" + 32 * "0")),
    ("twilio_voice.fetchConference", "unknown-enum-value", with_field("status", "IN-PROGRESS")),
    ("twilio_voice.fetchQueue", "type-mismatch", with_field("current_size", "3")),
    ("twilio_proxy_v1.FetchSession", "undocumented-status", lambda response: replace(response, status=206)),
    ("twilio_routes_v2.FetchTrunks", "wrong-content-type", html),
]


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
@pytest.mark.parametrize(("operation", "rule", "lie"), LIES, ids=[rule for _, rule, _ in LIES])
def test_a_planted_fault_fails_its_check_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, operation: str, rule: str, lie: Lie, contract: str
) -> None:
    honest = Mock.answer

    def answer(self: Mock, request: Request, state: State) -> Any:
        answered = honest(self, request, state)
        if answered.operation is None or answered.operation.key != operation:
            return answered
        return replace(answered, response=lie(answered.response))

    monkeypatch.setattr(Mock, "answer", answer)
    arguments = ["run", "--no-recordings", "--contract", contract, "--max-cases", "3", "--output", str(tmp_path)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1, result.output
    report = json.loads((tmp_path / "results.json").read_text())
    assert {(each["operation"], each["rule"]) for each in report["findings"]} == {(operation, rule)}
    verdicts = {each["key"]: each["verdict"] for each in report["operations"]}
    assert verdicts.pop(operation) == "fail"
    assert set(verdicts.values()) == {"pass"}


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_every_operation_passes_against_the_reference_server(tmp_path: Path, contract: str) -> None:
    result = CliRunner().invoke(main, ["run", "--no-recordings", "--contract", contract, "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    report = json.loads((tmp_path / "results.json").read_text())
    assert [each["verdict"] for each in report["operations"]] == ["pass"] * 90
    assert all(each["exchanges"] and each["checks"]["passed"] for each in report["operations"])


def test_the_same_seed_gives_the_same_results(tmp_path: Path) -> None:
    texts = []
    for name in ("one", "two"):
        CliRunner().invoke(main, ["run", "--no-recordings", "--max-cases", "2", "--output", str(tmp_path / name)])
        report = json.loads((tmp_path / name / "results.json").read_text())
        del report["timing"]
        texts.append(report)
    assert texts[0] == texts[1]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff",
        b'{"sid": "\xff"}',
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"7",
        b"NaN",
        b"[" * 100_000,
        b'{"sid": "\\ud800"}',
        b'{"sid": {}}',
    ],
    ids=repr,
)
def test_no_body_whatever_ends_a_run_or_a_check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: bytes) -> None:
    honest = Mock.answer

    def answer(self: Mock, request: Request, state: State) -> Any:
        answered = honest(self, request, state)
        return replace(answered, response=replace(answered.response, body=body))

    monkeypatch.setattr(Mock, "answer", answer)
    arguments = ["run", "--no-recordings", "--max-cases", "3", "--output", str(tmp_path), "--no-shrink"]
    arguments += ["--operation", "twilio_proxy_v1.*Service", "--operation", "twilio_voice.*Call*"]
    result = CliRunner().invoke(main, [*arguments, "--modes", "positive,boundary,negative,headers,stateful"])
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1, result.output
    report = json.loads((tmp_path / "results.json").read_text())
    assert any(each["verdict"] == "fail" for each in report["operations"])
    tallies = [tally for cell in report["cells"] for tally in cell["tallies"].values()]
    assert tallies
    assert not any(tally["crashed"] for tally in tallies)
