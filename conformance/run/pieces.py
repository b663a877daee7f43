"""One recording judged by several: cut into parts, each judged by itself, and put together again.

What a part finds does not depend on how the recording is cut, but for two things, which are seen to here. Sessions that
span a cut are left out by the parts and judged by themselves, from their first exchange to their last. And what the
checks on whole recordings remember is guessed to be what it was after a short first part; where a part shows that it
was not, the parts behind it are judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import merge
from itertools import groupby
from typing import Final, cast

from conformance.checks.succession import Sessions
from conformance.errors import RecordingError
from conformance.model import parts
from conformance.model.finding import Finding
from conformance.model.report import Cell
from conformance.model.session import Remembered
from conformance.recordings import ranges
from conformance.recordings.ranges import Address, Part, Range, Survey
from conformance.run.crew import Crew
from conformance.run.recorder import Recorder, add_all, recorded, recording
from conformance.run.suite import Progress, Suite

WORTHWHILE: Final = 16 * 1024 * 1024
"""Bytes that a recording must have to be cut where nobody says how: less is judged before a worker has begun."""
_FIRST: Final = 1024 * 1024
"""Bytes of the part that is judged before all others, so that they can guess."""
_LARGEST: Final = 64 * 1024 * 1024
_FOR_EACH: Final = 8
"""Parts for each worker, so that none waits long for the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A part to be judged."""

    part: Part
    before: Remembered
    """What is remembered of the recording where the part begins, perhaps a guess."""
    findings: bool
    """Whether every occurrence is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was found."""

    cell: Cell
    exchanges: int = 0
    findings: list[Finding] = field(default_factory=list)
    """Every occurrence in order, where it was asked for."""
    after: Remembered = field(default_factory=Remembered)
    """What is remembered of the recording where the part ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Sessions to be judged by themselves."""

    path: str
    places: tuple[Address, ...]
    findings: bool


def judged_file(made: Suite, assignment: tuple[str, bool]) -> Done:
    """Judge a recording that is not cut; the flag asks for every occurrence."""
    file, wanted = assignment
    found: list[Finding] = []
    told: list[int] = []
    cell = recorded(file, made, found.append if wanted else None, told.append)
    return Done(cell=cell, findings=found, exchanges=len(told))


def surveyed(_: Suite, part: Range) -> Survey:
    """Survey a part."""
    return ranges.survey(part)


def addressed(_: Suite, part: Part) -> list[Address]:
    """Give where the sessions stand that span a part."""
    try:
        return ranges.addresses(part, part.spanning)
    except (OSError, RecordingError):
        return []  # whoever judges the part says so


def judged_part(made: Suite, given: Assignment) -> Done:
    """Judge a part, but for the sessions that span it."""
    part = given.part
    sessions = Sessions(made.judge, before=given.before, late=part.late, elsewhere=part.spanning)
    found: list[Finding] = []
    told: list[int] = []
    recorder = Recorder(recording(part.range.path), made, found.append if given.findings else None, sessions=sessions)
    try:
        if part.broken is not None:
            recorder.add_lost(part.broken)
        else:
            add_all(recorder, ranges.read(part), told.append)
    except RecordingError as error:
        recorder.add_lost(str(error))
    return Done(cell=recorder.part(), findings=found, exchanges=len(told), after=sessions.remembered)


def judged_spans(made: Suite, spans: Spans) -> Done:
    """Judge sessions that span cuts."""
    found: list[Finding] = []
    recorder = Recorder(
        recording(spans.path), made, found.append if spans.findings else None, sessions=Sessions(made.judge)
    )
    for place, exchange in ranges.at(spans.path, spans.places):
        recorder.add_succession(exchange, place.met)
    return Done(cell=recorder.part(), findings=found)


def shares(files: Sequence[str], *, workers: int, size: int | None) -> list[tuple[Range, ...] | str]:
    """Give what is judged together: the parts of a recording that is cut, or a recording that is not."""
    return [cut(file, workers=workers, size=size) or file for file in files]


def cut(file: str, *, workers: int, size: int | None) -> tuple[Range, ...]:
    """Cut a recording for some workers, or into parts of a size; nothing where it is not worth it or not possible."""
    try:
        found = ranges.cut(file, size or _LARGEST)
    except (OSError, RecordingError):
        return ()  # reading it will say what is wrong
    end = found[-1].stop if found else 0
    if size is None:
        if end < WORTHWHILE:
            return ()
        length = min(_LARGEST, -(-end // (workers * _FOR_EACH)))
        rest = [Range(path=file, start=start, stop=min(start + length, end)) for start in range(_FIRST, end, length)]
        return (Range(path=file, start=0, stop=_FIRST), *rest)
    return found if len(found) > 1 else ()


def cells(
    crew: Crew,
    shares: Sequence[tuple[Range, ...] | str],
    emit: Callable[[Finding], None] | None,
    progress: Progress,
) -> Iterator[Cell]:
    """Give the cell of each recording in order, those that are not cut side by side."""

    def told(done: Done) -> None:
        progress(done.exchanges)

    for is_cut, group in groupby(shares, key=lambda share: isinstance(share, tuple)):
        if is_cut:
            for share in group:
                yield Pieces(crew, cast("tuple[Range, ...]", share), findings=emit is not None, progress=progress).cell(
                    emit
                )
            continue
        files = [(cast("str", share), emit is not None) for share in group]
        for done in crew.each(judged_file, files, told=told):
            for finding in done.findings if emit is not None else ():
                emit(finding)  # type: ignore[misc] # asked in the line above
            yield done.cell


class Pieces:
    """A recording in parts, and the crew that judges it."""

    def __init__(self, crew: Crew, parts: Sequence[Range], *, findings: bool, progress: Progress) -> None:
        """Judge nothing yet; `findings` asks for every occurrence."""
        self._crew = crew
        self._ranges = parts
        self._path = parts[0].path
        self._wanted = findings
        self._progress = progress

    def cell(self, emit: Callable[[Finding], None] | None) -> Cell:
        """Give the cell of the recording; `emit` is told every finding, in the order of the recording."""
        surveys = list(self._crew.each(surveyed, self._ranges, told=_nobody))
        planned = ranges.plan(zip(self._ranges, surveys, strict=True))
        spans = list(self._spans(planned))
        made: list[Cell] = []
        late = merge(*(done.findings for done in spans), key=_index)
        waiting = next(late, None)
        for number, done in enumerate(self._parts(planned)):
            made.append(done.cell)
            if emit is None:
                continue
            end = planned[number + 1].entries if number + 1 < len(planned) else None
            here: list[Finding] = []
            while waiting is not None and (end is None or _index(waiting) < end):
                here.append(waiting)
                waiting = next(late, None)
            for finding in merge(done.findings, here, key=_index):
                emit(finding)
        return parts.whole(parts.added(recording(self._path), [*made, *(done.cell for done in spans)]))

    def _parts(self, planned: Sequence[Part]) -> Iterator[Done]:
        before, at, end = Remembered(), 0, 1
        while at < len(planned):
            guess = before
            assignments = [Assignment(part=part, before=guess, findings=self._wanted) for part in planned[at:end]]
            for done in self._crew.each(judged_part, assignments, told=self._told):
                yield done
                before, at = done.after, at + 1
                if before != guess:
                    break
            end = len(planned)

    def _told(self, done: Done) -> None:
        self._progress(done.exchanges)

    def _spans(self, planned: Sequence[Part]) -> Iterator[Done]:
        """Judge the sessions that span cuts, as many together as give every worker its share."""
        spanned = [part for part in planned if part.spanning and part.broken is None]
        by_session: dict[str, list[Address]] = {}
        for found in self._crew.each(addressed, spanned, told=_nobody):
            for place in found:
                by_session.setdefault(place.session, []).append(place)
        shares: list[list[Address]] = [[] for _ in range(self._crew.workers)]
        for places in sorted(by_session.values(), key=len, reverse=True):
            min(shares, key=len).extend(places)
        work = [
            Spans(path=self._path, places=tuple(sorted(share, key=lambda each: each.start)), findings=self._wanted)
            for share in shares
            if share
        ]
        yield from self._crew.each(judged_spans, work, told=_nobody)


def _nobody(_: object) -> None:
    pass


def _index(finding: Finding) -> int:
    return finding.source.index if finding.source is not None else 0
