"""The pipeline of `conformance check`: recordings in, report out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from conformance import recordings
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.model.report import Cell, Report, Tally
from conformance.model.rule import Severity
from conformance.recordings import opening
from conformance.run import cluster, pieces
from conformance.run.crew import Alone, Crew, pool
from conformance.run.kept import FOLDER, Kept
from conformance.run.recorder import occurrence, recorded, written
from conformance.run.suite import Outcome, Progress, Suite, suite


def check(settings: Settings, inputs: tuple[str, ...], *, progress: Progress = lambda _: None) -> Outcome:
    """Check recordings.

    Raises:
        ConformanceError: the settings are wrong, nothing could be read, or nothing was checked.

    """
    started = time.perf_counter()
    made = suite(settings)
    with written(settings) as write:
        cells = list(_judged(recordings.find(inputs), made, write, progress))
    report = Report(subject=made.subject(), cells={cell.id: cell for cell in sorted(cells, key=lambda each: each.id)})
    demand(report, inputs, settings)
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


def _judged(files: list[str], made: Suite, write: pieces.Write | None, progress: Progress) -> Iterator[Cell]:
    """Give the cell of each recording, from as many processes as were asked for."""
    settings = made.settings
    is_whole = settings.partition is None and settings.shard.count == 1
    alone = settings.workers == 1 and settings.scheduler is None
    if (alone and is_whole) or recordings.STANDARD_INPUT in files:
        emit = None if write is None else lambda finding: write(occurrence(finding))
        mine = [file for position, file in enumerate(files) if settings.shard.holds(position)]
        yield from (recorded(file, made, emit, progress) for file in mine)
        return
    with _crew(made) as crew:
        workers = crew.workers if settings.shard.count == 1 else settings.shard.count
        judged = pieces.shares(files, workers=workers, size=settings.partition, shard=settings.shard)
        kept = _kept(made, files)
        kept.start(resume=settings.resume)
        yield from pieces.cells(crew, judged, write, progress, kept=kept, shard=settings.shard)
        kept.end()


@contextmanager
def _crew(made: Suite) -> Iterator[Crew]:
    """Give those who judge: a cluster, processes of this machine, or this process."""
    if made.settings.scheduler is not None:
        with cluster.cluster(made) as found:
            yield found
    elif made.settings.workers > 1:
        with pool(made) as found:
            yield found
    else:
        yield Alone(made)


def _kept(made: Suite, files: list[str]) -> Kept:
    """Give the memory of what several workers have done: of a cluster, which may be gone before it is done."""
    if made.settings.scheduler is None and not made.settings.resume:
        return Kept()
    subject = [made.subject(), made.settings.strict, *((file, opening.identity(file)) for file in files)]
    return Kept(made.settings.output / FOLDER, subject=subject)


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
