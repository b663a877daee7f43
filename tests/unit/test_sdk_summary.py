"""What a run over SDKs tells a person: verdicts by side, suspects gathered, reasons for what did not run."""

from __future__ import annotations

from typing import Any, Final

from conformance.model.finding import Finding, Suspect
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, overview
from conformance.model.report import Cell, OperationFacts, Place, Recurring, Report, Sample, Subject, Tally
from conformance.model.rule import Problem, Severity, Side
from conformance.sdk.rules import SdkSide
from conformance.sdk.summary import brief, lines, render

SIDES: Final = [side.value for side in SdkSide]


def finding(
    rule: str, key: str, suspect: Suspect, *, who: str = "a 1 (sync)", severity: Severity = Severity.ERROR
) -> Finding:
    return Finding(
        rule_id=rule,
        operation=key,
        severity=severity,
        side=Side.RESPONSE,
        suspect=suspect,
        problem=Problem(message=f"{who}: it | breaks", instance_pointer="/x", keyword="k"),
        exchange_id=None,
        source=None,
        spec="things.yaml",
        line=1,
        column=1,
        fingerprint=f"{rule} {key} {suspect.value}",
    )


def sample(of: Finding) -> Sample:
    problem = of.problem
    return Sample(
        exchange="e", path="p", index=0, line=None, message=problem.message, instance_pointer="/x", actual=None,
        evidence=None,
    )  # fmt: skip


def cell(sdk: str, client: str, key: str, side: SdkSide, *found: Finding, not_run: str = "", **facts: Any) -> Cell:
    place = Place(exchange="e", path="p", index=0, line=None)
    return Cell(
        id=f"sdk {sdk} {client} {key} {side.value}",
        tallies={} if not_run else {key: Tally(exchanges=1)},
        findings={
            each.fingerprint: Recurring(finding=each, count=1, samples=(sample(each),), last=place) for each in found
        },
        not_run={key: not_run} if not_run else {},
        facts={"driver": sdk, "sdk": sdk, "version": "1", "client": client, "side": side.value, **facts},
    )


def shown(*cells: Cell, standing: Standing | None = None) -> Overview:
    operations = tuple(
        OperationFacts(key=key, api="t", method="GET", path=f"/{key}", corrections=0, declared=())
        for key in ("t.a", "t.b")
    )
    subject = Subject(apis=(), operations=operations, version="1", contract="corrected", rules={}, settings={})
    return overview(
        Report(subject=subject, cells={each.id: each for each in cells}), fail_on=Severity.ERROR, standing=standing
    )


def test_a_line_has_a_verdict_for_each_side() -> None:
    bad = finding("sdk-lost-field", "t.a", Suspect.SDK)
    mild = finding("sdk-intolerance", "t.a", Suspect.SDK, severity=Severity.WARNING)
    (line,) = lines(
        shown(
            cell("a", "sync", "t.a", SdkSide.REACH),
            cell("a", "sync", "t.a", SdkSide.REQUEST, not_run="no call"),
            cell("a", "sync", "t.a", SdkSide.RESPONSE, bad, mild),
            cell("a", "sync", "t.a", SdkSide.FAILURE, mild),
        )
    )
    assert list(line.verdicts.values()) == ["pass", "not run", "FAIL", "pass"]
    assert line.reasons == {SdkSide.REQUEST: "no call"}


