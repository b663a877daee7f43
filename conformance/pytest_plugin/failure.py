"""Why a test fails, so that it can be read: what, where, both places, and how to see it again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from conformance.model import curl
from conformance.model.excerpt import Excerpt
from conformance.model.finding import Finding
from conformance.model.report import Sample
from conformance.model.value import Value
from conformance.model.wording import counted, printable

_MOST: Final = 10
"""Findings that one failure shows."""
_AROUND: Final = 3
"""Lines on each side of a place: enough where nobody can scroll."""


class Shown(Value, frozen=True, kw_only=True):
    """A finding with what a reader needs to believe it."""

    finding: Finding
    sample: Sample
    excerpt: Excerpt | None
    """The lines of the description."""


def explained(failing: Sequence[Shown]) -> str:
    """Give findings as the text of a failure."""
    count = len(failing)
    lines = [f"conformance: {counted(count, 'finding')} in the HTTP traffic of this test"]
    for shown in failing[:_MOST]:
        lines += ["", *map(printable, _lines(shown))]
    if count > _MOST:
        lines += ["", f"… and {counted(count - _MOST, 'more finding')}"]
    return "\n".join(lines)


def _lines(shown: Shown) -> Iterator[str]:
    finding, sample, problem = shown.finding, shown.sample, shown.finding.problem
    place = f"{finding.side.value} {problem.instance_pointer}".rstrip()
    yield f"{finding.severity.value}: {finding.rule_id}: {finding.concerns}: {place}"
    yield f"  {sample.message}"
    if sample.excerpt is not None:
        yield ""
        yield from _marked(sample.excerpt)
    yield ""
    yield f"  {finding.spec}:{finding.line}:{finding.column} says ({problem.spec_pointer})"
    if shown.excerpt is not None:
        yield from _marked(shown.excerpt)
    if sample.evidence is not None:
        yield ""
        yield from (f"  {line}" for line in curl.of_evidence(sample.evidence).splitlines())
    yield ""
    yield f"  `conformance explain {finding.rule_id}` says why; fingerprint {finding.fingerprint}"


def _marked(excerpt: Excerpt) -> Iterator[str]:
    for number, line in enumerate(excerpt.lines, start=excerpt.first):
        if abs(number - excerpt.marked) <= _AROUND:
            yield f"  {'>' if number == excerpt.marked else ' '} {number:>5}  {line}".rstrip()
