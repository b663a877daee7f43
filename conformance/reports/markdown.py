"""Markdown for a job summary or a comment on a pull request: what failed, why, what changed; at most 64 KB.

GitHub refuses a comment of more than 65,536 characters. What is cut is counted and said. Whatever comes from a
recording stands in code spans and fences that it cannot leave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from conformance.model.excerpt import Excerpt
from conformance.model.overview import GROUPS, GroupTally, Overview, Row
from conformance.model.report import Recurring, Verdict
from conformance.model.wording import counted
from conformance.reports import terminal

FILE: Final = "report.md"

LARGEST: Final = 65_536
"""Bytes."""
_RESERVE: Final = 400
"""Bytes for the sentence that says what was cut."""
_LONGEST: Final = 300
_MARKS: Final = {"pass": "✅", "fail": "❌", "error": "💥", "untested": "⚪"}
_BAD: Final = (Verdict.ERROR, Verdict.FAIL)
_TICKS: Final = re.compile("`+")


def render(shown: Overview) -> str:
    """Give the report as GitHub-flavoured Markdown."""
    lines = [*_head(shown), *_changes(shown), *_table(shown)]
    room = LARGEST - _RESERVE - _size(lines)
    found = sorted(shown.findings, key=lambda each: (not shown.fails(each), shown.accepted(each) is not None))
    findings, left_out = _fitting((_finding(shown, each) for each in found), room, len(found))
    text = "\n".join([*lines, *(["## Findings", ""] if findings else []), *findings])
    if left_out:
        text += f"\n**No room here for {counted(left_out, 'more finding')}**; `results.json` has them all.\n"
    return text if _size([text]) <= LARGEST else _shortest(shown)


def _shortest(shown: Overview) -> str:
    """What is left where even the table has no room."""
    told = f"{counted(len(shown.rows), 'operation')} and {counted(len(shown.findings), 'finding')}"
    return "\n".join([*_head(shown), f"**No room here for {told}**; `results.json` has them all.", ""])


def _size(lines: Iterable[str]) -> int:
    return sum(len(line.encode("utf-8", "replace")) + 1 for line in lines)


def _fitting(blocks: Iterator[list[str]], room: int, total: int) -> tuple[list[str], int]:
    lines: list[str] = []
    for taken, block in enumerate(blocks):
        room -= _size(block)
        if room < 0:
            return lines, total - taken
        lines += block
    return lines, 0


def _head(shown: Overview) -> Iterator[str]:
    bad, failing = sum(shown.verdicts[verdict] for verdict in _BAD), len(shown.failing)
    if not shown.exit_code:
        yield "# ✅ Conformance: nothing fails"
    elif bad:
        yield f"# ❌ Conformance: {bad} of {counted(len(shown.rows), 'operation')} fail{'s' if bad == 1 else ''}"
    else:
        yield f"# ❌ Conformance: {counted(failing, 'finding')} fail{'s' if failing == 1 else ''}"
    yield ""
    yield f"{_text(terminal.summary(shown))}."
    yield ""


def _changes(shown: Overview) -> Iterator[str]:
    lines = [] if shown.standing is None else list(terminal.standing(shown.standing))[:20]
    if shown.changes is not None:
        lines.append(terminal.changes(shown))
    if lines:
        yield from (f"- {_text(line.strip())}" for line in lines)
        yield ""


def _table(shown: Overview) -> Iterator[str]:
    """Give the operations that fail, and count the others: a reader of a summary wants no list of what is well."""
    if not shown.rows:
        yield "| description | errors | warnings | notes |"
        yield "|---|---:|---:|---:|"
        yield from (f"| {_cell(name)} | {' | '.join(counts)} |" for name, *counts in terminal.descriptions(shown))
        yield ""
    bad = [row for row, _ in terminal.rows(shown) if row.verdict in _BAD]
    if bad:
        used = {name for row in bad for name, group in shown.groups_of(row).items() if group.findings or group.crashed}
        groups = [name for name in GROUPS if name in used]
        yield f"| operation | verdict | {' | '.join(GROUPS[name].lower() for name in groups)} | exchanges | coverage |"
        yield f"|---|---|{'---:|' * (len(groups) + 2)}"
        yield from (_line(shown, row, groups) for row in bad)
        yield ""
    untested = [row.operation.key for row in shown.rows if row.verdict is Verdict.UNTESTED]
    if untested:
        yield f"<details><summary>{_MARKS['untested']} {counted(len(untested), 'operation')} never called</summary>"
        yield ""
        yield ", ".join(f"`{key}`" for key in untested)
        yield ""
        yield "</details>"
        yield ""


def _line(shown: Overview, row: Row, groups: list[str]) -> str:
    found = shown.groups_of(row)
    cells = [_counts(shown, found[name]) if name in found else "" for name in groups]
    head = f"{_cell(row.operation.key)} | {_MARKS[row.verdict.value]} {row.verdict.value}"
    return f"| {head} | {' | '.join(cells)} | {row.tally.exchanges:,} | {row.share}% |"


def _counts(shown: Overview, group: GroupTally) -> str:
    """Give how many findings of a group fail, and how many do not."""
    failing = sum(map(shown.fails, group.findings))
    milder = len(group.findings) - failing
    told = ("💥" if group.crashed else "", f"❌ {failing}" if failing else "", f"⚠️ {milder}" if milder else "")
    return " ".join(filter(None, told))


def _finding(shown: Overview, recurring: Recurring) -> list[str]:
    finding, problem = recurring.finding, recurring.finding.problem
    accepted = shown.accepted(recurring)
    mark = "❌" if shown.fails(recurring) else "☑️" if accepted is not None else "⚠️"
    place = f"{finding.side.value} {problem.instance_pointer}".rstrip()
    title = f"<b>{_html(finding.rule_id)}</b> {_html(finding.concerns)} {_html(place)}"
    lines = [f"<details><summary>{mark} {title} ({recurring.count:,}x)</summary>", "", _code(_cut(problem.message)), ""]
    lines.append(f"- description: {_code(f'{finding.spec}:{finding.line}')} {_code(problem.spec_pointer or '/')}")
    if recurring.samples:
        lines.append(f"- first seen: {_code(terminal.seen_at(recurring.samples[0].place))}")
    if finding.suspect.value != "implementation":
        lines.append(f"- suspect: {finding.suspect.value}")
    if accepted is not None:
        lines.append(f"- accepted: {_text(accepted.reason)}")
    lines += [f"- fingerprint: `{finding.fingerprint}`", ""]
    for excerpt in (recurring.excerpt, recurring.samples[0].excerpt if recurring.samples else None):
        if excerpt is not None:
            lines += [*_fenced(excerpt), ""]
    return [*lines, "</details>", ""]


def _fenced(excerpt: Excerpt) -> Iterator[str]:
    fence = "`" * max(3, 1 + max((len(found) for line in excerpt.lines for found in _TICKS.findall(line)), default=0))
    yield fence
    for number, line in enumerate(excerpt.lines, start=excerpt.first):
        yield f"{'>' if number == excerpt.marked else ' '} {number:>5} {line}".rstrip()
    yield fence


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _code(text: str) -> str:
    """A code span that its text cannot leave (CommonMark 6.1)."""
    flat = " ".join(text.split())
    ticks = "`" * (1 + max((len(found) for found in _TICKS.findall(flat)), default=0))
    space = " " if flat.startswith("`") or flat.endswith("`") or not flat else ""
    return f"{ticks}{space}{flat}{space}{ticks}"


def _cell(text: str) -> str:
    """A code span in a table: only there a backslash takes the meaning from a bar (GFM 4.10)."""
    return _code(text).replace("|", "\\|")


def _html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(text: str) -> str:
    """Text without meaning for Markdown, and without mentions."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~@-])", r"\\\1", _html(" ".join(text.split())))
