"""A small SDK with one planted mistake at a time: the rule about it speaks, and no other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import pytest

from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.model.finding import Suspect
from conformance.model.report import Report
from conformance.model.rule import Severity
from conformance.run.sdk import EVERY_SIDE, Wanted, sdk, side_of
from conformance.sdk.protocol import DriverFailed
from conformance.sdk.rules import RULES, SdkSide

TOY: Final = Path(__file__).parent / "toy"
TWO_SERVERS: Final = "sdk-unused-server"


def drive(spec: Path, *, sides: frozenset[SdkSide] = EVERY_SIDE, **settings: tuple[str, ...]) -> Report:
    wanted = Wanted(drivers=(f"{sys.executable} {TOY / 'driver.py'}",), sides=sides)
    return sdk(Settings(specs=(spec,), **settings), wanted).report  # type: ignore[arg-type] # names of tuples only


def rules(report: Report) -> set[str]:
    return {recurring.finding.rule_id for recurring in report.findings()}


def test_an_sdk_without_mistakes_has_no_finding() -> None:
    report = drive(TOY / "things.yaml")
    assert rules(report) == set()
    assert {cell.id.split()[-1] for cell in report.cells.values()} == {side.value for side in SdkSide} | {"sync"}
    assert all(not cell.not_run for cell in report.cells.values())
    assert len(report.cells) == 5 * 4 + 1
    assert report.cells["sdk driver sync"].facts["calls"] == 5


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {TWO_SERVERS}))
def test_a_mistake_is_found_by_its_rule_alone(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINGS_DEFECT", rule)
    report = drive(TOY / "things.yaml", sides=frozenset({RULES[rule].side}))
    assert rules(report) == {rule}
    assert {each.finding.severity for each in report.findings()} == {RULES[rule].severity}
    assert {each.finding.suspect for each in report.findings()} == {Suspect.DISAGREEMENT}, "there is no second witness"


def test_a_server_that_no_call_goes_to_is_found(tmp_path: Path) -> None:
    text = (TOY / "things.yaml").read_text(encoding="utf-8")
    both = '[{url: "https://api.example.com/v1"}, {url: "https://eu.example.com/v1"}]'
    spec = tmp_path / "things.yaml"
    spec.write_text(text.replace('[{url: "https://api.example.com/v1"}]', both), encoding="utf-8")
    report = drive(spec, sides=frozenset({SdkSide.REACH}))
    assert rules(report) == {TWO_SERVERS}
    assert len(report.findings()) == 5


def test_rules_are_chosen_and_graded_like_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINGS_DEFECT", "sdk-lost-field")
    side = frozenset({SdkSide.RESPONSE})
    assert rules(drive(TOY / "things.yaml", sides=side, ignore=("sdk-lost-*",))) == set()
    assert rules(drive(TOY / "things.yaml", sides=side, select=("sdk-changed-field",))) == set()
    assert rules(drive(TOY / "things.yaml", sides=side, select=("sdk-lost-field",))) == {"sdk-lost-field"}


def test_an_operation_without_a_call_is_not_run_with_the_reason(tmp_path: Path) -> None:
    text = (TOY / "things.yaml").read_text(encoding="utf-8")
    spec = tmp_path / "things.yaml"
    extra = '  /others:\n    get: {operationId: listOthers, responses: {"204": {description: None}}}\npaths_end'
    spec.write_text(
        text.replace("components:\n  securitySchemes", extra.replace("paths_end", "components:\n  securitySchemes"))
    )
    report = drive(spec)
    told = {cell.id: dict(cell.not_run) for cell in report.cells.values() if cell.not_run}
    assert set(told) == {f"sdk driver sync things.listOthers {side.value}" for side in SdkSide}
    assert {reason for each in told.values() for reason in each.values()} == {"the SDK has no call for it"}


def test_another_description_testifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THINGS_DEFECT", "sdk-lost-field")
    official = tmp_path / "official.yaml"
    official.write_bytes((TOY / "things.yaml").read_bytes())
    wanted = Wanted(
        drivers=(f"{sys.executable} {TOY / 'driver.py'}",), sides=frozenset({SdkSide.RESPONSE}), against=(official,)
    )
    settings = Settings(specs=(TOY / "things.yaml",), severity={"sdk-lost-*": "warning"})
    findings = [each.finding for each in sdk(settings, wanted).report.findings()]
    assert {each.suspect for each in findings} == {Suspect.SDK}
    assert {each.severity for each in findings} == {Severity.WARNING}
    assert all("the document has official.yaml on its side" in each.problem.message for each in findings)


def test_without_a_certificate_the_retries_are_not_run_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        reason = "no openssl here"
        raise DriverFailed(reason)

    monkeypatch.setattr("conformance.run.sdk.certificate", none)
    report = drive(TOY / "things.yaml", sides=frozenset({SdkSide.FAILURE}))
    told = {case: end for cell in report.cells.values() for case, end in cell.facts.get("cases", {}).items()}
    assert told["retries setting, fetch"] == "not run: no openssl here"
    assert rules(report) == set()


def test_a_driver_that_gives_up_is_no_verdict(tmp_path: Path) -> None:
    program = tmp_path / "quitter.py"
    program.write_text(
        "import json\n"
        "said = json.loads(input())\n"
        "about = {'sdk': 's', 'version': '1', 'runtime': '', 'clients': ['only']}\n"
        "print(json.dumps({'id': said['id'], **about}), flush=True)\n"
    )
    with pytest.raises(NothingChecked, match="quitter only"):
        sdk(Settings(specs=(TOY / "things.yaml",)), Wanted(drivers=(f"{sys.executable} {program}",)))


def test_an_operation_that_no_call_makes_leaves_nothing_to_check(tmp_path: Path) -> None:
    spec = tmp_path / "others.yaml"
    spec.write_text((TOY / "things.yaml").read_text(encoding="utf-8").replace("api.example.com/v1", "x.example.org/z"))
    with pytest.raises(NothingChecked, match="no call sent anything"):
        drive(spec, sides=frozenset({SdkSide.RESPONSE}))


def test_a_side_that_does_not_exist_is_said() -> None:
    with pytest.raises(SettingsError, match="no side 'sideways'"):
        side_of("sideways")
