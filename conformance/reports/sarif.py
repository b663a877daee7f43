"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/), within the limits of GitHub's code scanning.

A result stands at its place in the description; where it was seen is a related location. GitHub takes 25,000 results
and 10 MB of gzip (https://docs.github.com/en/code-security/code-scanning/troubleshooting-sarif-uploads): the worst come
first, and what is cut is said in a notification.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from conformance.model.finding import Finding
from conformance.model.overview import Overview
from conformance.model.report import Place, Recurring
from conformance.model.rule import Side
from conformance.model.wording import counted, short_place
from conformance.results import text

FILE: Final = "report.sarif"

MOST: Final = 25_000
"""Results."""
LARGEST: Final = 10_000_000
"""Bytes, as they are sent."""
_LONGEST: Final = 1_000
"""Characters of a message: GitHub shows 1,000 and refuses rule descriptions above 1,024."""
_INSIDE: Final = "%SRCROOT%"
_OUTSIDE: Final = "%OUTSIDE%"


def render(shown: Overview) -> str:
    """Give the report as SARIF."""
    found = sorted(shown.findings, key=lambda each: (shown.accepted(each) is not None, not shown.fails(each)))
    most = min(MOST, len(found))
    while True:
        made = _document(shown, found[:most])
        if not most or len(made) <= LARGEST or len(gzip.compress(made.encode())) <= LARGEST:
            return made
        most = most * 3 // 4


def _document(shown: Overview, found: Sequence[Recurring]) -> str:
    rules = {name: index for index, name in enumerate(sorted(_rules(shown)))}
    left_out = len(shown.findings) - len(found)
    run: dict[str, Any] = {
        "tool": {"driver": _driver(shown, rules)},
        "automationDetails": {"id": f"conformance/{shown.report.subject.contract}/"},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            _INSIDE: {"description": {"text": "The folder in which the program ran."}},
            _OUTSIDE: {"description": {"text": "Files that do not lie below it."}},
        },
        "invocations": [_invocation(shown, left_out)],
        "results": [_result(shown, recurring, rules) for recurring in found],
    }
    return text({"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]})


def _rules(shown: Overview) -> dict[str, Mapping[str, str]]:
    """Give every rule that held, and those that only a finding names."""
    known = dict(shown.report.subject.rules)
    return {**{each.finding.rule_id: {} for each in shown.findings if each.finding.rule_id not in known}, **known}


def _driver(shown: Overview, rules: Mapping[str, int]) -> dict[str, Any]:
    facts = _rules(shown)
    return {
        "name": "conformance",
        "version": shown.report.subject.version,
        "semanticVersion": shown.report.subject.version,
        "rules": [_rule(name, facts[name]) for name in rules],
    }


def _rule(name: str, facts: Mapping[str, str]) -> dict[str, Any]:
    title = _cut(facts.get("title") or name)
    told = f"`conformance explain {name}` says what it finds, why that matters, and gives examples."
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": told.replace("`", ""), "markdown": told},
        "defaultConfiguration": {"level": facts.get("severity", "error")},
        "properties": {"tags": ["openapi", *filter(None, [facts.get("subject"), facts.get("stage")])]},
    }


def _invocation(shown: Overview, left_out: int) -> dict[str, Any]:
    told = [*_notifications(shown, left_out)]
    return {"executionSuccessful": not shown.crashed, "toolExecutionNotifications": told}


def _notifications(shown: Overview, left_out: int) -> Iterator[dict[str, Any]]:
    if left_out > 0:
        verb = "is" if left_out == 1 else "are"
        message = (
            f"{counted(left_out, 'finding')} {verb} left out: code scanning has limits. results.json has them all."
        )
        yield {"level": "warning", "message": {"text": message}}
    for key, rule, reason in shown.crashes:
        message = f"the check {rule} crashed for {key}: {reason}"
        yield {"level": "error", "message": {"text": _cut(message)}, "associatedRule": {"id": rule}}


def _place(finding: Finding) -> str:
    if finding.side is Side.SPEC:
        return short_place(finding.problem.spec_pointer, finding.operation) or finding.concerns
    return f"{finding.concerns}, {finding.side.value} {finding.problem.instance_pointer}".rstrip()


def _result(shown: Overview, recurring: Recurring, rules: Mapping[str, int]) -> dict[str, Any]:
    finding, problem = recurring.finding, recurring.finding.problem
    where = _place(finding)
    made: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": rules[finding.rule_id],
        "level": finding.severity.value,
        "message": {"text": _cut(f"{where}: {problem.message}")},
        "locations": [_location(recurring)],
        "partialFingerprints": {
            "conformance/v1": finding.fingerprint,
            "primaryLocationLineHash": f"{finding.fingerprint}:1",
        },
        "occurrenceCount": recurring.count,
        "properties": {
            "operation": finding.operation,
            "side": finding.side.value,
            "suspect": finding.suspect.value,
            "instance_pointer": problem.instance_pointer,
            "spec_pointer": problem.spec_pointer,
        },
    }
    seen = [_seen(number, each.place) for number, each in enumerate(recurring.samples) if each.path]
    if seen:
        made["relatedLocations"] = seen
    accepted = shown.accepted(recurring)
    if accepted is not None:
        made["suppressions"] = [{"kind": "external", "status": "accepted", "justification": accepted.reason}]
    return made


def _location(recurring: Recurring) -> dict[str, Any]:
    """Give the place in the description; where there is none, the place where it was seen."""
    finding = recurring.finding
    if not finding.spec:
        return _physical(recurring.last)
    region: dict[str, Any] = {"startLine": max(1, finding.line), "startColumn": max(1, finding.column)}
    place: dict[str, Any] = {"artifactLocation": _artifact(finding.spec), "region": region}
    if recurring.excerpt is not None:
        lines, first = recurring.excerpt.lines, recurring.excerpt.first
        marked = lines[recurring.excerpt.marked - first]
        region["snippet"] = {"text": marked}
        if finding.column <= len(marked):
            region["endColumn"] = len(marked) + 1
        place["contextRegion"] = {
            "startLine": first,
            "endLine": first + len(lines) - 1,
            "snippet": {"text": "\n".join(lines)},
        }
    names = [{"fullyQualifiedName": finding.operation, "kind": "function"}] if finding.operation else []
    return {"physicalLocation": place, **({"logicalLocations": names} if names else {})}


def _seen(number: int, place: Place) -> dict[str, Any]:
    told = f"seen in entry {place.index}" + (f", exchange {place.exchange}" if place.exchange else "")
    return {"id": number, "message": {"text": _cut(told)}, **_physical(place)}


def _physical(place: Place) -> dict[str, Any]:
    region = {"region": {"startLine": place.line}} if place.line else {}
    return {"physicalLocation": {"artifactLocation": _artifact(place.path or "unknown"), **region}}


def _artifact(path: str) -> dict[str, str]:
    """A file below the current folder is named from there; of any other only the name is told."""
    pure = PurePosixPath(path.replace("\\", "/"))
    if pure.is_absolute() or ".." in pure.parts or ":" in pure.parts[0]:
        return {"uri": quote(pure.name), "uriBaseId": _OUTSIDE}
    return {"uri": quote(pure.as_posix()), "uriBaseId": _INSIDE}


def _cut(message: str) -> str:
    return message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
