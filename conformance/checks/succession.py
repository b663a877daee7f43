"""Judging what follows what: checks on sessions and on whole recordings, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from conformance.checks.judge import Judge, Judgement, sound
from conformance.model.expectation import KEY as GENERATED
from conformance.model.finding import Finding
from conformance.model.rule import Check, Matched, Problem, Scope, SessionInspector, SessionStart, Side, Subject
from conformance.model.session import REMEMBERED, Past

MOST_SESSIONS: Final = 1_000
"""How many sessions of a recording are followed at the same time."""
_MOST_ENDED: Final = 100_000
"""How many sessions that were put aside are known by name, in case they go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the checks on sessions say of one exchange."""

    passed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    crashed: dict[str, str] = field(default_factory=dict)


_NOTHING: Final = Seen()


@dataclass(slots=True)
class _Session:
    """One session on its way."""

    inspectors: tuple[tuple[Check, SessionInspector], ...]


class Sessions:
    """The sessions of one recording or of one cell.

    The requests of a generated session have checks of their own, which know what was expected.
    """

    def __init__(self, judge: Judge, *, limit: int = REMEMBERED) -> None:
        """Follow nothing yet; `limit` is how many things each memory of a session holds."""
        self._judge = judge
        self._limit = limit
        started = tuple(_started(judge))
        self._each = tuple((check, start) for check, start in started if check.scope is Scope.SESSION)
        self._all = self._begin(((check, start) for check, start in started if check.scope is Scope.RECORDING), Past())
        self._going: dict[str, _Session] = {}
        self._ended: dict[str, None] = {}

    def _begin(self, started: Iterable[tuple[Check, SessionStart]], past: Past) -> _Session:
        return _Session(tuple((check, start(past)) for check, start in started))

    def _session(self, name: str) -> _Session:
        session = self._going.pop(name, None)
        if session is None:
            past = Past(limit=self._limit)
            past.forgotten += name in self._ended
            session = self._begin(self._each, past)
        self._going[name] = session
        if len(self._going) > MOST_SESSIONS:
            self._end(next(iter(self._going)))
        return session

    def _end(self, name: str) -> None:
        """Put a session aside."""
        del self._going[name]
        self._ended[name] = None
        if len(self._ended) > _MOST_ENDED:
            del self._ended[next(iter(self._ended))]

    def judge(self, judgement: Judgement) -> Judgement:
        """Give a judgement with what there is to say of the exchange's place in its session."""
        if judgement.matched is None:
            return judgement
        seen = self.look(judgement.matched, judgement.findings)
        if seen is _NOTHING:
            return judgement
        return replace(
            judgement,
            passed=(*judgement.passed, *seen.passed),
            findings=(*judgement.findings, *seen.findings),
            crashed={**judgement.crashed, **seen.crashed},
        )

    def look(self, matched: Matched, findings: tuple[Finding, ...] = ()) -> Seen:
        """Say what there is to say of an exchange's place in its session; `findings` are those of itself."""
        exchange = matched.exchange
        if exchange.extra.get(GENERATED):
            return _NOTHING
        inspectors = self._all.inspectors
        if exchange.session is not None and self._each:
            inspectors = (*inspectors, *self._session(exchange.session).inspectors)
        if not inspectors:
            return _NOTHING
        if findings:
            matched = sound(matched, ((each.side, each.problem.instance_pointer) for each in findings))
        return self._look(matched, inspectors)

    def _look(self, matched: Matched, inspectors: tuple[tuple[Check, SessionInspector], ...]) -> Seen:
        found: list[Finding] = []
        passed: list[str] = []
        crashed: dict[str, str] = {}
        for check, inspect in inspectors:
            try:
                said = inspect(matched)
                problems = None if said is None else list(said)
            except Exception as error:  # noqa: BLE001 - a check of ours that crashes is a result of its own
                crashed[check.id] = f"{type(error).__name__}: {error}"
                continue
            if problems:
                found += [self._finding(check, problem, matched) for problem in problems]
            elif problems is not None:
                passed.append(check.id)
        return Seen(passed=tuple(passed), findings=tuple(found), crashed=crashed)

    def _finding(self, check: Check, problem: Problem, matched: Matched) -> Finding:
        operation = matched.operation
        return self._judge.finding(check, Side.SESSION, problem, matched.exchange, operation, None, key=operation.key)


def _started(judge: Judge) -> Iterable[tuple[Check, SessionStart]]:
    """Plan the checks on sessions; what is forgotten is looked at last."""
    for check in sorted(judge.checks, key=lambda each: (-each.severity.rank, each.id)):
        if check.subject is Subject.SESSION:
            start: SessionStart | None = check.plan(judge.operations)
            if start is not None:
                yield check, start
