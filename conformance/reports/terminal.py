"""The terminal: what fails first, then a line for each operation, the summary last.

Tables and colour where the output is a terminal, plain aligned lines where it is not.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, Final

from conformance.model.changes import Changes
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, Row
from conformance.model.report import Place, Recurring, Verdict
from conformance.model.rule import Severity

FILE: Final = None

HEADINGS: Final = ("operation", "verdict", "exchanges", "passed", "failed", "coverage")
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
DESCRIPTION_HEADINGS: Final = ("description", "errors", "warnings", "notes")
_WORDS: Final = 2
"""How many columns are words, not numbers."""
_MOST: Final = 60
_LONGEST: Final = 4_000
"""Characters of a command line that are shown."""
_STYLES: Final = {
    "error": "bold red",
    "crashed": "bold red",
    "warning": "yellow",
    "note": "cyan",
    "pass": "",
    "fail": "bold red",
    "untested": "dim",
}
_ORDER: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNTESTED, Verdict.PASS)


def render(shown: Overview, *, verbosity: int = 0, lead: Sequence[str] | None = None) -> str:
    """Give the report as plain lines: the summary alone for -1, every finding and everything unseen for 1.

    `lead` are lines that stand for findings and operations.
    """
    if verbosity < 0:
        return summary(shown)
    told = [*_top(shown, verbosity), *table(shown)] if lead is None else [*crashes(shown), *lead]
    if lead is not None:
        told = list(map(_printable, told))
    return "\n".join([*told, "", *_bottom(shown, verbosity), summary(shown)])


def _top(shown: Overview, verbosity: int) -> list[str]:
    lines = [*map(_printable, crashes(shown)), *findings(shown, verbosity=verbosity)]
    return [*lines, ""] if lines else []


def _printable(line: str) -> str:
    """Give a line that can neither break the lines around it nor steer a terminal: traffic may hold anything."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", line)


def _bottom(shown: Overview, verbosity: int) -> Iterator[str]:
    if verbosity > 0:
        yield from (_printable(f"unreadable: {reason}") for reason in shown.unreadable)
        yield from missed(shown)
    yield from map(_printable, left_out(shown))
    if shown.standing is not None:
        yield from standing(shown.standing)
    if shown.changes is not None:
        yield changes(shown)


def crashes(shown: Overview) -> Iterator[str]:
    """Give a line for each check of ours that crashed."""
    for row in shown.rows:
        for rule, reason in row.tally.crashed.items():
            yield f"crashed: {rule}: {row.operation.key}: {reason} (a fault of this program, not of the API)"


def findings(shown: Overview, *, verbosity: int = 0) -> Iterator[str]:
    """Give the findings, those that fail first, then worst first: two lines each."""
    others = [each for each in shown.findings if not shown.fails(each)]
    found = [*shown.failing, *(each for each in others if verbosity > 0 or shown.accepted(each) is None)]
    most = len(found) if verbosity > 0 else _MOST
    for recurring in found[:most]:
        yield from finding_lines(recurring, verbosity=verbosity)
        accepted = shown.accepted(recurring)
        if accepted is not None:
            yield f"    accepted: {accepted.reason}"
    if len(found) > most:
        yield f"… and {len(found) - most} more findings: -v shows them, results.json has them all"


def finding_lines(recurring: Recurring, *, verbosity: int = 0) -> Iterator[str]:
    """Give one finding: what and where, then its evidence."""
    yield from map(_printable, _finding_lines(recurring, verbosity))


def _finding_lines(recurring: Recurring, verbosity: int) -> Iterator[str]:
    finding, problem = recurring.finding, recurring.finding.problem
    place = f" {finding.side.value} {problem.instance_pointer}".rstrip()
    yield f"{finding.severity.value}: {finding.rule_id}: {finding.concerns}{place}: {problem.message}"
    blame = "" if finding.suspect.value == "implementation" else f"; suspect: {finding.suspect.value}"
    spec = f"{finding.spec}:{finding.line}:{finding.column} {problem.spec_pointer}"
    first = seen_at(recurring.samples[0].place) if recurring.samples else ""
    yield f"    {spec}; seen {recurring.count}x" + (f", first in {first}" if first else "") + blame
    yield from _again(recurring)
    if verbosity > 0:
        if recurring.count > 1:
            yield f"    last in {seen_at(recurring.last)}"
        if recurring.samples and recurring.samples[0].excerpt is not None:
            excerpt = recurring.samples[0].excerpt
            for number, line in enumerate(excerpt.lines, start=excerpt.first):
                yield f"    {'>' if number == excerpt.marked else ' '} {line}".rstrip()


