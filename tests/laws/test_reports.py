"""Reports: uniting is a law, and a results file gives back what was written."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import results
from conformance.errors import MergeConflict, ResultsError
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Source
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

KEYS = ("api.a", "api.b", "api.c")
RULES = ("type-mismatch", "unknown-path")
SUBJECT = Subject(
    version="1",
    contract="corrected",
    apis=(ApiFacts(name="api", title="T", version="1", openapi="3.1.0", path="api.yaml", digest="0"),),
    operations=tuple(
        OperationFacts(key=key, api="api", method="GET", path="/x", corrections=0, declared=("status 200", "path id"))
        for key in KEYS
    ),
    rules={rule: {"title": "T", "severity": "error", "subject": "messages", "stage": "schema"} for rule in RULES},
    settings={"seed": 0, "modes": ["positive"]},
)

TEXTS = ("", "a", "é", "\u2028", "</script>", '"\\', "\ud83d", "\x00")
VALUES: tuple[Any, ...] = (None, True, 0, 2**70, 1.5, "\U0001f642", "\ud83d", [], [1, {"é": None}], {"": [[]]})
PATHS = ("a.ndjson", "b.yaml")
SEEN = ("path id", "status 200", "status 500")
CELLS = ("positive api.a", "recording a", "recording b")


def counted(random: Random, names: Sequence[str]) -> dict[str, int]:
    return {name: random.randint(1, 5) for name in names if random.random() < 0.5}


def maybe(random: Random, values: Sequence[Any]) -> Any:
    return random.choice((None, random.choice(values)))


def tally(random: Random) -> Tally:
    return Tally(
        exchanges=random.randint(0, 3),
        passed=counted(random, RULES),
        failed=counted(random, RULES),
        crashed={rule: random.choice(("E: x", "F: y")) for rule in RULES if random.random() < 0.2},
        seen=counted(random, SEEN),
    )


def sample(random: Random) -> Sample:
    return Sample(
        exchange=maybe(random, TEXTS),
        path=random.choice(PATHS),
        index=random.randint(0, 2),
        line=maybe(random, (1, 2)),
        message=random.choice(TEXTS),
        instance_pointer=random.choice(("", "/a")),
        actual=random.choice(VALUES),
        evidence=maybe(random, ({}, {"request": {"body": "é"}})),
        excerpt=maybe(random, (Excerpt(first=1, marked=2, lines=("a", "b")),)),
    )


def recurring(random: Random, name: str) -> Recurring:
    finding = Finding(
        rule_id=random.choice(RULES),
        operation=maybe(random, KEYS),
        severity=random.choice(tuple(Severity)),
        side=random.choice(tuple(Side)),
        suspect=random.choice(tuple(Suspect)),
        problem=Problem(
            message=random.choice(TEXTS),
            instance_pointer=random.choice(("", "/a")),
            spec_pointer="/paths",
            expected=random.choice(VALUES),
            actual=random.choice(VALUES),
            keyword=random.choice(("type", "enum")),
        ),
        exchange_id=maybe(random, TEXTS),
        source=maybe(random, (Source(kind="ndjson", path="a", index=0, line=3), Source(kind="vcr", path="b", index=1))),
        spec="api.yaml",
        line=random.randint(1, 9),
        column=random.randint(1, 9),
        fingerprint=name,
    )
    found = sorted((sample(random) for _ in range(random.randint(1, 3))), key=lambda each: each.order)
    last = Place(exchange=maybe(random, TEXTS), path=random.choice(PATHS), index=random.randint(0, 2), line=None)
    return Recurring(
        finding=finding, count=len(found) + random.randint(0, 2), samples=tuple(found), last=last, excerpt=None
    )


def cell(random: Random, name: str) -> Cell:
    return Cell(
        id=name,
        tallies={key: tally(random) for key in KEYS if random.random() < 0.5},
        findings={each: recurring(random, each) for each in ("0" * 20, "1" * 20) if random.random() < 0.5},
        out_of_scope=random.randint(0, 2),
        unreadable=tuple(TEXTS[: random.randint(0, 2)]),
    )


def three(random: Random) -> list[Report]:
    """Three reports that can be united: one content for each cell."""
    pool = {name: cell(random, name) for name in CELLS}
    return [
        Report(subject=SUBJECT, cells={name: pool[name] for name in CELLS if random.random() < 0.6}) for _ in range(3)
    ]


several = st.integers(0, 2**32).map(lambda seed: three(Random(seed)))
EMPTY = Report(subject=SUBJECT, cells={})
often = settings(max_examples=60, deadline=None)


@often
@given(several)
def test_uniting_is_associative_commutative_and_idempotent(reports: list[Report]) -> None:
    a, b, c = reports
    assert (a | b) | c == a | (b | c) == unite(reports) == unite(reversed(reports))
    assert a | b == b | a
    assert a | a == a
    assert a | EMPTY == EMPTY | a == a
    assert list((b | a).cells) == sorted((b | a).cells)


@often
@given(several)
def test_everything_derived_is_the_same_however_it_was_united(reports: list[Report]) -> None:
    a, b, c = reports
    one, other = a | b | c, c | (b | a)
    assert one.findings() == other.findings()
    assert one.tallies() == other.tallies()
    shown = overview(one, fail_on=Severity.ERROR)
    assert results.to_json(shown, timing={}) == results.to_json(overview(other, fail_on=Severity.ERROR), timing={})


@often
@given(several)
def test_counts_add_up_over_cells(reports: list[Report]) -> None:
    united = unite(reports)
    total: Counter[str] = Counter()
    for part in united.cells.values():
        total.update({name: each.count for name, each in part.findings.items()})
    assert {each.finding.fingerprint: each.count for each in united.findings()} == total
    for key, summed in united.tallies().items():
        own = [each.tallies[key] for each in united.cells.values() if key in each.tallies]
        assert summed.exchanges == sum(each.exchanges for each in own)
        assert sum(summed.seen.values()) == sum(sum(each.seen.values()) for each in own)
    for each in united.findings():
        assert 1 <= len(each.samples) <= 3
        assert list(each.samples) == sorted(each.samples, key=lambda sample: sample.order)
    ranks = [-each.finding.severity.rank for each in united.findings()]
    assert ranks == sorted(ranks)


@often
@given(several, st.integers(0, 3))
def test_cells_that_differ_cannot_be_united(reports: list[Report], change: int) -> None:
    united = unite(reports)
    for name, own in united.cells.items():
        other = (
            replace(own, out_of_scope=own.out_of_scope + 1),
            replace(own, unreadable=(*own.unreadable, "x")),
            replace(own, tallies={**own.tallies, "api.z": Tally(exchanges=1)}),
            replace(own, findings={**own.findings, "z": recurring(Random(change), "z")}),
        )[change]
        with pytest.raises(MergeConflict, match="another content for the same cell"):
            united | Report(subject=SUBJECT, cells={name: other})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "2"}, "made by version 2, not 1"),
        ({"contract": "as-written"}, "contract as-written, not corrected"),
        ({"apis": ()}, "without the description api"),
        ({"operations": ()}, "without the operation api.a and 2 more"),
        ({"operations": SUBJECT.operations[::-1]}, "operations in another order"),
        ({"rules": {**SUBJECT.rules, "new": {}}}, "with the check new"),
        ({"rules": {**SUBJECT.rules, "unknown-path": {}}}, "with another check unknown-path"),
        ({"settings": {"seed": 1, "modes": ["positive"]}}, "with another setting seed"),
    ],
)
def test_reports_about_different_things_cannot_be_united(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(MergeConflict, match=said):
        EMPTY | Report(subject=replace(SUBJECT, **changes), cells={})


def test_nothing_cannot_be_united() -> None:
    with pytest.raises(ValueError, match="no report"):
        unite([])


@often
@given(several)
def test_results_file_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, reports: list[Report]
) -> None:
    path = tmp_path_factory.getbasetemp() / "results.json"
    again = tmp_path_factory.getbasetemp() / "again.json"
    united = unite(reports)
    results.write(overview(united, fail_on=Severity.ERROR), path, timing={"seconds": 1.5})
    read = results.read(path)
    assert read == united
    results.write(overview(read, fail_on=Severity.ERROR), again, timing={"seconds": 1.5})
    assert again.read_bytes() == path.read_bytes()


JUNK: tuple[Any, ...] = (None, 7, "text", [], {}, [None], {"x": 1}, -1, True)


@often
@given(several, st.integers(0, 2**32))
def test_damaged_results_file_is_refused_by_name(
    tmp_path_factory: pytest.TempPathFactory, reports: list[Report], seed: int
) -> None:
    """Whatever stands in the place of whatever: read, or refused; never another exception."""
    random = Random(seed)
    document = json.loads(results.text(results.to_json(overview(unite(reports), fail_on=Severity.ERROR), timing={})))
    node = document
    while True:
        key = random.choice(list(node) if isinstance(node, dict) else range(len(node)))
        if not isinstance(node[key], dict | list) or not node[key] or random.random() < 0.2:
            node[key] = copy.deepcopy(random.choice(JUNK))
            break
        node = node[key]
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(results.text(document), encoding="utf-8")
    with suppress(ResultsError):
        read = results.read(path)
        results.to_json(overview(read | read, fail_on=Severity.ERROR), timing={})


@pytest.mark.parametrize("rank", range(3))
def test_verdicts_follow_the_severity_that_fails(rank: int) -> None:
    fail_on = list(Severity)[rank]
    for severity in Severity:
        finding = recurrence(severity)
        found = Tally(exchanges=1, failed={"type-mismatch": 1})
        expected = Verdict.FAIL if severity.rank >= fail_on.rank else Verdict.PASS
        assert found.verdict([finding], fail_on=fail_on) is expected
    assert Tally().verdict([], fail_on=fail_on) is Verdict.UNTESTED
    assert Tally(exchanges=3).verdict([], fail_on=fail_on) is Verdict.UNTESTED
    assert Tally(exchanges=3, passed={"type-mismatch": 3}).verdict([], fail_on=fail_on) is Verdict.PASS
    crashed = Tally(exchanges=3, passed={"type-mismatch": 3}, crashed={"unknown-path": "E: x"})
    assert crashed.verdict([recurrence(Severity.ERROR)], fail_on=fail_on) is Verdict.ERROR


def recurrence(severity: Severity) -> Recurring:
    finding = Finding(
        rule_id="type-mismatch",
        operation="api.a",
        severity=severity,
        side=Side.RESPONSE,
        suspect=Suspect.IMPLEMENTATION,
        problem=Problem(message="m"),
        exchange_id="x",
        source=None,
        spec="api.yaml",
        line=1,
        column=1,
        fingerprint="0" * 20,
    )
    return Recurring(finding=finding, count=1, samples=(), last=Place(exchange="x", path="", index=0, line=None))
