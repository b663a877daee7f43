"""One recording judged by several: cut into parts, each judged by itself, and put together again.

What a part finds does not depend on how the recording is cut, but for two things, which are seen to here. Sessions that
span a cut are left out by the parts and judged by themselves, from their first exchange to their last. And what the
checks on whole recordings remember is guessed to be what it was after a short first part; where a part shows that it
was not, the parts behind it are judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import groupby
from typing import Final, cast

from conformance import results
from conformance.checks.succession import Sessions
from conformance.errors import RecordingError
from conformance.model import parts
from conformance.model.finding import Finding
from conformance.model.report import Cell
from conformance.model.session import Remembered
from conformance.recordings import ranges
from conformance.recordings.ranges import Address, Part, Range, Survey
from conformance.run.crew import Crew
from conformance.run.kept import Kept
from conformance.run.recorder import Recorder, add_all, occurrence, recorded, recording
from conformance.run.suite import Progress, Suite

WORTHWHILE: Final = 16 * 1024 * 1024
"""Bytes that a recording must have to be cut where nobody says how: less is judged before a worker has begun."""
_FIRST: Final = 1024 * 1024
"""Bytes of the part that is judged before all others, so that they can guess."""
_LARGEST: Final = 64 * 1024 * 1024
_FOR_EACH: Final = 8
"""Parts for each worker, so that none waits long for the last."""

Write = Callable[[str], None]
"""Takes an occurrence as a line."""


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
    findings: tuple[tuple[int, str], ...] = ()
    """Every occurrence in order, where it was asked for: the index of its exchange, and its line."""
    after: Remembered = field(default_factory=Remembered)
    """What is remembered of the recording where the part ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spans:
    """Sessions to be judged by themselves."""

    path: str
    places: tuple[Address, ...]
    findings: bool


class _Found:
    """Takes findings and keeps their lines, where somebody wants them."""

    def __init__(self, *, wanted: bool) -> None:
        self._lines: list[tuple[int, str]] = []
        self.take = self._take if wanted else None

    def _take(self, finding: Finding) -> None:
        self._lines.append((finding.source.index if finding.source is not None else 0, occurrence(finding)))

    @property
    def lines(self) -> tuple[tuple[int, str], ...]:
        return tuple(self._lines)


def judged_file(made: Suite, assignment: tuple[str, bool]) -> Done:
    """Judge a recording that is not cut; the flag asks for every occurrence."""
    file, wanted = assignment
    found, told = _Found(wanted=wanted), _Count()
    cell = recorded(file, made, found.take, told.add)
    return Done(cell=cell, findings=found.lines, exchanges=told.total)


class _Count:
    """Adds up."""

    total = 0

    def add(self, count: int) -> None:
        self.total += count


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
    found, told = _Found(wanted=given.findings), _Count()
    recorder = Recorder(recording(part.range.path), made, found.take, sessions=sessions)
    try:
        if part.broken is not None:
            recorder.add_lost(part.broken)
        else:
            add_all(recorder, ranges.read(part), told.add)
    except RecordingError as error:
        recorder.add_lost(str(error))
    return Done(cell=recorder.part(), findings=found.lines, exchanges=told.total, after=sessions.remembered)


def judged_spans(made: Suite, spans: Spans) -> Done:
    """Judge sessions that span cuts."""
    found = _Found(wanted=spans.findings)
    recorder = Recorder(recording(spans.path), made, found.take)
    try:
        for place, exchange in ranges.at(spans.path, spans.places):
            recorder.add_succession(exchange, place.met)
    except (OSError, RecordingError) as error:
        recorder.add_lost(f"{spans.path}: sessions over several parts: {error}")
    return Done(cell=recorder.part(), findings=found.lines)


def shares(files: Sequence[str], *, workers: int, size: int | None) -> list[tuple[Range, ...] | str]:
    """Give what is judged together: the parts of a recording that is cut, or a recording that is not."""
    return [cut(file, workers=workers, size=size) or file for file in files]


