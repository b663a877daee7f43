"""The four verdicts of each operation as text, drawn from a report alone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.model.finding import Suspect
from conformance.model.report import Cell, Report
from conformance.model.rule import Severity
from conformance.sdk.rules import SdkSide

FILE: Final = "sdk.md"
_MARKS: Final = {"pass": "pass", "fail": "FAIL", "untested": "not run", "error": "error"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One operation through one client: a verdict for each side."""

    client: str
    operation: str
    verdicts: Mapping[SdkSide, str]
    reasons: Mapping[SdkSide, str]
    """Why a side did not run."""


def lines(report: Report, *, fail_on: Severity) -> list[Line]:
    """Give a line for each client and operation, in the order of the descriptions."""
    cells: dict[tuple[str, str], dict[SdkSide, Cell]] = defaultdict(dict)
    keys = [operation.key for operation in report.subject.operations]
    for cell in report.cells.values():
        if "side" in cell.facts:
            key = next(iter((*cell.tallies, *cell.not_run)), cell.id.split()[-2])
            cells[_client(cell), key][SdkSide(cell.facts["side"])] = cell
    return [
        Line(
            client=client,
            operation=key,
            verdicts={side: _verdict(cell, key, fail_on) for side, cell in found.items()},
            reasons={side: cell.not_run[key] for side, cell in found.items() if key in cell.not_run},
        )
        for (client, key), found in sorted(cells.items(), key=lambda item: (keys.index(item[0][1]), item[0][0]))
    ]


def _client(cell: Cell) -> str:
    return f"{cell.facts['sdk']} {cell.facts['version']} ({cell.facts['client']})"


def _verdict(cell: Cell, key: str, fail_on: Severity) -> str:
    if key in cell.not_run:
        return "not run"
    bad = any(each.finding.severity.rank >= fail_on.rank for each in cell.findings.values())
    return "FAIL" if bad else "pass"


def silent(report: Report) -> dict[str, str]:
    """Give each driver or client that did not run, with the reason."""
    return {
        str(cell.facts["driver"]): next(iter(cell.not_run.values()), "")
        for cell in report.cells.values()
        if "driver" in cell.facts and "side" not in cell.facts
    }


def render(report: Report, *, fail_on: Severity) -> str:
    """Give everything as Markdown: verdicts, reasons, suspects, what was observed."""
    found = lines(report, fail_on=fail_on)
    clients = sorted({line.client for line in found})
    parts = ["# SDKs against the contract", ""]
    parts += _head(report, found, clients)
    parts += _table(found, clients)
    parts += _reasons(report, found)
    parts += _suspects(report)
    parts += _settings(report)
    parts += _conversions(report)
    return "\n".join(parts) + "\n"


def brief(report: Report, *, fail_on: Severity) -> Iterator[str]:
    """Give a few lines for the terminal: for each client how each side went, then what did not run."""
    found = lines(report, fail_on=fail_on)
    clients = sorted({line.client for line in found})
    width = max((len(client) for client in clients), default=0)
    for client in clients:
        told = []
        for side in SdkSide:
            counts = Counter(line.verdicts[side] for line in found if line.client == client and side in line.verdicts)
            if counts:
                shown = ", ".join(f"{counts[each]} {each}" for each in ("pass", "FAIL", "not run") if counts[each])
                told.append(f"{side.value}: {shown}")
        yield f"{client.ljust(width)}  {';  '.join(told)}"
    for reason, names in _grouped(found).items():
        yield f"not run: {reason}: {', '.join(sorted(names))}"
    for name, reason in silent(report).items():
        yield f"not run: {name}: {reason}"


def _grouped(found: list[Line]) -> dict[str, set[str]]:
    reasons: dict[str, set[str]] = defaultdict(set)
    for line in found:
        for reason in line.reasons.values():
            reasons[f"{line.client}, {reason}"].add(line.operation)
    return reasons


