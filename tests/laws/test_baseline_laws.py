"""Laws of reports, their file, their differences and their baselines, for any report."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import baseline, results
from conformance.errors import MergeConflict
from conformance.model.changes import compare
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Source
from conformance.model.known import Entry
from conformance.model.overview import overview
from conformance.model.report import (
    ApiFacts,
    Cell,
    OperationFacts,
    Place,
    Recurring,
    Report,
    Sample,
    Subject,
    Tally,
    Verdict,
    unite,
)
from conformance.model.rule import Problem, Severity, Side

few = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Reports are large values: each takes as long as a hundred small ones."""
TODAY = dt.date(2024, 6, 1)
OPERATIONS = ("api.one", "api.two", "api.three")
RULES = ("rule-a", "rule-b", "rule-c")

TEXT = st.text(max_size=8)
ANY_TEXT = st.text(st.characters(), max_size=8)
"""Half surrogate pairs too: JSON can name them, so a body may have them."""
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
COUNTS = st.dictionaries(st.sampled_from(RULES), st.integers(1, 9), max_size=2)


def subject(**values: Any) -> Subject:
    return Subject(
        **{
            "version": "1.0",
            "contract": "corrected",
            "apis": (ApiFacts(name="api", title="API", version="1", openapi="3.1.0", path="api.yaml", digest="d"),),
            "operations": tuple(
                OperationFacts(
                    key=key,
                    api="api",
                    method="GET",
                    path="/x",
                    corrections=0,
                    declared=("status 200", "query x"),
                )
                for key in OPERATIONS
            ),
            "rules": {
                rule: {"title": rule, "severity": "error", "subject": "messages", "stage": "schema"} for rule in RULES
            },
            "settings": {"seed": 1},
            **values,
        }
    )


def excerpts() -> st.SearchStrategy[Excerpt | None]:
    lines = st.lists(ANY_TEXT, min_size=1, max_size=3).map(tuple)
    return st.none() | st.builds(Excerpt, first=st.just(1), marked=st.just(1), lines=lines)


@st.composite
def recurrings(draw: st.DrawFn, name: str, path: str) -> Recurring:
    """A finding: what its fingerprint says is always the same, the occurrences are not."""
    number = int(name, 16)
    indices = draw(st.lists(st.integers(0, 99), min_size=1, max_size=2, unique=True))
    samples = [
        Sample(
            exchange=draw(st.none() | TEXT),
            path=path,
            index=index,
            line=draw(st.none() | st.integers(1, 99)),
            message=draw(ANY_TEXT),
            instance_pointer="/a",
            actual=draw(VALUES),
            evidence=draw(st.none() | st.dictionaries(TEXT, VALUES, max_size=2)),
            excerpt=draw(excerpts()),
        )
        for index in sorted(indices)
    ]
    finding = Finding(
        rule_id=RULES[number % len(RULES)],
        operation=(*OPERATIONS, None)[number % 4],
        severity=list(Severity)[number % 3],
        side=list(Side)[number % 2],
        suspect=Suspect.UNDECIDED,
        problem=Problem(message=samples[0].message, instance_pointer="/a", expected=draw(VALUES), actual=draw(VALUES)),
        exchange_id=samples[0].exchange,
        source=Source(kind=draw(TEXT), path=path, index=samples[0].index, line=samples[0].line),
        spec="api.yaml",
        line=draw(st.integers(1, 99)),
        column=1,
        fingerprint=name,
    )
    last = Place(exchange=draw(st.none() | TEXT), path=path, index=draw(st.integers(99, 200)), line=None)
    count = draw(st.integers(len(samples), 50))
    return Recurring(finding=finding, count=count, samples=tuple(samples), last=last, excerpt=draw(excerpts()))


@st.composite
def cells(draw: st.DrawFn, name: str) -> Cell:
    fingerprints = draw(st.lists(st.sampled_from([f"{number:020x}" for number in range(5)]), max_size=3, unique=True))
    tallies = st.builds(
        Tally,
        exchanges=st.integers(0, 9),
        passed=COUNTS,
        failed=COUNTS,
        crashed=st.dictionaries(st.sampled_from(RULES), TEXT, max_size=1),
        seen=st.dictionaries(st.sampled_from(["status 200", "query x", "status 418"]), st.integers(1, 9)),
    )
    return Cell(
        id=name,
        tallies=draw(st.dictionaries(st.sampled_from(OPERATIONS), tallies)),
        findings={each: draw(recurrings(each, name)) for each in sorted(fingerprints)},
        out_of_scope=draw(st.integers(0, 3)),
        unreadable=tuple(draw(st.lists(TEXT, max_size=2))),
    )


@st.composite
def parts(draw: st.DrawFn) -> tuple[Report, ...]:
    """Parts of one run, which may overlap."""
    made = [draw(cells(f"cell {number}")) for number in range(draw(st.integers(1, 3)))]
    return tuple(
        Report(subject=subject(), cells={cell.id: cell for cell in draw(st.lists(st.sampled_from(made), unique_by=id))})
        for _ in range(3)
    )


reports = parts().map(unite)


def bytes_of(report: Report) -> str:
    return results.text(results.to_json(overview(report, fail_on=Severity.ERROR), timing={}))


@few
@given(parts())
def test_uniting_is_associative_commutative_and_idempotent(found: tuple[Report, ...]) -> None:
    one, two, three = found
    assert (one | two) | three == one | (two | three)
    assert one | two == two | one
    assert one | one == one
    assert one | Report(subject=subject(), cells={}) == one


@few
@given(parts())
def test_the_order_and_the_repetition_of_parts_change_no_byte(found: tuple[Report, ...]) -> None:
    one, two, three = found
    assert bytes_of(unite([one, two, three])) == bytes_of(unite([three, one, two, one, three]))


