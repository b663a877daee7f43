"""What the program writes is what its JSON Schemas say, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from conformance.cli import main
from conformance.model.audit import Blame, Confidence
from conformance.model.finding import Suspect
from conformance.model.rule import Severity, Side

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"

SPEC = """
openapi: 3.0.3
info: {title: Things, version: '1'}
servers: [{url: 'https://api.example.com'}]
paths:
  /things/{Id}:
    parameters:
    - {name: Id, in: path, required: true, schema: {type: string}}
    get:
      operationId: fetchThing
      responses:
        '200':
          description: OK
          content:
            application/json:
              schema: {type: object, properties: {state: {type: string, enum: [open, closed]}}}
    delete:
      operationId: deleteThing
      responses: {'204': {description: Gone}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things.yaml").write_text(SPEC)
    states = ("open", "ajar", "shut")
    lines = [
        json.dumps(
            {
                "id": state,
                "request": {"method": "GET", "url": "https://api.example.com/things/1", "headers": {"Accept": "*/*"}},
                "response": {
                    "status": 200,
                    "headers": {"Content-Type": "application/json"},
                    "body": json.dumps({"state": state}),
                },
            }
        )
        for state in states
    ]
    (tmp_path / "traffic").mkdir()
    (tmp_path / "traffic" / "one.ndjson").write_text("\n".join([*lines, "{broken", ""]))
    (tmp_path / "traffic" / "two.ndjson").write_text(lines[1].replace("/things/1", "/thinks/1") + "\n")
    return tmp_path


def run(*arguments: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in {0, 1}, result.output


def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def objections(name: str, value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in validator(name).iter_errors(value)]


@pytest.fixture
def written(folder: Path) -> Path:
    """A check with a baseline, after another one, with every kind of change."""
    check = ("check", "traffic", "--specs", "things.yaml", "--report", "json", "--findings", "findings.ndjson")
    run(*check)
    run("baseline", "reports/results.json", "--to", "known.toml", "--reason", "agreed")
    text = (folder / "known.toml").read_text()
    (folder / "known.toml").write_text(text.replace('reason = "agreed"', 'reason = "agreed"\nexpires = 2001-01-01', 1))
    traffic = folder / "traffic" / "one.ndjson"
    traffic.write_text(traffic.read_text().replace('\\"shut\\"', '\\"lost\\"'))
    run(*check, "--baseline", "known.toml")
    return folder


def test_results(written: Path) -> None:
    data = json.loads((written / "reports" / "results.json").read_text())
    assert objections("results", data) == []
    assert {"accepted", "samples", "cells"} <= data["findings"][0].keys()


def test_findings(written: Path) -> None:
    lines = (written / "findings.ndjson").read_text().splitlines()
    assert len(lines) == 3
    for line in lines:
        assert objections("findings", json.loads(line)) == []


def test_report(written: Path) -> None:
    data = json.loads((written / "reports" / "report.json").read_text())
    assert objections("report", data) == []
    assert data["changes"]["new"]
    assert data["baseline"]["expired"]
    assert data["baseline"]["fixed"]


def test_difference(written: Path) -> None:
    output = CliRunner().invoke(main, ["diff", "reports/results.json", "reports/results.json", "--json"]).output
    schema = json.loads((SCHEMAS / "report.json").read_text())
    whole = Draft202012Validator({"$ref": "#/$defs/changes", "$defs": schema["$defs"]})
    assert list(whole.iter_errors(json.loads(output))) == []


def test_results_of_an_audit(folder: Path) -> None:
    run("audit", "things.yaml", "--report", "json", "--findings", "audit.ndjson")
    for name, path in (("results", "reports/results.json"), ("report", "reports/report.json")):
        data = json.loads((folder / path).read_text())
        assert data["findings"]
        assert objections(name, data) == []
    for line in (folder / "audit.ndjson").read_text().splitlines():
        assert objections("findings", json.loads(line)) == []


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


@pytest.mark.parametrize("name", ["results", "findings", "report"])
def test_schemas_are_closed_and_explain_themselves(name: str) -> None:
    for schema in _objects(json.loads((SCHEMAS / f"{name}.json").read_text())):
        assert schema["additionalProperties"] is False
        for key, value in schema["properties"].items():
            told = {"description", "$ref", "enum", "properties", "anyOf"} & value.keys()
            assert told, key


@pytest.mark.parametrize(
    ("name", "kind"),
    [("suspect", Suspect), ("severity", Severity), ("side", Side), ("confidence", Confidence), ("verdict", Blame)],
)
def test_schemas_know_every_member(name: str, kind: type[Enum]) -> None:
    schema = json.loads((SCHEMAS / "findings.json").read_text())
    assert schema["properties"][name]["enum"] == [member.value for member in kind]
