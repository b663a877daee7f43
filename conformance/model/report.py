"""The result of a run: cells, and reports as their unions.

A cell is the unit of a run: one operation in one mode, or one recording file. It is the same cell whether the run
is whole or sharded, so uniting reports is uniting mappings: associative, commutative and idempotent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from conformance.errors import MergeConflict
from conformance.model.finding import Finding
from conformance.model.rule import Severity

SAMPLES = 3


class Verdict(Enum):
    """What a run says of one operation."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNTESTED = "untested"
    ERROR = "error"
    """A check of ours crashed, so nothing can be promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One occurrence of a finding, with the evidence a reader needs."""

    exchange: str | None
    path: str
    index: int
    line: int | None
    message: str
    instance_pointer: str
    actual: Any
    evidence: Mapping[str, Any] | None
    """The exchange without secrets, long bodies cut; None for findings about a document."""

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Sorts samples by where they stand."""
        return (self.path, self.index, self.instance_pointer, self.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """Equal findings of one cell: the first one, how often, and up to three samples."""

    finding: Finding
    count: int
    samples: tuple[Sample, ...]

    def __or__(self, other: Recurring) -> Recurring:
        """Add occurrences of the same fingerprint from another place."""
        samples = sorted((*self.samples, *other.samples), key=lambda sample: sample.order)[:SAMPLES]
        first = min((self, other), key=lambda each: each.samples[0].order)
        return Recurring(finding=first.finding, count=self.count + other.count, samples=tuple(samples))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was counted for one operation in one cell."""

    exchanges: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    """Rule id to the number of exchanges it looked at without objection."""
    failed: Mapping[str, int] = field(default_factory=dict)
    """Rule id to the number of exchanges it objects to."""
    crashed: Mapping[str, str] = field(default_factory=dict)
    """Rule id to the first exception of a check of ours."""
    seen: Mapping[str, int] = field(default_factory=dict)
    """Coverage: what was seen, by its name in `OperationFacts.declared` (undeclared statuses too), how often."""

    def __or__(self, other: Tally) -> Tally:
        """Add the counts of another cell."""
        return Tally(
            exchanges=self.exchanges + other.exchanges,
            passed=_add(self.passed, other.passed),
            failed=_add(self.failed, other.failed),
            crashed={**other.crashed, **self.crashed},
            seen=_add(self.seen, other.seen),
        )


def _add(left: Mapping[str, int], right: Mapping[str, int]) -> dict[str, int]:
    return {name: left.get(name, 0) + right.get(name, 0) for name in sorted({*left, *right})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one unit of a run found."""

    id: str
    tallies: Mapping[str, Tally]
    """By operation key."""
    findings: Mapping[str, Recurring]
    """By fingerprint."""
    out_of_scope: int = 0
    """Exchanges whose host and path resemble no document: counted, not judged."""
    unreadable: tuple[str, ...] = ()
    """Entries that could not be read, as sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiFacts:
    """What a report says of one description."""

    name: str
    title: str
    version: str
    openapi: str
    path: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationFacts:
    """What a report says of one operation, whether it was called or not."""

    key: str
    api: str
    method: str
    path: str
    line: int
    corrections: int
    declared: tuple[str, ...]
    """Coverage: everything that can be seen of this operation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a report is about; only reports with the same subject can be united."""

    version: str
    """Of this program."""
    contract: str
    apis: tuple[ApiFacts, ...]
    operations: tuple[OperationFacts, ...]
    rules: Mapping[str, Mapping[str, str]]
    """Every rule that held: id to `title`, `severity` and `side`."""
    settings: Mapping[str, Any]
    """Whatever else decides the results (modes, seed and so on); no output path, no shard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A union of cells about one subject."""

    subject: Subject
    cells: Mapping[str, Cell]
    """By cell id."""

    def __or__(self, other: Report) -> Report:
        """Unite two reports.

        Raises:
            MergeConflict: the subjects differ, or one cell has two contents.

        """
        if self.subject != other.subject:
            raise MergeConflict(path="merge", what=f"the reports differ in {_difference(self.subject, other.subject)}")
        for name in sorted(self.cells.keys() & other.cells.keys()):
            if self.cells[name] != other.cells[name]:
                raise MergeConflict(path="merge", what=f"two different contents for the cell {name!r}")
        cells = {**self.cells, **other.cells}
        return Report(subject=self.subject, cells={name: cells[name] for name in sorted(cells)})

    def tally(self, key: str) -> Tally:
        """All counts of one operation."""
        total = Tally()
        for cell in self.cells.values():
            if key in cell.tallies:
                total |= cell.tallies[key]
        return total

    def findings(self) -> list[Recurring]:
        """All findings over all cells, worst first, then by operation, rule and place."""
        merged: dict[str, Recurring] = {}
        for cell in self.cells.values():
            for name, recurring in cell.findings.items():
                merged[name] = merged[name] | recurring if name in merged else recurring
        return sorted(merged.values(), key=_order)

    def verdict(self, key: str, *, fail_on: Severity = Severity.ERROR) -> Verdict:
        """What the report says of one operation: findings at or above `fail_on` fail it."""
        tally = self.tally(key)
        if tally.crashed:
            return Verdict.ERROR
        if any(
            recurring.finding.operation == key and recurring.finding.severity.rank >= fail_on.rank
            for cell in self.cells.values()
            for recurring in cell.findings.values()
        ):
            return Verdict.FAIL
        return Verdict.PASS if tally.exchanges else Verdict.UNTESTED


def unite(reports: Iterable[Report]) -> Report:
    """Unite one or more reports.

    Raises:
        MergeConflict: they cannot be united.
        ValueError: there is none.

    """
    total: Report | None = None
    for report in reports:
        total = report if total is None else total | report
    if total is None:
        message = "no report to unite"
        raise ValueError(message)
    return total


def _order(recurring: Recurring) -> tuple[int, str, str, str, str]:
    finding = recurring.finding
    return (
        -finding.severity.rank,
        finding.operation or "",
        finding.rule_id,
        finding.problem.instance_pointer,
        finding.fingerprint,
    )


def _difference(left: Subject, right: Subject) -> str:
    names = [name for name in Subject.__slots__ if getattr(left, name) != getattr(right, name)]
    return " and ".join(names)
