"""The baseline file, and the commands that write and use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance import baseline
from conformance.cli import main
from conformance.errors import SettingsError
from conformance.model.known import Entry

SPEC = """
openapi: 3.1.0
info: {title: Things, version: '1'}
servers: [{url: 'https://api.example.com'}]
paths:
  /things:
    get:
      operationId: listThings
      responses:
        '200':
          description: OK
          content:
            application/json:
              schema: {type: object, properties: {state: {enum: [open, closed]}}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things.yaml").write_text(SPEC)
    record(tmp_path, "ajar")
    return tmp_path


def record(folder: Path, *states: str) -> None:
    lines = [
        {
            "request": {"method": "GET", "url": "https://api.example.com/things"},
            "response": {
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps({"state": state}),
            },
        }
        for state in states
    ]
    (folder / "traffic.ndjson").write_text("".join(json.dumps(each) + "\n" for each in lines))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def check(*arguments: str) -> Result:
    return run("check", "traffic.ndjson", "--specs", "things.yaml", *arguments)


def test_known_findings_do_not_fail_and_new_ones_do(folder: Path) -> None:
    assert check().exit_code == 1
    accepted = run("baseline", "reports/results.json", "--to", "known.toml", "--reason", "agreed with the team")
    assert accepted.exit_code == 0
    assert accepted.output == "known.toml: 1 finding accepted (1 added, 0 kept, 0 taken out)\n"
    assert "agreed with the team" in (folder / "known.toml").read_text()
    again = check("--baseline", "known.toml")
    assert again.exit_code == 0
    assert "1 accepted by the baseline" in again.output
    finding = json.loads((folder / "reports" / "results.json").read_text())["findings"][0]
    assert finding["accepted"] == "agreed with the team"
    record(folder, "ajar", "shut")
    worse = check("--baseline", "known.toml")
    assert worse.exit_code == 1
    assert worse.output.startswith('error: unknown-enum-value: things.listThings response /state: "shut"')
    assert "1 new" in worse.output


def test_what_is_fixed_is_said_and_taken_out(folder: Path) -> None:
    check()
    run("baseline", "reports/results.json", "--to", "known.toml")
    record(folder, "open")
    fixed = check("--baseline", "known.toml")
    assert fixed.exit_code == 0
    assert "baseline: 0 accepted, 1 fixed" in fixed.output
    renewed = run("baseline", "reports/results.json", "--to", "known.toml")
    assert renewed.output.splitlines() == [
        "taken out: unknown-enum-value: things.listThings response /state",
        "known.toml: 0 findings accepted (0 added, 0 kept, 1 taken out)",
    ]
    assert baseline.read(folder / "known.toml") == ()


def test_an_entry_that_has_expired_fails_again_until_it_is_accepted_again(folder: Path) -> None:
    check()
    run("baseline", "reports/results.json", "--to", "known.toml", "--reason", "until then", "--expires", "2001-01-01")
    expired = check("--baseline", "known.toml")
    assert expired.exit_code == 1
    assert "expired on 2001-01-01: unknown-enum-value" in expired.output
    run("baseline", "reports/results.json", "--to", "known.toml", "--expires", "2999-12-31")
    (entry,) = baseline.read(folder / "known.toml")
    assert (str(entry.expires), entry.reason) == ("2999-12-31", "until then")
    assert check("--baseline", "known.toml").exit_code == 0


def test_an_entry_of_an_operation_that_is_no_more_is_stale_unless_the_run_was_narrowed(folder: Path) -> None:
    entry = Entry(
        fingerprint="0" * 20, rule="unknown-enum-value", operation="things.gone", place="", message="", reason="x"
    )
    (folder / "known.toml").write_text(baseline.text([entry]))
    assert "1 stale" in check("--baseline", "known.toml").output
    narrowed = check("--baseline", "known.toml", "--operation", "things.list*")
    assert "stale" not in narrowed.output
    assert "1 not looked at" in narrowed.output


def test_the_baseline_may_stand_in_the_configuration(folder: Path) -> None:
    check()
    run("baseline", "reports/results.json", "--to", "known.toml")
    (folder / "conformance.toml").write_text('specs = ["things.yaml"]\nbaseline = "known.toml"\n')
    assert run("check", "traffic.ndjson").exit_code == 0
    assert run("report", "reports/results.json").exit_code == 0


def test_a_baseline_that_cannot_be_read_is_known_before_any_work(folder: Path) -> None:
    missing = check("--baseline", "none.toml")
    assert missing.exit_code == 2
    assert missing.output == (
        "error: none.toml: cannot be read (No such file or directory); "
        "write it with `conformance baseline RESULTS --to FILE`\n"
    )
    assert not (folder / "reports").exists()


def test_a_baseline_that_cannot_be_written_is_an_error_of_usage(folder: Path) -> None:
    check()
    (folder / "file").write_text("")
    failed = run("baseline", "reports/results.json", "--to", "file/known.toml")
    assert failed.exit_code == 2
    assert "name a file that can be written" in failed.output


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("format = [", "no TOML"),
        ("", "its format is None, this version reads 1"),
        ("format = 1\naccepted = 3", "accepted: no list"),
        ("format = 1\naccepted = [3]", "no table"),
        ('format = 1\n[[accepted]]\nfingerprint = "a"', "no fingerprint or no reason"),
        ('format = 1\n[[accepted]]\nfingerprint = "a"\nreason = 3', "reason: 3 is wrong; write a string"),
        ('format = 1\n[[accepted]]\nfingerprint = "a"\nreason = "b"\nexpires = "soon"', "write a date"),
        ('format = 1\n[[accepted]]\nfingerprint = "a"\nreasons = "b"', "reasons: no such key"),
        (
            'format = 1\n[[accepted]]\nfingerprint = "a"\nreason = "b"\n[[accepted]]\nfingerprint = "a"\nreason = "b"',
            "a fingerprint occurs twice",
        ),
    ],
)
def test_a_broken_baseline_says_where_and_what(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "known.toml"
    path.write_text(text)
    with pytest.raises(SettingsError, match=reason):
        baseline.read(path)


def test_reasons_may_hold_anything(tmp_path: Path) -> None:
    path = tmp_path / "known.toml"
    entry = Entry(fingerprint="a", rule="r", operation=None, place="", message="\ud800", reason='"\\\n\x7f\x00é')
    path.write_text(baseline.text([entry]))
    (again,) = baseline.read(path)
    assert (again.reason, again.message) == (entry.reason, "\ufffd")
