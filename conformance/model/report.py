"""The result of a run: cells, and reports as their unions.

A cell is the unit of a run: one operation in one mode, or one recording file. It is the same cell whether the run
is whole or sharded, so uniting reports is uniting mappings: associative, commutative and idempotent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from msgspec import field

from conformance.errors import MergeConflict
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding
from conformance.model.rule import Severity, Side
from conformance.model.value import Value

SAMPLES: Final = 3
NOWHERE: Final = "nowhere"
"""Under this name stand in `Cell.facts` operations whose requests name what may not exist, and all were told so."""
UNREACHED: Final = "unreached"
"""Under this name stands in `Cell.facts` why something was not reached: by operation key, by its name."""


class Verdict(Enum):
    """What a run says of one operation."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNTESTED = "untested"
    ERROR = "error"
    """A check of ours crashed, so nothing can be promised."""


class Place(Value, frozen=True, kw_only=True):
    """Where an occurrence stands in the input."""

    exchange: str | None
    """The id of the exchange; None for findings about a document."""
    path: str
    index: int
    """Counts from 0 within `path`."""
    line: int | None
    """Counts from 1, where the format has lines."""

    @property
    def order(self) -> tuple[str, int, int, str]:
        """Sorts places by where they stand."""
        return (self.path, self.index, self.line or 0, self.exchange or "")


class Sample(Value, frozen=True, kw_only=True):
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
    excerpt: Excerpt | None = None
    """The lines of the message around the place; None where there is no message."""

    @property
    def order(self) -> tuple[str, int, str, str]:
        """Sorts samples by where they stand."""
        return (self.path, self.index, self.instance_pointer, self.message)

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(exchange=self.exchange, path=self.path, index=self.index, line=self.line)


class Recurring(Value, frozen=True, kw_only=True):
    """Equal findings of one cell: the first one, how often, up to three samples, and where it was seen last."""

    finding: Finding
    count: int
    samples: tuple[Sample, ...]
    last: Place
    excerpt: Excerpt | None = None
    """The lines of the description around the place; None where they cannot be read."""

    def __or__(self, other: Recurring) -> Recurring:
        """Add occurrences of the same fingerprint from another place."""
        samples = sorted((*self.samples, *other.samples), key=lambda sample: sample.order)[:SAMPLES]
        first = min((self, other), key=lambda each: each.samples[0].order)
        last = max((self, other), key=lambda each: each.last.order)
        return Recurring(
            finding=first.finding,
            count=self.count + other.count,
            samples=tuple(samples),
            last=last.last,
            excerpt=first.excerpt,
        )


class Tally(Value, frozen=True, kw_only=True):
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
        return total((self, other))

    def verdict(self, findings: Iterable[Recurring], *, fail_on: Severity) -> Verdict:
        """What a run with these counts says of an operation that has these findings.

        A crash outweighs a finding, and an operation that nobody called, or that no check looked at, never passes.
        """
        if self.crashed:
            return Verdict.ERROR
        if any(recurring.finding.severity.rank >= fail_on.rank for recurring in findings):
            return Verdict.FAIL
        return Verdict.PASS if self.exchanges and (self.passed or self.failed) else Verdict.UNTESTED


def total(tallies: Iterable[Tally]) -> Tally:
    """Add up tallies; of several crashes of one rule the first one in the order of the alphabet is kept."""
    exchanges = 0
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    crashed: dict[str, str] = {}
    for tally in tallies:
        exchanges += tally.exchanges
        passed.update(tally.passed)
        failed.update(tally.failed)
        seen.update(tally.seen)
        for rule, reason in tally.crashed.items():
            crashed[rule] = min(reason, crashed.get(rule, reason))
    return Tally(
        exchanges=exchanges,
        passed=dict(sorted(passed.items())),
        failed=dict(sorted(failed.items())),
        crashed=dict(sorted(crashed.items())),
        seen=dict(sorted(seen.items())),
    )


class Cell(Value, frozen=True, kw_only=True):
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
    not_run: Mapping[str, str] = field(default_factory=dict)
    """Operation key to the reason why this unit did not call it, where it should have."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What this unit observed beyond counts and findings, as JSON values."""


class ApiFacts(Value, frozen=True, kw_only=True):
    """What a report says of one description."""

    name: str
    title: str
    version: str
    openapi: str
    path: str
    digest: str


class OperationFacts(Value, frozen=True, kw_only=True):
    """What a report says of one operation, whether it was called or not."""

    key: str
    api: str
    method: str
    path: str
    corrections: int
    declared: tuple[str, ...]
    """Coverage: everything that can be seen of this operation."""


