"""The real SDKs, both of them, over all ninety operations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.config import Settings
from conformance.model.finding import Suspect
from conformance.model.report import Cell, Report
from conformance.run.sdk import Wanted, sdk
from conformance.sdk.rules import SdkSide

ROOT: Final = Path(__file__).parents[2]
CLIENTS: Final = {"node async", "python async", "python sync"}
WITHOUT_CALL: Final = {f"twilio_proxy_v1.{verb}ShortCode" for verb in ("List", "Create", "Fetch", "Update", "Delete")}
"""Removed from the official description, and from the SDKs with it."""


@pytest.fixture(scope="module")
def report() -> Report:
    return sdk(Settings(), Wanted()).report


def cells(report: Report, *, rule: str) -> Iterator[tuple[Cell, Any]]:
    for cell in report.cells.values():
        for recurring in cell.findings.values():
            if recurring.finding.rule_id == rule:
                yield cell, recurring.finding


def test_every_operation_is_exercised_on_all_sides_or_says_why_not(report: Report) -> None:
    keys = {operation.key for operation in report.subject.operations}
    assert len(keys) == 90
    expected = {f"sdk {client} {key} {side.value}" for client in CLIENTS for key in keys for side in SdkSide}
    assert report.cells.keys() - {f"sdk {client}" for client in CLIENTS} == expected
    for cell in (report.cells[each] for each in expected):
        key = cell.id.split()[-2]
        if key in WITHOUT_CALL:
            assert cell.not_run == {key: "the SDK has no call for it"}
        else:
            assert cell.not_run == {}
            assert cell.facts["cases"]
            assert cell.tallies[key].exchanges, "every side has its evidence"


def test_what_the_packages_offer_is_told(report: Report) -> None:
    for client in CLIENTS:
        facts = report.cells[f"sdk {client}"].facts
        assert facts["calls"] > 1000
        assert "routes.v3.iso_country_code(iso_country_code,short_code)" in facts["broken"] or "node" in client


def test_bytes_come_from_the_socket(report: Report) -> None:
    """A form under a JSON content type: what vcrpy's aiohttp layer would show as JSON."""
    found = {cell.facts["client"] for cell, _ in cells(report, rule="malformed-json")}
    assert found == {"async"}
    for cell, finding in cells(report, rule="malformed-json"):
        evidence = cell.findings[finding.fingerprint].samples[0].evidence
        assert evidence is not None
        assert ["Content-Type", "application/json"] in evidence["request"]["headers"]
        assert evidence["request"]["body"].startswith("account_sid=AC")


@pytest.mark.parametrize(
    ("rule", "sdk_name", "client"),
    [
        ("sdk-ignored-timeout", "twilio-python", "async"),
        ("sdk-ignored-proxy", "twilio-python", "async"),
        ("sdk-repeated-post", "twilio-python", "async"),
        ("sdk-lost-field", "twilio-python", "sync"),
        ("sdk-error-without-status", "twilio-python", "sync"),
        ("wrongly-cased-parameter", "twilio-node", "async"),
    ],
)
def test_known_mistakes_are_found_with_a_second_witness(report: Report, rule: str, sdk_name: str, client: str) -> None:
    found = [
        finding
        for cell, finding in cells(report, rule=rule)
        if (cell.facts["sdk"], cell.facts["client"]) == (sdk_name, client) and finding.suspect is Suspect.SDK
    ]
    assert found
    assert all("on its side" in finding.problem.message for finding in found)


def test_an_answer_that_raises_anyway_is_no_time_out_that_holds(report: Report) -> None:
    """Both come as an exception: the answer to updateQueue has no body, and the package wants one."""
    found = {finding.operation for _, finding in cells(report, rule="sdk-ignored-timeout")}
    assert found == {operation.key for operation in report.subject.operations} - WITHOUT_CALL


def test_what_both_sdks_do_accuses_neither(report: Report) -> None:
    for rule in ("sdk-leaked-credentials", "sdk-endless-paging"):
        found = list(cells(report, rule=rule))
        assert {cell.facts["driver"] for cell, _ in found} == {"node", "python"}
        assert {finding.suspect for _, finding in found} == {Suspect.DISAGREEMENT}


