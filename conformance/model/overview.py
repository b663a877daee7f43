"""A report as every view reads it: added up once, with the verdicts, the baseline and what changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from pathlib import PurePath
from typing import Final

from msgspec import field

from conformance.model import parts
from conformance.model.changes import Changes
from conformance.model.known import Entry, Standing
from conformance.model.report import NOWHERE, UNREACHED, OperationFacts, Recurring, Report, Tally, Verdict
from conformance.model.rule import Severity
from conformance.model.value import Value

GROUPS: Final[Mapping[str, str]] = {
    "route": "Route",
    "status": "Status",
    "media-type": "Media type",
    "wire": "Wire",
    "schema": "Schema",
    "relation": "Relation",
    "session": "Session",
    "spec": "Description",
    "reach": "Reach",
    "request": "Request",
    "response": "Response",
    "failure": "Failure",
}
"""Check groups in the order in which an exchange is understood, then the sides of an SDK, with their titles."""
_BY_SUBJECT: Final = {"sessions": "session", "specs": "spec", "routes": "route"}


def group(rule: Mapping[str, str]) -> str:
    """Give the check group of a rule, by what a report says of it."""
    subject = _BY_SUBJECT.get(rule.get("subject", ""))
    return subject or rule.get("stage", "schema")


KINDS: Final = ("statuses", "parameters", "fields", "values")
"""What can be covered; `values` are enum members and nulls."""
_PARAMETERS: Final = ("path ", "query ", "header ", "cookie ")


def kind(name: str) -> str:
    """Give the kind of a name of `conformance.schemas.coverage`."""
    if " = " in name:
        return "values"
    if name.startswith("status "):
        return "statuses"
    return "parameters" if name.startswith(_PARAMETERS) else "fields"


class Covered(Value, frozen=True, kw_only=True):
    """How much of one kind was seen."""

    seen: int
    declared: int
    missed: tuple[str, ...]

    @property
    def share(self) -> int:
        """In per cent, rounded down; 100 where nothing is declared."""
        return 100 * self.seen // self.declared if self.declared else 100


class GroupTally(Value, frozen=True, kw_only=True):
    """What the checks of one group say of one operation, in exchanges times checks."""

    passed: int = 0
    failed: int = 0
    crashed: frozenset[str] = frozenset()
    """Checks of ours that crashed."""
    findings: tuple[Recurring, ...] = ()
    """Worst first."""


class Row(Value, frozen=True, kw_only=True, dict=True):
    """What a report says of one operation."""

    operation: OperationFacts
    verdict: Verdict
    tally: Tally
    findings: tuple[Recurring, ...]
    """Worst first."""

    @cached_property
    def missed(self) -> tuple[str, ...]:
        """What is declared and was never seen, in the order of the description."""
        return tuple(name for name in self.operation.declared if name not in self.tally.seen)

    @property
    def share(self) -> int:
        """How much of what is declared was seen, in per cent, rounded down."""
        declared = len(self.operation.declared)
        return 100 * (declared - len(self.missed)) // declared if declared else 100

    @cached_property
    def covered(self) -> Mapping[str, Covered]:
        """How much of each kind was seen, in the order of `KINDS`."""
        declared = Counter(map(kind, self.operation.declared))
        missed: dict[str, list[str]] = {name: [] for name in KINDS}
        for name in self.missed:
            missed[kind(name)].append(name)
        return {
            name: Covered(seen=declared[name] - len(missed[name]), declared=declared[name], missed=tuple(missed[name]))
            for name in KINDS
        }

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Statuses that were seen and are not declared."""
        known = frozenset(self.operation.declared)
        return tuple(
            name.removeprefix("status ") for name in self.tally.seen if name.startswith("status ") and name not in known
        )


