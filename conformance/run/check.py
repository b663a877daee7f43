"""The pipeline of `conformance check`: recordings in, report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from conformance import recordings
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.model.finding import Finding
from conformance.model.report import Cell, Report, Tally
from conformance.model.rule import Severity
from conformance.run import crew, pieces
from conformance.run.recorder import emitter, recorded
from conformance.run.suite import Outcome, Progress, Suite, suite


def check(settings: Settings, inputs: tuple[str, ...], *, progress: Progress = lambda _: None) -> Outcome:
    """Check recordings.

    Raises:
        ConformanceError: the settings are wrong, nothing could be read, or nothing was checked.

    """
    started = time.perf_counter()
    made = suite(settings)
    files = recordings.find(inputs)
    mine = [file for position, file in enumerate(files) if settings.shard.holds(position)]
    with emitter(settings) as emit:
        cells = list(_judged(mine, made, emit, progress))
    report = Report(subject=made.subject(), cells={cell.id: cell for cell in sorted(cells, key=lambda each: each.id)})
    demand(report, inputs, settings)
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


def _judged(
    files: list[str], made: Suite, emit: Callable[[Finding], None] | None, progress: Progress
) -> Iterator[Cell]:
    """Give the cell of each recording, from as many processes as were asked for."""
    settings = made.settings
    alone = settings.workers == 1 and settings.partition is None
    if alone or recordings.STANDARD_INPUT in files:
        yield from (recorded(file, made, emit, progress) for file in files)
        return
    shares = pieces.shares(files, workers=settings.workers, size=settings.partition)
    if settings.workers == 1 or shares == files[:1]:
        yield from pieces.cells(crew.Alone(made), shares, emit, progress)
        return
    with crew.pool(settings) as hired:
        yield from pieces.cells(hired, shares, emit, progress)


def demand(report: Report, inputs: tuple[str, ...], settings: Settings) -> None:
    """Refuse to call a run good that looked at nothing."""
    unreadable = [reason for cell in report.cells.values() for reason in cell.unreadable]
    if settings.strict_input and unreadable:
        raise SettingsError(where="--strict-input", what=unreadable[0], hint="mend or remove the entry")
    tallies = [tally for cell in report.cells.values() for tally in cell.tallies.values()]
    if any(map(_looked, tallies)) or any(cell.findings for cell in report.cells.values()):
        return
    if unreadable:
        raise NothingChecked(what=f"nothing could be read: {unreadable[0]}", hint="give recordings of a known format")
    if settings.shard.count > 1:
        return
    if tallies:
        what = "no check that is selected has anything to say about these exchanges"
        raise NothingChecked(what=what, hint="select others: `conformance list checks` shows the names")
    outside = sum(cell.out_of_scope for cell in report.cells.values())
    if not outside:
        wanted = f" that belongs to {' or '.join(settings.operation)}" if settings.operation else ""
        raise NothingChecked(what=f"no exchange in {', '.join(inputs)}{wanted}", hint="give other recordings")
    raise NothingChecked(
        what=f"none of the {outside} exchanges in {', '.join(inputs)} belongs to a description that is loaded",
        hint="name the descriptions with --specs",
    )


def _looked(tally: Tally) -> bool:
    return bool(tally.passed or tally.failed or tally.crashed)
