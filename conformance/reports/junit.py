"""JUnit XML: a test suite for each API, a case for each operation and each check group that looked at it.

Readers of JUnit agree on this much: `testsuites/testsuite/testcase` with `failure`, `error` or `skipped`
(https://github.com/testmoapp/junitxml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from conformance.model.overview import GroupTally, Overview, Row
from conformance.model.report import Recurring
from conformance.model.rule import Side
from conformance.reports.terminal import seen_at

FILE: Final = "junit.xml"

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""No characters of XML 1.0 (2.2)."""
_MOST: Final = 50
"""Lines of one case: a reader of CI output wants the kinds of failure, and CI parsers have limits."""


def render(shown: Overview) -> str:
    """Give the report as JUnit XML."""
    root = ET.Element("testsuites", name="conformance")
    for api in shown.report.subject.apis:
        suite = ET.SubElement(root, "testsuite", name=api.name)
        for row in shown.rows:
            if row.operation.api == api.name:
                suite.extend(_cases(shown, row))
        own = [each for each in shown.strays if _is_of(shown, each, api.name)]
        suite.extend(_by_rule(shown, api.name, own))
        _count(suite)
    names = [api.name for api in shown.report.subject.apis]
    strays = [each for each in shown.strays if not any(_is_of(shown, each, name) for name in names)]
    if strays:
        suite = ET.SubElement(root, "testsuite", name="of no operation")
        suite.extend(_by_rule(shown, "no operation", strays))
        _count(suite)
    _total(root)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _is_of(shown: Overview, recurring: Recurring, api: str) -> bool:
    """A finding about a description belongs to it; a request of no operation belongs to none."""
    return recurring.finding.side is Side.SPEC and shown.api_of(recurring) == api


def _cases(shown: Overview, row: Row) -> Iterator[ET.Element]:
    groups = shown.groups_of(row)
    for name, group in groups.items():
        yield _case(shown, row.operation.key, name, group)
    if not groups:
        case = ET.Element("testcase", classname=row.operation.key, name="exercised")
        ET.SubElement(case, "skipped", message="no exchange was seen")
        yield case


def _case(shown: Overview, classname: str, name: str, group: GroupTally) -> ET.Element:
    case = ET.Element("testcase", classname=_clean(classname), name=_clean(name))
    failing = [each for each in group.findings if shown.fails(each)]
    if failing:
        first = failing[0].finding
        message = _clean(f"{first.rule_id}: {first.problem.message}")
        failure = ET.SubElement(case, "failure", message=message, type=first.severity.value)
        failure.text = _text(failing)
    if group.crashed:
        rules = ", ".join(sorted(group.crashed))
        ET.SubElement(case, "error", message=f"a check of this program crashed: {rules}", type="crash")
    milder = [each for each in group.findings if not shown.fails(each)]
    if milder:
        ET.SubElement(case, "system-out").text = _text(milder)
    return case


def _by_rule(shown: Overview, classname: str, found: list[Recurring]) -> Iterator[ET.Element]:
    for rule in sorted({recurring.finding.rule_id for recurring in found}):
        own = tuple(recurring for recurring in found if recurring.finding.rule_id == rule)
        yield _case(shown, classname, rule, GroupTally(findings=own))


def _text(findings: list[Recurring]) -> str:
    lines = [_line(recurring) for recurring in findings[:_MOST]]
    if len(findings) > _MOST:
        lines.append(f"… and {len(findings) - _MOST} more in results.json")
    return _clean("\n".join(lines))


def _line(recurring: Recurring) -> str:
    finding = recurring.finding
    return (
        f"{finding.severity.value}: {finding.rule_id}: {finding.side.value} "
        f"{finding.problem.instance_pointer or '(whole message)'}: {finding.problem.message} "
        f"[{finding.spec}:{finding.line}; seen {recurring.count}x, first in {seen_at(recurring.samples[0].place)}]"
    )


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def _count(suite: ET.Element) -> None:
    cases = suite.findall("testcase")
    suite.set("tests", str(len(cases)))
    for outcome, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        suite.set(name, str(sum(case.find(outcome) is not None for case in cases)))


def _total(root: ET.Element) -> None:
    for name in ("tests", "failures", "errors", "skipped"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
