"""One recording judged by several: cut into parts, each judged by itself, and put together again.

What a part finds does not depend on how the recording is cut, but for two things, which are seen to here. Sessions that
span a cut are left out by the parts and judged by themselves, from their first exchange to their last. And what the
checks on whole recordings remember is guessed to be what it was after a short first part; where a part shows that it
was not, the parts behind it are judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from heapq import merge
from itertools import chain, groupby
from typing import Final, TypeVar, cast

from msgspec import field
from msgspec.structs import replace

from conformance import results
from conformance.checks.succession import Sessions
from conformance.config import WHOLE, Shard
from conformance.errors import RecordingError
from conformance.model import parts
from conformance.model.finding import Finding
from conformance.model.report import Cell
from conformance.model.route import Match
from conformance.model.session import Remembered
from conformance.model.value import Value
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
_TOGETHER: Final = 100
"""Results that are held before they are added up: thousands of them would not fit in memory."""
_FOR_EACH: Final = 8
"""Parts for each worker, so that none waits long for the last."""

R = TypeVar("R")
Write = Callable[[str], None]
"""Takes an occurrence as a line."""


class Assignment(Value, frozen=True, kw_only=True):
    """A part to be judged."""

    part: Part
    before: Remembered
    """What is remembered of the recording where the part begins, perhaps a guess."""
    findings: bool
    """Whether every occurrence is asked for."""


class Done(Value, frozen=True, kw_only=True):
    """What was found."""

    cell: Cell
    exchanges: int = 0
    findings: tuple[tuple[int, str], ...] = ()
    """Every occurrence in order, where it was asked for: the index of its exchange, and its line."""
    after: Remembered = field(default_factory=Remembered)
    """What is remembered of the recording where the part ends."""


class Spans(Value, frozen=True, kw_only=True):
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


def addressed(_: Suite, wanted: tuple[Part, frozenset[str]]) -> list[Address]:
    """Give where some of the sessions stand that span a part."""
    try:
        return ranges.addresses(*wanted)
    except (OSError, RecordingError):
        return []  # whoever judges the part says so


def scouted(made: Suite, given: tuple[Part, Remembered]) -> Remembered:
    """Give what is remembered of a recording behind a part that somebody else judges."""
    part, before = given
    sessions = Sessions(made.judge, before=before)
    with suppress(RecordingError):  # whoever judges the part says so
        for entry in ranges.read(part):
            if isinstance(entry, RecordingError):
                continue
            found = made.judge.router.match(entry.request.method, entry.request.url)
            if isinstance(found, Match):
                sessions.scout(entry, found)
    return sessions.remembered


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


def shares(
    files: Sequence[str], *, workers: int, size: int | None, shard: Shard = WHOLE
) -> list[tuple[Range, ...] | str]:
    """Give what is judged together: the parts of a recording that is cut, or a recording that is not.

    Every shard has its share of each recording that is cut, and of the others every so many.
    """
    found = [cut(file, workers=workers, size=size) or file for file in files]
    return [share for place, share in enumerate(found) if isinstance(share, tuple) or shard.holds(place)]


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
    shard: Shard = WHOLE,
) -> Iterator[Cell]:
    """Give the cell of each recording in order, those that are not cut side by side."""
    memory = kept or Kept()

    def told(_: int, done: Done) -> None:
        progress(done.exchanges)

    for is_cut, group in groupby(judged, key=lambda share: isinstance(share, tuple)):
        if is_cut:
            for share in group:
                pieces = Pieces(crew, cast("tuple[Range, ...]", share), memory, write=write, progress=progress)
                yield _with_excerpts(pieces.cell(shard))
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

    def cell(self, shard: Shard = WHOLE) -> Cell:
        """Give the cell of the recording or, for one of several shards, its part of it."""
        surveys = list(self._crew.each(surveyed, self._ranges, told=_nobody))
        planned = ranges.plan(zip(self._ranges, surveys, strict=True))
        start, stop = (len(planned) * edge // shard.count for edge in (shard.index - 1, shard.index))
        spans = list(self._spans(planned, start, stop))
        mine = planned[start:stop]
        before = self._before(planned[:start])
        name = recording(self._path)
        made: list[Cell] = []
        for cell in chain(self._judged(mine, before, spans), (done.cell for done in spans)):
            made.append(cell)
            if len(made) == _TOGETHER:
                made = [parts.added(name, made)]
        if shard.count == 1:
            return parts.whole(parts.added(name, made))
        return parts.part(name, made, number=shard.index, count=shard.count)

    def _judged(self, mine: Sequence[Part], before: Remembered, spans: Sequence[Done]) -> Iterator[Cell]:
        """Give the cells of parts, and say what was found in them and in the sessions that span them, in order."""
        lines = merge(*(done.findings for done in spans), key=_index)
        waiting = next(lines, None)
        for number, done in enumerate(self._parts(mine, before)):
            yield done.cell
            end = mine[number + 1].entries if number + 1 < len(mine) else None
            here: list[tuple[int, str]] = []
            while waiting is not None and (end is None or _index(waiting) < end):
                here.append(waiting)
                waiting = next(lines, None)
            for _, line in merge(done.findings, here, key=_index):
                self._say(line)

    def _say(self, line: str) -> None:
        if self._write is not None:
            self._write(line)

    def _parts(self, mine: Sequence[Part], before: Remembered) -> Iterator[Done]:
        wanted = self._write is not None

        def assigned(part: Part, guess: Remembered) -> Assignment:
            return Assignment(part=part, before=guess, findings=wanted)

        return _guessed(
            mine,
            before,
            lambda some, guess: self._kept.each(
                self._crew, judged_part, [assigned(part, guess) for part in some], Done, told=self._told
            ),
            lambda done: done.after,
        )

    def _before(self, others: Sequence[Part]) -> Remembered:
        """Give what is remembered of the recording behind parts that somebody else judges."""
        scouting = _guessed(
            others,
            Remembered(),
            lambda some, guess: self._crew.each(scouted, [(part, guess) for part in some], told=_nobody),
            lambda found: found,
        )
        return [Remembered(), *scouting][-1]

    def _told(self, _: int, done: Done) -> None:
        self._progress(done.exchanges)

    def _spans(self, planned: Sequence[Part], start: int, stop: int) -> Iterator[Done]:
        """Judge the sessions that span cuts and begin to in one of some parts, divided among the workers."""
        first: dict[str, int] = {}
        for place, part in enumerate(planned):
            for name in part.spanning:
                first.setdefault(name, place)
        own = frozenset(name for name, place in first.items() if start <= place < stop)
        spanned = [(part, part.spanning & own) for part in planned if part.spanning & own and part.broken is None]
        by_session: dict[str, list[Address]] = {}
        for found in self._crew.each(addressed, spanned, told=_nobody):
            for address in found:
                by_session.setdefault(address.session, []).append(address)
        divided: list[list[Address]] = [[] for _ in range(self._crew.workers)]
        for places in sorted(by_session.values(), key=len, reverse=True):
            min(divided, key=len).extend(places)
        work = [
            Spans(path=self._path, places=tuple(sorted(share, key=_start)), findings=self._write is not None)
            for share in divided
            if share
        ]
        yield from self._kept.each(self._crew, judged_spans, work, Done, told=_nobody)


def _guessed(
    mine: Sequence[Part],
    before: Remembered,
    work: Callable[[Sequence[Part], Remembered], Iterator[R]],
    after: Callable[[R], Remembered],
) -> Iterator[R]:
    """Give the results of some work on parts in order.

    After the first part all others are done with the guess that nothing more will be remembered behind it; where a part
    shows that there was, those behind it are done again.
    """
    at, end = 0, 1
    while at < len(mine):
        guess = before
        for result in work(mine[at:end], guess):
            yield result
            before, at = after(result), at + 1
            if before != guess:
                break
        end = len(mine)


def _nobody(_: int, __: object) -> None:
    pass


def _index(line: tuple[int, str]) -> int:
    return line[0]


def _start(place: Address) -> int:
    return place.start