class Overview(Value, frozen=True, kw_only=True, dict=True):
    """A report, added up."""

    report: Report
    fail_on: Severity
    rows: tuple[Row, ...]
    """One an operation, in the order of the descriptions."""
    findings: tuple[Recurring, ...]
    """All of them, worst first."""
    strays: tuple[Recurring, ...]
    """Those that belong to no operation of the report."""
    standing: Standing | None = None
    """What became of the baseline; None where none was given."""
    changes: Changes | None = None
    """What differs from the run before; None where none is known."""
    groups: Mapping[str, str] = field(default_factory=dict)
    """Rule id to its check group."""

    def accepted(self, recurring: Recurring) -> Entry | None:
        """Give the entry of the baseline that accepts a finding."""
        return self.standing.accepted.get(recurring.finding.fingerprint) if self.standing is not None else None

    def api_of(self, recurring: Recurring) -> str:
        """Give the API that a finding is about: the start of its operation's key, or the stem of its description."""
        key, stem = recurring.finding.operation, PurePath(recurring.finding.spec).stem
        names = (api.name for api in self.report.subject.apis)
        return next((name for name in names if (name == stem if key is None else key.startswith(f"{name}."))), "")

    def fails(self, recurring: Recurring) -> bool:
        """Tell whether a finding fails its operation: severe enough, and not accepted by the baseline."""
        return recurring.finding.severity.rank >= self.fail_on.rank and self.accepted(recurring) is None

    def groups_of(self, row: Row) -> dict[str, GroupTally]:
        """Give what each check group that looked says of an operation, in the order of `GROUPS`."""
        tally, found = row.tally, {}
        group_of = self.groups.get
        for name in GROUPS:
            made = GroupTally(
                passed=sum(count for rule, count in tally.passed.items() if group_of(rule) == name),
                failed=sum(count for rule, count in tally.failed.items() if group_of(rule) == name),
                crashed=frozenset(rule for rule in tally.crashed if group_of(rule) == name),
                findings=tuple(each for each in row.findings if group_of(each.finding.rule_id) == name),
            )
            if made != GroupTally():
                found[name] = made
        return found

    @cached_property
    def failing(self) -> tuple[Recurring, ...]:
        """The findings that fail, worst first."""
        return tuple(recurring for recurring in self.findings if self.fails(recurring))

    @cached_property
    def verdicts(self) -> Counter[Verdict]:
        """How many operations have which verdict."""
        return Counter(row.verdict for row in self.rows)

    @cached_property
    def severities(self) -> Counter[Severity]:
        """How many findings have which severity, accepted ones left out."""
        return Counter(each.finding.severity for each in self.findings if self.accepted(each) is None)

    @property
    def exchanges(self) -> int:
        """How many exchanges were judged."""
        return sum(row.tally.exchanges for row in self.rows)

    @property
    def out_of_scope(self) -> int:
        """How many exchanges resembled no description."""
        return sum(cell.out_of_scope for cell in self.report.cells.values())

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Entries that could not be read, as sentences."""
        return tuple(reason for cell in self.report.cells.values() for reason in cell.unreadable)

    @property
    def not_run(self) -> dict[str, list[str]]:
        """Why operations were not called that should have been: each reason with its operations."""
        found: dict[str, dict[str, None]] = {}
        for cell in self.report.cells.values():
            for key, reason in cell.not_run.items():
                found.setdefault(reason, {})[key] = None
        return {reason: list(keys) for reason, keys in found.items()}

    @cached_property
    def crashes(self) -> tuple[tuple[str, str, str], ...]:
        """Checks of ours that crashed: the operation or description, the rule, and with what."""
        tallies = self.report.tallies()
        return tuple((key, rule, why) for key in sorted(tallies) for rule, why in tallies[key].crashed.items())

    @cached_property
    def nowhere(self) -> tuple[str, ...]:
        """Operations that were asked for what does not exist, and never did what they are for."""
        keys = {key for cell in self.report.cells.values() for key in cell.facts.get(NOWHERE, ())}
        return tuple(
            row.operation.key for row in self.rows if row.operation.key in keys and not _was_reached(row.tally)
        )

    @cached_property
    def reasons(self) -> dict[str, dict[str, str]]:
        """Why something of an operation was never seen, where more is known than that: by operation key, by name."""
        found: dict[str, dict[str, str]] = {}
        for cell in self.report.cells.values():
            for key, reasons in cell.facts.get(UNREACHED, {}).items():
                found.setdefault(key, {}).update(reasons)
        return found

    @property
    def crashed(self) -> bool:
        """Tell whether a check of ours crashed."""
        return bool(self.crashes)

    @property
    def exit_code(self) -> int:
        """0 where everything conforms; 1 for a finding that fails, or a check of ours that crashed.

        2 where a part of a recording could not be read.
        """
        if any(parts.LOST in cell.facts for cell in self.report.cells.values()):
            return 2
        return 1 if self.failing or self.crashed else 0


def _was_reached(tally: Tally) -> bool:
    """Tell whether an operation ever did what it is for."""
    return any(name.startswith(("status 2", "status 3")) for name in tally.seen)


def overview(
    report: Report, *, fail_on: Severity, standing: Standing | None = None, changes: Changes | None = None
) -> Overview:
    """Add up a report."""
    found = tuple(report.findings())
    keys = {operation.key for operation in report.subject.operations}
    by_operation: dict[str | None, list[Recurring]] = {}
    for recurring in found:
        by_operation.setdefault(recurring.finding.operation, []).append(recurring)
    tallies = report.tallies()
    accepted = standing.accepted if standing is not None else {}
    nowhere = {key for cell in report.cells.values() for key in cell.facts.get(NOWHERE, ())}
    rows = []
    for operation in report.subject.operations:
        tally = tallies.get(operation.key, Tally())
        own = by_operation.get(operation.key, [])
        failing = (each for each in own if each.finding.fingerprint not in accepted)
        verdict = tally.verdict(failing, fail_on=fail_on)
        if operation.key in nowhere and verdict is Verdict.PASS and not _was_reached(tally):
            verdict = Verdict.UNTESTED
        rows.append(Row(operation=operation, verdict=verdict, tally=tally, findings=tuple(own)))
    return Overview(
        report=report,
        fail_on=fail_on,
        rows=tuple(rows),
        findings=found,
        strays=tuple(recurring for recurring in found if recurring.finding.operation not in keys),
        standing=standing,
        changes=changes,
        groups={name: group(rule) for name, rule in report.subject.rules.items()},
    )
