"""The pipeline of `conformance run`: requests are generated, sent to a target, and the answers judged.

A cell is an operation in one mode. In the reference server every case has a state of its own, so that a case sends
the same bytes whether it runs alone, in its cell or in a shard.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any, Final

from msgspec.structs import replace

from conformance import recordings, results
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.generate.case import Mode
from conformance.generate.plan import plan
from conformance.generate.reach import PLAIN, unreached
from conformance.generate.script import Step
from conformance.generate.shrink import BUDGET
from conformance.model import redact
from conformance.model.expectation import ABSENT, Expect
from conformance.model.finding import Finding
from conformance.model.http import Exchange, Response
from conformance.model.operation import Operation
from conformance.model.report import NOWHERE, UNREACHED, Cell, Report, Subject
from conformance.model.rule import Severity
from conformance.model.value import Value
from conformance.run.field import Field
from conformance.run.journal import Journal, plan_of
from conformance.run.recorder import Recorder, emitter, recorded
from conformance.run.smallest import smallest
from conformance.run.suite import Outcome, Progress, Suite, suite

CASSETTES: Final = "cassettes"
_IN_PROCESS: Final = ("mock", "asgi:", "wsgi:")
_INTERRUPTED: Final = "the run was interrupted"
_LEAST: Final = 20
"""Requests that the search for the smallest ones may cost in a cell, where the cell itself has fewer."""

Emit = Callable[[Finding], None] | None


class Wishes(Value, frozen=True, kw_only=True):
    """What concerns this command alone."""

    case: str | None = None
    """The id of the one case, or session, to be sent again."""
    resume: bool = False
    """Whether a run that was killed goes on."""
    failing: Path | None = None
    """The folder for a cassette of each case that fails."""
    shrink: bool = True
    """Whether the smallest request that fails in the same way is looked for."""


def run(
    settings: Settings,
    wishes: Wishes | None = None,
    *,
    progress: Progress = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
    made: Suite | None = None,
) -> Outcome:
    """Generate requests for every operation, send them to the target and judge the answers.

    `made` are the descriptions and the judge, where they are loaded already. `say` is told what became of each request
    of a single case.

    Raises:
        ConformanceError: the settings are wrong, the target cannot be reached, or nothing was checked.

    """
    started = time.perf_counter()
    wishes = Wishes() if wishes is None else wishes
    made = suite(settings) if made is None else made
    modes = [_mode(name) for name in dict.fromkeys(settings.modes)]
    if wishes.case is not None:
        return _again(made, wishes, wishes.case, started, say)
    subject = _subject(made, modes=[mode.value for mode in modes], max_cases=settings.max_cases)
    journal = _journal(settings, subject)
    known = journal.read() if journal is not None and wishes.resume else {}
    files = _recordings(settings)
    keeping = nullcontext() if journal is None else journal.started(resume=wishes.resume)
    with emitter(settings) as emit, closing(Field(made, journal=journal, recorded=known)) as field, keeping:
        cells = _Cells(field, wishes, emit, progress)
        jobs = [*cells.generated(made.chosen, modes), *cells.recorded(files)]
        with _interruptible(field):
            for position, job in enumerate(jobs):
                if settings.shard.holds(position):
                    job()
            cells.shrink()
        made_cells = cells.done()
        stopped = field.target.stopped
        if journal is not None:
            journal.end(complete=cells.complete)
    report = _report(subject, made_cells)
    _demand(report, settings)
    return Outcome(
        report=report,
        fail_on=Severity(settings.fail_on),
        seconds=time.perf_counter() - started,
        interrupted=bool(stopped),
    )


def lines(settings: Settings, wishes: Wishes | None = None) -> Iterator[str]:
    """Give what would be sent, one request a line; of a session what is known before its first answer.

    Raises:
        ConformanceError: the settings are wrong.

    """
    wishes = Wishes() if wishes is None else wishes
    made = suite(settings)
    modes = [_mode(name) for name in dict.fromkeys(settings.modes)]
    work = [(operation, mode) for operation in made.chosen for mode in modes]
    sent = withheld = 0
    with closing(Field(made, dry=True)) as field:
        if wishes.case is not None:
            every: Iterable[tuple[Step, ...]] = [field.again(wishes.case)[2]]
        else:
            held = [cell for position, cell in enumerate(work) if settings.shard.holds(position)]
            every = (steps for operation, mode in held for steps in field.steps(operation, mode))
        for steps in every:
            for step in steps:
                refusal = field.target.would_refuse(step.request)
                sent, withheld = sent + (refusal is None), withheld + (refusal is not None)
                yield _planned(field, step, "" if refusal is None else refusal.message)
    yield f"{sent} requests" + (f", {withheld} would not be sent" if withheld else "")


def _planned(field: Field, step: Step, refusal: str) -> str:
    place = redact.credentials(field.target.place(step.request.url))
    what = f"{step.expectation.case}  {step.request.method} {place}  {step.case.label}"
    return f"{what}  (not sent: {refusal})" if refusal else what


def _mode(name: str) -> Mode:
    try:
        return Mode(name)
    except ValueError:
        known = ", ".join(mode.value for mode in Mode)
        raise SettingsError(where="--modes", what=f"no mode {name!r}", hint=f"choose from {known}") from None


def _recordings(settings: Settings) -> list[str]:
    """Give the recordings that a run adds: those named, or `cassettes/` where it exists."""
    if settings.recordings is not None:
        return recordings.find(settings.recordings)
    return recordings.find([CASSETTES]) if Path(CASSETTES).is_dir() and any(Path(CASSETTES).iterdir()) else []


def _subject(made: Suite, **decisive: Any) -> Subject:
    settings = made.settings
    if settings.engine != Settings().engine:
        decisive["engine"] = settings.engine
    return made.subject(target=settings.target, seed=settings.seed, **decisive)


def _journal(settings: Settings, subject: Subject) -> Journal | None:
    """Give what keeps the exchanges; None for a target in this process, whose state ends with it."""
    if settings.target.startswith(_IN_PROCESS):
        return None
    return Journal(settings.output, plan_of(subject, engine=settings.engine))


def _report(subject: Subject, cells: Iterable[Cell]) -> Report:
    return Report(subject=subject, cells={cell.id: cell for cell in sorted(cells, key=lambda each: each.id)})


def _demand(report: Report, settings: Settings) -> None:
    """Refuse to call a run good that nobody answered."""
    cells = report.cells.values()
    if settings.shard.count == 1 and not any(tally.exchanges for cell in cells for tally in cell.tallies.values()):
        reasons = [reason for cell in cells for reason in cell.not_run.values()]
        what = f"no request was answered ({reasons[0]})" if reasons else "no request was answered"
        raise NothingChecked(what=what, hint="`conformance list operations` shows what there is")


@contextmanager
def _interruptible(field: Field) -> Iterator[None]:
    """Let Ctrl-C end the sending, not the program; the second one ends the program."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGINT)

    def stop(*_: object) -> None:
        field.target.stop(_INTERRUPTED)
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _again(made: Suite, wishes: Wishes, case: str, started: float, say: Callable[[str], None]) -> Outcome:
    """Send one case again and judge it; the report is about the operations that it calls."""
    settings = made.settings
    with emitter(settings) as emit, closing(Field(made)) as field, _interruptible(field):
        operation, mode, steps = field.again(case)
        called = replace(made, chosen=tuple(dict.fromkeys((operation, *(step.case.operation for step in steps)))))
        field.suite = called
        for step in steps:
            say(_told(field, step))
        cells = _Cells(field, wishes, emit, lambda _: None, budget=BUDGET)
        cells.one(f"{operation.key} {mode.value} {case}", operation, mode, [steps])
        cells.shrink()
    report = _report(_subject(called, case=case), cells.done())
    _demand(report, settings)
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


