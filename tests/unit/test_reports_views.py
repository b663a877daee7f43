"""Every view, drawn from one small run."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance import reports
from conformance.config import Settings
from conformance.errors import SettingsError
from conformance.model.changes import compare
from conformance.model.finding import Suspect
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, overview
from conformance.model.report import Cell, Recurring, Report, Verdict
from conformance.model.rule import Severity
from conformance.reports import github, html, junit, markdown, sarif, terminal
from conformance.run.audit import audit
from conformance.run.check import check

SPEC = """
openapi: 3.1.0
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
              schema:
                type: object
                properties:
                  state: {type: string, enum: [open, closed]}
                  count: {type: integer}
                  seen: {type: string, format: date-time}
    delete:
      operationId: deleteThing
      responses: {'204': {description: Gone}}
    patch:
      operationId: patchThing
      responses: {'204': {description: Changed}}
"""
Build = Callable[..., Report]


def line(body: Any, *, method: str = "GET", status: int = 200, path: str = "/things/1") -> str:
    response = {"status": status, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
    if body is None:
        response = {"status": status}
    return json.dumps(
        {
            "request": {
                "method": method,
                "url": f"https://api.example.com{path}",
                "headers": {"Authorization": "Basic x"},
            },
            "response": response,
        }
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Check exchanges against a small description."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "things.yaml").write_text(SPEC)

    def run(*lines: str, name: str = "traffic.ndjson", **settings: Any) -> Report:
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return check(Settings(specs=(Path("things.yaml"),), **settings), (name,)).report

    return run


@pytest.fixture
def shown(run: Build) -> Overview:
    """Two findings of one operation, one stray; one operation that passes, one that nobody called."""
    report = run(
        line({"state": "ajar", "count": 1}),
        line({"state": "ajar", "count": "many", "seen": "2024-01-01T00:00:00Z"}),
        line({"state": "open", "count": 2}),
        line(None, method="DELETE", status=204),
        line({}, path="/thinks/1"),
    )
    return overview(report, fail_on=Severity.ERROR)


def known(recurring: Recurring, **values: Any) -> Entry:
    finding = recurring.finding
    return Entry(
        **{
            "fingerprint": finding.fingerprint,
            "rule": finding.rule_id,
            "operation": finding.operation,
            "place": f"response {finding.problem.instance_pointer}",
            "message": finding.problem.message,
            "reason": "agreed",
            **values,
        }
    )


def parsed(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own text


def by_rule(shown: Overview, rule: str) -> Recurring:
    return next(each for each in shown.findings if each.finding.rule_id == rule)


def test_views_are_found_by_their_files() -> None:
    assert set(reports.names()) >= {"github", "html", "json", "junit", "markdown", "sarif", "terminal"}
    with pytest.raises(SettingsError, match="no view 'pdf'"):
        reports.view("pdf")


def test_verdicts_and_exit_code(shown: Overview) -> None:
    verdicts = {row.operation.key: row.verdict for row in shown.rows}
    assert verdicts == {
        "things.fetchThing": Verdict.FAIL,
        "things.deleteThing": Verdict.PASS,
        "things.patchThing": Verdict.UNTESTED,
    }
    assert shown.exit_code == 1
    assert len(shown.strays) == 1


def test_accepted_findings_do_not_fail(shown: Overview) -> None:
    standing = Standing(accepted={each.finding.fingerprint: known(each) for each in shown.findings})
    again = overview(shown.report, fail_on=Severity.ERROR, standing=standing)
    assert again.exit_code == 0
    assert again.verdicts[Verdict.FAIL] == 0
    assert sum(again.severities.values()) == 0


def test_a_milder_finding_fails_only_where_it_is_asked_to(run: Build) -> None:
    report = run(line({"state": "ajar"}), severity={"unknown-enum-value": "warning"})
    assert overview(report, fail_on=Severity.ERROR).exit_code == 0
    assert overview(report, fail_on=Severity.WARNING).exit_code == 1


def test_coverage_is_counted_by_kind(shown: Overview) -> None:
    row = shown.rows[0]
    assert (row.covered["statuses"].seen, row.covered["statuses"].declared) == (1, 1)
    assert row.covered["values"].missed == ("200 /state = closed",)
    assert row.covered["parameters"].share == 100
    assert shown.rows[2].covered["values"].share == 100
    assert shown.rows[2].missed == ("path Id", "status 204")


def test_excerpts_mark_both_places(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    assert recurring.excerpt is not None
    marked = recurring.excerpt.lines[recurring.excerpt.marked - recurring.excerpt.first]
    assert "enum: [open, closed]" in marked
    excerpt = recurring.samples[0].excerpt
    assert excerpt is not None
    assert excerpt.lines[excerpt.marked - excerpt.first] == '  "state": "ajar",'


# The terminal


def test_terminal_shows_what_fails_first_and_the_summary_last(shown: Overview) -> None:
    lines = terminal.render(shown).splitlines()
    assert lines[0].startswith("error: unknown-path: no operation")
    table = [index for index, text in enumerate(lines) if text.startswith("things.")]
    assert [lines[index].split()[:2] for index in table] == [
        ["things.fetchThing", "fail"],
        ["things.patchThing", "untested"],
        ["things.deleteThing", "pass"],
    ]
    assert lines[-1].startswith("4 exchanges; 3 operations: 1 fail, 1 untested, 1 pass; findings: 3 errors")


def test_quiet_is_one_line_and_verbose_shows_the_evidence(shown: Overview) -> None:
    assert terminal.render(shown, verbosity=-1).count("\n") == 0
    verbose = terminal.render(shown, verbosity=1)
    assert '    >   "state": "ajar",' in verbose
    assert "never seen: things.fetchThing: 200 /state = closed" in verbose
    assert "last in traffic.ndjson:2" in verbose


def test_many_findings_are_cut_and_counted(run: Build) -> None:
    report = run(*(line({"state": f"state {number}"}) for number in range(70)))
    found = overview(report, fail_on=Severity.ERROR)
    assert "… and 10 more findings" in terminal.render(found)
    assert "… and" not in terminal.render(found, verbosity=1)


def test_terminal_says_what_became_of_the_baseline(shown: Overview) -> None:
    first, second, third = shown.findings
    standing = Standing(
        accepted={first.finding.fingerprint: known(first)},
        expired=(known(second, expires="2020-01-01"),),
        fixed=(known(third, fingerprint="0" * 20),),
        stale=(known(third, fingerprint="1" * 20, operation=None),),
        unseen=(known(third, fingerprint="2" * 20),),
    )
    text = terminal.render(overview(shown.report, fail_on=Severity.ERROR, standing=standing))
    assert "baseline: 1 accepted, 1 fixed, 1 stale, 1 not looked at" in text
    assert "expired on 2020-01-01: " in text
    assert "1 accepted by the baseline" in text
    verbose = terminal.render(overview(shown.report, fail_on=Severity.ERROR, standing=standing), verbosity=1)
    assert "    accepted: agreed" in verbose


def test_terminal_says_what_changed(shown: Overview, run: Build) -> None:
    before = run(line({"count": "none"}), line(None, method="DELETE", status=204))
    changes = compare(before, shown.report)
    text = terminal.render(overview(shown.report, fail_on=Severity.ERROR, changes=changes))
    assert "since the last run: 2 new, 1 unchanged" in text
    same = compare(before, before)
    assert terminal.changes(overview(before, fail_on=Severity.ERROR, changes=same)) == (
        "since the last run: nothing changed"
    )


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(found: Overview, *, verbosity: int = 0) -> list[str]:
    """What stands on a screen without colours."""
    screen = Screen()
    terminal.show(found, file=screen, verbosity=verbosity, made=["reports/results.json"], colour=False)
    return [re.sub(r"\x1b\[[0-9;]*m", "", text).rstrip() for text in screen.getvalue().splitlines()]


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")


def test_a_screen_shows_findings_under_their_operation(shown: Overview, wide: None) -> None:
    lines = drawn(shown)
    assert lines[0] == "3 findings that fail"
    start = lines.index("things.fetchThing GET /things/{Id}")
    assert lines[start + 1 : start + 4] == [
        "  ✗ error type-mismatch response /count",
        '    "many" is a string, not an integer',
        "    things.yaml:20:27, seen first in traffic.ndjson:2",
    ]
    assert "    things.yaml:19:41, seen first in traffic.ndjson:1 (2 times)" in lines
    assert [text.split() for text in lines if text.startswith("things.") and "%" in text] == [
        ["things.fetchThing", "✗", "fail", "3", "2", "0", "0", "85%"],
        ["things.patchThing", "○", "untested", "0", "0", "0", "0", "0%"],
        ["things.deleteThing", "✓", "pass", "1", "0", "0", "0", "100%"],
    ]
    assert lines[-2].startswith("✗ 4 exchanges; 3 operations: 1 fail, 1 untested, 1 pass; findings: 3 errors")
    assert lines[-1] == "Results: reports/results.json"


def test_a_verbose_screen_shows_the_evidence_and_what_is_accepted(shown: Overview, wide: None) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    standing = Standing(accepted={recurring.finding.fingerprint: known(recurring, reason="agreed \x1b[2J")})
    lines = drawn(overview(shown.report, fail_on=Severity.ERROR, standing=standing), verbosity=1)
    assert "2 findings that fail" in lines
    assert "1 finding that does not fail" in lines
    assert r"    accepted: agreed \x1b[2J" in lines
    assert '    >   "state": "ajar",' in lines
    assert "    last in traffic.ndjson:2" in lines


def test_a_screen_says_what_it_leaves_out_and_which_check_crashed(run: Build, wide: None) -> None:
    report = run(*(line({"state": f"state {number}"}) for number in range(61)))
    lines = drawn(crashed(overview(report, fail_on=Severity.ERROR)))
    assert lines[0].startswith("crashed: ")
    assert "61 findings that fail" in lines
    assert "… and 1 more finding: -v shows them, results.json has them all" in lines


def test_a_screen_shows_an_audit_by_rule(audited: Overview, wide: None) -> None:
    lines = drawn(audited)
    start = next(index for index, text in enumerate(lines) if text.startswith("✗ error: duplicate-operation-id (1): "))
    places = [text for text in lines[start:] if text.startswith("    flawed.yaml:")]
    assert len(places) > 1
    assert not any("seen first" in text for text in places)
    assert "description  errors  warnings  notes" in lines


def test_crashes_stand_first(shown: Overview) -> None:
    text = terminal.render(crashed(shown))
    assert text.startswith("crashed: unknown-enum-value: things.fetchThing: ValueError: no (a fault of this program")
    assert "1 error" in text


def crashed(shown: Overview) -> Overview:
    cell = next(iter(shown.report.cells.values()))
    key = "things.fetchThing"
    tally = replace(cell.tallies[key], crashed={"unknown-enum-value": "ValueError: no"})
    cells = {cell.id: replace(cell, tallies={**cell.tallies, key: tally})}
    return overview(replace(shown.report, cells=cells), fail_on=Severity.ERROR)


# JUnit


def test_junit_has_a_case_for_each_operation_and_group(shown: Overview) -> None:
    root = parsed(junit.render(shown))
    cases = {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}
    schema = cases["things.fetchThing", "schema"]
    failure = schema.find("failure")
    assert failure is not None
    assert failure.text is not None
    assert "unknown-enum-value" in failure.text
    assert "type-mismatch" in failure.text
    assert cases["things.fetchThing", "status"].find("failure") is None
    assert cases["things.patchThing", "exercised"].find("skipped") is not None
    assert cases["no operation", "unknown-path"].find("failure") is not None
    assert root.get("failures") == "2"
    assert root.get("skipped") == "1"
    assert int(root.get("tests", "0")) == len(cases)


def test_junit_keeps_milder_findings_apart_and_counts_crashes(shown: Overview) -> None:
    standing = Standing(accepted={each.finding.fingerprint: known(each) for each in shown.findings})
    root = parsed(junit.render(overview(shown.report, fail_on=Severity.ERROR, standing=standing)))
    assert root.get("failures") == "0"
    assert root.find(".//system-out") is not None
    assert parsed(junit.render(crashed(shown))).get("errors") == "1"


def test_junit_takes_characters_that_xml_forbids_and_cuts_long_cases(run: Build) -> None:
    report = run(*(line({"state": f"\x00\x0b {number}"}) for number in range(60)))
    root = parsed(junit.render(overview(report, fail_on=Severity.ERROR)))
    failure = root.find(".//failure")
    assert failure is not None
    assert failure.text is not None
    assert failure.text.splitlines()[-1] == "… and 10 more in results.json"


# SARIF


def sarif_run(shown: Overview) -> dict[str, Any]:
    document = json.loads(sarif.render(shown))
    assert document["version"] == "2.1.0"
    (found,) = document["runs"]
    made: dict[str, Any] = found
    return made


def test_sarif_places_results_in_the_description(shown: Overview) -> None:
    found = sarif_run(shown)
    rules = found["tool"]["driver"]["rules"]
    result = next(each for each in found["results"] if each["ruleId"] == "unknown-enum-value")
    assert rules[result["ruleIndex"]]["id"] == "unknown-enum-value"
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"] == {"uri": "things.yaml", "uriBaseId": "%SRCROOT%"}
    assert SPEC.splitlines()[physical["region"]["startLine"] - 1] == physical["region"]["snippet"]["text"]
    assert physical["region"]["endColumn"] > physical["region"]["startColumn"]
    assert result["partialFingerprints"]["conformance/v1"] == by_rule(shown, "unknown-enum-value").finding.fingerprint
    assert result["occurrenceCount"] == 2
    related = result["relatedLocations"][0]["physicalLocation"]
    assert related["artifactLocation"]["uri"] == "traffic.ndjson"
    assert related["region"] == {"startLine": 1}


def test_sarif_names_no_file_outside_by_its_path(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    outside = []
    for index, path in enumerate(("/etc/things.yaml", "../things.yaml", "C:\\specs\\things.yaml")):
        finding = replace(recurring.finding, spec=path, fingerprint=str(index))
        outside.append(replace(recurring, finding=finding))
    cell = Cell(id="x", tallies={}, findings={each.finding.fingerprint: each for each in outside})
    found = sarif_run(overview(replace(shown.report, cells={"x": cell}), fail_on=Severity.ERROR))
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"] for each in found["results"]]
    assert places == [{"uri": "things.yaml", "uriBaseId": "%OUTSIDE%"}] * 3


def test_sarif_without_a_description_points_to_where_it_was_seen(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    stray = replace(recurring, finding=replace(recurring.finding, spec="", rule_id="gone-rule"))
    cell = Cell(id="x", tallies={}, findings={"x": stray})
    found = sarif_run(overview(replace(shown.report, cells={"x": cell}), fail_on=Severity.ERROR))
    physical = found["results"][0]["locations"][0]["physicalLocation"]
    assert physical == {
        "artifactLocation": {"uri": "traffic.ndjson", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 2},
    }
    assert "gone-rule" in {rule["id"] for rule in found["tool"]["driver"]["rules"]}


def test_sarif_suppresses_what_is_accepted_and_tells_of_crashes(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    standing = Standing(accepted={recurring.finding.fingerprint: known(recurring)})
    found = sarif_run(overview(shown.report, fail_on=Severity.ERROR, standing=standing))
    assert found["results"][-1]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "agreed"}
    ]
    assert not sarif_run(crashed(shown))["invocations"][0]["executionSuccessful"]


def test_sarif_keeps_the_limit_of_code_scanning_and_says_so(shown: Overview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST", 2)
    found = sarif_run(shown)
    assert len(found["results"]) == 2
    told = found["invocations"][0]["toolExecutionNotifications"][0]
    assert told["message"]["text"].startswith("1 finding is left out")


def test_sarif_keeps_the_size_that_code_scanning_takes(run: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    report = run(*(line({"state": f"state {number}"}) for number in range(40)))
    found = overview(report, fail_on=Severity.ERROR)
    whole = sarif.render(found)
    assert len(json.loads(whole)["runs"][0]["results"]) == 40
    monkeypatch.setattr(sarif, "LARGEST", len(gzip.compress(whole.encode())) * 9 // 10)
    cut = sarif.render(found)
    assert len(gzip.compress(cut.encode())) <= sarif.LARGEST
    shown_here = len(json.loads(cut)["runs"][0]["results"])
    assert 0 < shown_here < 40
    assert f"{40 - shown_here} findings are left out" in cut


# Markdown


def test_markdown_shows_failing_operations_and_why(shown: Overview) -> None:
    text = markdown.render(shown)
    assert text.startswith("# ❌ Conformance: 1 of 3 operations fails\n")
    assert "| `things.fetchThing` | ❌ fail | ❌ 2 | 3 |" in text
    assert "1 operation never called" in text
    assert "- description: `things.yaml:" in text


def test_markdown_of_a_good_run(run: Build) -> None:
    text = markdown.render(overview(run(line({"state": "open"})), fail_on=Severity.ERROR))
    assert text.startswith("# ✅ Conformance: nothing fails\n")
    assert "## Findings" not in text


def test_markdown_is_cut_to_the_limit_and_counts_what_is_cut(run: Build) -> None:
    report = run(*(line({"state": f"state {number} {'x' * 300}"}) for number in range(300)))
    found = overview(report, fail_on=Severity.ERROR)
    text = markdown.render(found)
    assert len(text.encode()) <= markdown.LARGEST
    shown_here = text.count("<details><summary>❌")
    assert f"**No room here for {300 - shown_here} more findings**" in text


def test_markdown_of_very_many_operations_still_fits(shown: Overview, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markdown, "LARGEST", 900)
    text = markdown.render(shown)
    assert len(text.encode()) <= 900
    assert "No room here for 3 more findings" in text


def test_nothing_leaves_a_code_span_or_a_fence(run: Build) -> None:
    evil = "`` ``` ```` <script>alert(1)</script> | @everyone [x](http://evil.example)"
    text = markdown.render(overview(run(line({"state": evil})), fail_on=Severity.ERROR))
    spans = [part for part in text.splitlines() if "@everyone" in part and not part.startswith((">", " "))]
    assert all(span.startswith("`````") and span.endswith("`````") for span in spans)
    assert "\n`````\n" in text


def test_markdown_says_what_became_of_the_baseline_and_what_changed(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    standing = Standing(accepted={recurring.finding.fingerprint: known(recurring, reason="<b>*because*</b>")})
    changes = compare(shown.report, shown.report)
    text = markdown.render(overview(shown.report, fail_on=Severity.ERROR, standing=standing, changes=changes))
    assert "- baseline: 1 accepted" in text
    assert "- since the last run: nothing changed" in text
    assert "- accepted: &lt;b&gt;\\*because\\*&lt;/b&gt;" in text
    assert "☑️" in text


def test_markdown_shows_crashes(shown: Overview) -> None:
    assert "| `things.fetchThing` | 💥 error | 💥 ❌ 2 |" in markdown.render(crashed(shown))


# GitHub


def test_github_annotates_the_lines_of_the_description(shown: Overview) -> None:
    lines = github.render(shown).splitlines()
    assert lines[0].startswith("::error file=things.yaml,line=")
    assert "title=unknown-path%3A no operation::request: GET /thinks/1" in lines[0]
    assert lines[-1].startswith("::notice title=conformance::4 exchanges; 3 operations: 1 fail")
    assert len(lines) == 4


def test_github_keeps_ten_of_a_level_and_counts_the_rest(run: Build) -> None:
    report = run(*(line({"state": f"a%b\r\n{number}"}) for number in range(14)))
    lines = github.render(overview(report, fail_on=Severity.ERROR)).splitlines()
    assert len(lines) == 11
    assert lines[-1].endswith("4 findings are not annotated; results.json has them all.")
    assert "a%25b\\r\\n" in lines[0]


# JSON and HTML


def test_json_says_which_findings_fail(shown: Overview) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    standing = Standing(accepted={recurring.finding.fingerprint: known(recurring)})
    found = overview(
        shown.report, fail_on=Severity.ERROR, standing=standing, changes=compare(shown.report, shown.report)
    )
    data = json.loads(reports.view("json").render(found))
    assert data["exit_code"] == 1
    assert data["totals"]["operations"] == {"pass": 1, "fail": 1, "untested": 1, "error": 0}
    assert [each["fails"] for each in data["findings"]] == [True, True, False]
    assert data["operations"][0]["groups"]["schema"]["failed"] == 3
    assert data["baseline"]["accepted"][0]["reason"] == "agreed"
    assert data["changes"]["unchanged"] == 3


def test_html_of_a_good_run_and_of_no_operation(run: Build) -> None:
    good = reports.view("html").render(overview(run(line({"state": "open"})), fail_on=Severity.ERROR))
    assert "Every operation that was called conforms" in good
    stray = reports.view("html").render(overview(run(line({}, path="/thinks/1")), fail_on=Severity.ERROR))
    assert "A finding belongs to no operation" in stray


def test_html_shows_baseline_and_changes(shown: Overview, run: Build) -> None:
    first, second, third = shown.findings
    standing = Standing(
        accepted={first.finding.fingerprint: known(first)},
        expired=(known(second),),
        fixed=(known(third, fingerprint="0"),),
        stale=(known(third, fingerprint="1"),),
    )
    before = run(line({"count": "none", "state": "closed"}), line({}, method="PATCH", status=500))
    found = overview(
        crashed(shown).report,
        fail_on=Severity.ERROR,
        standing=standing,
        changes=compare(before, shown.report),
    )
    text = reports.view("html").render(found)
    for words in ("Expired: they fail again", "Stale: there is no such", "Coverage lost", "Not looked for again", "‼"):
        assert words in text


# Audits: findings about a description, of no operation and of no exchange


@pytest.fixture
def audited(run: Build, tmp_path: Path) -> Overview:
    (tmp_path / "flawed.yaml").write_text(SPEC.replace("operationId: patchThing", "operationId: fetchThing"))
    outcome = audit(Settings(specs=(Path("flawed.yaml"),), contract="as-written"))
    return overview(outcome.report, fail_on=Severity.NOTE)


def test_an_audit_is_shown_by_description(audited: Overview) -> None:
    assert audited.findings
    text = terminal.render(audited)
    assert "description  errors  warnings  notes" in text
    assert text.splitlines()[-1].startswith("1 description; findings: ")
    assert "warning: missing-error-response (1): An operation does not document the errors" in text
    assert "| description | errors | warnings | notes |" in markdown.render(audited)
    page = reports.view("html").render(audited)
    assert "Which descriptions, and how badly" in page
    assert "What was never exercised" not in page
    suite = parsed(junit.render(audited)).find("testsuite[@name='flawed']")
    assert suite is not None
    assert int(suite.get("failures", "0")) > 0
    found = sarif_run(audited)["results"][0]
    assert found["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "flawed.yaml"
    screen = Screen()
    terminal.show(audited, file=screen)
    assert "flawed.yaml" in screen.getvalue()


def test_what_an_audit_no_longer_finds_is_fixed(audited: Overview, run: Build) -> None:
    found = compare(audited.report, replace(audited.report, cells={}))
    assert len(found.fixed) == len(audited.findings)


@pytest.mark.parametrize("suspect", list(Suspect))
def test_every_suspect_is_explained(shown: Overview, suspect: Suspect) -> None:
    recurring = by_rule(shown, "unknown-enum-value")
    cell = Cell(
        id="x",
        tallies={},
        findings={"x": replace(recurring, finding=replace(recurring.finding, suspect=suspect))},
        not_run={"things.patchThing": "there is no driver"},
    )
    page = reports.view("html").render(overview(replace(shown.report, cells={"x": cell}), fail_on=Severity.ERROR))
    assert f'data-suspect="{suspect.value}"' in page
    assert "1 operation not called: there is no driver" in page


def test_html_packs_what_would_make_it_too_large_and_counts_what_has_no_room(
    run: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = run(*(line({"state": f"state {number}"}) for number in range(120)))
    found = overview(report, fail_on=Severity.ERROR)
    whole = html.render(found)
    assert whole.count('<details class="finding"') == 120
    monkeypatch.setattr(html, "LARGEST", len(whole.encode()) * 2 // 3)
    monkeypatch.setattr(html, "_PLAIN", 60_000)
    packed = html.render(found)
    assert len(packed.encode()) <= html.LARGEST
    assert "have no room in this page" not in packed
    content = re.search(r'id="packed">([^<]+)<', packed)
    assert content is not None
    inside = gzip.decompress(base64.b64decode(content[1])).decode()
    plain = packed.count('<details class="finding"')
    assert plain + inside.count('<details class="finding"') == 120
    monkeypatch.setattr(html, "LARGEST", len(html.render(overview(run(line({})), fail_on=Severity.ERROR))) + 12_000)
    assert "have no room in this page" in html.render(found)