def test_findings_are_gathered_under_who_is_suspected() -> None:
    by_sdk = [finding("sdk-lost-field", key, Suspect.SDK) for key in ("t.a", "t.b")]
    by_spec = finding("sdk-changed-field", "t.a", Suspect.SPEC)
    note = finding("sdk-dropped-unknown-field", "t.a", Suspect.DISAGREEMENT, severity=Severity.NOTE)
    told = list(
        brief(
            shown(
                cell("a", "sync", "t.a", SdkSide.RESPONSE, by_sdk[0], by_spec, note),
                cell("a", "async", "t.a", SdkSide.RESPONSE, by_sdk[0]),
                cell("a", "sync", "t.b", SdkSide.RESPONSE, by_sdk[1]),
                cell("b", "main", "t.a", SdkSide.RESPONSE, by_spec),
            )
        )
    )
    assert told[1:4] == [
        "a 1 (async)  -      -        1 FAIL    -",
        "a 1 (sync)   -      -        2 FAIL    -",
        "b 1 (main)   -      -        1 FAIL    -",
    ]
    assert "  error: sdk-lost-field: a 1 (async, sync): 2 operations" in told
    assert "      t.a: it | breaks" in told
    assert "  error: sdk-changed-field: a 1 (sync), b 1 (main): 1 operation" in told
    assert "      t.a: a 1 (sync): it | breaks" in told, "several SDKs: whose words these are"
    assert told.index("  error: sdk-lost-field: a 1 (async, sync): 2 operations") < told.index(
        "  error: sdk-changed-field: a 1 (sync), b 1 (main): 1 operation"
    )
    assert not any("sdk-dropped-unknown-field" in line for line in told)
    assert told[-1].startswith("1 note is left out")


def test_what_did_not_run_is_told_once_for_all_clients() -> None:
    reason = "the SDK has no call for it"
    cells = [
        cell("a", client, key, side, not_run=reason)
        for client in ("sync", "async")
        for key in ("t.a", "t.b")
        for side in SdkSide
    ]
    absent = Cell(
        id="sdk b", tallies={}, findings={}, not_run={"t.a": "no b here"}, facts={"driver": "b", "sides": SIDES}
    )
    found = shown(*cells, absent)
    assert [line for line in brief(found) if line.startswith("not run")] == [
        f"not run: a 1 (async, sync): {reason}: t.a, t.b",
        "not run: b: no b here",
    ]
    assert f"* a 1 (async, sync): {reason}: t.a, t.b" in render(found).splitlines()
    assert "| `t.a` | not run | not run |" in render(found).splitlines()


def test_what_a_baseline_accepts_fails_nobody() -> None:
    bad = finding("sdk-lost-field", "t.a", Suspect.SDK)
    entry = Entry(fingerprint=bad.fingerprint, rule=bad.rule_id, operation="t.a", place="", message="", reason="known")
    standing = Standing(accepted={bad.fingerprint: entry})
    found = shown(cell("a", "sync", "t.a", SdkSide.RESPONSE, bad), standing=standing)
    assert lines(found)[0].verdicts == {SdkSide.RESPONSE: "pass"}
    assert "sdk-lost-field" not in "\n".join(brief(found))
    assert "Nothing was found." in render(found)


def test_the_file_says_what_cannot_be_reached() -> None:
    broken = {"x.v1.things(id)": "NameError: idid"}
    facts = {"driver": "a", "sdk": "a", "version": "1", "client": "sync", "calls": 7, "broken": broken}
    text = render(shown(Cell(id="sdk a sync", tallies={}, findings={}, facts=facts))).splitlines()
    assert "* a 1 (sync) offers 7 calls; those that make an operation are judged." in text
    assert "  * `x.v1.things(id)` cannot be reached: NameError: idid" in text
    assert "## Not run" not in text


def test_the_file_gathers_settings_and_conversions() -> None:
    cases = {f"proxy setting, {kind}": "used" for kind in ("list", "fetch")} | {"404 Not Found": "raised"}
    bad = finding("sdk-lost-field", "t.a", Suspect.SDK)
    text = render(
        shown(
            cell("a", "sync", "t.a", SdkSide.FAILURE, cases=cases),
            cell("a", "sync", "t.a", SdkSide.RESPONSE, bad, conversions={"/0/made": "string → date-time"}),
        )
    ).splitlines()
    assert "| a 1 (sync) | proxy setting | used | fetch, list |" in text
    assert "| a 1 (sync) | string → date-time | `made` |" in text
    assert r"| error | `sdk-lost-field` | a 1 (sync) | 1 | `t.a`: it \| breaks |" in text
    assert not any("404" in line for line in text)
