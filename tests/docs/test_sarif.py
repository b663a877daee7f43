"""The SARIF view keeps the standard, and what GitHub's code scanning takes of it.

The schema is ours: the members that the view writes, with the rules of SARIF 2.1.0 for each
(https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json) and the limits of code scanning
(https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
It is closed, so that a member that is added here has to be looked up there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from conformance.cli import main

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def _closed(required: str = "", **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": required.split(),
        "additionalProperties": False,
    }


def _list(items: Any, *, most: int, unique: bool = True) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most, "uniqueItems": unique}


_TEXT = {"type": "string", "minLength": 1}
_SHORT = _closed("text", text={**_TEXT, "maxLength": 1024})
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_PLACE = {"type": "integer", "minimum": 1}
_ARTIFACT = _closed(
    "uri uriBaseId", uri={"type": "string", "format": "uri-reference"}, uriBaseId={"enum": ["%SRCROOT%", "%OUTSIDE%"]}
)
_SNIPPET = _closed("text", text={"type": "string"})
_REGION = _closed("startLine", startLine=_PLACE, startColumn=_PLACE, endLine=_PLACE, endColumn=_PLACE, snippet=_SNIPPET)
_PHYSICAL = _closed("artifactLocation", artifactLocation=_ARTIFACT, region=_REGION, contextRegion=_REGION)
_LOCATION = _closed(
    "physicalLocation",
    id={"type": "integer", "minimum": 0},
    message=_SHORT,
    physicalLocation=_PHYSICAL,
    logicalLocations=_list(_closed("fullyQualifiedName", fullyQualifiedName=_TEXT, kind=_TEXT), most=1),
)
_RULE = _closed(
    "id shortDescription fullDescription help",
    id=_TEXT,
    name={**_TEXT, "maxLength": 255},
    shortDescription=_SHORT,
    fullDescription=_SHORT,
    help=_closed("text", text=_TEXT, markdown=_TEXT),
    defaultConfiguration=_closed("level", level=_LEVEL),
    properties=_closed("tags", tags=_list(_TEXT, most=10)),
)
_RESULT = _closed(
    "ruleId ruleIndex level message locations partialFingerprints",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_SHORT,
    locations={**_list(_LOCATION, most=1), "minItems": 1},
    relatedLocations=_list(_LOCATION, most=100),
    partialFingerprints={"type": "object", "additionalProperties": _TEXT, "required": ["primaryLocationLineHash"]},
    occurrenceCount=_PLACE,
    suppressions=_list(
        _closed(
            "kind",
            kind={"enum": ["inSource", "external"]},
            status={"enum": ["accepted", "underReview", "rejected"]},
            justification=_TEXT,
        ),
        most=1,
    ),
    properties={"type": "object"},
)
_NOTIFICATION = _closed("message", level=_LEVEL, message=_SHORT, associatedRule=_closed("id", id=_TEXT))
_RUN = _closed(
    "tool results",
    tool=_closed(
        "driver",
        driver=_closed("name rules", name=_TEXT, version=_TEXT, semanticVersion=_TEXT, rules=_list(_RULE, most=25_000)),
    ),
    automationDetails=_closed("id", id={"type": "string", "pattern": "/$"}),
    columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
    originalUriBaseIds={"type": "object", "additionalProperties": _closed("description", description=_SHORT)},
    invocations=_list(
        _closed(
            "executionSuccessful",
            executionSuccessful={"type": "boolean"},
            toolExecutionNotifications=_list(_NOTIFICATION, most=1000, unique=False),
        ),
        most=1,
    ),
    results=_list(_RESULT, most=25_000, unique=False),
)
_SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    **_closed("version runs", **{"$schema": _TEXT}, version={"const": "2.1.0"}, runs=_list(_RUN, most=20)),
}


def _objections(data: Any) -> list[str]:
    Draft202012Validator.check_schema(_SCHEMA)
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(_SCHEMA).iter_errors(data)]


def _run(folder: Path, *arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, [*arguments, "--output", str(folder), "--report", "sarif"])
    assert done.exit_code in {0, 1}, done.output
    made: dict[str, Any] = json.loads((folder / "report.sarif").read_text(encoding="utf-8"))
    return made


@pytest.fixture
def checked(tmp_path: Path) -> dict[str, Any]:
    return _run(tmp_path, "check", str(SAMPLE / "orders.ndjson"), "--specs", str(SAMPLE / "shop.yaml"))


def test_a_check(checked: dict[str, Any]) -> None:
    assert checked["runs"][0]["results"]
    assert _objections(checked) == []


def test_a_check_with_a_baseline_and_a_run_and_an_audit(tmp_path: Path, checked: dict[str, Any]) -> None:
    known = tmp_path / "known.toml"
    CliRunner().invoke(main, ["baseline", str(tmp_path / "results.json"), "--to", str(known), "--reason", "agreed"])
    check = ("check", str(SAMPLE / "orders.ndjson"), "--specs", str(SAMPLE / "shop.yaml"), "--baseline", str(known))
    accepted = _run(tmp_path, *check)
    assert all(result["suppressions"] for result in accepted["runs"][0]["results"])
    operation = ("--operation", "twilio_routes_v2.*")
    for data in (accepted, _run(tmp_path, "run", *operation), _run(tmp_path, "audit", str(SAMPLE / "shop.yaml"))):
        assert _objections(data) == []


def test_results_point_to_their_rules_and_base_folders(checked: dict[str, Any]) -> None:
    (run,) = checked["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region.get("endColumn", region["startColumn"] + 1) > region["startColumn"]
    used = {place["uriBaseId"] for place in _artifacts(run["results"])}
    assert used <= run["originalUriBaseIds"].keys()


def _artifacts(value: Any) -> list[dict[str, str]]:
    if isinstance(value, list):
        return [found for item in value for found in _artifacts(item)]
    if not isinstance(value, dict):
        return []
    own = [value["artifactLocation"]] if "artifactLocation" in value else []
    return own + [found for item in value.values() for found in _artifacts(item)]


def test_fingerprints_are_told_apart(checked: dict[str, Any]) -> None:
    found = [each["partialFingerprints"]["primaryLocationLineHash"] for each in checked["runs"][0]["results"]]
    assert len(set(found)) == len(found)
