"""What differs between two reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.model.report import Recurring, Report, Tally, Verdict
from conformance.model.rule import Severity
from conformance.model.value import Value


class Loss(Value, frozen=True, kw_only=True):
    """Coverage that was there before."""

    operation: str
    names: tuple[str, ...]
    """What was seen before, and is still declared, but was not seen again."""


class Turn(Value, frozen=True, kw_only=True):
    """An operation whose verdict is another one."""

    operation: str
    before: Verdict
    after: Verdict


class Changes(Value, frozen=True, kw_only=True):
    """What differs from the report before."""

    new: tuple[Recurring, ...]
    """Findings that were not there before, worst first."""
    fixed: tuple[Recurring, ...]
    """Findings that were there before, whose operation was called again without them."""
    gone: tuple[Recurring, ...]
    """Findings that were there before, of which this run says nothing: it did not call their operation or did not have
    their rule."""
    unchanged: int
    """How many findings are in both."""
    operations_added: tuple[str, ...]
    operations_removed: tuple[str, ...]
    verdicts: tuple[Turn, ...]
    """Of operations that are in both."""
    lost: tuple[Loss, ...]

    @property
    def any(self) -> bool:
        """Tell whether anything differs."""
        parts = (
            self.new,
            self.fixed,
            self.gone,
            self.operations_added,
            self.operations_removed,
            self.verdicts,
            self.lost,
        )
        return any(parts)


def compare(base: Report, head: Report, *, fail_on: Severity = Severity.ERROR) -> Changes:
    """Give what differs from `base` to `head`; findings at or above `fail_on` fail an operation."""
    before, after = base.findings(), head.findings()
    old = {recurring.finding.fingerprint for recurring in before}
    now = {recurring.finding.fingerprint for recurring in after}
    former, tallies = base.tallies(), head.tallies()
    missing = [recurring for recurring in before if recurring.finding.fingerprint not in now]
    fixed = {
        each.finding.fingerprint
        for each in missing
        if looked(head, tallies, rule=each.finding.rule_id, operation=each.finding.operation)
    }
    first, second = _keys(base), _keys(head)
    return Changes(
        new=tuple(recurring for recurring in after if recurring.finding.fingerprint not in old),
        fixed=tuple(recurring for recurring in missing if recurring.finding.fingerprint in fixed),
        gone=tuple(recurring for recurring in missing if recurring.finding.fingerprint not in fixed),
        unchanged=len(old & now),
        operations_added=tuple(key for key in second if key not in first),
        operations_removed=tuple(key for key in first if key not in second),
        verdicts=tuple(_turns(_verdicts(base, former, before, fail_on), _verdicts(head, tallies, after, fail_on))),
        lost=tuple(_losses(former, tallies, head)),
    )


def looked(report: Report, tallies: Mapping[str, Tally], *, rule: str, operation: str | None) -> bool:
    """Tell whether a rule looked at an operation, so that a finding that is not there is no longer true.

    A request of no operation (None) has no tally: there every run that has the rule and saw an exchange looked. An
    audit sees no exchange; it looks at every description.
    """
    if operation is None or not report.subject.operations:
        return rule in report.subject.rules and (bool(tallies) or not report.subject.operations)
    tally = tallies.get(operation)
    return tally is not None and (rule in tally.passed or rule in tally.failed)


def _keys(report: Report) -> dict[str, None]:
    return dict.fromkeys(operation.key for operation in report.subject.operations)


def _verdicts(
    report: Report, tallies: Mapping[str, Tally], findings: list[Recurring], fail_on: Severity
) -> dict[str, Verdict]:
    by_operation: dict[str | None, list[Recurring]] = {}
    for recurring in findings:
        by_operation.setdefault(recurring.finding.operation, []).append(recurring)
    return {key: tallies.get(key, Tally()).verdict(by_operation.get(key, ()), fail_on=fail_on) for key in _keys(report)}


def _turns(before: Mapping[str, Verdict], after: Mapping[str, Verdict]) -> Iterator[Turn]:
    for key, verdict in after.items():
        if key in before and before[key] is not verdict:
            yield Turn(operation=key, before=before[key], after=verdict)


def _losses(before: Mapping[str, Tally], after: Mapping[str, Tally], head: Report) -> Iterator[Loss]:
    for operation in head.subject.operations:
        seen = before.get(operation.key, Tally()).seen
        again = after.get(operation.key, Tally()).seen
        names = tuple(name for name in operation.declared if name in seen and name not in again)
        if names:
            yield Loss(operation=operation.key, names=names)