def _head(report: Report, found: list[Line], clients: list[str]) -> Iterator[str]:
    yield f"Contract: {report.subject.contract}. Four sides, four verdicts; a side that did not run says why below."
    yield ""
    yield f"| client | {' | '.join(side.value for side in SdkSide)} |"
    yield f"|---|{'---|' * len(SdkSide)}"
    for client in clients:
        cells = []
        for side in SdkSide:
            counts = Counter(line.verdicts[side] for line in found if line.client == client and side in line.verdicts)
            cells.append(", ".join(f"{counts[each]} {each}" for each in ("pass", "FAIL", "not run") if counts[each]))
        yield f"| {client} | {' | '.join(cells)} |"
    yield ""


def _table(found: list[Line], clients: list[str]) -> Iterator[str]:
    yield "## Operations"
    yield ""
    yield f"Each cell: {', '.join(side.value for side in SdkSide)}."
    yield ""
    yield f"| operation | {' | '.join(clients)} |"
    yield f"|---|{'---|' * len(clients)}"
    by_operation: dict[str, dict[str, Line]] = defaultdict(dict)
    for line in found:
        by_operation[line.operation][line.client] = line
    for key, per_client in by_operation.items():
        cells = [
            " · ".join(per_client[client].verdicts.get(side, "-") for side in SdkSide) if client in per_client else "-"
            for client in clients
        ]
        yield f"| `{key}` | {' | '.join(cells)} |"
    yield ""


def _reasons(report: Report, found: list[Line]) -> Iterator[str]:
    grouped, quiet = _grouped(found), silent(report)
    if not grouped and not quiet:
        return
    yield "## Not run"
    yield ""
    for reason, names in grouped.items():
        yield f"* {reason}: {', '.join(f'`{name}`' for name in sorted(names))}"
    for name, why in quiet.items():
        yield f"* `{name}`: {why}"
    yield ""


def _suspects(report: Report) -> Iterator[str]:
    yield "## Suspects"
    yield ""
    yield "| suspect | severity | rule | SDK | operations | first |"
    yield "|---|---|---|---|---|---|"
    rows: dict[tuple[str, int, str, str], list[Any]] = {}
    for cell in report.cells.values():
        for recurring in cell.findings.values() if "side" in cell.facts else ():
            finding = recurring.finding
            key = (finding.suspect.value, -finding.severity.rank, finding.rule_id, str(cell.facts["sdk"]))
            rows.setdefault(key, [set(), finding])[0].add(finding.operation)
    order = [Suspect.SDK, Suspect.SPEC, Suspect.DISAGREEMENT]
    for (suspect, _, rule, driver), (operations, first) in sorted(
        rows.items(), key=lambda item: (order.index(Suspect(item[0][0])), item[0][1:])
    ):
        message = first.problem.message.replace("|", "\\|").replace("\n", " ")
        yield f"| {suspect} | {first.severity.value} | {rule} | {driver} | {len(operations)} | {message} |"
    yield ""


def _settings(report: Report) -> Iterator[str]:
    """What the settings of a client do, and how often it repeats a request."""
    yield "## Settings and retries"
    yield ""
    yield "| client | case | result |"
    yield "|---|---|---|"
    told: dict[tuple[str, str], str] = {}
    for cell in report.cells.values():
        if cell.facts.get("side") == SdkSide.FAILURE.value:
            for case, result in cell.facts.get("cases", {}).items():
                if "setting" in case or "by default" in case:
                    told.setdefault((_client(cell), case), result)
    for (client, case), result in sorted(told.items()):
        yield f"| {client} | {case} | {result} |"
    yield ""


def _conversions(report: Report) -> Iterator[str]:
    """Which fields come out as another type."""
    yield "## Conversions"
    yield ""
    yield "| client | conversion | fields |"
    yield "|---|---|---|"
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for cell in report.cells.values():
        for pointer, conversion in cell.facts.get("conversions", {}).items():
            told[_client(cell), conversion].add(pointer.rpartition("/")[2])
    for (client, conversion), names in sorted(told.items()):
        yield f"| {client} | {conversion} | {', '.join(f'`{name}`' for name in sorted(names))} |"