def _told(field: Field, step: Step) -> str:
    place = redact.credentials(field.target.place(step.request.url))
    answer = step.outcome
    came = f"{answer.status} {answer.reason}".rstrip() if isinstance(answer, Response) else step.failure
    return f"{step.expectation.case} ({step.case.label}): {step.request.method} {place}: {came}"


class _Cells:
    """The cells of a run on their way."""

    def __init__(
        self, field: Field, wishes: Wishes, emit: Emit, progress: Progress, *, budget: int | None = None
    ) -> None:
        """Start with none; `budget` are the requests for shrinking in each cell, by default as many as it has."""
        self._field = field
        self._wishes = wishes
        self._emit = emit
        self._progress = progress
        self._budget = budget
        self._fail_on = Severity(field.suite.settings.fail_on)
        self._recorders: list[Recorder] = []
        self._of: dict[str, Operation] = {}
        self._modes: set[Mode] = set()
        self._nowhere: set[Recorder] = set()
        self._cells: list[Cell] = []
        self._heavy: list[tuple[Recorder, Step, Finding]] = []
        self.complete = True
        """Whether everything was sent that may be."""

    def generated(self, operations: Iterable[Operation], modes: Iterable[Mode]) -> Iterator[Callable[[], None]]:
        """Give a job for each operation in each mode."""
        chosen = tuple(modes)
        self._modes.update(chosen)
        for operation in operations:
            for mode in chosen:
                yield lambda operation=operation, mode=mode: self.one(  # type: ignore[misc] # mypy and defaults of lambdas
                    f"{operation.key} {mode.value}", operation, mode, self._field.steps(operation, mode)
                )

    def recorded(self, files: Iterable[str]) -> Iterator[Callable[[], None]]:
        """Give a job for each recording."""
        for file in files:
            yield lambda file=file: self._read(file)  # type: ignore[misc] # as above

    def _read(self, file: str) -> None:
        if not self._field.target.stopped:
            self._cells.append(recorded(file, self._field.suite, self._emit, self._progress))

    def one(self, name: str, operation: Operation, mode: Mode, every: Iterable[tuple[Step, ...]]) -> None:
        """Judge the steps of all cases of a cell."""
        recorder = Recorder(name, self._field.suite, self._emit, more=self._field.evidence)
        self._recorders.append(recorder)
        self._of[name] = operation
        self._modes.add(mode)
        impossible = plan(operation).impossible
        if impossible:
            recorder.add_not_sent(operation, f"no valid request can be made: {impossible}")
        self._judge(recorder, mode, every)
        if self._field.target.stopped:
            self.complete = False
            recorder.add_not_sent(operation, self._field.target.stopped)

    def _judge(self, recorder: Recorder, mode: Mode, every: Iterable[tuple[Step, ...]]) -> None:
        seen: set[str] = set()
        statuses: set[int] = set()
        for steps in every:
            statuses.update(_invented(steps))
            found = [(step, finding) for step in steps for finding in self._judged(recorder, step)]
            new = [(step, each) for step, each in found if each.fingerprint not in seen and self._fails(each)]
            seen.update(finding.fingerprint for _, finding in new)
            if new and self._wishes.failing is not None:
                _save(self._wishes.failing, steps)
            if mode is not Mode.STATEFUL:
                self._heavy += [(recorder, *each) for each in dict(_by_fingerprint(new)).values()]
        if statuses and statuses <= ABSENT:
            self._nowhere.add(recorder)

    def _judged(self, recorder: Recorder, step: Step) -> tuple[Finding, ...]:
        exchange = step.exchange
        if exchange is None:
            self.complete = self.complete and self._field.target.forbids(step.request)
            recorder.add_not_sent(step.case.operation, step.failure)
            return ()
        self._progress(1)
        return recorder.add(self._field.placed(exchange), operation=step.case.operation)

    def _fails(self, finding: Finding) -> bool:
        return finding.severity.rank >= self._fail_on.rank

    def shrink(self) -> None:
        """Look for the smallest request that brings each finding about, after everything else was sent."""
        if not self._wishes.shrink:
            return
        left = {recorder: self._budget or max(recorder.judged, _LEAST) for recorder, _, _ in self._heavy}
        known: dict[Recorder, list[tuple[Step, frozenset[str]]]] = {}
        for recorder, step, finding in self._heavy:
            if self._field.target.stopped:
                return
            smaller = known.setdefault(recorder, [])
            lighter = next((each for each, fails in smaller if finding.fingerprint in fails), None)
            if lighter is None and left[recorder] > 0:
                lighter, attempts = self._smallest(step, finding, min(left[recorder], BUDGET))
                left[recorder] -= attempts
                if lighter is not None:
                    smaller.append((lighter, self._fingerprints(lighter)))
            if lighter is not None and lighter.exchange is not None:
                told = self._field.evidence(lighter.exchange)
                more = {**results.evidence(lighter.exchange), "curl": told["curl"]}
                recorder.add_evidence(finding, {"smallest": more})

    def _smallest(self, step: Step, finding: Finding, budget: int) -> tuple[Step | None, int]:
        found = smallest(
            step,
            {finding.fingerprint},
            judge=self._field.suite.judge,
            target=self._field.target,
            dress=self._field.dressed,
            prepare=self._field.fresh(step.case.operation),
            budget=budget,
        )
        return found.step, found.attempts

    def _fingerprints(self, step: Step) -> frozenset[str]:
        """Give what fails in the answer to a step: the smallest request for one finding often does for others."""
        if step.exchange is None:
            return frozenset()
        judgement = self._field.suite.judge.judge(step.exchange, operation=step.case.operation)
        return frozenset(finding.fingerprint for finding in judgement.findings)

    def done(self) -> list[Cell]:
        """Give the cells, with what they could not reach."""
        return [*self._cells, *map(self._with_reasons, self._recorders)]

    def _with_reasons(self, recorder: Recorder) -> Cell:
        cell = recorder.cell()
        operation = self._of[cell.id]
        tally = cell.tallies.get(operation.key)
        seen = () if tally is None else tally.seen
        reasons = {name: why for name, why in unreached(operation, seen, modes=self._modes) if why not in PLAIN}
        nowhere = {NOWHERE: [operation.key]} if recorder in self._nowhere else {}
        return replace(cell, facts={**nowhere, **({UNREACHED: {operation.key: reasons}} if reasons else {})})


