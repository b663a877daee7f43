"""The terminal: findings first, then a line for each operation, the summary last.

Tables and colour where the output is a terminal, plain aligned lines where it is not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, Final

from conformance.model.report import OperationFacts, Recurring, Report, Verdict
from conformance.model.rule import Severity

FILE: Final = None

HEADINGS: Final = ("operation", "verdict", "exchanges", "passed", "failed", "coverage")
_MOST: Final = 60
_STYLES: Final = {
    "error": "bold red",
    "warning": "yellow",
    "note": "cyan",
    "pass": "",
    "fail": "bold red",
    "untested": "dim",
}
_ORDER: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNTESTED, Verdict.PASS)


def render(report: Report, *, fail_on: Severity) -> str:
    """Give the report as plain lines."""
    return "\n".join([*findings(report), *table(report, fail_on=fail_on), "", summary(report, fail_on=fail_on)])


def findings(report: Report) -> Iterator[str]:
    """Give the findings, worst first: two lines each, then an empty line."""
    found = report.findings()
    for recurring in found[:_MOST]:
        yield from finding_lines(recurring)
    if len(found) > _MOST:
        yield f"… and {len(found) - _MOST} more findings; results.json has them all"
    if found:
        yield ""


def finding_lines(recurring: Recurring) -> Iterator[str]:
    """Give one finding: what and where, then its evidence."""
    finding, problem = recurring.finding, recurring.finding.problem
    place = f" {finding.side.value} {problem.instance_pointer}".rstrip()
    subject = finding.operation or "no operation"
    yield f"{finding.severity.value}: {finding.rule_id}: {subject}{place}: {problem.message}"
    first = recurring.samples[0]
    seen = f"{first.path}:{first.line}" if first.line else f"{first.path} entry {first.index}"
    blame = "" if finding.suspect.value == "implementation" else f"; suspect: {finding.suspect.value}"
    spec = f"{finding.spec}:{finding.line}:{finding.column} {problem.spec_pointer}"
    yield f"    {spec}; seen {recurring.count}x, first in {seen}{blame}"


def rows(report: Report, *, fail_on: Severity) -> Iterator[tuple[OperationFacts, Verdict, tuple[str, ...]]]:
    """Give each operation with its verdict and the cells of its row, in the order of the descriptions."""
    for operation in report.subject.operations:
        tally = report.tally(operation.key)
        verdict = report.verdict(operation.key, fail_on=fail_on)
        seen = len(set(operation.declared) & tally.seen.keys())
        share = 100 * seen // len(operation.declared) if operation.declared else 100
        counts = (tally.exchanges, sum(tally.passed.values()), sum(tally.failed.values()))
        yield operation, verdict, (operation.key, verdict.value, *map(str, counts), f"{share}%")


def table(report: Report, *, fail_on: Severity) -> list[str]:
    """Give a line for each operation, aligned."""
    lines: list[Sequence[str]] = [HEADINGS, *(cells for _, _, cells in rows(report, fail_on=fail_on))]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    return [
        "  ".join(
            text.ljust(width) if column < 2 else text.rjust(width)  # noqa: PLR2004 - two columns of words
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def summary(report: Report, *, fail_on: Severity) -> str:
    """Give one line that says how it went."""
    verdicts = Counter(report.verdict(operation.key, fail_on=fail_on) for operation in report.subject.operations)
    told = ", ".join(f"{verdicts[verdict]} {verdict.value}" for verdict in _ORDER if verdicts[verdict])
    severities = Counter(recurring.finding.severity for recurring in report.findings())
    exchanges = sum(tally.exchanges for cell in report.cells.values() for tally in cell.tallies.values())
    kinds = ", ".join(
        f"{severities[severity]} {severity.value}{'s' if severities[severity] > 1 else ''}"
        for severity in reversed(Severity)
        if severities[severity]
    )
    parts = [f"{exchanges:,} exchanges", f"{len(report.subject.operations)} operations: {told}"]
    parts.append(f"findings: {kinds}" if kinds else "no findings")
    outside = sum(cell.out_of_scope for cell in report.cells.values())
    if outside:
        parts.append(f"{outside:,} exchanges out of scope")
    unreadable = sum(len(cell.unreadable) for cell in report.cells.values())
    if unreadable:
        parts.append(f"{unreadable:,} entries unreadable")
    corrected = sum(operation.corrections > 0 for operation in report.subject.operations)
    contract = report.subject.contract
    if corrected:
        contract += f", corrections in {corrected} operations"
    return f"{'; '.join(parts)} (contract: {contract})"


def show(report: Report, *, fail_on: Severity, file: IO[str]) -> None:
    """Write the report to a stream: tables and colour where it is a terminal, plain lines where it is not."""
    if not file.isatty():
        file.write(render(report, fail_on=fail_on) + "\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody looks
    from rich.table import Table  # noqa: PLC0415 - only where somebody looks
    from rich.text import Text  # noqa: PLC0415 - only where somebody looks

    console = Console(file=file)
    for line in findings(report):
        level = line.partition(":")[0]
        console.print(Text(line, style=_STYLES.get(level, "")), soft_wrap=True)
    shown = Table(box=None, pad_edge=False)
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading in {"operation", "verdict"} else "right")
    for _, verdict, cells in rows(report, fail_on=fail_on):
        shown.add_row(*cells, style=_STYLES[verdict.value])
    console.print(shown)
    console.print()
    console.print(Text(summary(report, fail_on=fail_on), style="bold"), soft_wrap=True)