@few
@given(report=reports)
def test_reading_gives_what_was_written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "law-results.json"
    results.write(overview(report, fail_on=Severity.ERROR), path, timing={})
    again = results.read(path)
    assert again == report
    assert bytes_of(again) == path.read_text(encoding="utf-8")
    json.loads(path.read_bytes())


@few
@given(reports)
def test_tallies_and_findings_add_up(report: Report) -> None:
    shown = overview(report, fail_on=Severity.NOTE)
    assert sum(row.tally.exchanges for row in shown.rows) == sum(
        tally.exchanges for cell in report.cells.values() for tally in cell.tallies.values()
    )
    assert sum(each.count for each in shown.findings) == sum(
        each.count for cell in report.cells.values() for each in cell.findings.values()
    )
    for row in shown.rows:
        if row.verdict is Verdict.PASS:
            assert row.tally.exchanges > 0
            assert not row.findings


@few
@given(reports, reports)
def test_a_difference_divides_the_findings(base: Report, head: Report) -> None:
    changes = compare(base, head)
    assert len(changes.new) + changes.unchanged == len(head.findings())
    assert len(changes.fixed) + len(changes.gone) + changes.unchanged == len(base.findings())
    assert not compare(base, base).any
    back = compare(head, base)
    assert {turn.operation for turn in back.verdicts} == {turn.operation for turn in changes.verdicts}
    assert len(back.new) == len(changes.fixed) + len(changes.gone)


@few
@given(reports)
def test_a_baseline_accepts_the_report_it_was_made_of(report: Report) -> None:
    renewal = baseline.renewed(report, (), reason="known", expires=None, today=TODAY)
    state = baseline.standing(report, renewal.entries, today=TODAY)
    assert set(state.accepted) == {each.finding.fingerprint for each in report.findings()}
    assert [state.expired, state.fixed, state.stale, state.unseen] == [()] * 4
    shown = overview(report, fail_on=Severity.NOTE, standing=state)
    assert not shown.failing
    again = baseline.renewed(report, renewal.entries, reason="other", expires=TODAY, today=TODAY)
    assert again.entries == renewal.entries
    assert (again.added, len(again.dropped)) == (0, 0)


@few
@given(reports, reports)
def test_with_a_baseline_only_new_findings_fail(base: Report, head: Report) -> None:
    entries = baseline.renewed(base, (), reason="known", expires=None, today=TODAY).entries
    state = baseline.standing(head, entries, today=TODAY)
    shown = overview(head, fail_on=Severity.NOTE, standing=state)
    new = {each.finding.fingerprint for each in compare(base, head).new}
    assert {each.finding.fingerprint for each in shown.failing} == new
    divided = [*state.accepted.values(), *state.expired, *state.fixed, *state.stale, *state.unseen]
    assert sorted(entry.fingerprint for entry in divided) == sorted(entry.fingerprint for entry in entries)


@few
@given(reports)
def test_the_day_after_it_expires_an_entry_accepts_nothing(report: Report) -> None:
    entries = baseline.renewed(report, (), reason="for today", expires=TODAY, today=TODAY).entries
    assert len(baseline.standing(report, entries, today=TODAY).accepted) == len(entries)
    later = baseline.standing(report, entries, today=TODAY + dt.timedelta(days=1))
    assert later.expired == entries
    assert not later.accepted


@few
@given(reports)
def test_a_part_of_a_run_calls_nothing_fixed_or_stale(report: Report) -> None:
    gone = Entry(fingerprint="f" * 20, rule="rule-z", operation="api.gone", place="", message="", reason="x")
    state = baseline.standing(report, [gone], today=TODAY, part=True)
    assert state.unseen == (gone,)
    assert baseline.standing(report, [gone], today=TODAY).stale == (gone,)


printable = st.text(st.characters(codec="utf-8"), max_size=12)
entries = st.builds(
    Entry,
    fingerprint=printable.filter(bool),
    rule=printable,
    operation=st.none() | printable.filter(bool),
    place=printable,
    message=printable,
    reason=printable.filter(bool),
    expires=st.none() | st.dates(),
)


@few
@given(found=st.lists(entries, max_size=3, unique_by=lambda entry: entry.fingerprint))
def test_reading_a_baseline_gives_what_was_written(
    found: list[Entry], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path: Path = tmp_path_factory.getbasetemp() / "law-baseline.toml"
    path.write_bytes(baseline.text(found).encode("utf-8"))
    assert list(baseline.read(path)) == found


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"version": "2.0"}, "made by version 2.0, not 1.0"),
        ({"contract": "as-written"}, "judged by the contract as-written, not corrected"),
        ({"apis": ()}, "without the description api"),
        ({"operations": subject().operations[:1]}, "without the operation api.two and 1 more"),
        ({"operations": subject().operations[::-1]}, "operations in another order"),
        ({"rules": {**subject().rules, "rule-d": {}}}, "with the check rule-d"),
        ({"settings": {"seed": 2}}, "with another setting seed"),
    ],
)
def test_parts_of_different_things_are_refused_with_the_reason(values: dict[str, Any], reason: str) -> None:
    mine, other = Report(subject=subject(), cells={}), Report(subject=subject(**values), cells={})
    with pytest.raises(MergeConflict, match=reason):
        unite([mine, other])


@few
@given(cells("x"), cells("x"))
def test_one_cell_with_two_contents_is_refused(one: Cell, two: Cell) -> None:
    both = [Report(subject=subject(), cells={"x": cell}) for cell in (one, two)]
    if one == two:
        assert unite(both) == both[0]
    else:
        with pytest.raises(MergeConflict, match="another content for the same cell, 'x'"):
            unite(both)
