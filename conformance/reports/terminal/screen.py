"""The report where somebody looks: findings under the operation they are about, colour where it says something.

A mark and a word stand beside every colour, so that nothing is lost without it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import IO, Final

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from conformance.model.overview import Overview
from conformance.model.report import Recurring, Verdict
from conformance.model.rule import Severity, Side
from conformance.model.wording import counted, printable
from conformance.reports import terminal
from conformance.reports.terminal import by_rule

_MARKS: Final = {"error": "✗", "warning": "!", "note": "i"}
_COLOURS: Final = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_COUNTED: Final = ("errors", "warnings", "notes")
_VERDICTS: Final = {"error": ("‼", "bold red"), "fail": ("✗", "red"), "untested": ("○", "dim"), "pass": ("✓", "green")}


def draw(
    shown: Overview, *, file: IO[str], made: Sequence[str], verbosity: int, colour: bool, lead: Sequence[str] | None
) -> None:
    """Draw the report; `made` are the files that were written, `lead` lines that stand for findings and operations."""
    console = Console(file=file, no_color=None if colour else True, highlight=False)
    if verbosity >= 0:
        for part in _parts(shown, verbosity) if lead is None else _led(shown, lead):
            console.print(part, soft_wrap=isinstance(part, Text))
        for line in terminal.bottom(shown, verbosity, is_told=lead is not None):
            console.print(Text(line), soft_wrap=True)
    mark, style = ("✗", "bold red") if shown.exit_code else ("✓", "bold green")
    console.print(Text(f"{mark} {terminal.summary(shown)}", style=style), soft_wrap=True)
    if made and verbosity >= 0:
        console.print(Text(terminal.written(made), style="dim"), soft_wrap=True)


def _parts(shown: Overview, verbosity: int) -> Iterator[RenderableType]:
    for line in terminal.crashes(shown):
        yield Text(printable(line), style="bold red")
    if not shown.rows:
        yield from _by_rule(shown, verbosity)
        return
    found, left_out = terminal.chosen(shown, verbosity=verbosity)
    for fails, own in groupby(found, key=shown.fails):
        yield from _section(shown, list(own), fails=fails, verbosity=verbosity)
    if left_out:
        yield Text(terminal.more(left_out), style="dim")
        yield ""
    yield _table(shown)
    yield ""


def _by_rule(shown: Overview, verbosity: int) -> Iterator[RenderableType]:
    """An audit: coloured rules with their places, then the documents."""
    for line in by_rule.lines(shown, verbosity=verbosity):
        level = line.partition(":")[0]
        mark = f"{_MARKS[level]} " if level in _MARKS else ""
        text = line.lstrip()
        yield Padding(Text(f"{mark}{text}", style=_COLOURS.get(level, "")), (0, 0, 0, len(line) - len(text)))
    yield ""
    yield _table(shown)
    yield ""


def _led(shown: Overview, lead: Sequence[str]) -> Iterator[RenderableType]:
    for line in terminal.crashes(shown):
        yield Text(printable(line), style="bold red")
    for line in lead:
        text = line.lstrip()
        told = Text(printable(text), style=_COLOURS.get(text.partition(":")[0], ""))
        yield Padding(told, (0, 0, 0, len(line) - len(text)))
    yield ""


def _section(shown: Overview, found: list[Recurring], *, fails: bool, verbosity: int) -> Iterator[RenderableType]:
    """Findings that fail, or those that do not, under the operation that they are about."""
    whole = shown.failing if fails else [each for each in shown.findings if not shown.fails(each)]
    verb = f"fail{'s' if len(whole) == 1 else ''}" if fails else f"do{'es' if len(whole) == 1 else ''} not fail"
    yield Text(f"{counted(len(whole), 'finding')} that {verb}", style="bold")
    by_subject: dict[str, list[Recurring]] = {}
    for each in found:
        by_subject.setdefault(each.finding.concerns, []).append(each)
    paths = {row.operation.key: f"{row.operation.method} {row.operation.path}" for row in shown.rows}
    for subject, own in by_subject.items():
        yield ""
        yield Text.assemble((subject, "bold underline"), " ", (paths.get(subject, ""), "dim"))
        for each in sorted(own, key=_in_order):
            yield from _finding(shown, each, verbosity)
    yield ""


def _in_order(recurring: Recurring) -> tuple[int, str, int]:
    """The worst first, then check by check, each from the top of the description to its end."""
    finding = recurring.finding
    return -finding.severity.rank, finding.rule_id, finding.line


def _finding(shown: Overview, recurring: Recurring, verbosity: int) -> Iterator[RenderableType]:
    finding = recurring.finding
    level, accepted = finding.severity.value, shown.accepted(recurring)
    place = finding.problem.spec_pointer if finding.side is Side.SPEC else terminal.place_of(finding)
    yield _indented(2, (f"{_MARKS[level]} {level} ", _COLOURS[level]), (finding.rule_id, "bold"), f" {place}")
    yield _indented(4, finding.problem.message)
    if accepted is not None:
        yield _indented(4, (f"accepted: {accepted.reason}", "green"))
    yield _indented(4, (_places(recurring), "dim"))
    yield from (Text(f"    {printable(line)}", style="dim") for line in terminal.again(recurring))  # to be copied whole
    if verbosity > 0:
        yield from (_indented(4, (line, "dim")) for line in terminal.evidence(recurring))
        yield ""


def _places(recurring: Recurring) -> str:
    """Both places by file and line: what a terminal makes a link of."""
    finding = recurring.finding
    told = f"{finding.spec}:{finding.line}:{finding.column}"
    if recurring.samples and finding.side is not Side.SPEC:
        times = f" ({recurring.count:,} times)" if recurring.count > 1 else ""
        told += f", seen first in {terminal.seen_at(recurring.samples[0].place)}{times}"
    return told + terminal.blame(finding)


def _indented(by: int, *parts: str | tuple[str, str]) -> Padding:
    texts = (part if isinstance(part, tuple) else (part, "") for part in parts)
    return Padding(Text.assemble(*((printable(text), style) for text, style in texts)), (0, 0, 0, by))


def _table(shown: Overview) -> Table:
    """A line for each operation, or for each description: findings by severity, since a warning fails nothing."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    headings = ("operation", "verdict", "exchanges", *_COUNTED, "coverage")
    words = 2 if shown.rows else 1
    for index, heading in enumerate(headings if shown.rows else terminal.DESCRIPTION_HEADINGS):
        drawn.add_column(heading, justify="left" if index < words else "right", overflow="fold")
    for row, (key, verdict, exchanges, *_, coverage) in terminal.rows(shown):
        mark, style = _VERDICTS[verdict]
        found = Counter(each.finding.severity for each in row.findings if shown.accepted(each) is None)
        counts = [_number(found[level], _COLOURS[level.value]) for level in reversed(Severity)]
        dim = "dim" if row.verdict is Verdict.UNTESTED else ""
        drawn.add_row(key, Text(f"{mark} {verdict}", style), exchanges, *counts, coverage, style=dim)
    for cells in () if shown.rows else terminal.descriptions(shown):
        drawn.add_row(*cells)
    return drawn


def _number(count: int, style: str) -> Text:
    """A nought is no news."""
    return Text(f"{count:,}", style) if count else Text("0", "dim")