def _again(recurring: Recurring) -> Iterator[str]:
    """Give how the first request is sent again, and the smallest that fails in the same way."""
    evidence = next((sample.evidence for sample in recurring.samples if sample.evidence is not None), {})
    for name, said in (("again", evidence.get("again")), ("sent", evidence.get("curl"))):
        if said:
            yield f"    {name}: {_short(said)}"
    if "smallest" in evidence:
        yield f"    smallest: {_short(evidence['smallest']['curl'])}"


def _short(command: str) -> str:
    return command if len(command) <= _LONGEST else f"{command[:_LONGEST]}… ({len(command):,} characters)"


def seen_at(place: Place) -> str:
    """Give where an occurrence stands: file and line, or file and entry."""
    return f"{place.path}:{place.line}" if place.line else f"{place.path} entry {place.index}"


def rows(shown: Overview) -> Iterator[tuple[Row, tuple[str, ...]]]:
    """Give each operation with the cells of its line: what fails first, then what nobody called."""
    for row in sorted(shown.rows, key=lambda row: _ORDER.index(row.verdict)):
        counts = (row.tally.exchanges, sum(row.tally.passed.values()), sum(row.tally.failed.values()))
        yield row, (row.operation.key, row.verdict.value, *map(str, counts), f"{row.share}%")


def table(shown: Overview) -> list[str]:
    """Give a line for each operation, aligned; for each description where no operation was asked about."""
    if not shown.rows:
        return _aligned([DESCRIPTION_HEADINGS, *descriptions(shown)], words=1)
    return _aligned([HEADINGS, *(cells for _, cells in rows(shown))], words=_WORDS)


def descriptions(shown: Overview) -> Iterator[tuple[str, ...]]:
    """Give each description with the number of its findings, the most severe first."""
    found = Counter((shown.api_of(each), each.finding.severity) for each in shown.findings if not shown.accepted(each))
    for api in shown.report.subject.apis:
        yield api.path, *(str(found[api.name, severity]) for severity in reversed(Severity))


