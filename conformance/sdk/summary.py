"""The four verdicts of each operation as text, drawn from a report alone."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from conformance.model.finding import Finding, Suspect
from conformance.model.overview import Overview
from conformance.model.report import Cell, Report
from conformance.model.rule import Severity
from conformance.model.value import Value
from conformance.sdk.rules import SdkSide

FILE: Final = "sdk.md"
_VERDICTS: Final = ("pass", "FAIL", "not run")
_ORDER: Final = (Suspect.SDK, Suspect.SPEC, Suspect.DISAGREEMENT)
_WHO: Final = {
    Suspect.SDK: "The SDK: a second witness agrees with the description",
    Suspect.SPEC: "The description: every witness departs from it in the same way",
    Suspect.DISAGREEMENT: "Undecided: no witness, witnesses at odds, or nothing that a description decides",
}
_SETTING: Final = re.compile(r"(?P<setting>.+ (?:setting|by default).*), (?P<kind>[\w-]+)")


class Line(Value, frozen=True, kw_only=True):
    """One operation through one client: a verdict for each side."""

    client: str
    operation: str
    verdicts: Mapping[SdkSide, str]
    reasons: Mapping[SdkSide, str]
    """Why a side did not run."""


class Accused(Struct, kw_only=True):
    """What one rule says, with the same suspect: whose calls, of which operations, and one finding for all."""

    suspect: Suspect
    severity: Severity
    rule: str
    first: Finding
    clients: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Name and version of an SDK to its clients; several SDKs only where none of them is suspected."""
    operations: set[str | None] = field(default_factory=set)

    @property
    def who(self) -> str:
        """The SDKs with their clients."""
        return ", ".join(f"{sdk} ({', '.join(sorted(found))})" for sdk, found in sorted(self.clients.items()))

    @property
    def count(self) -> str:
        """How many operations it is about, in words."""
        return "1 operation" if len(self.operations) == 1 else f"{len(self.operations)} operations"

    @property
    def example(self) -> str:
        """What the first finding says, without the SDK where there is one only."""
        message = self.first.problem.message
        return message.partition("): ")[2] if len(self.clients) == 1 else message


def lines(shown: Overview) -> list[Line]:
    """Give a line for each client and operation, in the order of the descriptions."""
    cells: dict[tuple[str, str], dict[SdkSide, Cell]] = defaultdict(dict)
    keys = [operation.key for operation in shown.report.subject.operations]
    for cell in _judged(shown.report):
        key = next(iter((*cell.tallies, *cell.not_run)), cell.id.split()[-2])
        cells[_client(cell), key][SdkSide(cell.facts["side"])] = cell
    return [
        Line(
            client=client,
            operation=key,
            verdicts={side: _verdict(shown, cell, key) for side, cell in found.items()},
            reasons={side: cell.not_run[key] for side, cell in found.items() if key in cell.not_run},
        )
        for (client, key), found in sorted(cells.items(), key=lambda item: (keys.index(item[0][1]), item[0][0]))
    ]


def _judged(report: Report) -> Iterator[Cell]:
    return (cell for cell in report.cells.values() if "side" in cell.facts)


def _sdk(cell: Cell) -> str:
    return f"{cell.facts['sdk']} {cell.facts['version']}"


def _client(cell: Cell) -> str:
    return f"{_sdk(cell)} ({cell.facts['client']})"


def _verdict(shown: Overview, cell: Cell, key: str) -> str:
    if key in cell.not_run:
        return "not run"
    return "FAIL" if any(map(shown.fails, cell.findings.values())) else "pass"


def silent(report: Report) -> dict[str, str]:
    """Give each driver or client that did not run, with the reason."""
    return {
        str(cell.facts["driver"]): next(iter(cell.not_run.values()), "")
        for cell in report.cells.values()
        if "driver" in cell.facts and "client" not in cell.facts
    }


