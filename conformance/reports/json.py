"""JSON for scripts: `report.json`, the report added up, without the cells and the evidence of `results.json`.

`docs/schemas/report.json` is its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from conformance.model import curl
from conformance.model.changes import Changes
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, Row
from conformance.model.report import Place, Recurring, Verdict
from conformance.model.rule import Severity
from conformance.results import occurrence, text

FILE: Final = "report.json"
FORMAT: Final = 1


def render(shown: Overview) -> str:
    """Give the report as JSON."""
    subject = shown.report.subject
    return text(
        {
            "format": FORMAT,
            "version": subject.version,
            "contract": subject.contract,
            "fail_on": shown.fail_on.value,
            "exit_code": shown.exit_code,
            "totals": _totals(shown),
            "operations": [_operation(shown, row) for row in shown.rows],
            "findings": [_finding(shown, recurring) for recurring in shown.findings],
            "baseline": None if shown.standing is None else _baseline(shown.standing),
            "changes": None if shown.changes is None else changes(shown.changes),
        }
    )


def _totals(shown: Overview) -> dict[str, Any]:
    return {
        "exchanges": shown.exchanges,
        "out_of_scope": shown.out_of_scope,
        "unreadable": len(shown.unreadable),
        "operations": {verdict.value: shown.verdicts[verdict] for verdict in Verdict},
        "findings": {severity.value: shown.severities[severity] for severity in Severity},
        "accepted": len(shown.standing.accepted) if shown.standing is not None else 0,
    }


def _operation(shown: Overview, row: Row) -> dict[str, Any]:
    operation, declared = row.operation, len(row.operation.declared)
    return {
        "key": operation.key,
        "api": operation.api,
        "method": operation.method,
        "path": operation.path,
        "corrections": operation.corrections,
        "verdict": row.verdict.value,
        "exchanges": row.tally.exchanges,
        "groups": {
            name: {"passed": cell.passed, "failed": cell.failed, "crashed": sorted(cell.crashed)}
            for name, cell in shown.groups_of(row).items()
        },
        "coverage": {"seen": declared - len(row.missed), "declared": declared, "missed": list(row.missed)},
        "findings": [recurring.finding.fingerprint for recurring in row.findings],
    }


def _finding(shown: Overview, recurring: Recurring) -> dict[str, Any]:
    accepted = shown.accepted(recurring)
    return {
        **occurrence(recurring.finding),
        "count": recurring.count,
        "fails": shown.fails(recurring),
        "accepted": None if accepted is None else accepted.reason,
        "first": _place(recurring.samples[0].place),
        "last": _place(recurring.last),
        "curl": _curl(recurring),
    }


def _curl(recurring: Recurring) -> str | None:
    """Give the command line that sends the first request again; None for findings about a document."""
    evidence = recurring.samples[0].evidence
    return None if evidence is None else curl.of_evidence(evidence)


def _place(place: Place) -> dict[str, Any]:
    return {"exchange": place.exchange, "path": place.path, "index": place.index, "line": place.line}


def _baseline(standing: Standing) -> dict[str, Any]:
    return {
        "accepted": _entries(standing.accepted.values()),
        "expired": _entries(standing.expired),
        "fixed": _entries(standing.fixed),
        "stale": _entries(standing.stale),
        "unseen": _entries(standing.unseen),
    }


def _entries(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    return [
        {
            "fingerprint": entry.fingerprint,
            "rule": entry.rule,
            "operation": entry.operation,
            "place": entry.place,
            "message": entry.message,
            "reason": entry.reason,
            "expires": None if entry.expires is None else entry.expires.isoformat(),
        }
        for entry in entries
    ]


def changes(found: Changes) -> dict[str, Any]:
    """Give what differs between two reports as JSON."""
    return {
        "new": [_brief(recurring) for recurring in found.new],
        "fixed": [_brief(recurring) for recurring in found.fixed],
        "gone": [_brief(recurring) for recurring in found.gone],
        "unchanged": found.unchanged,
        "verdicts": [
            {"operation": turn.operation, "before": turn.before.value, "after": turn.after.value}
            for turn in found.verdicts
        ],
        "coverage_lost": [{"operation": loss.operation, "names": list(loss.names)} for loss in found.lost],
        "operations_added": list(found.operations_added),
        "operations_removed": list(found.operations_removed),
    }


def _brief(recurring: Recurring) -> dict[str, Any]:
    return {**occurrence(recurring.finding), "count": recurring.count}
