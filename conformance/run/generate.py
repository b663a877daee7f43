"""The pipeline of `conformance run`: requests are generated, sent to a target, and the answers judged.

A cell is an operation in one mode. In the reference server every case has a state of its own, so that a case sends
the same bytes whether it runs alone, in its cell or in a shard.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conformance import recordings, targets
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.generate.case import Mode, authorized, basic
from conformance.generate.work import Engine, Work
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.finding import Finding
from conformance.model.http import Exchange, Headers, Request, Response
from conformance.model.operation import Operation
from conformance.model.report import Cell, Report
from conformance.model.rule import Severity
from conformance.run.recorder import Recorder, emitter, recorded
from conformance.run.suite import Outcome, Progress, Suite, compiler, suite
from conformance.targets import Options, Target
from conformance.targets.safety import Guarded, Policy

CASSETTES: Final = "cassettes"
MOCK: Final = "mock"


def run(settings: Settings, *, progress: Progress = lambda _: None, made: Suite | None = None) -> Outcome:
    """Generate requests for every operation, send them to the target and judge the answers.

    `made` are the descriptions and the judge, where they are loaded already.

    Raises:
        ConformanceError: the settings are wrong, the target cannot be reached, or nothing was checked.

    """
    started = time.perf_counter()
    made = suite(settings) if made is None else made
    modes = [_mode(name) for name in settings.modes]
    with emitter(settings) as emit, closing(_Field(made)) as field:
        work: list[Callable[[], Cell]] = [
            _generated(field, operation, mode, emit, progress) for operation in made.chosen for mode in modes
        ]
        work += [_recorded(file, made, emit, progress) for file in _recordings(settings)]
        cells = [job() for position, job in enumerate(work) if settings.shard.holds(position)]
    decisive = {"modes": list(settings.modes), "max_cases": settings.max_cases, "seed": settings.seed}
    report = Report(
        subject=made.subject(target=settings.target, **decisive),
        cells={cell.id: cell for cell in sorted(cells, key=lambda each: each.id)},
    )
    if not any(tally.exchanges for cell in cells for tally in cell.tallies.values()) and settings.shard.count == 1:
        raise NothingChecked(what="no request was answered", hint="`conformance list operations` shows what there is")
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


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


class _Field:
    """The target, and the reference server where that is the target."""

    def __init__(self, made: Suite) -> None:
        self.suite = made
        self._is_mock = made.settings.target == MOCK
        self._mock = Mock(made.operations, compiler(), seed=made.settings.seed) if self._is_mock else None
        self._state = State()
        servers = tuple(dict.fromkeys(server for operation in made.operations for server in operation.servers))
        opened = targets.open_target(
            made.settings.target,
            Options(
                servers=servers,
                mock=self._answer if self._is_mock else None,
                keep_host=self._is_mock,
                workers=made.settings.workers,
                rate=made.settings.rate,
            ),
        )
        policy = Policy(
            writes=made.settings.allow_writes,
            costs=made.settings.allow_costs,
            max_requests=made.settings.max_requests,
        )
        self._target: Target = Guarded(opened, policy, host=urlsplit(made.settings.target).hostname or "")
        try:
            self._target.reach()
        except BaseException:
            self._target.close()
            raise

    def _answer(self, sent: Request) -> Response:
        assert self._mock is not None  # noqa: S101 - only the mock target calls this
        response, self._state = self._mock.handle(sent, self._state)
        return response

    def _known(self, operation: Operation) -> dict[str, str]:
        """Give path parameters that lead to something, in a fresh state of the reference server."""
        if self._mock is None:
            return {}
        self._state = State()
        return dict(self._mock.seeded(operation, self._state))

    def exchanges(self, operation: Operation, mode: Mode) -> Iterator[tuple[Exchange | str, Operation]]:
        """Send the cases of a cell and give what came back, or why nothing did, with the operation that was called."""
        settings = self.suite.settings
        work = Work(
            operations=self.suite.operations,
            seed=settings.seed,
            max_cases=settings.max_cases,
            context=self._known,
            dress=self._dressed,
            engine=Engine(settings.engine),
        )
        for step in chain.from_iterable(self._target.play(work.scripts(operation, mode))):
            yield step.exchange or f"{step.expectation.case}: no answer: {step.failure}", step.case.operation

    def _dressed(self, sent: Request) -> Request:
        settings = self.suite.settings
        if settings.auth is not None:
            user, _, password = settings.auth.partition(":")
            sent = authorized(sent, basic(user, password))
        elif self._mock is not None:
            sent = authorized(sent, self._mock.authorization)
        pairs = [(name.strip(), text.strip()) for name, _, text in (each.partition(":") for each in settings.header)]
        if not pairs:
            return sent
        return Request(method=sent.method, url=sent.url, headers=Headers((*sent.headers.pairs, *pairs)), body=sent.body)

    def close(self) -> None:
        """Let go of the target."""
        self._target.close()


def _generated(
    field: _Field,
    operation: Operation,
    mode: Mode,
    emit: Callable[[Finding], None] | None,
    progress: Progress,
) -> Callable[[], Cell]:
    def job() -> Cell:
        recorder = Recorder(f"{operation.key} {mode.value}", field.suite, emit)
        for exchange, called in field.exchanges(operation, mode):
            if isinstance(exchange, str):
                recorder.add_unanswered(exchange)
                continue
            recorder.add(exchange, operation=called)
            progress(1)
        return recorder.cell()

    return job


def _recorded(file: str, made: Suite, emit: Callable[[Finding], None] | None, progress: Progress) -> Callable[[], Cell]:
    return lambda: recorded(file, made, emit, progress)
