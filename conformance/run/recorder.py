"""Judging the exchanges of one cell and adding them up."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

from conformance import recordings, results
from conformance.checks.gate import Clear
from conformance.checks.judge import Judgement
from conformance.checks.succession import Sessions
from conformance.config import Settings
from conformance.errors import RecordingError, SettingsError
from conformance.model.expectation import KEY as GENERATED
from conformance.model.expectation import Expect
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.report import Cell
from conformance.model.session import Met
from conformance.recordings import Entry
from conformance.run.suite import Progress, Suite
from conformance.schemas.coverage import Lens


class Recorder:
    """Judges the exchanges of one cell and adds them up."""

    def __init__(
        self,
        cell_id: str,
        suite: Suite,
        emit: Callable[[Finding], None] | None,
        *,
        sessions: Sessions | None = None,
        more: results.More = results.nothing_more,
    ) -> None:
        """Start an empty cell.

        `emit` is told every finding as it occurs; `sessions` follow a part of a recording; `more` is what evidence says
        on top.
        """
        self._collector = results.Collector(cell_id, more=more)
        self._judge = suite.judge
        self._gate = suite.gate
        self._sessions = sessions or Sessions(suite.judge)
        self._applicable: dict[Operation, tuple[str, ...]] = {}
        self._keys = frozenset(operation.key for operation in suite.chosen)
        self._emit = emit
        self._lenses: dict[Operation, Lens] = {}
        self.judged = 0

    def add(self, exchange: Exchange, *, operation: Operation | None = None) -> tuple[Finding, ...]:
        """Judge an exchange and give its findings; `operation` where it is known to which it belongs."""
        clear = self._gate.clear(exchange) if _is_ordinary(exchange) else None
        if clear is not None and (operation is None or clear.matched.operation is operation):
            return self._add_clear(clear)
        judgement = self._sessions.judge(self._judge.judge(exchange, operation=operation))
        if not judgement.in_scope:
            self._collector.add_out_of_scope()
            return ()
        key = judgement.operation.key if judgement.operation else None
        if key is not None and key not in self._keys:
            return ()
        self.judged += 1
        return self._add(judgement)

    def add_succession(self, exchange: Exchange, met: Met) -> None:
        """Judge only the place of an exchange in its session, where somebody knows how it stands to it."""
        clear = self._gate.clear(exchange) if _is_ordinary(exchange) else None
        judgement = None if clear is not None else self._judge.judge(exchange)
        matched = clear.matched if clear is not None else judgement.matched if judgement is not None else None
        self._sessions.follow(exchange, met)
        if matched is None:
            return
        seen = self._sessions.go_on(matched, judgement.findings if judgement is not None else ())
        if matched.operation.key not in self._keys:
            return
        for finding in seen.findings if self._emit is not None else ():
            self._emit(finding)  # type: ignore[misc] # asked in the line above
        self._collector.add_succession(
            matched.operation.key, exchange, passed=seen.passed, findings=seen.findings, crashed=seen.crashed
        )

    def _add(self, judgement: Judgement) -> tuple[Finding, ...]:
        if self._emit is not None:
            for finding in judgement.findings:
                self._emit(finding)
        self._collector.add(
            operation=judgement.operation.key if judgement.operation else None,
            exchange=judgement.exchange,
            passed=judgement.passed,
            findings=judgement.findings,
            crashed=judgement.crashed,
            lens=self._lens(judgement.operation),
            matched=judgement.matched,
        )
        return judgement.findings

    def _add_clear(self, clear: Clear) -> tuple[Finding, ...]:
        operation = clear.matched.operation
        key = operation.key
        seen = self._sessions.look(clear.matched)
        if key not in self._keys:
            return ()
        self.judged += 1
        applicable = self._applicable.get(operation)
        if applicable is None:
            applicable = self._applicable[operation] = self._judge.applicable(operation)
        if not seen.findings and not seen.crashed:
            self._collector.add_clear(key, clear.matched, clear.key, applicable=applicable, passed=seen.passed)
            return ()
        return self._add(
            Judgement(
                exchange=clear.matched.exchange,
                operation=operation,
                matched=clear.matched,
                in_scope=True,
                passed=(*applicable, *seen.passed),
                findings=seen.findings,
                crashed=seen.crashed,
            )
        )

    def _lens(self, operation: Operation | None) -> Lens | None:
        if operation is None:
            return None
        if operation not in self._lenses:
            self._lenses[operation] = Lens(operation)
        return self._lenses[operation]

    def add_not_sent(self, operation: Operation, reason: str) -> None:
        """Keep why a request was not sent."""
        if operation.key in self._keys:
            self._collector.add_not_run(operation.key, reason)

    def add_evidence(self, finding: Finding, more: Mapping[str, Any]) -> None:
        """Add to the evidence of a finding that has been given."""
        self._collector.add_evidence(finding.fingerprint, finding.exchange_id, more)

    def add_unreadable(self, error: RecordingError) -> None:
        """Keep that an entry could not be read."""
        self._collector.add_unreadable(str(error))

    def add_lost(self, reason: str) -> None:
        """Keep that what follows could not be read."""
        self._collector.add_lost(reason)

    def cell(self) -> Cell:
        """Give the cell."""
        return self._collector.cell()

    def part(self) -> Cell:
        """Give the cell as a part of a greater one."""
        return self._collector.part()


def recording(file: str) -> str:
    """Give the id of the cell of a recording."""
    return f"recording {file}"


def recorded(file: str, made: Suite, emit: Callable[[Finding], None] | None, progress: Progress) -> Cell:
    """Give the cell of a recording."""
    recorder = Recorder(recording(file), made, emit)
    try:
        add_all(recorder, recordings.read(file), progress)
    except RecordingError as error:
        recorder.add_unreadable(error)
    return recorder.cell()


def add_all(recorder: Recorder, entries: Iterator[Entry], progress: Progress) -> None:
    """Judge the entries of a recording, or of a part of it.

    Raises:
        RecordingError: the rest cannot be read.

    """
    for entry in entries:
        if isinstance(entry, RecordingError):
            recorder.add_unreadable(entry)
        else:
            recorder.add(entry)
            progress(1)


def _is_ordinary(exchange: Exchange) -> bool:
    """Tell whether nothing is expected beyond conformance: of recordings, and of plain requests answered well."""
    expected = exchange.extra.get(GENERATED) if exchange.extra else None
    if expected is None or not isinstance(expected, Mapping):
        return True
    plain = expected.get("expect") == Expect.ACCEPT.value and not expected.get("keyword")
    return plain and 0 < exchange.response.status < 400  # noqa: PLR2004 - refusals begin there


@contextmanager
def emitter(settings: Settings) -> Iterator[Callable[[Finding], None] | None]:
    """Give the function that writes findings as they occur; None where nobody asked."""
    with written(settings) as write:
        yield None if write is None else lambda finding: write(occurrence(finding))


@contextmanager
def written(settings: Settings) -> Iterator[Callable[[str], None] | None]:
    """Give the function that writes occurrences as lines; None where nobody asked."""
    if settings.findings is None:
        yield None
        return
    if settings.findings == "-":
        yield partial(_write, sys.stdout)
        return
    try:
        Path(settings.findings).parent.mkdir(parents=True, exist_ok=True)
        with Path(settings.findings).open("w", encoding="utf-8", errors="surrogatepass") as file:
            yield partial(_write, file)
    except OSError as error:
        hint = "name a file that can be written"
        raise SettingsError(where="--findings", what=f"{settings.findings}: {error.strerror}", hint=hint) from error


def _write(file: IO[str], line: str) -> None:
    file.write(line)


def occurrence(finding: Finding) -> str:
    """Give a finding as a line of `--findings`, without secrets."""
    return json.dumps(results.occurrence(finding), ensure_ascii=False, default=str) + "\n"
