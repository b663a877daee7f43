"""The findings of an audit by rule: what is wrong, then the places, in the order of the documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Blame, Grounds
from conformance.model.overview import Overview
from conformance.model.report import Recurring
from conformance.model.rule import Severity
from conformance.model.wording import printable, short_place

_PLACES: Final = {Severity.ERROR: 60, Severity.WARNING: 5, Severity.NOTE: 0}
"""How many places of one rule of an audit are shown."""


def lines(shown: Overview, *, verbosity: int = 0) -> Iterator[str]:
    """Give the findings of an audit by rule, worst first, each rule with its places in the order of the documents."""
    groups: dict[tuple[int, str], list[Recurring]] = {}
    for recurring in shown.findings:
        if verbosity > 0 or shown.accepted(recurring) is None:
            finding = recurring.finding
            groups.setdefault((-finding.severity.rank, finding.rule_id), []).append(recurring)
    for (_, rule), found in sorted(groups.items()):
        severity = found[0].finding.severity
        title = shown.report.subject.rules.get(rule, {}).get("title", "").rstrip(".")
        yield printable(f"{severity.value}: {rule} ({len(found)}): {title}")
        most = len(found) if verbosity > 0 else _PLACES[severity]
        for recurring in sorted(found, key=_by_place)[:most]:
            yield from map(printable, _place_lines(recurring, shown, verbosity))
        if len(found) > most > 0:
            yield f"    … and {len(found) - most} more: -v shows them"
    if verbosity <= 0 and any(rank == -Severity.NOTE.rank for rank, _ in groups):
        yield "-v shows where the notes are, with the evidence and the correction of every finding"


def _by_place(recurring: Recurring) -> tuple[str, int, int, str]:
    finding = recurring.finding
    return finding.spec, finding.line, finding.column, finding.problem.message


def _place_lines(recurring: Recurring, shown: Overview, verbosity: int) -> Iterator[str]:
    finding, problem = recurring.finding, recurring.finding.problem
    place = short_place(problem.spec_pointer, finding.operation)
    message = problem.message.removeprefix(f"{place.rpartition('.')[2]}: ")
    said = message if not place or place in message else f"{place}: {message}"
    grounds = problem.grounds
    blame = f" ({grounds.blame.value})" if grounds is not None and grounds.blame is not Blame.SPEC else ""
    yield f"    {finding.spec}:{finding.line}:{finding.column} {said}{blame}"
    accepted = shown.accepted(recurring)
    if accepted is not None:
        yield f"        accepted: {accepted.reason}"
    if verbosity > 0:
        yield f"        at {problem.spec_pointer}"
        yield from (f"        {line}" for line in _grounded(grounds))
        if recurring.excerpt is not None:
            for number, line in enumerate(recurring.excerpt.lines, start=recurring.excerpt.first):
                yield f"        {'>' if number == recurring.excerpt.marked else ' '} {line}".rstrip()


def _grounded(grounds: Grounds | None) -> Iterator[str]:
    """Give why, and what would put it right."""
    if grounds is None:
        return
    for each in grounds.evidence:
        count = f" {each.count} of {each.of}" if each.of is not None else f" {each.count}" if each.count > 1 else ""
        sources = ", ".join(witness.source for witness in each.samples)
        yield f"evidence: {each.what}{count}" + (f" ({sources})" if sources else "")
    if grounds.edits:
        yield f"correction: {grounds.remedy}"
