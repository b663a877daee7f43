"""The judge: an exchange in, what every check says of it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.model.finding import Finding, Suspect, fingerprint
from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.route import Match, Miss
from conformance.model.rule import (
    Check,
    Matched,
    Problem,
    Scope,
    SessionInspector,
    SessionStart,
    Severity,
    Side,
    Stage,
    Subject,
)
from conformance.model.session import REMEMBERED, Past
from conformance.openapi.router import Router
from conformance.schemas.compiler import Compiler
from conformance.schemas.parameters import from_text
from conformance.schemas.reading import Reader, sound

_SIDES: Final = {
    Subject.REQUEST: (Side.REQUEST,),
    Subject.RESPONSE: (Side.RESPONSE,),
    Subject.MESSAGE: (Side.REQUEST, Side.RESPONSE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found out about one exchange."""

    exchange: Exchange
    operation: Operation | None
    """None where no operation matched."""
    matched: Matched | None
    in_scope: bool
    """False where host and path resemble no description: such an exchange is counted, not judged."""
    passed: tuple[str, ...] = ()
    """Rules that looked and had no objection."""
    findings: tuple[Finding, ...] = ()
    crashed: Mapping[str, str] = field(default_factory=dict)
    """Rules of ours that raised, with what."""


Run = Callable[[Matched], Iterable[Problem]]
"""Looks at one side of an exchange."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One check, planned for one side of one operation."""

    check: Check
    side: Side
    run: Run


