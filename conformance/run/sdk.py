"""The pipeline of `conformance sdk`: real SDKs are driven against a scripted server, and judged side by side.

Clients run beside each other; a cell is one side of one operation through one client. Who is to blame is said at the
end, when every witness has been heard.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Final

from msgspec import Struct, field

from conformance import results
from conformance.checks.judge import Judge
from conformance.config import Settings
from conformance.errors import NothingChecked, SettingsError
from conformance.generate import plan
from conformance.generate.case import Case, Mode
from conformance.model.finding import Finding, fingerprint
from conformance.model.http import Exchange, Source
from conformance.model.operation import Contract, Operation
from conformance.model.report import Cell, Report
from conformance.model.report import Subject as About
from conformance.model.rule import Problem, Severity, Side
from conformance.model.value import Value
from conformance.openapi import operations as openapi
from conformance.run.recorder import emitter
from conformance.run.suite import Outcome, Progress, Suite, compiler, load, suite
from conformance.schemas.coverage import Lens
from conformance.sdk import drivers
from conformance.sdk.blame import CORRECTED, Verdict, blame
from conformance.sdk.bodies import Bodies, json_content
from conformance.sdk.certificate import Certificate, certificate
from conformance.sdk.discovery import shapes
from conformance.sdk.observation import Departure, Question, SideResult
from conformance.sdk.protocol import DriverFailed, Launch
from conformance.sdk.rules import RULES, SdkSide
from conformance.sdk.session import Session
from conformance.sdk.survey import Brief, Survey, survey

_FULL_QUESTIONS: Final = 6
"""Questions with all fields that one operation gets at most; each shows other members of the enumerations."""
_SIDES: Final = {
    SdkSide.REACH: Side.REQUEST,
    SdkSide.REQUEST: Side.REQUEST,
    SdkSide.RESPONSE: Side.RESPONSE,
    SdkSide.FAILURE: Side.SESSION,
}
EVERY_SIDE: Final = frozenset(SdkSide)
_COVERING: Final = frozenset({SdkSide.REQUEST, SdkSide.RESPONSE})
"""Sides whose exchanges are what the description describes."""


class Wanted(Value, frozen=True, kw_only=True):
    """What `conformance sdk` is asked for, beyond the settings of every command."""

    drivers: tuple[str, ...] = ()
    """Names of drivers that ship, or commands; empty for all that ship."""
    version: str | None = None
    sides: frozenset[SdkSide] = EVERY_SIDE
    against: tuple[Path, ...] = ()
    """Descriptions that testify as second witnesses."""


class _Heard(Struct):
    """What the clients said, and why some said nothing."""

    surveys: list[Survey] = field(default_factory=list)
    silent: dict[str, str] = field(default_factory=dict)
    """Name of the driver or client to the reason."""


def sdk(settings: Settings, wanted: Wanted, *, progress: Progress = lambda _: None) -> Outcome:
    """Drive SDKs and judge them.

    Raises:
        ConformanceError: the settings are wrong, or nothing ran.

    """
    started = time.perf_counter()
    held, choice = _choice(settings)
    made = suite(held)
    brief = _brief(made, wanted, choice, progress)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="conformance-")))
        heard = _listen(brief, wanted, folder)
    if not heard.surveys:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in heard.silent.items())
        raise NothingChecked(what=f"no driver ran ({reasons})", hint="docs/sdk.md says what each one needs")
    with emitter(settings) as emit:
        cells = [*_cells(made, choice, heard, emit), *map(_offered, heard.surveys), *_silent(made, heard, wanted)]
    report = Report(
        subject=_subject(made, wanted, choice, heard),
        cells={cell.id: cell for cell in sorted(cells, key=lambda each: each.id)},
    )
    if not any(tally.exchanges for cell in cells for tally in cell.tallies.values()):
        raise NothingChecked(what="no call sent anything", hint="`--operation` may name operations that no SDK has")
    return Outcome(report=report, fail_on=Severity(settings.fail_on), seconds=time.perf_counter() - started)


# What holds


class _Choice(Value, frozen=True, kw_only=True):
    """The rules about SDKs that `--select`, `--ignore` and `--severity` leave, and whether checks hold at all."""

    severities: Mapping[str, Severity]
    """Rule id to its severity, for every rule that holds."""
    has_checks: bool = True


def _choice(settings: Settings) -> tuple[Settings, _Choice]:
    """Split the choice of rules: what names rules about SDKs is done here, the rest is left to the suite."""

    def ours(glob: str) -> bool:
        return any(fnmatchcase(rule, glob) for rule in RULES)

    def fits(rule: str, globs: Iterable[str]) -> bool:
        return any(fnmatchcase(rule, glob) for glob in globs)

    held = {
        rule: known.severity
        for rule, known in RULES.items()
        if (not settings.select or fits(rule, settings.select)) and not fits(rule, settings.ignore)
    }
    for glob, level in settings.severity.items():
        held.update({rule: Severity(level) for rule in held if fnmatchcase(rule, glob)})
    rest = replace(
        settings,
        select=tuple(glob for glob in settings.select if not ours(glob)),
        ignore=tuple(glob for glob in settings.ignore if not ours(glob)),
        severity={glob: level for glob, level in settings.severity.items() if not ours(glob)},
    )
    return rest, _Choice(severities=held, has_checks=not settings.select or bool(rest.select))


def _brief(made: Suite, wanted: Wanted, choice: _Choice, progress: Progress) -> Brief:
    checker = compiler()
    lock = Lock()
    witnesses = _witnesses(made, wanted)
    testifying = {other for found in witnesses.values() for other in found.values()}
    # The router of the suite knows no operation of another document.
    second = Judge(testifying, checks=made.judge.checks, compiler=compiler())

    def judged(operation: Operation, exchange: Exchange) -> list[tuple[str, Severity, Problem]]:
        if not choice.has_checks:
            return []
        with lock:
            judge = second if operation in testifying else made.judge
            judgement = judge.judge(exchange, operation=operation)
        return [(each.rule_id, each.severity, each.problem) for each in judgement.findings if each.side is Side.REQUEST]

    def told(count: int) -> None:
        with lock:
            progress(count)

    @cache
    def bodies(operation: Operation) -> Bodies | None:
        content = json_content(operation)
        return None if content is None else Bodies(operation, content, checker)

    @cache
    def questions(operation: Operation) -> tuple[Question, ...]:
        return tuple(_questions(operation, made.settings.seed))

    return Brief(
        operations=made.operations,
        chosen=made.chosen,
        sides=wanted.sides,
        questions=questions,
        bodies=bodies,
        judged=judged,
        compiler=checker,
        witnesses=witnesses,
        told=told,
    )


def _questions(operation: Operation, seed: int) -> Iterator[Question]:
    """Give the request with required fields only, then some with all fields."""
    full = 0
    for case in plan.cases(operation, mode=Mode.POSITIVE, seed=seed):
        if case.label == "required only":
            yield _question(case)
        elif case.label.startswith("all fields") and "null" not in case.label and full < _FULL_QUESTIONS:
            full += 1
            yield _question(case)
        elif full:
            return


def _question(case: Case) -> Question:
    return Question(
        label=case.label,
        path=case.path,
        query=case.query,
        body=case.body,
        media_type="" if case.media_type is None else case.media_type.essence,
    )


def _witnesses(made: Suite, wanted: Wanted) -> dict[Operation, dict[str, Operation]]:
    """Give what other documents say of an operation: the corrected contract, and documents named by the user."""
    found: dict[Operation, dict[str, Operation]] = {operation: {} for operation in made.chosen}
    if made.settings.contract == Contract.AS_WRITTEN.value:
        corrected = {each.key: each for each in load(made.settings, contract=Contract.CORRECTED)}
        for operation in made.chosen:
            other = corrected.get(operation.key)
            if other is not None and other.corrections:
                found[operation][CORRECTED] = other
    allowed = frozenset(made.settings.allow_references)
    for path in openapi.find(wanted.against) if wanted.against else ():
        others = openapi.read(path, contract=Contract.AS_WRITTEN, allowed=allowed)
        by_shape = {shape: each for each in others for shape in shapes(each)}
        for operation in made.chosen:
            match = next((by_shape[shape] for shape in shapes(operation) if shape in by_shape), None)
            if match is not None:
                found[operation][path.name] = match
    return found


# The clients at work


def _listen(brief: Brief, wanted: Wanted, folder: Path) -> _Heard:
    """Run every client in a thread of its own, and wait for all."""
    heard = _Heard()
    made: Certificate | None = None
    reason = ""
    try:
        made = certificate(folder, {server.host for each in brief.operations for server in each.servers})
    except DriverFailed as failure:
        reason = str(failure)
    broken: list[BaseException] = []

    def work(launch: Launch, client: str) -> None:
        try:
            with Session(launch, client, certificate=made, insecure_reason=reason) as session:
                heard.surveys.append(survey(session, brief))
        except DriverFailed as failure:
            heard.silent[f"{launch.name} {client}"] = str(failure)
        except BaseException as error:  # noqa: BLE001 - raised again where somebody can see it
            broken.append(error)

    threads = [Thread(target=work, args=pair) for pair in _clients(wanted, heard)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
    heard.surveys.sort(key=lambda each: each.label)
    return heard


def _clients(wanted: Wanted, heard: _Heard) -> list[tuple[Launch, str]]:
    """Give each client of each driver that is there."""
    found: list[tuple[Launch, str]] = []
    for name in wanted.drivers or drivers.names():
        try:
            launch = drivers.launch(name, wanted.version)
            with Session(launch, "") as session:
                assert session.about is not None  # noqa: S101 - a session that is entered knows it
                found += [(launch, client) for client in session.about.clients]
        except DriverFailed as failure:
            heard.silent[name] = str(failure)
    return found


# What is reported


def _subject(made: Suite, wanted: Wanted, choice: _Choice, heard: _Heard) -> About:
    base = made.subject(
        sdk={each.label: each.about.version for each in heard.surveys},
        sides=sorted(side.value for side in wanted.sides),
        seed=made.settings.seed,
    )
    rules = {
        rule: {
            "title": RULES[rule].title,
            "severity": severity.value,
            "subject": "sdk",
            "stage": RULES[rule].side.value,
        }
        for rule, severity in choice.severities.items()
    }
    return replace(base, rules={**base.rules, **rules})


def _offered(one: Survey) -> Cell:
    """Give a cell for what a client offers, whichever operations are chosen."""
    facts = {
        "driver": one.name,
        "client": one.client,
        "sdk": one.about.sdk,
        "version": one.about.version,
        "calls": one.count,
        "broken": dict(one.broken),
    }
    return Cell(id=f"sdk {one.label}", tallies={}, findings={}, facts=facts)


def _silent(made: Suite, heard: _Heard, wanted: Wanted) -> Iterator[Cell]:
    """Give a cell for each driver or client that did not run."""
    for name, reason in heard.silent.items():
        yield Cell(
            id=f"sdk {name}",
            tallies={},
            findings={},
            not_run={operation.key: reason for operation in made.chosen},
            facts={"driver": name, "sides": sorted(side.value for side in wanted.sides)},
        )


def _cells(made: Suite, choice: _Choice, heard: _Heard, emit: Callable[[Finding], None] | None) -> Iterator[Cell]:
    for one in heard.surveys:
        for observed in one.observations:
            for side in (each for each in SdkSide if each in observed.sides):
                result = observed.sides[side]
                findings = [
                    (found, _finding(found, choice, observed.operation, one, heard.surveys))
                    for found in result.departures
                    if found.rule not in RULES or found.rule in choice.severities
                ]
                if emit is not None:
                    for _, finding in findings:
                        emit(finding)
                facts = {
                    "driver": one.name,
                    "client": one.client,
                    "sdk": one.about.sdk,
                    "version": one.about.version,
                    "runtime": one.about.runtime,
                    "side": side.value,
                    "calls": list(observed.calls),
                    "cases": result.cases,
                    **result.facts,
                }
                cell = _cell(f"sdk {one.label} {observed.operation.key} {side.value}", made, choice, observed.operation,
                             side, result, findings)  # fmt: skip
                not_run = {observed.operation.key: result.not_run} if result.not_run else {}
                yield replace(cell, not_run=not_run, facts=facts)


def _cell(
    name: str,
    made: Suite,
    choice: _Choice,
    operation: Operation,
    side: SdkSide,
    result: SideResult,
    findings: list[tuple[Departure, Finding]],
) -> Cell:
    collector = results.Collector(name)
    held = [rule for rule in choice.severities if RULES[rule].side is side]
    lens = Lens(operation)
    for exchange in result.exchanges:
        own = [finding for found, finding in findings if found.exchange is exchange]
        failed = {finding.rule_id for finding in own}
        judgement = made.judge.judge(exchange, operation=operation) if side in _COVERING else None
        passed = [rule for rule in held if rule not in failed]
        if judgement is not None and choice.has_checks:
            passed += [rule for rule in judgement.passed if rule not in failed]
        collector.add(
            operation=operation.key,
            exchange=exchange,
            passed=passed,
            findings=own,
            crashed={},
            lens=lens,
            matched=None if judgement is None else judgement.matched,
        )
    for found, finding in findings:
        if found.exchange is None:
            collector.add_finding(finding, None)
    return collector.cell()


def _finding(found: Departure, choice: _Choice, operation: Operation, one: Survey, others: list[Survey]) -> Finding:
    verdict = blame(found, key=operation.key, survey=one, others=others)
    clients = ", ".join(sorted({one.client, *verdict.alike}))
    problem = replace(
        found.problem,
        message=f"{one.about.sdk} {one.about.version} ({clients}): {found.problem.message}{_witnessed(verdict)}",
    )
    line, column = operation.api.locate(problem.spec_pointer)
    return Finding(
        rule_id=found.rule,
        operation=operation.key,
        severity=choice.severities.get(found.rule, found.severity),
        side=_SIDES[found.side],
        suspect=verdict.suspect,
        problem=problem,
        exchange_id=None if found.exchange is None else found.exchange.id,
        source=Source(kind="sdk", path=f"{one.label} {operation.key}", index=0)
        if found.exchange is None
        else found.exchange.source,
        spec=operation.api.path,
        line=line,
        column=column,
        fingerprint=fingerprint(
            operation=f"{one.name}:{operation.key}",
            side=_SIDES[found.side],
            status=None,
            rule_id=found.rule,
            problem=found.problem,
        ),
    )


def _witnessed(verdict: Verdict) -> str:
    parts = []
    if verdict.agree:
        parts.append(f"the document has {' and '.join(verdict.agree)} on its side")
    if verdict.contradict:
        parts.append(f"conforms to {' and '.join(verdict.contradict)}")
    if verdict.differ:
        parts.append(f"{' and '.join(verdict.differ)} does the same" if len(verdict.differ) == 1 else
                     f"{' and '.join(verdict.differ)} do the same")  # fmt: skip
    return f" ({'; '.join(parts)})" if parts else ""


def side_of(name: str) -> SdkSide:
    """Give a side by its name.

    Raises:
        SettingsError: there is none of that name.

    """
    try:
        return SdkSide(name)
    except ValueError:
        known = ", ".join(side.value for side in SdkSide)
        raise SettingsError(where="--side", what=f"no side {name!r}", hint=f"choose from {known}") from None
