"""The pipeline of `conformance selftest`: every check must find its own faults, and no other check may speak of them.

The exchanges are those of positive cases with the reference server. Each check plants its faults into them, one at a
time: request faults in the request, response faults in the response. A cell is a check, a side and an operation.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import urlencode

from msgspec import field
from msgspec.structs import replace

from conformance.checks.succession import Sessions
from conformance.generate import plan
from conformance.generate.case import Case, request
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.finding import Finding, Suspect, fingerprint
from conformance.model.http import Exchange, Request, Source
from conformance.model.operation import Operation
from conformance.model.report import Cell, Report, Tally
from conformance.model.rule import Check, Matched, Problem, Severity, Side, Subject
from conformance.model.value import Value
from conformance.profiles.twilio.answers import resources, shape
from conformance.profiles.twilio.dates import day, seconds
from conformance.profiles.twilio.filters import filters
from conformance.results import Collector
from conformance.run.suite import Progress, Suite, compiler

PLANTS: Final = 3
"""Faults of one check that are tried in one exchange."""
CASES: Final = 24
"""Positive cases of one operation that are searched for a place to plant a fault."""
ITEMS: Final = 3
"""Resources on a list."""
SIDES: Final = {
    Subject.ROUTE: (Side.REQUEST,),
    Subject.REQUEST: (Side.REQUEST,),
    Subject.RESPONSE: (Side.RESPONSE,),
    Subject.MESSAGE: (Side.REQUEST, Side.RESPONSE),
    Subject.SESSION: (Side.SESSION,),
}


class Trial(Value, frozen=True, kw_only=True):
    """One cell of the matrix: a check, a side and an operation."""

    rule: str
    side: Side
    operation: str
    planted: int
    """Faults that were planted; 0 where the check does not apply."""
    missed: tuple[str, ...] = ()
    """What was planted and not reported, or reported by others too, in words."""
    reason: str = ""
    """Why the check does not apply."""

    @property
    def outcome(self) -> str:
        """`detected`, `missed` or `not applicable`."""
        if not self.planted:
            return "not applicable"
        return "missed" if self.missed else "detected"


class Matrix(Value, frozen=True, kw_only=True):
    """All trials."""

    trials: tuple[Trial, ...]
    seconds: float
    false_alarms: tuple[str, ...] = field(default=())
    """Findings in exchanges without a fault, in words."""

    def count(self, outcome: str) -> int:
        """Count the trials with one outcome."""
        return sum(trial.outcome == outcome for trial in self.trials)

    @property
    def is_perfect(self) -> bool:
        """Tell whether every fault was detected, by its check alone, and nothing else was reported."""
        return bool(self.count("detected")) and not self.count("missed") and not self.false_alarms


def selftest(made: Suite, *, progress: Progress = lambda _: None) -> Matrix:
    """Plant every fault of every check into the exchanges of every operation."""
    started = time.perf_counter()
    trials: list[Trial] = []
    alarms: list[str] = []
    conformant = {operation: list(_conformant(made, operation)) for operation in made.chosen}
    others = {operation: seen[0] for operation, seen in conformant.items() if seen}
    for operation, seen in conformant.items():
        alarms += [
            f"{finding.rule_id}: {operation.key}: {finding.problem.message}"
            for matched in seen
            for finding in made.judge.judge(matched.exchange).findings
        ]
        for check in made.judge.checks:
            for side in SIDES.get(check.subject, ()):
                trials.append(_trial(made, check, side, operation, seen, others))
                progress(1)
    return Matrix(trials=tuple(trials), seconds=time.perf_counter() - started, false_alarms=tuple(alarms))


def _conformant(made: Suite, operation: Operation) -> Iterator[Matched]:
    """Give the exchanges of positive cases, each with a reference server of its own."""
    mock = Mock(made.operations, compiler(), seed=made.settings.seed)
    state = State()

    def known(each: Operation) -> dict[str, str]:
        nonlocal state
        state = State()
        return dict(mock.seeded(each, state, count=ITEMS))

    for case in islice(plan.cases(operation, seed=made.settings.seed, context=known), CASES):
        matched = made.judge.judge(_exchange(case, mock, state), operation=operation).matched
        if matched is None:
            continue
        yield matched
        for sent in _filtered(matched) if case.index == 0 else ():
            exchange = replace(matched.exchange, request=sent, response=mock.handle(sent, state)[0])
            again = made.judge.judge(exchange, operation=operation).matched
            if again is not None:
                yield again


def _filtered(matched: Matched) -> Iterator[Request]:
    """Give the request of a list once more for each filter, with what the first item has."""
    known = shape(matched.operation)
    _, item = next(resources(matched, known), ("", {})) if known is not None else ("", {})
    for name, field_, excludes in filters(matched.operation):
        value = item.get(field_)
        when = seconds(value)
        wanted = day(when) if when is not None else value
        if isinstance(wanted, str | int) and not excludes(str(wanted), value) and name.isidentifier():
            url = f"{matched.exchange.request.url.partition('?')[0]}?{urlencode({name: wanted})}"
            yield replace(matched.exchange.request, url=url)


def _exchange(case: Case, mock: Mock, state: State) -> Exchange:
    sent = request(case)
    if "Authorization" in sent.headers:
        sent = replace(sent, headers=sent.headers.replace("Authorization", mock.authorization))
    source = Source(kind="run", path=case.operation.key, index=case.index)
    return Exchange(id=case.id, request=sent, response=mock.handle(sent, state)[0], source=source)


def _trial(
    made: Suite,
    check: Check,
    side: Side,
    operation: Operation,
    seen: list[Matched],
    others: Mapping[Operation, Matched],
) -> Trial:
    planted, missed = 0, []
    for matched in seen if _is_planned(made, check, side, operation) else ():
        faulty = list(islice(_plants(check, side, matched, others), PLANTS))
        for session in faulty:
            planted += 1
            verdict = _verdict(made, check, side, session)
            if verdict:
                missed.append(f"{matched.exchange.id}: {verdict}")
        if faulty:
            break
    reason = "" if planted else _reason(made, check, side, operation, len(seen))
    return Trial(
        rule=check.id, side=side, operation=operation.key, planted=planted, missed=tuple(missed), reason=reason
    )


def _plants(
    check: Check, side: Side, matched: Matched, others: Mapping[Operation, Matched]
) -> Iterator[tuple[Exchange, ...]]:
    """Give sessions of which the last exchange shows a fault; most faults need no more than that one."""
    if check.plant is None:
        return
    if check.subject is Subject.SESSION:
        yield from check.plant(matched, others)
    else:
        for exchange in check.plant(matched, side) if check.subject is Subject.MESSAGE else check.plant(matched):
            yield (exchange,)


def _verdict(made: Suite, check: Check, side: Side, session: tuple[Exchange, ...]) -> str:
    """Say what is wrong with the judgement of a planted fault; empty where it is right."""
    sessions = Sessions(made.judge)
    *before, judgement = [sessions.judge(made.judge.judge(exchange)) for exchange in session]
    found = {(finding.rule_id, finding.side) for each in (*before, judgement) for finding in each.findings}
    if found == {(check.id, side)}:
        return ""
    if judgement.crashed:
        return f"crashed: {next(iter(judgement.crashed.values()))}"
    others = ", ".join(sorted(rule for rule, _ in found - {(check.id, side)}))
    if (check.id, side) not in found:
        return f"not reported (instead: {others})" if others else "not reported"
    return f"reported by {others} too"


def _reason(made: Suite, check: Check, side: Side, operation: Operation, exchanges: int) -> str:
    if not exchanges:
        return "no conformant exchange could be made"
    if check.plant is None:
        return "the check plants no fault"
    if check.subject is Subject.SESSION or not _is_planned(made, check, side, operation):
        return f"the {side.value} of this operation has not {check.needs}"
    return f"no {side.value} of this operation has a place for such a fault"


def _is_planned(made: Suite, check: Check, side: Side, operation: Operation) -> bool:
    """Tell whether a check looks at one side of an operation."""
    if check.subject in {Subject.ROUTE, Subject.SESSION}:
        return True
    return any(step.check is check and step.side is side for step in made.judge.steps(operation) or ())


def lines(matrix: Matrix) -> Iterator[str]:
    """Give the matrix as text: misses first, then a line a check, the score last."""
    for trial in matrix.trials:
        for text in trial.missed:
            yield f"missed: {trial.rule} ({trial.side.value}): {text}"
    for text in matrix.false_alarms:
        yield f"false alarm: {text}"
    rules = dict.fromkeys((trial.rule, trial.side) for trial in matrix.trials)
    width = max((len(rule) for rule, _ in rules), default=0)
    yield f"{'check'.ljust(width)}  side      detected  missed  not applicable"
    for rule, side in rules:
        mine = [trial for trial in matrix.trials if (trial.rule, trial.side) == (rule, side)]
        counts = Counter(trial.outcome for trial in mine)
        numbers = f"{counts['detected']:8}  {counts['missed']:6}  {counts['not applicable']:14}"
        yield f"{rule.ljust(width)}  {side.value.ljust(8)}  {numbers}"
        for reason, count in Counter(trial.reason for trial in mine if trial.reason).most_common():
            yield f"{' ' * width}  {count} x {reason}"
    judged = matrix.count("detected") + matrix.count("missed")
    yield (f"detected {matrix.count('detected')} of {judged}, {matrix.count('not applicable')} not applicable")


def report(made: Suite, matrix: Matrix) -> Report:
    """Give the matrix as a report: a fault that was detected is a check passed, one that was missed is a finding."""
    cells: dict[str, Cell] = {}
    for operation in made.chosen:
        mine = [trial for trial in matrix.trials if trial.operation == operation.key and trial.planted]
        passed = Counter(trial.rule for trial in mine if not trial.missed)
        failed = Counter(trial.rule for trial in mine if trial.missed)
        tally = Tally(
            exchanges=sum(trial.planted for trial in mine),
            passed={rule: passed[rule] for rule in sorted(passed)},
            failed={rule: failed[rule] for rule in sorted(failed)},
        )
        collector = Collector(f"{operation.key} selftest")
        for trial in mine:
            for text in trial.missed:
                collector.add_finding(_missed(trial, operation, text), None)
        cell = collector.cell()
        cells[cell.id] = replace(cell, tallies={operation.key: tally})
    return Report(subject=made.subject(selftest=True, seed=made.settings.seed), cells=cells)


def _missed(trial: Trial, operation: Operation, text: str) -> Finding:
    problem = Problem(message=f"a planted fault: {text}", expected=trial.rule, actual=text, keyword="selftest")
    line, column = operation.api.locate(operation.pointer)
    return Finding(
        rule_id=trial.rule,
        operation=operation.key,
        severity=Severity.ERROR,
        side=trial.side,
        suspect=Suspect.IMPLEMENTATION,
        problem=problem,
        exchange_id=text.partition(": ")[0],
        source=Source(kind="selftest", path=operation.key, index=0),
        spec=operation.api.path,
        line=line,
        column=column,
        fingerprint=fingerprint(
            operation=operation.key, side=trial.side, status=None, rule_id=trial.rule, problem=problem
        ),
    )


def to_json(matrix: Matrix) -> dict[str, object]:
    """Give the matrix as JSON: every trial with its outcome, and the reason where the check does not apply."""
    return {
        "detected": matrix.count("detected"),
        "missed": matrix.count("missed"),
        "not_applicable": matrix.count("not applicable"),
        "false_alarms": list(matrix.false_alarms),
        "trials": [
            {
                "rule": trial.rule,
                "side": trial.side.value,
                "operation": trial.operation,
                "outcome": trial.outcome,
                "planted": trial.planted,
                "missed": list(trial.missed),
                "reason": trial.reason,
            }
            for trial in matrix.trials
        ],
        "timing": {"seconds": round(matrix.seconds, 3)},
    }
