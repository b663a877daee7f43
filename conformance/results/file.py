"""The file: JSON with sorted keys, one operation, cell or finding a line.

Everything in it follows from the inputs and the seed, apart from `timing`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.errors import ResultsError
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Source
from conformance.model.overview import Overview, Row
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
)
from conformance.model.rule import Problem, Severity, Side
from conformance.results import grounds
from conformance.results.evidence import masked

FORMAT: Final = 1
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MARKS: Final = frozenset({"cells", "findings", "format", "operations"})


def occurrence(finding: Finding) -> dict[str, Any]:
    """Give a finding as one line of `--findings` has it, without secrets."""
    return _occurrence(masked(finding))


def _occurrence(finding: Finding) -> dict[str, Any]:
    problem, source = finding.problem, finding.source
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
        "source": None if source is None else {"path": source.path, "index": source.index},
        **grounds.to_json(problem.grounds),
    }


def write(shown: Overview, path: Path, *, timing: Mapping[str, Any]) -> None:
    """Write results.json."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text(to_json(shown, timing=timing)), encoding="utf-8")


def text(document: Mapping[str, Any]) -> str:
    """Give a JSON object as text, its lists one item a line, so that a difference is a line."""
    lines = []
    for name in sorted(document):
        value = document[name]
        if isinstance(value, list) and value:
            items = ",\n".join(map(_dumped, value))
            lines.append(f"{_dumped(name)}: [\n{items}\n]")
        else:
            lines.append(f"{_dumped(name)}: {_dumped(value)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dumped(value: Any) -> str:
    """Half a surrogate pair has no UTF-8, but JSON can name it."""
    made = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", made)


def to_json(shown: Overview, *, timing: Mapping[str, Any]) -> dict[str, Any]:
    """Give a report as JSON."""
    subject = shown.report.subject
    by_finding: dict[str, list[Cell]] = {}
    for cell in shown.report.cells.values():
        for name in cell.findings:
            by_finding.setdefault(name, []).append(cell)
    return {
        "format": FORMAT,
        "version": subject.version,
        "contract": subject.contract,
        "settings": dict(subject.settings),
        "apis": [asdict(api) for api in subject.apis],
        "rules": {name: dict(rule) for name, rule in subject.rules.items()},
        "operations": [_operation(row) for row in shown.rows],
        "cells": [_cell(cell) for cell in shown.report.cells.values()],
        "findings": [_merged(shown, each, by_finding[each.finding.fingerprint]) for each in shown.findings],
        "timing": dict(timing),
    }


def _operation(row: Row) -> dict[str, Any]:
    declared = len(row.operation.declared)
    return {
        **_shallow(row.operation),
        "declared": list(row.operation.declared),
        "verdict": row.verdict.value,
        "exchanges": row.tally.exchanges,
        "checks": {"passed": sum(row.tally.passed.values()), "failed": sum(row.tally.failed.values())},
        "coverage": {"seen": declared - len(row.missed), "declared": declared},
    }


def _shallow(value: Any) -> dict[str, Any]:
    return {each.name: getattr(value, each.name) for each in fields(value)}


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "id": cell.id,
        "tallies": {key: {**_shallow(tally)} for key, tally in cell.tallies.items()},
        "out_of_scope": cell.out_of_scope,
        "unreadable": list(cell.unreadable),
        **({"not_run": dict(cell.not_run)} if cell.not_run else {}),
        **({"facts": dict(cell.facts)} if cell.facts else {}),
    }


def _merged(shown: Overview, recurring: Recurring, cells: list[Cell]) -> dict[str, Any]:
    name = recurring.finding.fingerprint
    accepted = shown.standing.accepted.get(name) if shown.standing is not None else None
    return {
        **_finding_json(recurring.finding),
        "count": recurring.count,
        "accepted": None if accepted is None else accepted.reason,
        **_where(recurring),
        "samples": [_sample_json(sample) for sample in recurring.samples],
        "cells": {cell.id: _own(recurring, cell.findings[name]) for cell in cells},
    }


def _own(merged: Recurring, own: Recurring) -> dict[str, Any]:
    """What a cell says itself: what the merged finding says already is not said again."""
    return {
        "finding": None if merged.finding == own.finding else _finding_json(own.finding),
        "count": own.count,
        **_where(own),
        "samples": [_known(sample, merged.samples) for sample in own.samples],
    }