class Subject(Value, frozen=True, kw_only=True):
    """What a report is about; only reports with the same subject can be united."""

    version: str
    """Of this program."""
    contract: str
    apis: tuple[ApiFacts, ...]
    operations: tuple[OperationFacts, ...]
    rules: Mapping[str, Mapping[str, str]]
    """Every rule that held: id to `title`, `severity`, `subject` and `stage`."""
    settings: Mapping[str, Any]
    """Whatever else decides the results (modes, seed and so on), as JSON values; no output path, no shard."""


class Report(Value, frozen=True, kw_only=True):
    """A union of cells about one subject."""

    subject: Subject
    cells: Mapping[str, Cell]
    """By cell id."""

    def __or__(self, other: Report) -> Report:
        """Unite two reports.

        Raises:
            MergeConflict: the subjects differ, or one cell has two contents.

        """
        return unite((self, other))

    def tallies(self) -> dict[str, Tally]:
        """Give all counts of each operation that was called, over all cells."""
        found: dict[str, list[Tally]] = {}
        for cell in self.cells.values():
            for key, tally in cell.tallies.items():
                found.setdefault(key, []).append(tally)
        return {key: total(tallies) for key, tallies in found.items()}

    def findings(self) -> list[Recurring]:
        """Give all findings over all cells, worst first, then by operation, rule and place."""
        merged: dict[str, Recurring] = {}
        for cell in self.cells.values():
            for name, recurring in cell.findings.items():
                merged[name] = merged[name] | recurring if name in merged else recurring
        return sorted(merged.values(), key=_order)


def unite(reports: Iterable[Report]) -> Report:
    """Unite one or more reports.

    Raises:
        MergeConflict: they cannot be united.
        ValueError: there is none.

    """
    return unite_named((f"report {number}", report) for number, report in enumerate(reports, start=1))


def unite_named(reports: Iterable[tuple[str, Report]]) -> Report:
    """Unite one or more reports that have names; where they cannot be united, the names stand in the reason.

    Raises:
        MergeConflict: they cannot be united.
        ValueError: there is none.

    """
    subject: Subject | None = None
    cells: dict[str, Cell] = {}
    first = ""
    origin: dict[str, str] = {}
    for name, report in reports:
        if subject is None:
            subject, first = report.subject, name
        elif subject != report.subject:
            raise MergeConflict(
                path=name, what=f"cannot be merged with {first}: {_difference(report.subject, subject)}"
            )
        for cell in report.cells.values():
            if cells.setdefault(cell.id, cell) != cell:
                what = f"cannot be merged with {origin[cell.id]}: another content for the same cell, {cell.id!r}"
                raise MergeConflict(path=name, what=what)
            origin.setdefault(cell.id, name)
    if subject is None:
        message = "no report to unite"
        raise ValueError(message)
    return Report(subject=subject, cells={name: cells[name] for name in sorted(cells)})


def _order(recurring: Recurring) -> tuple[int, str, str, str, str, int, int, str]:
    """The worst first; what an audit says of documents from their start to their end."""
    finding = recurring.finding
    is_audit = finding.side is Side.SPEC
    return (
        -finding.severity.rank,
        "" if is_audit else finding.operation or "",
        finding.rule_id,
        finding.problem.instance_pointer,
        finding.spec if is_audit else "",
        finding.line if is_audit else 0,
        finding.column if is_audit else 0,
        finding.fingerprint,
    )


def _difference(mine: Subject, other: Subject) -> str:
    return "; ".join(_differences(mine, other))


def _differences(mine: Subject, other: Subject) -> Iterator[str]:
    if mine.version != other.version:
        yield f"made by version {mine.version}, not {other.version}"
    if mine.contract != other.contract:
        yield f"judged by the contract {mine.contract}, not {other.contract}"
    apis = {api.name: api for api in mine.apis}, {api.name: api for api in other.apis}
    operations = {each.key: each for each in mine.operations}, {each.key: each for each in other.operations}
    yield from _named("description", *apis)
    if mine.apis == other.apis:
        yield from _named("operation", *operations)
    yield from _named("check", mine.rules, other.rules)
    yield from _named("setting", mine.settings, other.settings)
    if apis[0] == apis[1] and operations[0] == operations[1] and mine.operations != other.operations:
        yield "operations in another order"


def _named(kind: str, mine: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    for names, what in (
        ([name for name in mine if name not in other], f"with the {kind}"),
        ([name for name in other if name not in mine], f"without the {kind}"),
        ([name for name in mine if name in other and mine[name] != other[name]], f"with another {kind}"),
    ):
        if names:
            yield f"{what} {names[0]}" + (f" and {len(names) - 1} more" if len(names) > 1 else "")
