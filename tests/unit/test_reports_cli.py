"""How commands show and write reports: views, verbosity, colour, shards, differences."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conformance import reports, results
from conformance.cli import main
from conformance.cli.output import expected, progress
from conformance.model.overview import Overview, overview
from conformance.model.rule import Severity
from conformance.reports import terminal

SPEC = """
openapi: 3.1.0
info: {title: Things, version: '%s'}
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
              schema: {type: object, properties: {state: {enum: [open, closed]}, count: {type: integer}}}
    post:
      operationId: addThing
      responses: {'201': {description: Made}}
"""


def line(body: str, *, method: str = "GET", status: int = 200) -> str:
    headers = {"Content-Type": "application/json"} if body else {}
    return json.dumps(
        {
            "request": {"method": method, "url": "https://api.example.com/things"},
            "response": {"status": status, "headers": headers, "body": body},
        }
    )


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five recordings, two with a finding."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things.yaml").write_text(SPEC % 1)
    (tmp_path / "conformance.toml").write_text('specs = ["things.yaml"]\n')
    traffic = tmp_path / "traffic"
    traffic.mkdir()
    for index, state in enumerate(("open", "ajar", "closed", "ajar", "lost")):
        (traffic / f"{index}.ndjson").write_text(f"{line(json.dumps({'state': state}))}\n")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def untimed(path: Path) -> bytes:
    text = path.read_bytes()
    start = text.index(b'"timing"')
    return text[:start] + text[text.index(b"\n", start) :]


def test_parts_give_the_whole_run_byte_for_byte(folder: Path) -> None:
    assert run("check", "traffic", "--output", "whole", "--report", "json,html,sarif,markdown,junit").exit_code == 1
    for number in (1, 2, 3):
        assert run("check", "traffic", "--shard", f"{number}/3", "--output", f"part{number}").exit_code in {0, 1}
    parts = [f"part{number}/results.json" for number in (3, 1, 2, 1)]
    merged = run("report", *parts, "--output", "merged", "--report", "json,html,sarif,markdown,junit")
    assert merged.exit_code == 1
    assert untimed(folder / "merged/results.json") == untimed(folder / "whole/results.json")
    for name in ("report.json", "report.html", "report.sarif", "report.md", "junit.xml"):
        assert (folder / "merged" / name).read_bytes() == (folder / "whole" / name).read_bytes()


def test_parts_of_a_generated_run_give_the_whole_byte_for_byte(folder: Path) -> None:
    arguments = ("run", "--max-cases", "3", "--no-recordings", "-q", "--report", "json")
    assert run(*arguments, "--output", "whole").exit_code == 0
    for number in (1, 2):
        assert run(*arguments, "--shard", f"{number}/2", "--output", f"part{number}").exit_code == 0
    run("report", "part2/results.json", "part1/results.json", "--output", "merged", "--report", "json")
    assert untimed(folder / "merged/results.json") == untimed(folder / "whole/results.json")
    assert (folder / "merged/report.json").read_bytes() == (folder / "whole/report.json").read_bytes()


def test_parts_of_different_descriptions_and_contracts_are_refused(folder: Path) -> None:
    run("check", "traffic", "--output", "one")
    run("check", "traffic", "--output", "two", "--contract", "as-written")
    refused = run("report", "one/results.json", "two/results.json")
    assert refused.exit_code == 2
    assert "two/results.json: cannot be merged with one/results.json: " in refused.output
    assert "judged by the contract as-written, not corrected" in refused.output
    (folder / "things.yaml").write_text(SPEC % 2)
    run("check", "traffic", "--output", "three")
    refused = run("report", "one/results.json", "three/results.json")
    assert refused.exit_code == 2
    assert "with another description things" in refused.output


def test_a_part_calls_nothing_fixed_and_compares_with_nothing(folder: Path) -> None:
    run("check", "traffic")
    run("baseline", "reports/results.json", "--to", "known.toml")
    part = run("check", "traffic", "--shard", "1/5", "--baseline", "known.toml")
    assert "fixed" not in part.output
    assert "since the last run" not in part.output


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "cannot be read (Expecting property name"),
        ("[]", "no results file"),
        ('{"cells": [], "findings": [], "format": 9, "operations": []}', "its format is 9, this version reads 1"),
        ('{"cells": [], "findings": [{}], "format": 1, "operations": []}', "it is damaged (KeyError: 'samples')"),
    ],
)
def test_a_file_that_is_no_results_file_is_refused(folder: Path, content: str, reason: str) -> None:
    (folder / "broken.json").write_text(content)
    refused = run("report", "broken.json")
    assert refused.exit_code == 2
    assert refused.output.startswith(f"error: broken.json: {reason}")
    assert run("report", "missing.json").output == "error: missing.json: cannot be read (No such file or directory)\n"


def test_the_run_before_is_compared_with_where_it_was_about_the_same(folder: Path) -> None:
    assert "since the last run" not in run("check", "traffic").output
    (folder / "traffic/1.ndjson").write_text(line('{"count": "none"}') + "\n")
    again = run("check", "traffic")
    assert "since the last run: 1 new, 2 unchanged" in again.output
    assert "since the last run" not in run("check", "traffic", "--contract", "as-written").output
    (folder / "reports/results.json").write_text("{}")
    assert "since the last run" not in run("check", "traffic").output


def test_results_to_compare_with_can_be_named(folder: Path) -> None:
    run("check", "traffic/0.ndjson", "--output", "before")
    named = run("check", "traffic", "--previous", "before/results.json")
    assert "since the last run: 2 new" in named.output
    assert run("check", "traffic", "--previous", "gone.json").exit_code == 2


def test_difference_between_two_runs(folder: Path) -> None:
    run("check", "traffic", "--output", "base")
    (folder / "traffic/1.ndjson").write_text(line('{"count": "none"}') + "\n")
    (folder / "traffic/3.ndjson").write_text(line("", method="POST", status=201) + "\n")
    (folder / "traffic/2.ndjson").write_text(line("{}") + "\n")
    run("check", "traffic", "--output", "head")
    worse = run("diff", "base/results.json", "head/results.json")
    assert worse.exit_code == 1
    lines = worse.output.splitlines()
    assert lines[0].startswith("new: error: type-mismatch: things.listThings response /count")
    assert any(text.startswith("fixed: error: unknown-enum-value: things.listThings") for text in lines)
    assert "verdict: things.addThing: untested -> pass" in lines
    assert "coverage lost: things.listThings: 200 /state = closed" in lines
    assert lines[-1] == "1 new, 1 fixed, 1 unchanged"
    better = run("diff", "head/results.json", "base/results.json", "--json")
    assert json.loads(better.output)["verdicts"] == [
        {"operation": "things.addThing", "before": "pass", "after": "untested"}
    ]
    assert run("diff", "base/results.json", "base/results.json").exit_code == 0
    assert run("diff", "base/results.json", "head/results.json", "--fail-on", "note").exit_code == 1


def test_operations_that_come_and_go_are_told(folder: Path) -> None:
    run("check", "traffic", "--output", "base")
    run("check", "traffic", "--output", "head", "--operation", "*.listThings")
    assert "operation removed: things.addThing" in run("diff", "base/results.json", "head/results.json").output
    assert "operation added: things.addThing" in run("diff", "head/results.json", "base/results.json").output


def test_difference_is_told_by_content(folder: Path) -> None:
    (folder / "new.yaml").write_text((SPEC % 1).replace("'201'", "'202'"))
    documents = run("diff", "things.yaml", "new.yaml")
    assert documents.exit_code == 1
    assert "break clients" in documents.output
    assert json.loads(run("diff", "things.yaml", "new.yaml", "--json").output)["old"] == "things.yaml"
    run("check", "traffic")
    mixed = run("diff", "things.yaml", "reports/results.json")
    assert mixed.exit_code == 2
    assert "things.yaml is an OpenAPI document, reports/results.json is a results file" in mixed.output
    assert run("diff", "gone.yaml", "new.yaml").exit_code == 2


def test_verbosity(folder: Path) -> None:
    quiet = run("check", "traffic", "-q")
    assert quiet.output.count("\n") == 1
    assert "never seen: things.listThings: 200 /count" in run("check", "traffic", "-v").output
    (folder / "traffic/9.ndjson").write_text('{"request": 1, "response": 2}\n')
    assert "unreadable: traffic/9.ndjson:1" in run("check", "traffic", "-v").output


def test_printed_views_stand_before_the_summary(folder: Path) -> None:
    shown = run("check", "traffic", "--report", "github,terminal", "-q")
    lines = shown.output.splitlines()
    assert lines[0].startswith("::error file=things.yaml")
    assert lines[-1].startswith("5 exchanges; ")
    silent = run("check", "traffic", "--report", "sarif")
    assert silent.output == ""
    assert (folder / "reports/report.sarif").exists()


def test_findings_on_standard_output_leave_it_to_them(folder: Path) -> None:
    shown = CliRunner().invoke(main, ["check", "traffic", "--findings", "-", "--report", "terminal,github"])
    assert [json.loads(text)["rule"] for text in shown.stdout.splitlines()] == ["unknown-enum-value"] * 3
    assert "::error" in shown.stderr


def test_an_output_that_cannot_be_written_is_an_error_of_usage(folder: Path) -> None:
    (folder / "file").write_text("")
    refused = run("check", "traffic", "--output", "file")
    assert refused.exit_code == 2


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def shown(folder: Path) -> Overview:
    run("check", "traffic")
    return overview(results.read(folder / "reports/results.json"), fail_on=Severity.ERROR)


def test_a_terminal_gets_colour_and_the_summary_last(shown: Overview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Screen()
    terminal.show(shown, file=screen, made=["reports/results.json"])
    text = screen.getvalue()
    assert "\x1b[1;31m" in text
    assert "Results: reports/results.json" in text.rstrip().splitlines()[-1]


@pytest.mark.parametrize("by_variable", [True, False])
def test_no_color_is_obeyed(shown: Overview, monkeypatch: pytest.MonkeyPatch, by_variable: bool) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    if by_variable:
        monkeypatch.setenv("NO_COLOR", "1")
    else:
        monkeypatch.delenv("NO_COLOR", raising=False)
    screen = Screen()
    terminal.show(shown, file=screen, colour=by_variable)
    assert "\x1b[31m" not in screen.getvalue()
    assert "\x1b[1;31m" not in screen.getvalue()


def test_a_quiet_terminal_gets_the_summary_only(shown: Overview) -> None:
    screen = Screen()
    terminal.show(shown, file=screen, made=["x"], verbosity=-1)
    assert screen.getvalue().strip().count("\n") == 0


@pytest.mark.parametrize("total", [None, 10])
def test_progress_shows_rate_where_somebody_looks(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress("checking", total) as told:
        for _ in range(10):
            told(1)
    assert "checking" in screen.getvalue()
    assert ("10 of 10, " if total else "10, ") in screen.getvalue()
    assert re.search(r"/s, \d:\d\d:\d\d (left|so far)", screen.getvalue())


def test_the_exchanges_of_recordings_are_counted_for_the_time_left(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "tape.yaml").write_text(
        "interactions:\n- request: {method: GET}\n  response: {}\n- response: {}\n  request:\n    method: GET\n"
    )
    assert expected(["traffic"]) is None
    monkeypatch.setattr(sys, "stderr", Screen())
    assert expected(["traffic", "tape.yaml"]) == 7
    assert expected(["-"]) is None


def test_progress_is_silent_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("checking") as told:
        told(1)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("conformance ba", ["plain,baseline"]),
        ("conformance explain unknown-enum", ["plain,unknown-enum-value"]),
        ("conformance check --report terminal,sa", ["plain,terminal,sarif"]),
        ("conformance check --ignore plain-http,unknown-enum-v", ["plain,plain-http,unknown-enum-value"]),
    ],
)
def test_the_shell_completes(words: str, expected: list[str]) -> None:
    variables = {
        "_CONFORMANCE_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    result = CliRunner(env=variables).invoke(main, prog_name="conformance")
    assert result.output.splitlines() == expected


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_no_traffic_and_no_locale_loses_a_report(folder: Path, encoding: str) -> None:
    body = r'{"state": "\ud800 ✗", "count": "\u001b[2J"}'
    (folder / "odd.ndjson").write_text(line(body), encoding="utf-8")
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "conformance", "check", "odd.ndjson", "-v", "--report", ",".join(reports.names())],
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr.decode()
    assert b"\x1b" not in done.stdout
    assert b"1 exchange; " in done.stdout
