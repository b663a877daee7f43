"""Every check's own examples: it accepts the good ones, and it alone objects to the bad ones."""

from __future__ import annotations

import pytest

from conformance import checks
from conformance.checks import trial
from conformance.checks.explanation import explanation
from conformance.checks.gate import Gate
from conformance.checks.judge import Judge, Judgement
from conformance.checks.succession import Sessions
from conformance.model.rule import Check, Example, Glance, Subject
from conformance.model.session import REMEMBERED
from conformance.profiles.twilio.demands import demands
from conformance.run.suite import compiler

CASES = [
    pytest.param(check, example, is_bad, id=f"{check.id}: {'bad' if is_bad else 'good'}: {example.title}")
    for check in checks.every()
    for is_bad, examples in ((False, check.good), (True, check.bad))
    for example in examples
]


def judged(example: Example, check: Check) -> list[Judgement]:
    held = [each for each in checks.every() if not each.strict or each is check]
    judge = Judge(trial.operations(example), checks=held, compiler=compiler())
    sessions = Sessions(judge, limit=example.remembers or REMEMBERED)
    return [sessions.judge(judge.judge(each)) for each in trial.session(example)]


@pytest.mark.parametrize(("check", "example", "is_bad"), CASES)
def test_check_judges_its_example(check: Check, example: Example, is_bad: bool) -> None:
    *before, last = judged(example, check)
    assert not any(each.findings for each in before)
    assert not any(each.crashed for each in (*before, last))
    assert {finding.rule_id for finding in last.findings} == ({check.id} if is_bad else set())
    if not is_bad and last.operation is not None and check.subject is not Subject.ROUTE:
        assert check.id in last.passed


@pytest.mark.parametrize(("check", "example", "is_bad"), CASES)
def test_gate_clears_nothing_that_a_check_objects_to(check: Check, example: Example, is_bad: bool) -> None:
    judge = Judge(trial.operations(example), checks=[check], compiler=compiler())
    gate = Gate(judge, tighten=demands)
    if is_bad and check.subject not in {Subject.SESSION, Subject.CASE}:
        assert gate.clear(trial.exchange(example)) is None


@pytest.mark.parametrize(("check", "example", "is_bad"), [case for case in CASES if case.values[2]])
def test_no_bad_example_is_clear_at_a_glance(check: Check, example: Example, is_bad: bool) -> None:
    assert is_bad
    judge = Judge(trial.operations(example), checks=[check], compiler=compiler())
    matched = judge.judge(trial.exchange(example)).matched
    runs = [step.run for step in judge.steps(matched.operation) or ()] if matched is not None else []
    glances = [run for run in runs if isinstance(run, Glance) and list(run(matched))]
    for glance in glances:
        assert matched is not None
        assert glance.part.is_in(matched.operation, matched.exchange.response.status)
        assert not glance.is_clear(glance.part.of(matched), matched)


@pytest.mark.parametrize("check", checks.every(), ids=lambda check: check.id)
def test_check_is_a_page_of_documentation(check: Check) -> None:
    page = explanation(check)
    assert check.title in page
    assert all(example.title in page for example in (*check.good, *check.bad))
    assert check.title.endswith(".")
    assert check.explanation