class Judge:
    """Judges exchanges against a set of operations."""

    def __init__(
        self,
        operations: Iterable[Operation],
        *,
        checks: Iterable[Check],
        compiler: Compiler,
        severities: Mapping[str, Severity] | None = None,
        second: Judge | None = None,
    ) -> None:
        """Plan lazily: nothing is compiled before an exchange needs it.

        `severities` re-grades rules by id. `second` judges by the corrected contract: what it does not object to is
        the fault of the description.
        """
        self.operations = tuple(operations)
        self.checks = tuple(checks)
        self._compiler = compiler
        self._severities = severities or {}
        self._second = second
        self.router = Router(self.operations, parameter_fits=self._fits)
        self._routes = [(check, check.plan()) for check in self.checks if check.subject is Subject.ROUTE]
        self._readers: dict[Operation, Reader] = {}
        self._plans: dict[Operation, tuple[tuple[_Step, ...], Mapping[str, str]]] = {}

    def severity(self, check: Check) -> Severity:
        """The severity that holds for a rule."""
        return self._severities.get(check.id, check.severity)

    def _fits(self, operation: Operation, name: str) -> Callable[[str], bool]:
        found = next((each for each in operation.parameters_in(Location.PATH) if each.name == name), None)
        if found is None:
            return lambda _: True
        parameter = found

        def fits(text: str) -> bool:
            validator = self._compiler.validator(parameter.schema, api=operation.api)
            return validator.is_valid(from_text(text, parameter))

        return fits

    def judge(self, exchange: Exchange, *, operation: Operation | None = None) -> Judgement:
        """Give what every check says of an exchange; `operation` where the caller knows to which it belongs."""
        found = self.router.match(exchange.request.method, exchange.request.url)
        if operation is not None and not (isinstance(found, Match) and found.operation is operation):
            found = self._as(operation, exchange)
        if isinstance(found, Miss):
            return self._judge_miss(exchange, found)
        matched = self.read(exchange, found)
        return self._judge_matched(matched)

    def _as(self, operation: Operation, exchange: Exchange) -> Match | Miss:
        known = self.router.under(operation, exchange.request.url)
        return known if known is not None else self.router.match(exchange.request.method, exchange.request.url)

    def read(self, exchange: Exchange, match: Match) -> Matched:
        """Read both sides of an exchange that belongs to an operation."""
        reader = self._readers.get(match.operation)
        if reader is None:
            reader = self._readers[match.operation] = Reader(match.operation, self._compiler)
        return reader.read(exchange, match.path_parameters)

    def _judge_miss(self, exchange: Exchange, miss: Miss) -> Judgement:
        problems = [(check, problem) for check, inspect in self._routes for problem in inspect(exchange, miss)]
        corrected = self._identities(exchange) if problems else None
        return Judgement(
            exchange=exchange,
            operation=None,
            matched=None,
            in_scope=bool(miss.candidates),
            findings=tuple(
                self.finding(check, Side.REQUEST, problem, exchange, miss.candidates[0].operation, corrected, key=None)
                for check, problem in problems
            ),
        )

    def _judge_matched(self, matched: Matched) -> Judgement:
        steps, broken = self._plan(matched.operation)
        passed: list[str] = []
        problems: list[tuple[_Step, Problem]] = []
        crashed = dict(broken)
        stopped: dict[Side, Stage] = {}
        view = matched
        for step in steps:
            if step.check.stage > stopped.get(step.side, Stage.RELATION):
                continue
            if step.check.stage is Stage.RELATION and view is matched and problems:
                view = _sound(matched, _broken(problems))
            try:
                objections = list(step.run(view))
            except Exception as error:  # noqa: BLE001 - a check of ours that crashes is a result of its own
                crashed[step.check.id] = f"{type(error).__name__}: {error}"
                continue
            if objections:
                problems += [(step, problem) for problem in objections]
                if step.check.stage < Stage.SCHEMA:
                    stopped.setdefault(step.side, step.check.stage)
            else:
                passed.append(step.check.id)
        corrected = self._identities(matched.exchange) if problems else None
        failed = {step.check.id for step, _ in problems}
        return Judgement(
            exchange=matched.exchange,
            operation=matched.operation,
            matched=matched,
            in_scope=True,
            passed=tuple(dict.fromkeys(rule for rule in passed if rule not in failed)),
            findings=tuple(
                self.finding(
                    step.check, step.side, problem, matched.exchange, matched.operation, corrected,
                    key=matched.operation.key,
                )
                for step, problem in problems
            ),
            crashed=crashed,
        )  # fmt: skip

    def _plan(self, operation: Operation) -> tuple[tuple[_Step, ...], Mapping[str, str]]:
        plan = self._plans.get(operation)
        if plan is None:
            crashed: dict[str, str] = {}
            steps = sorted(self._steps(operation, crashed), key=lambda step: (step.check.stage, step.check.id))
            plan = self._plans[operation] = (tuple(steps), crashed)
        return plan

    def _steps(self, operation: Operation, crashed: dict[str, str]) -> Iterator[_Step]:
        for check in self.checks:
            for side in _SIDES.get(check.subject, ()):
                try:
                    run = planned(check, operation, side)
                except Exception as error:  # noqa: BLE001 - as above
                    crashed[check.id] = f"{type(error).__name__}: {error}"
                    continue
                if run is not None:
                    yield _Step(check=check, side=side, run=run)

    def sessions(self, *, limit: int = REMEMBERED) -> Sessions:
        """Give the judge of what follows what, for one recording or one cell.

        `limit` is how many things each memory of a session holds.
        """
        return Sessions(self, tuple(self._started()), limit=limit)

    def _started(self) -> Iterator[tuple[Check, SessionStart]]:
        for check in sorted(self.checks, key=lambda each: (-each.severity.rank, each.id)):
            if check.subject is Subject.SESSION:
                start: SessionStart | None = check.plan(self.operations)
                if start is not None:
                    yield check, start

    def applicable(self, operation: Operation) -> frozenset[str]:
        """The ids of the rules that have something to say about an operation."""
        return frozenset(step.check.id for step in self._plan(operation)[0])

    def _identities(self, exchange: Exchange) -> frozenset[tuple[str, Side, str]] | None:
        """What the corrected contract objects to; None where there is no second opinion."""
        if self._second is None:
            return None
        judgement = self._second.judge(exchange)
        return frozenset((each.rule_id, each.side, each.problem.instance_pointer) for each in judgement.findings)

    def finding(
        self,
        check: Check,
        side: Side,
        problem: Problem,
        exchange: Exchange,
        operation: Operation,
        corrected: frozenset[tuple[str, Side, str]] | None,
        *,
        key: str | None,
    ) -> Finding:
        """Give what a check found, with its place, its severity and its suspect."""
        api = operation.api
        line, column = api.locate(problem.spec_pointer)
        identity = (check.id, side, problem.instance_pointer)
        status = exchange.response.status if side is Side.RESPONSE else None
        if corrected is not None and identity not in corrected:
            suspect = Suspect.SPEC
        else:
            suspect = Suspect.IMPLEMENTATION if check.severity is Severity.ERROR else Suspect.UNDECIDED
        return Finding(
            rule_id=check.id,
            operation=key,
            severity=self.severity(check),
            side=side,
            suspect=suspect,
            problem=problem,
            exchange_id=exchange.id,
            source=exchange.source,
            spec=api.path,
            line=line,
            column=column,
            fingerprint=fingerprint(
                operation=key or f"{exchange.request.method} {exchange.request.url.partition('?')[0]}",
                side=side,
                status=status,
                rule_id=check.id,
                problem=problem,
            ),
        )


