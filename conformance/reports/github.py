"""GitHub annotations: workflow commands on standard output, which GitHub shows at the lines of the description.

GitHub shows ten errors, ten warnings and ten notices of a step
(https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions), so the worst come first and a last
notice counts the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.overview import Overview
from conformance.model.report import Recurring
from conformance.model.rule import Severity
from conformance.reports import terminal

FILE: Final = None

MOST: Final = 10
"""Annotations of one level."""
_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def render(shown: Overview) -> str:
    """Give the report as workflow commands, one a line."""
    return "".join(f"{line}\n" for line in _lines(shown))


def _lines(shown: Overview) -> Iterator[str]:
    found = [each for each in shown.findings if shown.accepted(each) is None]
    left_out = 0
    for severity, command in _COMMANDS.items():
        own = [each for each in found if each.finding.severity is severity]
        most = MOST - 1 if severity is Severity.NOTE else MOST
        yield from (_annotation(command, recurring) for recurring in own[:most])
        left_out += max(0, len(own) - most)
    more = f" {left_out} findings are not annotated; results.json has them all." if left_out else ""
    yield f"::notice title=conformance::{_data(terminal.summary(shown) + '.' + more)}"


def _annotation(command: str, recurring: Recurring) -> str:
    finding = recurring.finding
    title = f"{finding.rule_id}: {finding.concerns}"
    place = f"{finding.side.value} {finding.problem.instance_pointer}".rstrip()
    seen = (
        f" (seen {recurring.count}x, first in {terminal.seen_at(recurring.samples[0].place)})"
        if recurring.samples
        else ""
    )
    where = f"file={_property(finding.spec)},line={finding.line},col={finding.column}," if finding.spec else ""
    return f"::{command} {where}title={_property(title)}::{_data(f'{place}: {finding.problem.message}{seen}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
