"""Every audit check's own examples: it accepts the good ones, and names the place of each defect in the bad ones."""

from __future__ import annotations

import pytest

from conformance import checks
from conformance.checks.audit_trial import audited
from conformance.checks.auditor import audit
from conformance.checks.explanation import explanation
from conformance.model.rule import Check, DocumentExample, Subject
from conformance.run.suite import compiler

AUDITS = [check for check in checks.every() if check.subject is Subject.SPEC]
CASES = [
    pytest.param(check, example, id=f"{check.id}: {title}: {example.title}")
    for check in AUDITS
    for title, examples in (("accepts", check.accepts), ("objects to", check.objects_to))
    for example in examples
]


@pytest.mark.parametrize(("check", "example"), CASES)
def test_audit_check_judges_its_example(check: Check, example: DocumentExample) -> None:
    found = audit(audited(example, compiler()), checks=[check])
    assert not found.crashed
    assert tuple(finding.problem.spec_pointer for finding in found.findings) == example.at
    assert found.passed == ((check.id,) if not example.at else ())


@pytest.mark.parametrize("check", AUDITS, ids=lambda check: check.id)
def test_audit_check_is_a_page_of_documentation(check: Check) -> None:
    page = explanation(check)
    assert all(example.title in page for example in (*check.accepts, *check.objects_to))
    assert all(example.at for example in check.objects_to)
    assert not any(example.at for example in check.accepts)
    assert check.title.endswith(".")
    assert check.explanation


def test_findings_of_an_audit_do_not_depend_on_the_order_of_checks() -> None:
    for check in AUDITS:
        for example in check.objects_to:
            one = audit(audited(example, compiler()), checks=AUDITS)
            other = audit(audited(example, compiler()), checks=reversed(AUDITS))
            assert one.findings == other.findings, (check.id, example.title)
            assert len({finding.fingerprint for finding in one.findings}) == len(one.findings), (
                check.id,
                example.title,
            )
