"""The terminal: what fails first, then a line for each operation, the summary last.

Plain lines here, for pipes and logs; `screen` draws the same where somebody looks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, Final

from conformance.model.changes import Changes
from conformance.model.finding import Finding, Suspect
from conformance.model.known import Entry, Standing
from conformance.model.overview import Overview, Row
from conformance.model.report import Place, Recurring, Verdict
from conformance.model.rule import Severity, Side
from conformance.model.wording import counted, printable
from conformance.reports.terminal import by_rule

FILE: Final = None

HEADINGS: Final = ("operation", "verdict", "exchanges", "passed", "failed", "coverage")
DESCRIPTION_HEADINGS: Final = ("description", "errors", "warnings", "notes")
_WORDS: Final = 2
"""How many columns are words, not numbers."""
_MOST: Final = 60
_NOWHERE: Final = (
    "what their requests name does not exist there (--modes stateful makes it first, where that is possible)"
)
_LONGEST: Final = 4_000
"""Characters of a command line that are shown."""
_ORDER: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNTESTED, Verdict.PASS)


def render(shown: Overview, *, verbosity: int = 0, lead: Sequence[str] | None = None) -> str:
    """Give the report as plain lines: the summary alone for -1, every finding and everything unseen for 1.

    `lead` are lines that stand for findings and operations.
    """
    if verbosity < 0:
        return summary(shown)
    told = [*_top(shown, verbosity), *table(shown)] if lead is None else [*map(printable, [*crashes(shown), *lead])]
    return "\n".join([*told, "", *bottom(shown, verbosity, is_told=lead is not None), summary(shown)])


def _top(shown: Overview, verbosity: int) -> list[str]:
    told = findings(shown, verbosity=verbosity) if shown.rows else by_rule.lines(shown, verbosity=verbosity)
    lines = [*map(printable, crashes(shown)), *told]
    return [*lines, ""] if lines else []


def bottom(shown: Overview, verbosity: int, *, is_told: bool = False) -> Iterator[str]:
    """Give what stands between the table and the summary; `is_told` where what was not sent stands above already."""
    if verbosity > 0:
        yield from (printable(f"unreadable: {reason}") for reason in shown.unreadable)
        yield from missed(shown)
    if not is_told:
        yield from map(printable, left_out(shown))
    if shown.standing is not None:
        yield from standing(shown.standing)
    if shown.changes is not None:
        yield changes(shown)


def crashes(shown: Overview) -> Iterator[str]:
    """Give a line for each check of ours that crashed."""
    for key, rule, reason in shown.crashes:
        yield f"crashed: {rule}: {key}: {reason} (a fault of this program, not of the API)"


def findings(shown: Overview, *, verbosity: int = 0) -> Iterator[str]:
    """Give the findings, those that fail first, then worst first: two lines each."""
    found, left_out = chosen(shown, verbosity=verbosity)
    for recurring in found:
        yield from finding_lines(recurring, verbosity=verbosity)
        accepted = shown.accepted(recurring)
        if accepted is not None:
            yield printable(f"    accepted: {accepted.reason}")
    if left_out:
        yield more(left_out)


def chosen(shown: Overview, *, verbosity: int) -> tuple[list[Recurring], int]:
    """Give the findings that have room, those that fail first, and how many have none."""
    others = [each for each in shown.findings if not shown.fails(each)]
    found = [*shown.failing, *(each for each in others if verbosity > 0 or shown.accepted(each) is None)]
    most = len(found) if verbosity > 0 else _MOST
    return found[:most], max(0, len(found) - most)


def more(left_out: int) -> str:
    """Give the line that says what has no room."""
    return f"… and {counted(left_out, 'more finding')}: -v shows them, results.json has them all"


def finding_lines(recurring: Recurring, *, verbosity: int = 0) -> Iterator[str]:
    """Give one finding: what and where, then its evidence."""
    yield from map(printable, _finding_lines(recurring, verbosity))


def _finding_lines(recurring: Recurring, verbosity: int) -> Iterator[str]:
    finding, problem = recurring.finding, recurring.finding.problem
    where = f"{finding.concerns} {place_of(finding)}".rstrip()
    yield f"{finding.severity.value}: {finding.rule_id}: {where}: {problem.message}"
    told = f"{finding.spec}:{finding.line}:{finding.column} {problem.spec_pointer}".rstrip()
    if recurring.samples and finding.side is not Side.SPEC:
        told += f"; seen {recurring.count}x, first in {seen_at(recurring.samples[0].place)}"
    yield f"    {told}{blame(finding)}"
    yield from (f"    {line}" for line in again(recurring))
    if verbosity > 0:
        yield from (f"    {line}".rstrip() for line in evidence(recurring))


def blame(finding: Finding) -> str:
    """Give who is probably wrong, where that is not the implementation."""
    return "" if finding.suspect is Suspect.IMPLEMENTATION else f"; suspect: {finding.suspect.value}"


def evidence(recurring: Recurring) -> Iterator[str]:
    """Give where a finding was seen last, and the lines of its message with the one that is meant marked."""
    if recurring.count > 1 and recurring.finding.side is not Side.SPEC:
        yield f"last in {seen_at(recurring.last)}"
    if recurring.samples and recurring.samples[0].excerpt is not None:
        excerpt = recurring.samples[0].excerpt
        for number, line in enumerate(excerpt.lines, start=excerpt.first):
            yield f"{'>' if number == excerpt.marked else ' '} {line}".rstrip()


def place_of(finding: Finding) -> str:
    """Give where in which message; a request of no operation is named by what is said of it."""
    if finding.side is Side.SPEC or (finding.operation is None and finding.side is Side.REQUEST):
        return ""
    return f"{finding.side.value} {finding.problem.instance_pointer}".rstrip()


def again(recurring: Recurring) -> Iterator[str]:
    """Give how the first request is sent again, and the smallest that fails in the same way."""
    evidence = next((sample.evidence for sample in recurring.samples if sample.evidence is not None), {})
    for name, said in (("again", evidence.get("again")), ("sent", evidence.get("curl"))):
        if said:
            yield f"{name}: {_short(said)}"
    if "smallest" in evidence:
        yield f"smallest: {_short(evidence['smallest']['curl'])}"


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
            reasons: dict[str, list[str]] = {}
            for name in row.missed:
                why = shown.reasons.get(row.operation.key, {}).get(name)
                if why is not None:
                    reasons.setdefault(why, []).append(name)
            yield from (f"    {', '.join(names)}: {why}" for why, names in reasons.items())


def left_out(shown: Overview) -> Iterator[str]:
    """Give why operations were not reached, or not with everything, that should have been: one line a reason."""
    for reason, keys in shown.not_run.items():
        yield f"not reached: {_operations(keys)}: {reason}"
    if shown.nowhere:
        yield f"not reached: {_operations(shown.nowhere)}: {_NOWHERE}"


def _operations(keys: Sequence[str]) -> str:
    return keys[0] if len(keys) == 1 else f"{len(keys)} operations"


def standing(found: Standing) -> Iterator[str]:
    """Give what became of the baseline."""
    told = [f"{len(found.accepted)} accepted"]
    told += [f"{len(entries)} {name}" for name, entries in (("fixed", found.fixed), ("stale", found.stale)) if entries]
    yield f"baseline: {', '.join(told)}" + (f", {len(found.unseen)} not looked at" if found.unseen else "")
    for entry in found.expired:
        yield f"  expired on {entry.expires}: {_entry(entry)} ({entry.reason})"
    for entry in found.fixed:
        yield f"  fixed: {_entry(entry)}"
    for entry in found.stale:
        yield f"  stale, no such operation or check: {_entry(entry)}"
    if found.fixed or found.stale:
        yield "  `conformance baseline` takes out what is fixed or stale"


def _entry(entry: Entry) -> str:
    return f"{entry.rule}: {entry.operation or 'no operation'} {entry.place}".rstrip() + f" [{entry.fingerprint}]"


def changes(shown: Overview) -> str:
    """Give one line on what differs from the run before."""
    found = shown.changes
    if found is None or not found.any:
        return "since the last run: nothing changed"
    told = [
        f"{len(names)} {what}"
        for names, what in ((found.new, "new"), (found.fixed, "fixed"), (found.gone, "not looked for again"))
        if names
    ]
    told += [
        f"{counted(len(names), 'operation')} {what}"
        for names, what in (
            (found.verdicts, "with another verdict"),
            (found.lost, "with less coverage"),
            (found.operations_added, "added"),
            (found.operations_removed, "removed"),
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
        counted(shown.severities[severity], severity.value)
        for severity in reversed(Severity)
        if shown.severities[severity]
    )
    if shown.rows:
        parts = [counted(shown.exchanges, "exchange"), f"{counted(len(shown.rows), 'operation')}: {told}"]
    else:
        parts = [counted(len(shown.report.subject.apis), "description")]
    parts.append(f"findings: {kinds}" if kinds else "no findings")
    if shown.standing is not None and shown.standing.accepted:
        parts.append(f"{len(shown.standing.accepted)} accepted by the baseline")
    if shown.out_of_scope:
        parts.append(f"{counted(shown.out_of_scope, 'exchange')} out of scope")
    if shown.unreadable:
        parts.append(f"{counted(len(shown.unreadable), 'entry', 'entries')} unreadable")
    corrected = sum(row.operation.corrections > 0 for row in shown.rows)
    contract = shown.report.subject.contract
    if corrected:
        contract += f", corrections in {counted(corrected, 'operation')}"
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
    """Write the report to a stream: drawn where it is a terminal, plain lines where it is not.

    `made` are the files that were written, `lead` lines that stand for findings and operations. NO_COLOR
    (https://no-color.org) is obeyed.
    """
    if file.isatty():
        from conformance.reports.terminal import screen  # noqa: PLC0415 - rich is loaded only where somebody looks

        screen.draw(shown, file=file, made=made, verbosity=verbosity, colour=colour, lead=lead)
        return
    text = render(shown, verbosity=verbosity, lead=lead)
    if made and verbosity >= 0:
        text = f"{text}\n{written(made)}"
    file.write(f"{text}\n")


def written(made: Sequence[str]) -> str:
    """Give the line that names the files that were written."""
    return f"Results: {', '.join(made)}"