def accused(shown: Overview) -> list[Accused]:
    """Give what was found, gathered: SDKs that are suspected first, then worst first."""
    rows: dict[tuple[Suspect, Severity, str, str], Accused] = {}
    for cell in _judged(shown.report):
        for recurring in cell.findings.values():
            if shown.accepted(recurring) is not None:
                continue
            finding = recurring.finding
            own = _sdk(cell) if finding.suspect is Suspect.SDK else ""
            row = rows.setdefault(
                (finding.suspect, finding.severity, finding.rule_id, own),
                Accused(suspect=finding.suspect, severity=finding.severity, rule=finding.rule_id, first=finding),
            )
            row.clients[_sdk(cell)].add(str(cell.facts["client"]))
            row.operations.add(finding.operation)
    return sorted(
        rows.values(),
        key=lambda row: (_ORDER.index(row.suspect), -row.severity.rank, -len(row.operations), row.rule, row.who),
    )


# The terminal


def brief(shown: Overview) -> Iterator[str]:
    """Give what a person wants to know first: how each side went, who is suspected of what, and what did not run."""
    found = lines(shown)
    yield from _aligned([("client", *(side.value for side in SdkSide)), *_counts(found)])
    rows = accused(shown)
    told = [row for row in rows if row.severity is not Severity.NOTE]
    for suspect in _ORDER:
        own = [row for row in told if row.suspect is suspect]
        if own:
            yield from ("", f"{_WHO[suspect]} ({suspect.value})")
        for row in own:
            yield f"  {row.severity.value}: {row.rule}: {row.who}: {row.count}"
            yield f"      {row.first.concerns}: {row.example}"
    yield ""
    for reason, names in _reasons(found, shown.report):
        yield f"not run: {reason}: {names}"
    notes = len({each.finding.fingerprint for each in shown.findings if each.finding.severity is Severity.NOTE})
    if notes:
        left = "1 note is" if notes == 1 else f"{notes} notes are"
        yield f"{left} left out here: {FILE} sums them up, -v shows every finding"


def _counts(found: list[Line]) -> Iterator[tuple[str, ...]]:
    """Give a row for each client: how many operations have which verdict, side by side."""
    for client in sorted({line.client for line in found}):
        own = [line for line in found if line.client == client]
        counts = [Counter(line.verdicts[side] for line in own if side in line.verdicts) for side in SdkSide]
        yield client, *(", ".join(f"{each[name]} {name}" for name in _VERDICTS if each[name]) or "-" for each in counts)


def _aligned(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    every = list(rows)
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    for row in every:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _reasons(found: list[Line], report: Report) -> Iterator[tuple[str, str]]:
    """Give what did not run: the reason with the clients, and the operations; or a driver and its reason."""
    operations: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in found:
        for reason in sorted(set(line.reasons.values())):
            operations[reason, line.client].append(line.operation)
    clients: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for (reason, client), names in operations.items():
        clients[reason, tuple(sorted(names))].append(client)
    for (reason, keys), who in clients.items():
        yield f"{_gathered(who)}: {reason}", ", ".join(keys)
    yield from silent(report).items()


def _gathered(clients: Iterable[str]) -> str:
    """Name clients, those of one SDK together."""
    by_sdk: dict[str, list[str]] = defaultdict(list)
    for client in sorted(clients):
        sdk, _, name = client.removesuffix(")").rpartition(" (")
        by_sdk[sdk].append(name)
    return ", ".join(f"{sdk} ({', '.join(names)})" for sdk, names in by_sdk.items())


# The file


def render(shown: Overview) -> str:
    """Give everything as Markdown: verdicts, reasons, suspects, what was observed."""
    found = lines(shown)
    clients = sorted({line.client for line in found})
    parts = ["# SDKs against the contract", ""]
    parts += _head(shown.report, found)
    parts += _suspects(shown)
    parts += _not_run(shown.report, found)
    parts += _table(found, clients)
    parts += _offered(shown.report)
    parts += _settings(shown.report)
    parts += _conversions(shown.report)
    return "\n".join(parts) + "\n"


def _rows(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heading)} |"
    yield f"|{'---|' * len(heading)}"
    for row in rows:
        yield f"| {' | '.join(text.replace('|', chr(92) + '|').replace(chr(10), ' ') for text in row)} |"
    yield ""


