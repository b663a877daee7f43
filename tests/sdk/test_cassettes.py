"""The cassettes of this repository: the SDK's own bytes, true to the corrected contract, and made again at will."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance import recordings
from conformance.cli import main
from conformance.model.http import Exchange

ROOT = Path(__file__).parents[2]
CASSETTES = ROOT / "cassettes"


@pytest.fixture(scope="module")
def record() -> Callable[[Path], list[Path]]:
    found = importlib.util.spec_from_file_location("record_cassettes", CASSETTES / "record.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    made: Callable[[Path], list[Path]] = module.record
    return made


def exchanges(folder: Path) -> dict[str, list[Exchange]]:
    files = recordings.find([str(folder)])
    return {
        str(Path(file).relative_to(folder)): [each for each in recordings.read(file) if isinstance(each, Exchange)]
        for file in files
        if file.endswith(".yaml")
    }


def told(found: dict[str, list[Exchange]]) -> dict[str, list[tuple[str, int, int]]]:
    """What happens in a cassette: method, depth of the path and status, since ids may differ."""
    return {
        name: [(each.request.method, each.request.path.count("/"), each.response.status) for each in played]
        for name, played in found.items()
    }


def check(tmp_path: Path, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    findings = tmp_path / "findings.ndjson"
    command = ["check", str(CASSETTES), "--output", str(tmp_path), "--report", "junit", "--findings", str(findings)]
    result = CliRunner().invoke(main, [*command, *arguments])
    return result.exit_code, [json.loads(line) for line in findings.read_text(encoding="utf-8").splitlines()]


def test_every_api_has_a_cassette() -> None:
    assert {file.parent.name for file in CASSETTES.glob("*/*.yaml")} == {
        "messaging",
        "numbers",
        "proxy",
        "routes",
        "voice",
    }


def test_the_corrected_contract_finds_nothing(tmp_path: Path) -> None:
    assert check(tmp_path, "--contract", "corrected") == (0, [])


def test_the_contract_as_written_suspects_the_description_alone(tmp_path: Path) -> None:
    code, findings = check(tmp_path, "--contract", "as-written")
    assert code == 1
    assert {finding["suspect"] for finding in findings} == {"spec"}
    assert {finding["spec"].rpartition("/")[2] for finding in findings} == {
        "twilio_voice.yaml",
        "twilio_messaging.yaml",
    }


def test_recording_again_gives_the_same_bytes(record: Callable[[Path], list[Path]], tmp_path: Path) -> None:
    first = {file.relative_to(tmp_path / "a"): file.read_bytes() for file in record(tmp_path / "a")}
    second = {file.relative_to(tmp_path / "b"): file.read_bytes() for file in record(tmp_path / "b")}
    assert first == second
    assert told(exchanges(tmp_path / "a")) == told(exchanges(CASSETTES)), "`make cassettes` records them again"


def test_no_credentials_and_no_trace_of_the_machine() -> None:
    for file in CASSETTES.glob("*/*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert "Basic ***" in text
        assert not any(
            word in text for word in ("not-a-real-token", "127.0.0.1", "localhost", "Python/", "\n      Date:")
        )