def _known(sample: Sample, merged: tuple[Sample, ...]) -> int | dict[str, Any]:
    """Give the number of a sample that stands in the merged finding; the sample itself where it does not."""
    made = _sample_json(sample)
    if sample in merged:
        index = merged.index(sample)
        if _dumped(_sample_json(merged[index])) == _dumped(made):
            return index
    return made


def _finding_json(finding: Finding) -> dict[str, Any]:
    source = None if finding.source is None else _shallow(finding.source)
    return {**_occurrence(finding), "keyword": finding.problem.keyword, "source": source}


def _where(recurring: Recurring) -> dict[str, Any]:
    return {"last": _shallow(recurring.last), "excerpt": _excerpt_json(recurring.excerpt)}


def _sample_json(sample: Sample) -> dict[str, Any]:
    return {**_shallow(sample), "excerpt": _excerpt_json(sample.excerpt)}


def _excerpt_json(excerpt: Excerpt | None) -> dict[str, Any] | None:
    return None if excerpt is None else {**_shallow(excerpt), "lines": list(excerpt.lines)}


def recognizes(content: bytes) -> bool:
    """Tell by its content whether a file is a results file."""
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        return False
    return _is_results(data)


def _is_results(data: Any) -> bool:
    return isinstance(data, dict) and data.keys() >= _MARKS


def read(path: Path) -> Report:
    """Read results.json.

    Raises:
        ResultsError: it cannot be read, or is of another format.

    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ResultsError(path=str(path), what=f"cannot be read ({error.strerror or error})") from error
    return parse(content, name=str(path))


def parse(content: str | bytes, *, name: str) -> Report:
    """Read what `to_json` gave; `name` stands in messages.

    Raises:
        ResultsError: it cannot be read, or is of another format.

    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ResultsError(path=name, what=f"cannot be read ({str(error) or type(error).__name__})") from error
    if not _is_results(data):
        raise ResultsError(path=name, what="no results file (`results.json` of one of the commands that judge)")
    if data["format"] != FORMAT:
        raise ResultsError(path=name, what=f"its format is {data['format']!r}, this version reads {FORMAT}")
    try:
        made = _report(data)
        msgspec.convert(msgspec.to_builtins(made), Report)  # a number where a text should be is found here, not later
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ResultsError(path=name, what=f"it is damaged ({type(error).__name__}: {error})") from error
    return made


def _report(data: Mapping[str, Any]) -> Report:
    found: dict[str, dict[str, Recurring]] = {cell["id"]: {} for cell in data["cells"]}
    for item in data["findings"]:
        samples = [_sample(sample) for sample in item["samples"]]
        for cell_id, own in item["cells"].items():
            found[cell_id][item["fingerprint"]] = _recurring(item, own, samples)
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
                findings=dict(sorted(found[cell["id"]].items())),
                out_of_scope=cell["out_of_scope"],
                unreadable=tuple(cell["unreadable"]),
                not_run=cell.get("not_run", {}),
                facts=cell.get("facts", {}),
            )
            for cell in data["cells"]
        },
    )


def _recurring(item: Mapping[str, Any], own: Mapping[str, Any], samples: list[Sample]) -> Recurring:
    return Recurring(
        finding=_finding(own["finding"] or item),
        count=own["count"],
        samples=tuple(samples[sample] if isinstance(sample, int) else _sample(sample) for sample in own["samples"]),
        last=Place(**own["last"]),
        excerpt=_excerpt(own["excerpt"]),
    )


def _sample(item: Mapping[str, Any]) -> Sample:
    return Sample(**{**item, "excerpt": _excerpt(item["excerpt"])})


def _excerpt(item: Mapping[str, Any] | None) -> Excerpt | None:
    return None if item is None else Excerpt(**{**item, "lines": tuple(item["lines"])})


def _operation_facts(item: Mapping[str, Any]) -> OperationFacts:
    values: dict[str, Any] = {each.name: item[each.name] for each in fields(OperationFacts)}
    return OperationFacts(**{**values, "declared": tuple(values["declared"])})


def _finding(item: Mapping[str, Any]) -> Finding:
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
            grounds=grounds.from_json(item),
        ),
        exchange_id=item["exchange"],
        source=None if item["source"] is None else Source(**item["source"]),
        spec=item["spec"],
        line=item["line"],
        column=item["column"],
        fingerprint=item["fingerprint"],
    )