def _head(report: Report, found: list[Line]) -> Iterator[str]:
    yield f"Contract: {report.subject.contract}. Four sides, four verdicts; a side that did not run says why below."
    yield ""
    yield from _rows(("client", *(side.value for side in SdkSide)), _counts(found))


def _table(found: list[Line], clients: list[str]) -> Iterator[str]:
    yield "## Operations"
    yield ""
    yield f"Each cell: {', '.join(side.value for side in SdkSide)}."
    yield ""
    by_operation: dict[str, dict[str, Line]] = defaultdict(dict)
    for line in found:
        by_operation[line.operation][line.client] = line
    yield from _rows(
        ("operation", *clients),
        (
            (f"`{key}`", *(_verdicts(per_client.get(client)) for client in clients))
            for key, per_client in by_operation.items()
        ),
    )


def _verdicts(line: Line | None) -> str:
    """Give the verdicts of a line, one word where all are the same."""
    if line is None:
        return "-"
    told = [line.verdicts.get(side, "-") for side in SdkSide]
    return told[0] if set(told) == {"not run"} else " · ".join(told)


def _not_run(report: Report, found: list[Line]) -> Iterator[str]:
    told = list(_reasons(found, report))
    if told:
        yield from ("## Not run", "")
        yield from (f"* {reason}: {names}" for reason, names in told)
        yield ""


def _suspects(shown: Overview) -> Iterator[str]:
    yield "## Suspects"
    yield ""
    rows = accused(shown)
    if not rows:
        yield from ("Nothing was found.", "")
    for suspect in _ORDER:
        own = [row for row in rows if row.suspect is suspect]
        if own:
            yield from (f"### {_WHO[suspect]}", "")
            yield from _rows(
                ("severity", "rule", "SDK", "operations", "for example"),
                (
                    (row.severity.value, f"`{row.rule}`", row.who, str(len(row.operations)), _example(row))
                    for row in own
                ),
            )


def _example(row: Accused) -> str:
    return f"`{row.first.concerns}`: {row.example}"


def _offered(report: Report) -> Iterator[str]:
    """How many calls each client offers, and where it cannot even be asked for one."""
    found = [cell for cell in report.cells.values() if "broken" in cell.facts]
    if not found:
        return
    yield from ("## Calls", "")
    for cell in found:
        yield f"* {_client(cell)} offers {cell.facts['calls']} calls; those that make an operation are judged."
        yield from (f"  * `{call}` cannot be reached: {error}" for call, error in sorted(cell.facts["broken"].items()))
    yield ""


def _settings(report: Report) -> Iterator[str]:
    """What the settings of a client do, and how often it repeats a request."""
    kinds: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for cell in _judged(report):
        for case, result in cell.facts.get("cases", {}).items():
            found = _SETTING.fullmatch(case) if cell.facts["side"] == SdkSide.FAILURE.value else None
            if found is not None:
                kinds[_client(cell), found["setting"], result].add(found["kind"])
    if not kinds:
        return
    yield from ("## Settings and retries", "")
    yield from _rows(
        ("client", "case", "result", "kinds of calls"),
        ((*key, ", ".join(sorted(names))) for key, names in sorted(kinds.items())),
    )


def _conversions(report: Report) -> Iterator[str]:
    """Which fields come out as another type."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in _judged(report):
        for pointer, conversion in cell.facts.get("conversions", {}).items():
            told[_client(cell), conversion].add(pointer.rpartition("/")[2])
    if not told:
        return
    yield from ("## Conversions", "")
    yield from _rows(
        ("client", "conversion", "fields"),
        ((*key, ", ".join(f"`{name}`" for name in sorted(names))) for key, names in sorted(told.items())),
    )
