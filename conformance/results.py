"""results.json: a report, lossless and versioned; and the collector that makes one from judgements.

The file is JSON with sorted keys. Everything in it follows from the inputs and the seed, apart from `timing`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from conformance.errors import ResultsError
from conformance.model import redact
from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Exchange, Headers, Source
from conformance.model.operation import Operation
from conformance.model.report import (
    SAMPLES,
    ApiFacts,
    Cell,
    OperationFacts,
    Recurring,
    Report,
    Sample,
    Subject,
    Tally,
)
from conformance.model.rule import Problem, Severity, Side
from conformance.schemas.coverage import declared

FORMAT: Final = 1
_LONGEST_BODY: Final = 16_384


def facts(operation: Operation) -> OperationFacts:
    """Give what a report says of an operation."""
    return OperationFacts(
        key=operation.key,
        api=operation.api.name,
        method=operation.method,
        path=operation.path,
        line=operation.api.locate(operation.pointer)[0],
        corrections=operation.corrections,
        declared=declared(operation),
    )


def api_facts(operations: Iterable[Operation]) -> tuple[ApiFacts, ...]:
    """Give what a report says of the descriptions, in the order of their first operation."""
    apis = {operation.api.name: operation.api for operation in operations}
    return tuple(
        ApiFacts(
            name=api.name,
            title=api.title,
            version=api.version,
            openapi=api.openapi,
            path=Path(api.path).name,
            digest=api.digest,
        )
        for api in apis.values()
    )


@dataclass(slots=True)
class _Counts:
    """What is being counted for one operation."""

    exchanges: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    crashed: dict[str, str] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)


class Collector:
    """Adds up what was found in one cell."""

    def __init__(self, cell_id: str) -> None:
        """Start an empty cell."""
        self._id = cell_id
        self._counts: dict[str, _Counts] = {}
        self._findings: dict[str, list[Any]] = {}
        self._out_of_scope = 0
        self._unreadable: list[str] = []

    def add(
        self,
        *,
        operation: str | None,
        exchange: Exchange,
        passed: Iterable[str],
        findings: Iterable[Finding],
        crashed: Mapping[str, str],
        seen: Iterable[str],
    ) -> None:
        """Add what was found in one exchange."""
        failed: set[str] = set()
        for finding in findings:
            failed.add(finding.rule_id)
            self._add_finding(finding, exchange)
        if operation is not None:
            counts = self._counts.setdefault(operation, _Counts())
            counts.exchanges += 1
            counts.passed.update(passed)
            counts.failed.update(failed)
            counts.seen.update(seen)
            for rule, reason in crashed.items():
                counts.crashed.setdefault(rule, reason)

    def _add_finding(self, finding: Finding, exchange: Exchange) -> None:
        known = self._findings.get(finding.fingerprint)
        if known is None:
            self._findings[finding.fingerprint] = [finding, 1, [sample(finding, exchange)]]
            return
        known[1] += 1
        if len(known[2]) < SAMPLES:
            known[2].append(sample(finding, exchange))

    def add_out_of_scope(self) -> None:
        """Count an exchange that resembles no description."""
        self._out_of_scope += 1

    def add_unreadable(self, reason: str) -> None:
        """Keep why an entry could not be read."""
        self._unreadable.append(reason)

    def cell(self) -> Cell:
        """Give the cell."""
        return Cell(
            id=self._id,
            tallies={
                key: Tally(
                    exchanges=counts.exchanges,
                    passed=_sorted(counts.passed),
                    failed=_sorted(counts.failed),
                    crashed=_sorted(counts.crashed),
                    seen=_sorted(counts.seen),
                )
                for key, counts in sorted(self._counts.items())
            },
            findings={
                name: Recurring(
                    finding=_masked(finding),
                    count=count,
                    samples=tuple(sorted(samples, key=lambda each: each.order)),
                )
                for name, (finding, count, samples) in sorted(self._findings.items())
            },
            out_of_scope=self._out_of_scope,
            unreadable=tuple(self._unreadable),
        )


def _sorted(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: counts[name] for name in sorted(counts)}


def _masked(finding: Finding) -> Finding:
    values = {item.name: getattr(finding, item.name) for item in fields(finding)}
    return Finding(**{**values, "problem": _masked_problem(finding.problem)})


def _masked_problem(problem: Problem) -> Problem:
    return Problem(
        message=redact.text(problem.message),
        instance_pointer=problem.instance_pointer,
        spec_pointer=problem.spec_pointer,
        expected=redact.value(problem.expected),
        actual=redact.value(problem.actual),
        keyword=problem.keyword,
        grounds=problem.grounds and _masked_grounds(problem.grounds),
    )


def _masked_grounds(grounds: Grounds) -> Grounds:
    return replace(
        grounds,
        evidence=tuple(
            replace(each, samples=tuple(replace(one, value=redact.value(one.value)) for one in each.samples))
            for each in grounds.evidence
        ),
    )


def sample(finding: Finding, exchange: Exchange) -> Sample:
    """Give one occurrence with its evidence, without secrets."""
    source = finding.source or Source(kind="", path="", index=0)
    return Sample(
        exchange=finding.exchange_id,
        path=source.path,
        index=source.index,
        line=source.line,
        message=redact.text(finding.problem.message),
        instance_pointer=finding.problem.instance_pointer,
        actual=redact.value(finding.problem.actual),
        evidence=evidence(exchange),
    )


def evidence(exchange: Exchange) -> dict[str, Any]:
    """Give an exchange as JSON without secrets, long bodies cut."""
    safe = redact.exchange(exchange)
    return {
        "request": {
            "method": safe.request.method,
            "url": safe.request.url,
            "headers": _pairs(safe.request.headers),
            "body": _shown(safe.request.body),
        },
        "response": {
            "status": safe.response.status,
            "headers": _pairs(safe.response.headers),
            "body": _shown(safe.response.body),
        },
    }


def _pairs(headers: Headers) -> list[list[str]]:
    return [list(pair) for pair in headers]


def _shown(body: bytes) -> str:
    text = body[:_LONGEST_BODY].decode("utf-8", "replace")
    return text if len(body) <= _LONGEST_BODY else f"{text}… ({len(body):,} bytes in all)"


def occurrence(finding: Finding) -> dict[str, Any]:
    """Give a finding as one line of `--findings` has it, without secrets."""
    problem = _masked_problem(finding.problem)
    return {
        "exchange": finding.exchange_id,
        "operation": finding.operation,
        "rule": finding.rule_id,
        "severity": finding.severity.value,
        "side": finding.side.value,
        "suspect": finding.suspect.value,
        "message": problem.message,
        "instance_pointer": problem.instance_pointer,
        "spec": finding.spec,
        "spec_pointer": problem.spec_pointer,
        "line": finding.line,
        "column": finding.column,
        "expected": problem.expected,
        "actual": problem.actual,
        "fingerprint": finding.fingerprint,
        "source": None if finding.source is None else {"path": finding.source.path, "index": finding.source.index},
        **({} if problem.grounds is None else _grounds_to_json(problem.grounds)),
    }


def _grounds_to_json(grounds: Grounds) -> dict[str, Any]:
    """What a finding of an audit says beyond the others."""
    return {
        "technique": grounds.technique and grounds.technique.value,
        "confidence": grounds.confidence.value,
        "verdict": grounds.blame.value,
        "evidence": [asdict(each) for each in grounds.evidence],
        "cause": grounds.cause,
        "places": list(grounds.places),
        "remedy": grounds.remedy,
        "edits": [asdict(each) for each in grounds.edits],
    }


def _grounds(item: Mapping[str, Any]) -> Grounds | None:
    if "verdict" not in item:
        return None
    return Grounds(
        technique=item["technique"] and Technique(item["technique"]),
        confidence=Confidence(item["confidence"]),
        blame=Blame(item["verdict"]),
        evidence=tuple(
            Evidence(**{**each, "samples": tuple(Witness(**one) for one in each["samples"])})
            for each in item["evidence"]
        ),
        cause=item["cause"],
        places=tuple(item["places"]),
        remedy=item["remedy"],
        edits=tuple(Edit(**each) for each in item["edits"]),
    )


def write(report: Report, path: Path, *, fail_on: Severity, timing: Mapping[str, Any]) -> None:
    """Write results.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(to_json(report, fail_on=fail_on, timing=timing), indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", errors="surrogatepass")


def to_json(report: Report, *, fail_on: Severity, timing: Mapping[str, Any]) -> dict[str, Any]:
    """Give a report as JSON."""
    subject = report.subject
    return {
        "format": FORMAT,
        "version": subject.version,
        "contract": subject.contract,
        "settings": dict(subject.settings),
        "apis": [asdict(api) for api in subject.apis],
        "rules": {name: dict(rule) for name, rule in subject.rules.items()},
        "operations": [_operation(report, operation, fail_on) for operation in subject.operations],
        "cells": [_cell(cell) for cell in report.cells.values()],
        "findings": [_recurring(report, recurring) for recurring in report.findings()],
        "timing": dict(timing),
    }


def _operation(report: Report, operation: OperationFacts, fail_on: Severity) -> dict[str, Any]:
    tally = report.tally(operation.key)
    return {
        **asdict(operation),
        "declared": list(operation.declared),
        "verdict": report.verdict(operation.key, fail_on=fail_on).value,
        "exchanges": tally.exchanges,
        "checks": {"passed": sum(tally.passed.values()), "failed": sum(tally.failed.values())},
        "coverage": {"seen": len(set(operation.declared) & tally.seen.keys()), "declared": len(operation.declared)},
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.id,
        "tallies": {key: asdict(tally) for key, tally in cell.tallies.items()},
        "out_of_scope": cell.out_of_scope,
        "unreadable": list(cell.unreadable),
    }


def _recurring(report: Report, recurring: Recurring) -> dict[str, Any]:
    name = recurring.finding.fingerprint
    return {
        **occurrence(recurring.finding),
        "keyword": recurring.finding.problem.keyword,
        "count": recurring.count,
        "samples": [asdict(sample) for sample in recurring.samples],
        "cells": {
            cell.id: {
                "finding": _own(recurring.finding, cell.findings[name].finding),
                "count": cell.findings[name].count,
                "samples": [asdict(sample) for sample in cell.findings[name].samples],
            }
            for cell in report.cells.values()
            if name in cell.findings
        },
    }


def _own(merged: Finding, own: Finding) -> dict[str, Any] | None:
    """What a cell's own finding says, where it differs from the merged one."""
    return None if merged == own else {**occurrence(own), "keyword": own.problem.keyword}


def read(path: Path) -> Report:
    """Read results.json.

    Raises:
        ResultsError: it cannot be read, or is of another format.

    """
    try:
        data = json.loads(path.read_text(encoding="utf-8", errors="surrogatepass"))
    except (OSError, ValueError, RecursionError) as error:
        raise ResultsError(path=str(path), what=f"cannot be read ({error})") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else None
        raise ResultsError(path=str(path), what=f"its format is {found!r}, this version reads {FORMAT}")
    try:
        return _report(data)
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(path=str(path), what=f"it is damaged ({type(error).__name__}: {error})") from error


def _report(data: Mapping[str, Any]) -> Report:
    found: dict[str, dict[str, Recurring]] = {cell["id"]: {} for cell in data["cells"]}
    for item in data["findings"]:
        for cell_id, own in item["cells"].items():
            found[cell_id][item["fingerprint"]] = Recurring(
                finding=_finding(own["finding"] or item),
                count=own["count"],
                samples=tuple(Sample(**sample) for sample in own["samples"]),
            )
    return Report(
        subject=Subject(
            version=data["version"],
            contract=data["contract"],
            apis=tuple(ApiFacts(**api) for api in data["apis"]),
            operations=tuple(_operation_facts(operation) for operation in data["operations"]),
            rules=data["rules"],
            settings=data["settings"],
        ),
        cells={
            cell["id"]: Cell(
                id=cell["id"],
                tallies={key: Tally(**tally) for key, tally in cell["tallies"].items()},
                findings={name: found[cell["id"]][name] for name in sorted(found[cell["id"]])},
                out_of_scope=cell["out_of_scope"],
                unreadable=tuple(cell["unreadable"]),
            )
            for cell in data["cells"]
        },
    )


def _operation_facts(item: Mapping[str, Any]) -> OperationFacts:
    values: dict[str, Any] = {each.name: item[each.name] for each in fields(OperationFacts)}
    return OperationFacts(**{**values, "declared": tuple(values["declared"])})


def _finding(item: Mapping[str, Any]) -> Finding:
    source = item["source"]
    return Finding(
        rule_id=item["rule"],
        operation=item["operation"],
        severity=Severity(item["severity"]),
        side=Side(item["side"]),
        suspect=Suspect(item["suspect"]),
        problem=Problem(
            message=item["message"],
            instance_pointer=item["instance_pointer"],
            spec_pointer=item["spec_pointer"],
            expected=item["expected"],
            actual=item["actual"],
            keyword=item["keyword"],
            grounds=_grounds(item),
        ),
        exchange_id=item["exchange"],
        source=None if source is None else Source(kind="", path=source["path"], index=source["index"]),
        spec=item["spec"],
        line=item["line"],
        column=item["column"],
        fingerprint=item["fingerprint"],
    )