def test_conversions_are_listed(report: Report) -> None:
    python = report.cells["sdk python sync twilio_voice.fetchCall response"].facts["conversions"]
    assert python["/start_time"] == "string → date-time"
    node = report.cells["sdk node async twilio_voice.fetchCall response"].facts["conversions"]
    assert node["/start_time"] == "string → date-time"


def test_settings_are_tried_once_for_each_kind_of_call(report: Report) -> None:
    told: dict[str, set[str]] = {}
    for cell in report.cells.values():
        for case in cell.facts.get("cases", {}):
            found = re.fullmatch(r"(time-out setting|proxy setting|retries setting on 429), (\w+)", case)
            if found is not None:
                told.setdefault(f"{cell.facts['driver']} {cell.facts['client']} {found[1]}", set()).add(found[2])
    kinds = {"create", "delete", "fetch", "list", "page", "stream", "update"}
    assert told == {
        f"{client} {setting}": kinds
        for client in CLIENTS
        for setting in ("time-out setting", "proxy setting", "retries setting on 429")
    }


def test_every_suspected_sdk_has_a_script_in_the_documentation(report: Report) -> None:
    text = (ROOT / "docs" / "sdk.md").read_text(encoding="utf-8")
    documented = {
        (name, rule)
        for name, rules in re.findall(r"^### ([\w-]+): (.+)$", text, re.MULTILINE)
        for rule in rules.split(", ")
    }
    suspected = {
        (cell.facts["sdk"], recurring.finding.rule_id)
        for cell in report.cells.values()
        for recurring in cell.findings.values()
        if recurring.finding.suspect is Suspect.SDK
    }
    assert suspected == documented


@pytest.mark.parametrize("drivers", [("python",), ("python", "node")])
def test_the_contract_as_written_is_suspected_of_dates_and_of_the_messaging_host(
    tmp_path: Path, drivers: tuple[str, ...]
) -> None:
    """Whatever others make of such dates: the corrected contract has others."""
    arguments = ["sdk", *drivers, "--contract", "as-written", "--side", "reach,request,response", "--report", "json"]
    names = [
        "twilio_voice.fetchCall",
        "twilio_voice.listCalls",
        "twilio_messaging.fetchMessage",
        "twilio_messaging.fetchMessagingService",
    ]
    chosen = [item for name in names for item in ("--operation", name)]
    result = CliRunner().invoke(main, [*arguments, *chosen, "--output", str(tmp_path)])
    assert result.exit_code == 1, result.output
    findings = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))["findings"]
    about = {
        "dates": [each for each in findings if re.search(r"/(date|start|end)_\w+$", each["instance_pointer"])],
        "host": [each for each in findings if each["rule"] == "sdk-unused-server"],
    }
    lost = [each for each in about["dates"] if each["rule"] == "sdk-lost-field"]
    filters = [each for each in findings if each["rule"] == "format-violation"]
    assert lost
    assert filters
    assert about["host"]
    assert {each["suspect"] for each in (*lost, *filters, *about["host"])} == {"spec"}
    assert (tmp_path / "sdk.md").read_text(encoding="utf-8").startswith("# SDKs against the contract")


def test_an_sdk_that_is_not_there_is_said_and_does_not_stop_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["sdk", "--operation", "twilio_routes_v2.FetchTrunks", "--side", "reach", "--report", "terminal"]
    result = CliRunner().invoke(main, [*command, "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "not run: node: " in result.output
    assert "npm install twilio" in result.output
    assert "twilio-python" in result.output
    assert "reach   request" in result.output, "the terminal has a column a side"
    assert f"{tmp_path / 'sdk.md'}" in result.output


def test_nothing_ran_is_exit_code_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, ["sdk", "node", "no-such-program", "--output", str(tmp_path)])
    assert result.exit_code == 2
    assert "no driver ran" in result.output
    assert "no driver 'no-such-program'" in result.output
