"""JUnit XML: a test suite for each API, a case for each operation and each rule that looked at it.

Readers of JUnit agree on this much: `testsuites/testsuite/testcase` with `failure`, `error` or `skipped`
(https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from conformance.model.report import OperationFacts, Recurring, Report
from conformance.model.rule import Severity

FILE: Final = "junit.xml"

_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report, *, fail_on: Severity) -> str:
    """Give the report as JUnit XML."""
    by_operation: dict[str | None, list[Recurring]] = defaultdict(list)
    for recurring in report.findings():
        by_operation[recurring.finding.operation].append(recurring)
    root = ET.Element("testsuites", name="conformance")
    for api in report.subject.apis:
        suite = ET.SubElement(root, "testsuite", name=api.name)
        for operation in report.subject.operations:
            if operation.api == api.name:
                suite.extend(_cases(report, operation, by_operation[operation.key], fail_on))
        _count(suite)
    if by_operation[None]:
        suite = ET.SubElement(root, "testsuite", name="requests of no operation")
        suite.extend(_stray(by_operation[None], fail_on))
        _count(suite)
    _total(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _cases(
    report: Report, operation: OperationFacts, findings: list[Recurring], fail_on: Severity
) -> Iterator[ET.Element]:
    tally = report.tally(operation.key)
    if not tally.exchanges and not tally.crashed:
        case = ET.Element("testcase", classname=operation.key, name="exercised")
        ET.SubElement(case, "skipped", message="no exchange was seen")
        yield case
        return
    for rule in sorted({*tally.passed, *tally.failed, *tally.crashed}):
        case = ET.Element("testcase", classname=operation.key, name=rule)
        _object(case, [each for each in findings if each.finding.rule_id == rule], fail_on)
        if rule in tally.crashed:
            ET.SubElement(case, "error", message=_clean(tally.crashed[rule]), type="crash")
        yield case


def _stray(findings: list[Recurring], fail_on: Severity) -> Iterator[ET.Element]:
    for recurring in findings:
        case = ET.Element(
            "testcase", classname=recurring.finding.rule_id, name=_clean(recurring.finding.problem.message)
        )
        _object(case, [recurring], fail_on)
        yield case


def _object(case: ET.Element, findings: list[Recurring], fail_on: Severity) -> None:
    failing = [each for each in findings if each.finding.severity.rank >= fail_on.rank]
    if failing:
        first = failing[0].finding
        failure = ET.SubElement(case, "failure", message=_clean(first.problem.message), type=first.severity.value)
        failure.text = _clean("\n".join(map(_line, failing)))
    milder = [each for each in findings if each not in failing]
    if milder:
        ET.SubElement(case, "system-out").text = _clean("\n".join(map(_line, milder)))


def _line(recurring: Recurring) -> str:
    finding = recurring.finding
    first = recurring.samples[0]
    place = first.path if first.line is None else f"{first.path}:{first.line}"
    return (
        f"{finding.severity.value}: {finding.problem.instance_pointer or '(whole message)'}: {finding.problem.message} "
        f"[{finding.spec}:{finding.line}; seen {recurring.count}x, first in {place} entry {first.index}]"
    )


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("�", text)


def _count(suite: ET.Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for outcome, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(outcome) is not None for case in cases)))


def _total(root: ET.Element) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
