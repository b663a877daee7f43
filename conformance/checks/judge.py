"""The judge: an exchange in, what every check says of it out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from msgspec import field
from msgspec.structs import replace

from conformance.model.expectation import ABSENT, Expect, Expectation, expectation
from conformance.model.finding import Finding, Suspect, destination, fingerprint
from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.route import Match, Miss
from conformance.model.rule import CaseInspector, Check, Glance, Matched, Problem, Severity, Side, Stage, Subject
from conformance.model.value import Value
from conformance.openapi.router import Router
from conformance.schemas import reading
from conformance.schemas.compiler import Compiler
from conformance.schemas.parameters import from_text
from conformance.schemas.reading import Reader

_SIDES: Final = {
    Subject.REQUEST: (Side.REQUEST,),
    Subject.RESPONSE: (Side.RESPONSE,),
    Subject.MESSAGE: (Side.REQUEST, Side.RESPONSE),
}
_REFUSALS: Final = range(400, 500)


class Judgement(Value, frozen=True, kw_only=True):
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


_Run = Callable[[Matched], Iterable[Problem]]


class Step(Value, frozen=True, kw_only=True):
    """One check, planned for one side of one operation."""

    check: Check
    side: Side
    run: _Run


class _Case(Value, frozen=True, kw_only=True):
    """One check of what is expected, planned for one operation."""

    check: Check
    inspect: CaseInspector
    side: Side = Side.RESPONSE


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
        self.compiler = compiler
        self._severities = severities or {}
        self._second = second
        self.router = Router(self.operations, parameter_fits=self._fits)
        self._routes = [(check, check.plan()) for check in self.checks if check.subject is Subject.ROUTE]
        self._readers: dict[Operation, Reader] = {}
        self._plans: dict[Operation, tuple[tuple[Step, ...], Mapping[str, str]]] = {}
        self._cases = [check for check in self.checks if check.subject is Subject.CASE]
        self._expecting: dict[tuple[Operation, Expect, bool], tuple[Step | _Case, ...]] = {}

    def severity(self, check: Check) -> Severity:
        """The severity that holds for a rule."""
        return self._severities.get(check.id, check.severity)

    def _fits(self, operation: Operation, name: str) -> Callable[[str], bool]:
        found = next((each for each in operation.parameters_in(Location.PATH) if each.name == name), None)
        if found is None:
            return lambda _: True
        parameter = found

        def fits(text: str) -> bool:
            validator = self.compiler.validator(parameter.schema, api=operation.api)
            return validator.is_valid(from_text(text, parameter))

        return fits

    def judge(self, exchange: Exchange, *, operation: Operation | None = None) -> Judgement:
        """Give what every check says of an exchange; `operation` where the caller knows to which it belongs."""
        found = self._meant(operation, exchange) if operation is not None and exchange.extra else None
        if found is None:
            found = self.router.match(exchange.request.method, exchange.request.url)
            if operation is not None and not (isinstance(found, Match) and found.operation is operation):
                found = self._as(operation, exchange)
        if isinstance(found, Miss):
            return self._judge_miss(exchange, found)
        matched = self.read(exchange, found)
        return self._judge_matched(matched)

    def _meant(self, operation: Operation, exchange: Exchange) -> Match | Miss | None:
        """Read a generated request as the operation that it was made for, even where its path is broken on purpose."""
        if expectation(exchange.extra) is None:
            return None
        return self.router.under(operation, exchange.request.url, any_values=True)

    def _as(self, operation: Operation, exchange: Exchange) -> Match | Miss:
        known = self.router.under(operation, exchange.request.url)
        return known if known is not None else self.router.match(exchange.request.method, exchange.request.url)

    def read(self, exchange: Exchange, match: Match) -> Matched:
        """Read both sides of an exchange that belongs to an operation."""
        return self.reader(match.operation).read(exchange, match.path_parameters)

    def reader(self, operation: Operation) -> Reader:
        """Give what reads the exchanges of an operation."""
        found = self._readers.get(operation)
        if found is None:
            found = self._readers[operation] = Reader(operation, self.compiler)
        return found

    def steps(self, operation: Operation) -> tuple[Step, ...] | None:
        """Give the checks that are planned for an operation; None where one of them cannot be planned."""
        steps, crashed = self._plan(operation)
        return None if crashed else steps

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
        planned, broken = self._plan(matched.operation)
        expected = expectation(matched.exchange.extra) if matched.exchange.extra else None
        steps = planned if expected is None else self._expected_steps(matched, expected)
        passed: list[str] = []
        problems: list[tuple[Step | _Case, Problem]] = []
        crashed = dict(broken)
        stopped: dict[Side, Stage] = {}
        view = matched
        for step in steps:
            if step.check.stage > stopped.get(step.side, Stage.RELATION):
                continue
            if step.check.stage is Stage.RELATION and view is matched and problems:
                view = sound(matched, _broken(problems))
            try:
                run = step.run if isinstance(step, Step) else partial(step.inspect, expected)  # type: ignore[arg-type] # planned where something is
                objections = list(run(view))
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

    def _plan(self, operation: Operation) -> tuple[tuple[Step, ...], Mapping[str, str]]:
        plan = self._plans.get(operation)
        if plan is None:
            crashed: dict[str, str] = {}
            steps = sorted(self._steps(operation, crashed), key=lambda step: (step.check.stage, step.check.id))
            plan = self._plans[operation] = (tuple(steps), crashed)
        return plan

    def _steps(self, operation: Operation, crashed: dict[str, str]) -> Iterator[Step]:
        for check in self.checks:
            for side in _SIDES.get(check.subject, ()):
                try:
                    run = _planned(check, operation, side)
                except Exception as error:  # noqa: BLE001 - as above
                    crashed[check.id] = f"{type(error).__name__}: {error}"
                    continue
                if run is not None:
                    yield Step(check=check, side=side, run=run)

    def _expected_steps(self, matched: Matched, expected: Expectation) -> tuple[Step | _Case, ...]:
        """Give the steps for the answer to a generated request; only among these are some that hold it to that."""
        operation = matched.operation
        meant = _meaning(expected, matched.exchange.response.status)
        found = self._expecting.get((operation, *meant))
        if found is None:
            planned = ((check, check.plan(operation)) for check in self._cases)
            cases = [_Case(check=check, inspect=inspect) for check, inspect in planned if inspect is not None]
            mine: list[Step | _Case] = [*cases, *_answered(self._plan(operation)[0], *meant)]
            found = self._expecting[operation, *meant] = tuple(sorted(mine, key=lambda each: each.check.stage))
        return found

    def applicable(self, operation: Operation) -> tuple[str, ...]:
        """The ids of the rules that have something to say about an operation, each once."""
        return tuple(dict.fromkeys(step.check.id for step in self._plan(operation)[0]))

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
                operation=key or destination(exchange.request.method, exchange.request.url),
                side=side,
                status=status,
                rule_id=check.id,
                problem=problem,
            ),
        )


def _broken(problems: Iterable[tuple[Step | _Case, Problem]]) -> Iterator[tuple[Side, str]]:
    for step, problem in problems:
        if step.check.stage is Stage.SCHEMA:
            yield step.side, problem.instance_pointer


def sound(matched: Matched, broken: Iterable[tuple[Side, str]]) -> Matched:
    """Give an exchange without the values that are broken, so that one fault is not found twice."""
    places: dict[Side, list[str]] = {Side.REQUEST: [], Side.RESPONSE: []}
    for side, pointer in broken:
        places[side].append(pointer)
    request = reading.sound(matched.request, places[Side.REQUEST])
    return Matched(
        exchange=matched.exchange,
        operation=matched.operation,
        path_parameters={
            name: text
            for name, text in matched.path_parameters.items()
            if f"path/{name}" in request.parameters or f"path/{name}" not in matched.request.parameters
        },
        answer=matched.answer,
        request=request,
        response=reading.sound(matched.response, places[Side.RESPONSE]),
    )


def _meaning(expected: Expectation, status: int) -> tuple[Expect, bool]:
    """Give what was expected, and whether the status says what it may: that what is made up is absent, or a refusal."""
    if expected.expect is Expect.ACCEPT:
        return expected.expect, expected.invented and status in ABSENT
    return expected.expect, status in _REFUSALS


def _answered(steps: Iterable[Step], expect: Expect, is_so: bool) -> Iterator[Step]:  # noqa: FBT001 - as `_meaning` says
    """Give the steps for a generated request.

    What was broken on purpose is no finding, nor that it was refused, nor that what was made up is not there; and
    who sends something odd may get it back, so that only what breaks the description itself counts.
    """
    for step in steps:
        told = is_so and step.check.stage is Stage.STATUS
        own = expect is not Expect.ACCEPT and step.side is Side.REQUEST
        echoed = expect is Expect.SURVIVE and step.check.severity is not Severity.ERROR
        if not (told or own or echoed):
            yield step


def _planned(check: Check, operation: Operation, side: Side) -> _Run | None:
    if check.subject is not Subject.MESSAGE:
        run: _Run | None = check.plan(operation)
        return run
    inspect: Callable[[Any], Iterable[Problem]] | None = check.plan(operation, side)
    if inspect is None:
        return None
    if isinstance(inspect, Glance):
        return replace(inspect, inspect=_on(side, inspect.inspect))
    return _on(side, inspect)


def _on(side: Side, inspect: Callable[[Any], Iterable[Problem]]) -> _Run:
    """Look at one side of an exchange."""
    if side is Side.REQUEST:
        return lambda matched: inspect(matched.request)
    return lambda matched: inspect(matched.response)
