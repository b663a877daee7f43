"""Parts of a long recording, cut between its lines: addresses of input, read by whoever gets them.

A part is judged like the whole only by who knows what came before it: how many lines and entries, and which sessions.
A survey tells that of each part at a fraction of the price of judging it; what it tells of a session is its name and
its place in the order, no more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final, cast

from msgspec.structs import replace

from conformance import recordings
from conformance.errors import RecordingError
from conformance.model.http import Exchange
from conformance.model.session import MOST_NAMES, MOST_SESSIONS, Met, Recency
from conformance.model.value import Value
from conformance.recordings import ndjson, opening
from conformance.recordings.entry import Entry
from conformance.recordings.window import SIZE, pass_line

_HEARD: Final = MOST_SESSIONS + MOST_NAMES


class Range(Value, frozen=True, kw_only=True):
    """The lines of a file that begin from one byte up to another."""

    path: str
    start: int
    stop: int

    @property
    def name(self) -> str:
        """What a message calls it."""
        return f"{self.path} (bytes {self.start:,} to {self.stop:,})"


class Survey(Value, frozen=True, kw_only=True):
    """What the parts behind a part have to know of it."""

    entries: int = 0
    lines: int = 0
    first: tuple[str, ...] = ()
    """Sessions in the order in which they speak first."""
    last: tuple[str, ...] = ()
    """Sessions in the order in which they speak last."""
    broken: str | None = None
    """Why it cannot be read."""


class Part(Value, frozen=True, kw_only=True):
    """A range and what comes before it."""

    range: Range
    entries: int = 0
    lines: int = 0
    late: frozenset[str] = frozenset()
    """Sessions that were put aside before it and go on in it."""
    joined: frozenset[str] = frozenset()
    """Sessions that go on in it without a break."""
    spanning: frozenset[str] = frozenset()
    """Sessions that have exchanges in it and, without a break, before or behind it."""
    broken: str | None = None
    """Why it cannot be read."""


class Address(Value, frozen=True, kw_only=True):
    """Where one exchange of a session stands, and how it stands to its session."""

    session: str
    start: int
    index: int
    line: int
    met: Met


def cut(path: str, size: int) -> tuple[Range, ...]:
    """Give the parts of a file, each as many bytes long but for the last; none where it cannot be cut.

    Exchange NDJSON can be cut; what is compressed, and every other format, cannot.

    Raises:
        RecordingError: the file cannot be read.

    """
    if not opening.is_seekable(path):
        return ()
    with opening.opened(path) as file:
        head = file.read(opening.HEAD)
    if opening.is_packed(head) or recordings.format_of(head, path) is not cast("recordings.Format", ndjson):
        return ()
    end = opening.size(path)
    return tuple(Range(path=path, start=start, stop=min(start + size, end)) for start in range(0, end, size))


@contextmanager
def _standing(part: Range) -> Iterator[tuple[BinaryIO, int]]:
    """Give the file, and the byte at which its first line begins, where it stands."""
    with opening.opened(part.path) as file:
        if part.start == 0:
            yield file, 0
            return
        file.seek(part.start - 1)
        line = file.readline(SIZE)
        yield file, part.start - 1 + len(line) + pass_line(file, line)


def survey(part: Range) -> Survey:
    """Give what the parts behind a part have to know of it."""
    heard = Recency(sessions=_HEARD, names=0)
    first: dict[str, None] = {}
    entries = number = 0
    try:
        with _standing(part) as (file, start):
            for _, text in ndjson.lines(file, start=start, stop=part.stop):
                number += 1
                if text.isspace():
                    continue
                entries += 1
                name = _session(text)
                if name is not None:
                    heard.meet(name)
                    if len(first) < _HEARD:
                        first[name] = None
    except (OSError, RecordingError) as error:
        return Survey(broken=f"{part.name}: cannot be read ({opening.reason(error)})")
    return Survey(entries=entries, lines=number, first=tuple(first), last=heard.names)


def _session(text: bytes) -> str | None:
    if b'"session"' not in text and b"\\u" not in text:
        return None
    entry = ndjson.parse(text, path="", index=0, line=0)
    return entry.session if isinstance(entry, Exchange) else None


def plan(parts: Iterable[tuple[Range, Survey]]) -> list[Part]:
    """Give the parts of one recording, in order, with what comes before each."""
    recency = Recency()
    planned: list[Part] = []
    spanning: list[set[str]] = []
    speaking: dict[str, int] = {}
    entries = lines = 0
    for number, (part, known) in enumerate(parts):
        hearing = recency.copy()
        met: dict[Met, set[str]] = {each: set() for each in Met}
        for name in known.first:
            met[hearing.meet(name)[0]].add(name)
        spanning.append(set(met[Met.AGAIN]))
        for name in met[Met.AGAIN]:
            spanning[speaking[name]].add(name)
        planned.append(
            Part(
                range=part,
                entries=entries,
                lines=lines,
                late=frozenset(met[Met.LATE]),
                joined=frozenset(met[Met.AGAIN]),
                broken=known.broken,
            )
        )
        for name in known.last:
            put_aside = recency.meet(name)[1]
            speaking[name] = number
            if put_aside is not None:
                speaking.pop(put_aside, None)
        entries, lines = entries + known.entries, lines + known.lines
    return [replace(part, spanning=frozenset(names)) for part, names in zip(planned, spanning, strict=True)]


def read(part: Part) -> Iterator[Entry]:
    """Give the entries of a part, numbered as in the whole.

    Raises:
        RecordingError: it cannot be read.

    """
    where = part.range
    try:
        with _standing(where) as (file, start):
            for _, entry in ndjson.entries(
                file, where.path, start=start, stop=where.stop, index=part.entries, line=part.lines
            ):
                yield entry
    except OSError as error:
        what = f"cannot be read ({opening.reason(error)})"
        raise RecordingError(path=where.name, what=what, expected="a readable file") from error


def addresses(part: Part, wanted: frozenset[str]) -> list[Address]:
    """Give where the exchanges of some of the sessions that span a part stand in it.

    Raises:
        RecordingError: it cannot be read.

    """
    where, heard = part.range, Recency()
    late, joined = set(part.late), set(part.joined)
    found: list[Address] = []
    index, number = part.entries - 1, part.lines
    with _standing(where) as (file, start):
        for at, text in ndjson.lines(file, start=start, stop=where.stop):
            number += 1
            if text.isspace():
                continue
            index += 1
            name = _session(text)
            if name is None:
                continue
            met, _ = heard.meet(name)
            if met is Met.FIRST:
                met = Met.AGAIN if name in joined else Met.LATE if name in late else met
            joined.discard(name)
            late.discard(name)
            if name in wanted:
                found.append(Address(session=name, start=at, index=index, line=number, met=met))
    return found


def at(path: str, places: Iterable[Address]) -> Iterator[tuple[Address, Exchange]]:
    """Give the exchanges at some places of a file.

    Raises:
        RecordingError: it cannot be read.

    """
    with opening.opened(path) as file:
        for place in places:
            file.seek(place.start)
            text = next(ndjson.lines(file))[1]
            entry = ndjson.parse(text, path=path, index=place.index, line=place.line)
            if isinstance(entry, Exchange):
                yield place, entry
