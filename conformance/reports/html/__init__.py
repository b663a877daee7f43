"""HTML: one file that asks for nothing else, opens at once and answers a reader's questions in their order.

Did it pass; which operations fail, and how badly; why this one; what was never exercised; what changed. Everything that
comes from a recording or a description is escaped by the templates, and a Content-Security-Policy forbids whatever
would slip through. Findings that make the file larger than it may be are packed into it, to be unpacked by the reader's
browser; what is too much even so is counted, and stands in results.json.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jinja2

from conformance.model import curl
from conformance.model.excerpt import Excerpt
from conformance.model.overview import GROUPS, KINDS, GroupTally, Overview, Row
from conformance.model.report import ApiFacts, Recurring, Verdict
from conformance.model.rule import Severity, Side
from conformance.model.value import Value
from conformance.model.wording import counted
from conformance.reports.terminal import seen_at

FILE: Final = "report.html"

LARGEST: Final = 1_000_000
"""Bytes of the file."""
_PLAIN: Final = 450_000
"""Bytes of findings that stand in the file as they are, where not all of them can."""
_LONGEST: Final = 2_000
"""Characters of a value."""
_MOST_NAMES: Final = 110_000
"""Bytes of names that were never seen, for all operations together."""

_MARKS: Final = {"pass": "✓", "fail": "✗", "error": "‼", "untested": "○"}
_SEVERITY_MARKS: Final = {"error": "✗", "warning": "!", "note": "i"}
_ORDER: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNTESTED, Verdict.PASS)
_VERDICT_WORDS: Final = {
    "error": "a check of this program crashed",
    "fail": "fail",
    "untested": "untested",
    "pass": "pass",
}
_SUSPECTS: Final = {
    "implementation": "the implementation: the description is believed",
    "spec": "the description: the corrected contract does not object",
    "undecided": "undecided: allowed by the schema, yet worth a look",
    "sdk": "the SDK: a second witness agrees with the description",
    "disagreement": "open: witnesses contradict each other, or nobody testifies",
}


class Cell(Value, frozen=True, kw_only=True):
    """One cell of the matrix."""

    state: str
    """`crash`, `fail`, `warn`, `pass` or `none`."""
    text: str
    words: str
    """What it says to those who do not see it."""
    target: str
    """The id of the finding that it leads to; empty where there is none."""


@cache
def _templates() -> jinja2.Environment:
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.globals.update(counted=counted)
    found.filters.update(
        after=lambda excerpt: "".join(f"\n{line}" for line in _dedented(excerpt)[excerpt.marked - excerpt.first + 1 :]),
        before=lambda excerpt: "".join(f"{line}\n" for line in _dedented(excerpt)[: excerpt.marked - excerpt.first]),
        brief=_brief,
        marked=lambda excerpt: _dedented(excerpt)[excerpt.marked - excerpt.first],
        numbers=_numbers,
        seen_at=seen_at,
        thousands=lambda number: f"{number:,}",
    )
    return found


def _dedented(excerpt: Excerpt) -> list[str]:
    indent = min((len(line) - len(line.lstrip(" ")) for line in excerpt.lines if line.strip()), default=0)
    return [line[indent:] for line in excerpt.lines]


def _numbers(excerpt: Excerpt) -> str:
    numbers = range(excerpt.first, excerpt.first + len(excerpt.lines))
    return "\n".join(f"▶ {number}" if number == excerpt.marked else str(number) for number in numbers)


@cache
def _asset(name: str) -> str:
    return (Path(__file__).parent / name).read_text(encoding="utf-8")


def _brief(value: Any) -> str:
    made = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return made if len(made) <= _LONGEST else f"{made[:_LONGEST]}… ({len(made):,} characters)"


def render(shown: Overview) -> str:
    """Give the report as HTML."""
    items = dict(_items(shown))
    shell = _page(shown, findings=[""] * len(items), packed="-", left_out=len(items))
    room = LARGEST - _size([shell])
    if _size(items.values()) <= room:
        return _page(shown, findings=items.values(), packed="", left_out=0)
    plain = _fitting(_diverse(shown), items, min(_PLAIN, room // 2))
    rest = [name for name in _diverse(shown) if name not in plain]
    packed, count = _packed([items[name] for name in rest], room - _size(items[name] for name in plain))
    ordered = [text for name, text in items.items() if name in plain]
    return _page(shown, findings=ordered, packed=packed, left_out=len(rest) - count)


def _items(shown: Overview) -> Iterator[tuple[str, str]]:
    new = {each.finding.fingerprint for each in shown.changes.new} if shown.changes is not None else frozenset()
    for recurring in _by_reading(shown):
        name = recurring.finding.fingerprint
        yield name, _item(shown, recurring, is_new=name in new)


def _size(texts: Iterable[str]) -> int:
    return sum(len(text.encode("utf-8", "replace")) for text in texts)


def _by_reading(shown: Overview) -> list[Recurring]:
    """Those that fail first, then worst first."""
    return sorted(shown.findings, key=lambda each: not shown.fails(each))


def _diverse(shown: Overview) -> list[str]:
    """Give the fingerprints so that every operation and every rule has its first finding before any has its second."""
    turns: dict[tuple[str | None, str], int] = {}
    ranked = []
    for recurring in _by_reading(shown):
        key = recurring.finding.operation, recurring.finding.rule_id
        turns[key] = turns.get(key, -1) + 1
        ranked.append((turns[key], recurring.finding.fingerprint))
    return [name for _, name in sorted(ranked, key=lambda each: each[0])]


def _fitting(names: Iterable[str], items: Mapping[str, str], room: int) -> set[str]:
    found: set[str] = set()
    for name in names:
        room -= _size([items[name]])
        if room < 0:
            break
        found.add(name)
    return found


def _packed(items: list[str], room: int) -> tuple[str, int]:
    """Pack as many items as have room, and give them with their number."""
    low, high, best = 0, len(items), ""
    while low < high:
        middle = (low + high + 1) // 2
        made = _pack("".join(items[:middle]))
        if len(made) <= room:
            low, best = middle, made
        else:
            high = middle - 1
    return best, low


def _pack(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode("utf-8", "replace"), mtime=0)).decode("ascii")


def _item(shown: Overview, recurring: Recurring, *, is_new: bool) -> str:
    finding = recurring.finding
    first = recurring.samples[0] if recurring.samples else None
    return _templates().get_template("finding.html.jinja").render(
        recurring=recurring,
        finding=finding,
        problem=finding.problem,
        api=shown.api_of(recurring),
        group=shown.groups.get(finding.rule_id, ""),
        rule=shown.report.subject.rules.get(finding.rule_id, {}),
        mark=_SEVERITY_MARKS[finding.severity.value],
        suspect="the description itself" if finding.side is Side.SPEC else _SUSPECTS[finding.suspect.value],
        fails=shown.fails(recurring),
        accepted=shown.accepted(recurring),
        is_new=is_new,
        first=first,
        others=recurring.samples[1:],
        curl=curl.of_evidence(first.evidence) if first is not None and first.evidence is not None else "",
        status=first.evidence["response"]["status"] if first is not None and first.evidence is not None else "",
    )  # fmt: skip


def _page(shown: Overview, *, findings: Iterable[str], packed: str, left_out: int) -> str:
    script = _asset("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    used = {name for row in shown.rows for name in shown.groups_of(row)}
    groups = {name: title for name, title in GROUPS.items() if name in used}
    return _templates().get_template("report.html.jinja").render(
        shown=shown,
        subject=shown.report.subject,
        style=_asset("report.css"),
        script=script,
        digest=digest,
        groups=groups,
        kinds=KINDS,
        matrix=[(row, _cells(shown, row, groups)) for row in _worst_first(shown)],
        strays=len(shown.strays),
        order=_ORDER,
        marks=_MARKS,
        verdict_words=_VERDICT_WORDS,
        apis=list(_apis(shown)),
        by_description=_by_description(shown),
        rules=_rules(shown),
        severities=list(reversed(Severity)),
        described=len({shown.api_of(each) for each in shown.failing}),
        suspects=sorted({each.finding.suspect.value for each in shown.findings}),
        findings=findings,
        packed=packed,
        left_out=left_out,
        covered=list(_covered(shown)),
        corrected=sum(row.operation.corrections > 0 for row in shown.rows),
    )  # fmt: skip


def _worst_first(shown: Overview) -> list[Row]:
    return sorted(
        shown.rows,
        key=lambda row: (_ORDER.index(row.verdict), -sum(map(shown.fails, row.findings)), -len(row.findings)),
    )


def _cells(shown: Overview, row: Row, groups: Mapping[str, str]) -> list[tuple[str, Cell]]:
    found = shown.groups_of(row)
    return [(name, _cell(shown, title, found.get(name))) for name, title in groups.items()]


def _cell(shown: Overview, title: str, group: GroupTally | None) -> Cell:
    if group is None:
        return Cell(state="none", text="·", words=f"{title}: not looked at", target="")
    tally = f"{group.failed:,} failed, {group.passed:,} passed"
    target = f"f-{group.findings[0].finding.fingerprint}" if group.findings else ""
    if group.crashed:
        return Cell(
            state="crash", text="‼", words=f"{title}: crashed: {', '.join(sorted(group.crashed))}", target=target
        )
    words = f"{title}: {counted(len(group.findings), 'finding')}; {tally}"
    failing = sum(map(shown.fails, group.findings))
    milder = f"! {len(group.findings) - failing}" if len(group.findings) > failing else ""
    if failing:
        return Cell(state="fail", text=f"✗ {failing} {milder}".rstrip(), words=words, target=target)
    if group.findings:
        return Cell(state="warn", text=milder, words=words, target=target)
    return Cell(state="pass", text="✓", words=f"{title}: {tally}", target="")


def _by_description(shown: Overview) -> list[tuple[ApiFacts, list[int]]]:
    found = Counter((shown.api_of(each), each.finding.severity) for each in shown.findings)
    return [(api, [found[api.name, severity] for severity in reversed(Severity)]) for api in shown.report.subject.apis]


class ApiCard(Value, frozen=True, kw_only=True):
    """One description, added up."""

    name: str
    title: str
    version: str
    openapi: str
    path: str
    digest: str
    verdicts: Mapping[str, int]
    covered: Mapping[str, tuple[int, int]]
    """For each kind: how many were seen, how many are declared."""


def _apis(shown: Overview) -> Iterator[ApiCard]:
    for api in shown.report.subject.apis:
        rows = [row for row in shown.rows if row.operation.api == api.name]
        if rows:
            yield ApiCard(
                name=api.name,
                title=api.title,
                version=api.version,
                openapi=api.openapi,
                path=api.path,
                digest=api.digest,
                verdicts={verdict.value: sum(row.verdict is verdict for row in rows) for verdict in _ORDER},
                covered={
                    name: (sum(row.covered[name].seen for row in rows), sum(row.covered[name].declared for row in rows))
                    for name in KINDS
                },
            )


class RuleRow(Value, frozen=True, kw_only=True):
    """One check, added up."""

    id: str
    title: str
    severity: str
    group: str
    findings: int
    passed: int
    failed: int


def _rules(shown: Overview) -> list[RuleRow]:
    return [
        RuleRow(
            id=name,
            title=rule.get("title", ""),
            severity=rule.get("severity", ""),
            group=shown.groups[name],
            findings=sum(each.finding.rule_id == name for each in shown.findings),
            passed=sum(row.tally.passed.get(name, 0) for row in shown.rows),
            failed=sum(row.tally.failed.get(name, 0) for row in shown.rows),
        )
        for name, rule in sorted(shown.report.subject.rules.items())
    ]


class CoverageRow(Value, frozen=True, kw_only=True):
    """What was never seen of one operation, in words."""

    row: Row
    missed: Mapping[str, tuple[str, ...]]
    """For each kind the names, short; what has no room is counted in the last one."""


def _covered(shown: Overview) -> Iterator[CoverageRow]:
    """Least covered first; each operation has its share of the room for names."""
    share = _MOST_NAMES // max(1, sum(bool(row.missed) for row in shown.rows))
    for row in sorted(shown.rows, key=lambda row: row.share):
        room = max(share, 200)
        missed: dict[str, tuple[str, ...]] = {}
        for name in KINDS:
            names, room = _short(row.covered[name].missed, name, room)
            missed[name] = names
        yield CoverageRow(row=row, missed=missed)


def _short(names: tuple[str, ...], of_kind: str, room: int) -> tuple[tuple[str, ...], int]:
    texts = list(_grouped(names)) if of_kind == "values" else [name.removeprefix("status ") for name in names]
    found: list[str] = []
    for index, text in enumerate(texts):
        room -= len(text.encode()) + 16
        if room < 0:
            found.append(f"… and {len(texts) - index} more")
            break
        found.append(text)
    return tuple(found), room


def _grouped(names: tuple[str, ...]) -> Iterator[str]:
    """Give the values of one place together."""
    places: dict[str, list[str]] = {}
    for name in names:
        place, _, value = name.partition(" = ")
        places.setdefault(place, []).append(value)
    yield from (f"{place}: {', '.join(values)}" for place, values in places.items())