def _aligned(lines: Sequence[Sequence[str]], *, words: int) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return [
        "  ".join(
            text.ljust(width) if column < words else text.rjust(width)
            for column, (text, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    ]


def missed(shown: Overview) -> Iterator[str]:
    """Give what was never seen of the operations that were called, one line an operation."""
    for row in shown.rows:
        if row.missed and row.tally.exchanges:
            yield f"never seen: {row.operation.key}: {', '.join(row.missed)}"


def left_out(shown: Overview) -> Iterator[str]:
    """Give why requests were not sent that should have been, one line a reason."""
    for reason, keys in shown.not_run.items():
        yield f"not sent: {len(keys)} operation{'s' if len(keys) > 1 else ''}: {reason}"


def standing(found: Standing) -> Iterator[str]:
    """Give what became of the baseline."""
    told = [f"{len(found.accepted)} accepted"]
    told += [f"{len(entries)} {name}" for name, entries in (("fixed", found.fixed), ("stale", found.stale)) if entries]
    yield f"baseline: {', '.join(told)}" + (f", {len(found.unseen)} not looked at" if found.unseen else "")
    for entry in found.expired:
        yield f"  expired on {entry.expires}: {_entry(entry)} ({entry.reason})"
    for entry in found.fixed:
        yield f"  fixed: {_entry(entry)}; `conformance baseline` takes it out"
    for entry in found.stale:
        yield f"  stale: {_entry(entry)}; there is no such operation or check"


def _entry(entry: Entry) -> str:
    return f"{entry.rule}: {entry.operation or 'no operation'} {entry.place}".rstrip() + f" [{entry.fingerprint}]"


def changes(shown: Overview) -> str:
    """Give one line on what differs from the run before."""
    found = shown.changes
    if found is None or not found.any:
        return "since the last run: nothing changed"
    told = [
        f"{len(names)} {what}"
        for names, what in (
            (found.new, "new"),
            (found.fixed, "fixed"),
            (found.gone, "not looked for again"),
            (found.verdicts, "operations with another verdict"),
            (found.lost, "operations with less coverage"),
            (found.operations_added, "operations added"),
            (found.operations_removed, "operations removed"),
        )
        if names
    ]
    return f"since the last run: {', '.join(told)}, {found.unchanged} unchanged"


def differences(found: Changes) -> Iterator[str]:
    """Give what differs between two reports, new findings first, the summary last."""
    for name, recurrings in (("new", found.new), ("fixed", found.fixed), ("not looked for", found.gone)):
        for recurring in recurrings:
            first, *rest = finding_lines(recurring)
            yield f"{name}: {first}"
            yield from rest if name == "new" else ()
    for turn in found.verdicts:
        yield f"verdict: {turn.operation}: {turn.before.value} -> {turn.after.value}"
    for loss in found.lost:
        yield f"coverage lost: {loss.operation}: {', '.join(loss.names)}"
    yield from (f"operation added: {key}" for key in found.operations_added)
    yield from (f"operation removed: {key}" for key in found.operations_removed)
    yield f"{len(found.new)} new, {len(found.fixed)} fixed, {found.unchanged} unchanged" + (
        f", {len(found.gone)} not looked for" if found.gone else ""
    )


def summary(shown: Overview) -> str:
    """Give one line that says how it went."""
    told = ", ".join(f"{shown.verdicts[verdict]} {verdict.value}" for verdict in _ORDER if shown.verdicts[verdict])
    kinds = ", ".join(
        f"{shown.severities[severity]} {severity.value}{'s' if shown.severities[severity] > 1 else ''}"
        for severity in reversed(Severity)
        if shown.severities[severity]
    )
    if shown.rows:
        parts = [f"{shown.exchanges:,} exchanges", f"{len(shown.rows)} operations: {told}"]
    else:
        parts = [f"{len(shown.report.subject.apis)} descriptions"]
    parts.append(f"findings: {kinds}" if kinds else "no findings")
    if shown.standing is not None and shown.standing.accepted:
        parts.append(f"{len(shown.standing.accepted)} accepted by the baseline")
    if shown.out_of_scope:
        parts.append(f"{shown.out_of_scope:,} exchanges out of scope")
    if shown.unreadable:
        parts.append(f"{len(shown.unreadable):,} entries unreadable")
    corrected = sum(row.operation.corrections > 0 for row in shown.rows)
    contract = shown.report.subject.contract
    if corrected:
        contract += f", corrections in {corrected} operations"
    return f"{'; '.join(parts)} (contract: {contract})"


def show(
    shown: Overview,
    *,
    file: IO[str],
    made: Sequence[str] = (),
    verbosity: int = 0,
    colour: bool = True,
    lead: Sequence[str] | None = None,
) -> None:
    """Write the report to a stream: tables and colour where it is a terminal, plain lines where it is not.

    `made` are the files that were written, `lead` lines that stand for findings and operations. NO_COLOR
    (https://no-color.org) is obeyed.
    """
    results = f"Results: {', '.join(made)}"
    if not file.isatty():
        text = render(shown, verbosity=verbosity, lead=lead)
        if made and verbosity >= 0:
            text = f"{text}\n{results}"
        file.write(f"{text}\n")
        return
    from rich.console import Console  # noqa: PLC0415 - only where somebody looks
    from rich.table import Table  # noqa: PLC0415 - only where somebody looks
    from rich.text import Text  # noqa: PLC0415 - only where somebody looks

    console = Console(file=file, no_color=None if colour else True)
    if verbosity >= 0:
        for line in _top(shown, verbosity) if lead is None else [*map(_printable, [*crashes(shown), *lead])]:
            level = line.strip().partition(":")[0]
            console.print(Text(line, style=_STYLES.get(level, "")), soft_wrap=True)
    if verbosity >= 0 and lead is None:
        drawn = Table(box=None, pad_edge=False)
        headings, words = (HEADINGS, _WORDS) if shown.rows else (DESCRIPTION_HEADINGS, 1)
        for index, heading in enumerate(headings):
            drawn.add_column(heading, justify="left" if index < words else "right")
        for row, cells in rows(shown):
            drawn.add_row(*cells, style=_STYLES[row.verdict.value])
        for cells in () if shown.rows else descriptions(shown):
            drawn.add_row(*cells)
        console.print(drawn)
    if verbosity >= 0:
        console.print()
        for line in _bottom(shown, verbosity):
            console.print(Text(line), soft_wrap=True)
    style = "bold red" if shown.exit_code else "bold green"
    console.print(Text(summary(shown), style=style), soft_wrap=True)
    if made and verbosity >= 0:
        console.print(Text(results), soft_wrap=True)