def _invented(steps: Iterable[Step]) -> Iterator[int]:
    """Give the statuses of answers to valid requests whose paths name something made up."""
    for step in steps:
        expected, answer = step.expectation, step.outcome
        if expected.invented and expected.expect is Expect.ACCEPT and isinstance(answer, Response):
            yield answer.status


def _by_fingerprint(new: Iterable[tuple[Step, Finding]]) -> Iterator[tuple[str, tuple[Step, Finding]]]:
    for step, finding in reversed([*new]):
        yield finding.fingerprint, (step, finding)


def _save(folder: Path, steps: Iterable[Step]) -> None:
    """Write the exchanges of a case as a cassette, without secrets; `conformance check` expects the same of them.

    Raises:
        SettingsError: the folder cannot be written.

    """
    exchanges = [step.exchange for step in steps if step.exchange is not None]
    name = exchanges[0].session or exchanges[0].id
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"{folder}: {error.strerror}"
        raise SettingsError(where="--failing", what=what, hint="name a folder that can be written") from error
    with recordings.writer(str(folder / f"{name.replace(':', '-').replace('/', '-')}.yaml")) as write:
        for exchange in exchanges:
            write(_safe(exchange))


def _safe(exchange: Exchange) -> Exchange:
    return replace(redact.exchange(exchange), extra=exchange.extra)