def cut(file: str, *, workers: int, size: int | None) -> tuple[Range, ...]:
    """Cut a recording for some workers, or into parts of a size; nothing where it is not worth it or not possible."""
    try:
        found = ranges.cut(file, size or _LARGEST)
    except (OSError, RecordingError):
        return ()  # reading it will say what is wrong
    if size is not None:
        return found if len(found) > 1 else ()
    end = found[-1].stop if found else 0
    if end < WORTHWHILE:
        return ()
    length = min(_LARGEST, -(-end // (workers * _FOR_EACH)))
    rest = [Range(path=file, start=start, stop=min(start + length, end)) for start in range(_FIRST, end, length)]
    return (Range(path=file, start=0, stop=_FIRST), *rest)


def cells(
    crew: Crew,
    judged: Sequence[tuple[Range, ...] | str],
    write: Write | None,
    progress: Progress,
    *,
    kept: Kept | None = None,
) -> Iterator[Cell]:
    """Give the cell of each recording in order, those that are not cut side by side."""
    memory = kept or Kept()

    def told(_: int, done: Done) -> None:
        progress(done.exchanges)

    for is_cut, group in groupby(judged, key=lambda share: isinstance(share, tuple)):
        if is_cut:
            for share in group:
                pieces = Pieces(crew, cast("tuple[Range, ...]", share), memory, write=write, progress=progress)
                yield _with_excerpts(pieces.cell())
            continue
        files = [(cast("str", share), write is not None) for share in group]
        for done in memory.each(crew, judged_file, files, Done, told=told):
            for _, line in done.findings if write is not None else ():
                write(line)  # type: ignore[misc] # asked in the line above
            yield _with_excerpts(done.cell)


def _with_excerpts(cell: Cell) -> Cell:
    """Give a cell with the lines of the descriptions, which a worker elsewhere may not have."""
    findings = {
        name: replace(found, excerpt=results.spec_excerpt(found.finding)) for name, found in cell.findings.items()
    }
    return replace(cell, findings=findings)


class Pieces:
    """A recording in parts, and the crew that judges it."""

    def __init__(
        self, crew: Crew, parts: Sequence[Range], kept: Kept, *, write: Write | None, progress: Progress
    ) -> None:
        """Judge nothing yet; `write` takes every occurrence, in the order of the recording."""
        self._crew = crew
        self._ranges = parts
        self._path = parts[0].path
        self._kept = kept
        self._write = write
        self._progress = progress

    def cell(self) -> Cell:
        """Give the cell of the recording."""
        surveys = list(self._crew.each(surveyed, self._ranges, told=_nobody))
        planned = ranges.plan(zip(self._ranges, surveys, strict=True))
        spans = list(self._spans(planned))
        lines = merge(*(done.findings for done in spans), key=_index)
        waiting = next(lines, None)
        made: list[Cell] = []
        for number, done in enumerate(self._parts(planned)):
            made.append(done.cell)
            end = planned[number + 1].entries if number + 1 < len(planned) else None
            here: list[tuple[int, str]] = []
            while waiting is not None and (end is None or _index(waiting) < end):
                here.append(waiting)
                waiting = next(lines, None)
            for _, line in merge(done.findings, here, key=_index):
                self._say(line)
        return parts.whole(parts.added(recording(self._path), [*made, *(done.cell for done in spans)]))

    def _say(self, line: str) -> None:
        if self._write is not None:
            self._write(line)

    def _parts(self, planned: Sequence[Part]) -> Iterator[Done]:
        before, at, end = Remembered(), 0, 1
        while at < len(planned):
            guess = before
            work = [Assignment(part=part, before=guess, findings=self._write is not None) for part in planned[at:end]]
            for done in self._kept.each(self._crew, judged_part, work, Done, told=self._told):
                yield done
                before, at = done.after, at + 1
                if before != guess:
                    break
            end = len(planned)

    def _told(self, _: int, done: Done) -> None:
        self._progress(done.exchanges)

    def _spans(self, planned: Sequence[Part]) -> Iterator[Done]:
        """Judge the sessions that span cuts, as many together as give every worker its share."""
        spanned = [part for part in planned if part.spanning and part.broken is None]
        by_session: dict[str, list[Address]] = {}
        for found in self._crew.each(addressed, spanned, told=_nobody):
            for place in found:
                by_session.setdefault(place.session, []).append(place)
        divided: list[list[Address]] = [[] for _ in range(self._crew.workers)]
        for places in sorted(by_session.values(), key=len, reverse=True):
            min(divided, key=len).extend(places)
        work = [
            Spans(path=self._path, places=tuple(sorted(share, key=_start)), findings=self._write is not None)
            for share in divided
            if share
        ]
        yield from self._kept.each(self._crew, judged_spans, work, Done, told=_nobody)


def _nobody(_: int, __: object) -> None:
    pass


def _index(line: tuple[int, str]) -> int:
    return line[0]


def _start(place: Address) -> int:
    return place.start
