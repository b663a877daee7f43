"""Judging what follows what: checks on sessions and on whole recordings, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from msgspec import field
from msgspec.structs import replace

from conformance.checks.judge import Judge, Judgement, sound
from conformance.model.expectation import KEY as GENERATED
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.route import Match
from conformance.model.rule import (
    Check,
    Matched,
    Problem,
    Reading,
    Scope,
    SessionInspector,
    SessionStart,
    Side,
    Subject,
)
from conformance.model.session import REMEMBERED, Met, Past, Recency, Remembered
from conformance.model.value import Value


class Seen(Value, frozen=True, kw_only=True):
    """What the checks on sessions say of one exchange."""

    passed: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    crashed: dict[str, str] = field(default_factory=dict)


_NOTHING: Final = Seen()
_UNREAD: Final = Reading()


_Inspectors = tuple[tuple[Check, SessionInspector], ...]


class Sessions:
    """The sessions of one recording or of one cell, or of a part of it.

    The requests of a generated session have checks of their own, which know what was expected.
    """

    def __init__(
        self,
        judge: Judge,
        *,
        limit: int = REMEMBERED,
        before: Remembered = Remembered(),  # noqa: B008 - frozen
        late: frozenset[str] = frozenset(),
        elsewhere: frozenset[str] = frozenset(),
    ) -> None:
        """Follow nothing yet; `limit` is how many things each memory of a session holds.

        Of a part of a recording: `before` is what was remembered of the recording where it begins, `late` are sessions
        that were put aside before it and go on in it, `elsewhere` those that are judged from their beginning by someone
        else.
        """
        self._judge = judge
        self._limit = limit
        started = tuple(_started(judge))
        self._each = tuple((check, start) for check, start in started if check.scope is Scope.SESSION)
        self._whole = Past(limit=limit, before=before)
        self._all = _begun(((check, start) for check, start in started if check.scope is Scope.RECORDING), self._whole)
        self._recency = Recency()
        self._late = set(late)
        self._elsewhere = elsewhere
        self._going: dict[str, _Inspectors | Past] = {}

    @property
    def remembered(self) -> Remembered:
        """What is remembered of the recording so far, as the checks on whole recordings have it."""
        return self._whole.remembered()

    def meet(self, exchange: Exchange) -> None:
        """Hear to which session an exchange belongs; all exchanges in order, whatever else is known of them."""
        name = exchange.session
        if name is None:
            return
        met, put_aside = self._recency.meet(name)
        if put_aside is not None:
            self._going.pop(put_aside, None)
        if met is Met.FIRST and name in self._late:
            met = Met.LATE
        self._late.discard(name)
        if name not in self._elsewhere:
            self.follow(exchange, met)

    def follow(self, exchange: Exchange, met: Met) -> None:
        """Hear to which session an exchange belongs, where somebody knows how it stands to it."""
        if met is not Met.AGAIN and exchange.session is not None:
            self._going[exchange.session] = Past(limit=self._limit, before=Remembered(forgotten=met is Met.LATE))

    def judge(self, judgement: Judgement) -> Judgement:
        """Give a judgement with what there is to say of the exchange's place in its session."""
        self.meet(judgement.exchange)
        if judgement.matched is None:
            return judgement
        seen = self._seen(judgement.matched, judgement.findings)
        if seen is _NOTHING:
            return judgement
        return replace(
            judgement,
            passed=(*judgement.passed, *seen.passed),
            findings=(*judgement.findings, *seen.findings),
            crashed={**judgement.crashed, **seen.crashed},
        )

    def look(self, matched: Matched) -> Seen:
        """Say what there is to say of the place in its session of an exchange that is sound itself."""
        if matched.exchange.session is None:
            return self._of_all(matched)
        self.meet(matched.exchange)
        return self._seen(matched, ())

    def go_on(self, matched: Matched, findings: tuple[Finding, ...]) -> Seen:
        """Say what there is to say of the place of an exchange in its session alone; `findings` are those of itself."""
        return self._said(matched, findings, self._session(matched.exchange.session or ""))

    def _seen(self, matched: Matched, findings: tuple[Finding, ...]) -> Seen:
        exchange = matched.exchange
        name = exchange.session
        seen = self._of_all(matched)
        if name is None or name in self._elsewhere:
            return seen
        return _together(seen, self._said(matched, findings, self._session(name)))

    def scout(self, exchange: Exchange, match: Match) -> None:
        """Remember of an exchange what the checks on whole recordings do, without judging it.

        They see the exchange and its operation, not what was read of its messages: so a part of a recording can find
        out cheaply what came before it.
        """
        bare = Matched(
            exchange=exchange,
            operation=match.operation,
            path_parameters=match.path_parameters,
            answer=None,
            request=_UNREAD,
            response=_UNREAD,
        )
        self._of_all(bare)

    def _of_all(self, matched: Matched) -> Seen:
        return _NOTHING if not self._all or _is_generated(matched.exchange) else self._look(matched, self._all)

    def _session(self, name: str) -> _Inspectors:
        session = self._going[name]
        if isinstance(session, Past):
            session = self._going[name] = _begun(self._each, session)
        return session

    def _said(self, matched: Matched, findings: tuple[Finding, ...], inspectors: _Inspectors) -> Seen:
        if not inspectors or _is_generated(matched.exchange):
            return _NOTHING
        if findings:
            matched = sound(matched, ((each.side, each.problem.instance_pointer) for each in findings))
        return self._look(matched, inspectors)

    def _look(self, matched: Matched, inspectors: _Inspectors) -> Seen:
        found: list[Finding] = []
        passed: list[str] = []
        crashed: dict[str, str] = {}
        for check, inspect in inspectors:
            try:
                said = inspect(matched)
                problems = list(said) if said else said
            except Exception as error:  # noqa: BLE001 - a check of ours that crashes is a result of its own
                crashed[check.id] = f"{type(error).__name__}: {error}"
                continue
            if problems:
                found += [self._finding(check, problem, matched) for problem in problems]
            elif problems is not None:
                passed.append(check.id)
        if found or crashed:
            return Seen(passed=tuple(passed), findings=tuple(found), crashed=crashed)
        return _unobjected(tuple(passed))

    def _finding(self, check: Check, problem: Problem, matched: Matched) -> Finding:
        operation = matched.operation
        return self._judge.finding(check, Side.SESSION, problem, matched.exchange, operation, None, key=operation.key)


@lru_cache(maxsize=256)
def _unobjected(passed: tuple[str, ...]) -> Seen:
    """Give what is said of most exchanges."""
    return Seen(passed=passed)


def _is_generated(exchange: Exchange) -> bool:
    return bool(exchange.extra) and bool(exchange.extra.get(GENERATED))


def _begun(started: Iterable[tuple[Check, SessionStart]], past: Past) -> _Inspectors:
    return tuple((check, start(past)) for check, start in started)


def _together(one: Seen, other: Seen) -> Seen:
    if one is _NOTHING or other is _NOTHING:
        return other if one is _NOTHING else one
    return Seen(
        passed=(*one.passed, *other.passed),
        findings=(*one.findings, *other.findings),
        crashed={**one.crashed, **other.crashed},
    )


def _started(judge: Judge) -> Iterable[tuple[Check, SessionStart]]:
    """Plan the checks on sessions; what is forgotten is looked at last."""
    for check in sorted(judge.checks, key=lambda each: (-each.severity.rank, each.id)):
        if check.subject is Subject.SESSION:
            start: SessionStart | None = check.plan(judge.operations)
            if start is not None:
                yield check, start
