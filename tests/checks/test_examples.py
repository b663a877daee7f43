"""Every check's own examples: it accepts the good ones, and it alone objects to the bad ones."""

from __future__ import annotations

import pytest

from conformance import checks
from conformance.checks import trial
from conformance.checks.explanation import explanation
from conformance.checks.judge import Judge
from conformance.model.rule import Check, Example
from conformance.run.suite import compiler

CASES = [
    pytest.param(check, example, is_bad, id=f"{check.id}: {'bad' if is_bad else 'good'}: {example.title}")
    for check in checks.every()
    for is_bad, examples in ((False, check.good), (True, check.bad))
    for example in examples
]


@pytest.mark.parametrize(("check", "example", "is_bad"), CASES)
def test_check_judges_its_example(check: Check, example: Example, is_bad: bool) -> None:
    judge = Judge(trial.operations(example), checks=checks.every(), compiler=compiler())
    judgement = judge.judge(trial.exchange(example))
    assert not judgement.crashed
    assert {finding.rule_id for finding in judgement.findings} == ({check.id} if is_bad else set())
    if not is_bad and judgement.operation is not None and check.subject.value != "routes":
        assert check.id in judgement.passed


@pytest.mark.parametrize("check", checks.every(), ids=lambda check: check.id)
def test_check_is_a_page_of_documentation(check: Check) -> None:
    page = explanation(check)
    assert check.title in page
    assert all(example.title in page for example in (*check.good, *check.bad))
    assert check.title.endswith(".")
    assert check.explanation