def planned(check: Check, operation: Operation, side: Side) -> Run | None:
    """Give what a check has to say about one side of an operation; None where that is nothing."""
    if check.subject is not Subject.MESSAGE:
        run: Run | None = check.plan(operation)
        return run
    inspect: Callable[[Any], Iterable[Problem]] | None = check.plan(operation, side)
    if inspect is None:
        return None
    if side is Side.REQUEST:
        return lambda matched: inspect(matched.request)
    return lambda matched: inspect(matched.response)


def _broken(problems: Iterable[tuple[_Step, Problem]]) -> Iterator[tuple[Side, str]]:
    for step, problem in problems:
        if step.check.stage is Stage.SCHEMA:
            yield step.side, problem.instance_pointer


def _sound(matched: Matched, broken: Iterable[tuple[Side, str]]) -> Matched:
    """Give an exchange without the values that are broken, so that one fault is not found twice."""
    places: dict[Side, list[str]] = {Side.REQUEST: [], Side.RESPONSE: []}
    for side, pointer in broken:
        places[side].append(pointer)
    request = sound(matched.request, places[Side.REQUEST])
    return replace(
        matched,
        request=request,
        response=sound(matched.response, places[Side.RESPONSE]),
        path_parameters={
            name: text
            for name, text in matched.path_parameters.items()
            if f"path/{name}" in request.parameters or f"path/{name}" not in matched.request.parameters
        },
    )


MOST_SESSIONS: Final = 1_000
"""How many sessions of a recording are followed at the same time."""
_MOST_ENDED: Final = 100_000
"""How many sessions that were put aside are known by name, in case they go on."""


@dataclass(slots=True)
class _Session:
    """One session on its way."""

    past: Past
    inspectors: tuple[tuple[Check, SessionInspector], ...]


class Sessions:
    """Judges what follows what, in one recording or one cell; its memory is bounded."""

    def __init__(
        self, judge: Judge, started: tuple[tuple[Check, SessionStart], ...], *, limit: int = REMEMBERED
    ) -> None:
        """Follow nothing yet; `limit` is how many things each memory of a session holds."""
        self._judge = judge
        self._limit = limit
        self._each = tuple((check, start) for check, start in started if check.scope is Scope.SESSION)
        self._all = self._begin((check, start) for check, start in started if check.scope is Scope.RECORDING)
        self._going: dict[str, _Session] = {}
        self._ended: dict[str, None] = {}

    def _begin(self, started: Iterable[tuple[Check, SessionStart]]) -> _Session:
        past = Past(limit=self._limit)
        return _Session(past, tuple((check, start(past)) for check, start in started))

    def _session(self, name: str) -> _Session:
        session = self._going.pop(name, None)
        if session is None:
            session = self._begin(self._each)
            if name in self._ended:
                session.past.forgotten += 1
        self._going[name] = session
        if len(self._going) > MOST_SESSIONS:
            oldest = next(iter(self._going))
            del self._going[oldest]
            self._ended[oldest] = None
            if len(self._ended) > _MOST_ENDED:
                del self._ended[next(iter(self._ended))]
        return session

    def judge(self, judgement: Judgement) -> Judgement:
        """Give a judgement with what there is to say of its place in the session."""
        matched, exchange = judgement.matched, judgement.exchange
        if matched is None:
            return judgement
        if judgement.findings:
            matched = _sound(matched, ((each.side, each.problem.instance_pointer) for each in judgement.findings))
        inspectors = self._all.inspectors
        if exchange.session is not None and self._each:
            inspectors = (*inspectors, *self._session(exchange.session).inspectors)
        findings: list[Finding] = []
        passed: list[str] = []
        crashed: dict[str, str] = {}
        for check, inspect in inspectors:
            try:
                found = inspect(matched)
                problems = None if found is None else list(found)
            except Exception as error:  # noqa: BLE001 - a check of ours that crashes is a result of its own
                crashed[check.id] = f"{type(error).__name__}: {error}"
                continue
            if problems:
                findings += [self._finding(check, problem, matched) for problem in problems]
            elif problems is not None:
                passed.append(check.id)
        if not findings and not passed and not crashed:
            return judgement
        return replace(
            judgement,
            passed=(*judgement.passed, *passed),
            findings=(*judgement.findings, *findings),
            crashed={**judgement.crashed, **crashed},
        )

    def _finding(self, check: Check, problem: Problem, matched: Matched) -> Finding:
        operation = matched.operation
        return self._judge.finding(check, Side.SESSION, problem, matched.exchange, operation, None, key=operation.key)
