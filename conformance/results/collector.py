"""Adds up judgements into cells, and says what a report is about."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from conformance.model import parts, redact
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.report import SAMPLES, ApiFacts, Cell, OperationFacts, Place, Recurring, Sample, Tally
from conformance.model.rule import Matched
from conformance.results.evidence import More, masked, nothing_more, sample, spec_excerpt
from conformance.schemas.coverage import Lens, declared, seen


def facts(operation: Operation) -> OperationFacts:
    """Give what a report says of an operation."""
    return OperationFacts(
        key=operation.key,
        api=operation.api.name,
        method=operation.method,
        path=operation.path,
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
            path=api.path,
            digest=api.digest,
        )
        for api in apis.values()
    )


class _Counts(Struct):
    """What is being counted for one operation."""

    exchanges: int = 0
    passed: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    crashed: dict[str, str] = field(default_factory=dict)
    crashed_at: dict[str, int] = field(default_factory=dict)
    seen: dict[Hashable, list[Any]] = field(default_factory=dict)
    """For exchanges that show the same: what they show, and how many they are."""
    clear: int = 0
    """Exchanges that every one of `applicable` passed."""
    applicable: tuple[str, ...] = ()

    def see(self, key: Hashable, matched: Matched) -> None:
        """Count what an exchange shows."""
        known = self.seen.get(key)
        if known is None:
            self.seen[key] = [seen(matched), 1]
        else:
            known[1] += 1

    def crash(self, crashed: Mapping[str, str], exchange: Exchange) -> None:
        """Keep of each rule that crashed the first reason."""
        for rule, reason in crashed.items():
            if rule not in self.crashed:
                self.crashed[rule] = redact.text(reason)
                self.crashed_at[rule] = exchange.source.index

    def tally(self) -> Tally:
        """Give the counts as values."""
        return Tally(
            exchanges=self.exchanges + self.clear,
            passed=_sorted(self.passed + Counter(dict.fromkeys(self.applicable, self.clear))),
            failed=_sorted(self.failed),
            crashed=_sorted(self.crashed),
            seen=_sorted(_expanded(self.seen.values())),
        )


class _Recurrence(Struct):
    """Occurrences of one fingerprint."""

    first: Finding
    count: int = 0
    samples: list[Sample] = field(default_factory=list)
    last: Finding | None = None


class Collector:
    """Adds up what was found in one cell."""

    def __init__(self, cell_id: str, *, more: More = nothing_more) -> None:
        """Start an empty cell; `more` is what evidence says beyond the exchange."""
        self._id = cell_id
        self._more = more
        self._not_run: dict[str, str] = {}
        self._counts: dict[str, _Counts] = {}
        self._found: dict[str, _Recurrence] = {}
        self._out_of_scope = 0
        self._unreadable: list[str] = []
        self._lost: list[str] = []

    def add(
        self,
        *,
        operation: str | None,
        exchange: Exchange,
        passed: Iterable[str],
        findings: Iterable[Finding],
        crashed: Mapping[str, str],
        lens: Lens | None = None,
        matched: Matched | None = None,
    ) -> None:
        """Add what was found in one exchange; `lens` and `matched` show what it covers."""
        failed: set[str] = set()
        for finding in findings:
            failed.add(finding.rule_id)
            self.add_finding(finding, exchange)
        if operation is not None:
            counts = self._counts.setdefault(operation, _Counts())
            counts.exchanges += 1
            counts.passed.update(passed)
            counts.failed.update(failed)
            if lens is not None and matched is not None:
                counts.see(lens.key(matched), matched)
            counts.crash(crashed, exchange)

    def add_clear(
        self, operation: str, matched: Matched, key: Hashable, *, applicable: tuple[str, ...], passed: tuple[str, ...]
    ) -> None:
        """Add an exchange that every applicable and some other rules passed; equal keys cover the same."""
        counts = self._counts.get(operation)
        if counts is None:
            counts = self._counts[operation] = _Counts()
        counts.clear += 1
        counts.applicable = applicable
        counts.see(key, matched)
        for rule in passed:
            counts.passed[rule] += 1

    def add_succession(
        self,
        operation: str,
        exchange: Exchange,
        *,
        passed: Iterable[str],
        findings: Iterable[Finding],
        crashed: Mapping[str, str],
    ) -> None:
        """Add what the place of an exchange in its session shows, where the exchange is counted somewhere else."""
        counts = self._counts.setdefault(operation, _Counts())
        found = tuple(findings)
        for finding in found:
            self.add_finding(finding, exchange)
        counts.passed.update(passed)
        counts.failed.update({finding.rule_id for finding in found})
        counts.crash(crashed, exchange)

    def add_finding(self, finding: Finding, exchange: Exchange | None) -> None:
        """Add a finding; `exchange` is its evidence, None for findings about a document."""
        known = self._found.get(finding.fingerprint)
        if known is None:
            known = self._found[finding.fingerprint] = _Recurrence(finding)
        known.count += 1
        known.last = finding
        if len(known.samples) < SAMPLES:
            known.samples.append(sample(finding, exchange, self._more))

    def add_out_of_scope(self) -> None:
        """Count an exchange that resembles no description."""
        self._out_of_scope += 1

    def add_unreadable(self, reason: str) -> None:
        """Keep why an entry could not be read."""
        self._unreadable.append(redact.text(reason))

    def add_not_run(self, operation: str, reason: str) -> None:
        """Keep why something that should have been sent was not; of several reasons the first."""
        self._not_run.setdefault(operation, redact.text(reason))

    def add_evidence(self, fingerprint: str, exchange: str | None, more: Mapping[str, Any]) -> None:
        """Add to the evidence of a finding that is already counted, in the sample from that exchange."""
        samples = self._found[fingerprint].samples
        samples[:] = [
            replace(each, evidence={**(each.evidence or {}), **more}) if each.exchange == exchange else each
            for each in samples
        ]

    def add_lost(self, reason: str) -> None:
        """Keep why the rest of it could not be read."""
        self.add_unreadable(reason)
        self._lost.append(self._unreadable[-1])

    def cell(self) -> Cell:
        """Give the cell."""
        return parts.whole(self.part())

    def part(self) -> Cell:
        """Give the cell as a part of a greater one."""
        crashed = {key: dict(counts.crashed_at) for key, counts in sorted(self._counts.items()) if counts.crashed_at}
        return Cell(
            id=self._id,
            tallies={key: counts.tally() for key, counts in sorted(self._counts.items())},
            findings={name: _recurring(found) for name, found in sorted(self._found.items())},
            out_of_scope=self._out_of_scope,
            unreadable=tuple(self._unreadable),
            not_run=_sorted(self._not_run),
            facts={**({parts.CRASHED: crashed} if crashed else {}), **({parts.LOST: self._lost} if self._lost else {})},
        )


def _expanded(shown: Iterable[list[Any]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for names, count in shown:
        for name in names:
            total[name] += count
    return total


def _sorted(counts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: counts[name] for name in sorted(counts)}


def _recurring(found: _Recurrence) -> Recurring:
    last = found.last or found.first
    source = last.source
    return Recurring(
        finding=masked(found.first),
        count=found.count,
        samples=tuple(found.samples),
        last=Place(
            exchange=last.exchange_id,
            path=source.path if source else "",
            index=source.index if source else 0,
            line=source.line if source else None,
        ),
        excerpt=spec_excerpt(found.first),
    )
