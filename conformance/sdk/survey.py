"""One client of an SDK over many operations: its calls are found, then each operation is looked at from every side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from conformance.model.operation import Operation
from conformance.model.value import Value
from conformance.schemas.compiler import Compiler
from conformance.sdk import discovery
from conformance.sdk.bodies import Bodies
from conformance.sdk.discovery import Binding, Found, Sighting
from conformance.sdk.observation import Judged, Observation, Question, SideResult
from conformance.sdk.protocol import About, Call
from conformance.sdk.rules import SdkSide
from conformance.sdk.session import Session
from conformance.sdk.sides import failure, reach, request, response
from conformance.sdk.sides.subject import Habits, Subject

_PAGED: Final = frozenset({"page", "stream"})
"""Kinds of calls that are looked for only beside a call that makes an operation: they send the same."""
_ABOUT_DOCUMENT: Final = frozenset({SdkSide.REACH, SdkSide.REQUEST, SdkSide.RESPONSE})


class Brief(Value, frozen=True, kw_only=True):
    """What to look at, and by what to judge it."""

    operations: tuple[Operation, ...]
    """Every operation of the descriptions."""
    chosen: tuple[Operation, ...]
    sides: frozenset[SdkSide]
    questions: Callable[[Operation], tuple[Question, ...]]
    bodies: Callable[[Operation], Bodies | None]
    judged: Judged
    compiler: Compiler
    witnesses: Mapping[Operation, Mapping[str, Operation]] = field(default_factory=dict)
    """For an operation: what other documents say of it, by the name of the witness."""
    told: Callable[[int], None] = lambda _: None
    """Told how many operations have been looked at since it was last told."""


class Survey(Struct, kw_only=True):
    """What was found out through one client."""

    name: str
    """As users name the driver."""
    client: str
    about: About
    observations: list[Observation] = field(default_factory=list)
    testimony: dict[str, dict[str, Observation]] = field(default_factory=dict)
    """What the same client does under other documents: operation key, then the name of the witness."""
    count: int = 0
    """How many calls the SDK offers."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Resources that raise when one asks for them, with what."""

    @property
    def label(self) -> str:
        """Names the client: `python sync`."""
        return f"{self.name} {self.client}"


def survey(session: Session, brief: Brief) -> Survey:
    """Look at every chosen operation through one client.

    Raises:
        DriverFailed: the driver ends or says nothing.

    """
    assert session.about is not None  # noqa: S101 - a session that is entered knows it
    calls, broken = session.driver.calls(session.client)
    found = _found(session, brief, calls)
    made = Survey(name=session.launch.name, client=session.client, about=session.about, count=len(calls), broken=broken)
    habits = Habits()
    for operation in brief.chosen:
        sightings = found.reaching.get(operation) or found.elsewhere.get(operation) or ()
        observed, subject = _observe(session, brief, operation, sightings, habits, made.label)
        made.observations.append(observed)
        if subject is not None and any(
            observed.sides[side].departures for side in observed.sides.keys() & _ABOUT_DOCUMENT
        ):
            made.testimony[operation.key] = {
                witness: _testify(brief, subject, other, sightings)
                for witness, other in brief.witnesses.get(operation, {}).items()
            }
        brief.told(1)
    return made


def _found(session: Session, brief: Brief, calls: Iterable[Call]) -> Found:
    """Make the calls that may make an operation, and sort them.

    One call of each part of the SDK tells its host. Parts on the hosts of the operations come first; the others are
    looked at only where an operation has not been found.
    """
    every = list(calls)
    parts: dict[str, list[Call]] = defaultdict(list)
    for call in every:
        if call.kind not in _PAGED:
            parts[_part(call)].append(call)
    hosts = {server.host for operation in brief.chosen for server in operation.servers}
    sightings: list[Sighting] = []
    rest: list[Call] = []
    for first, *others in parts.values():
        (seen,) = discovery.look(session, (first,))
        sightings.append(seen)
        if seen.shape is None or seen.shape[1] in hosts:
            sightings += discovery.look(session, others)
        else:
            rest += others
    found = discovery.sort_out(brief.operations, sightings)
    if not found.reaching.keys() >= set(brief.chosen):
        sightings += discovery.look(session, rest)
        found = discovery.sort_out(brief.operations, sightings)
    resources = {_resource(each.call) for these in found.reaching.values() for each in these}
    beside = [each for each in every if each.kind in _PAGED and _resource(each) in resources]
    return discovery.sort_out(brief.operations, [*sightings, *discovery.look(session, beside)])


def _part(call: Call) -> str:
    """Give the part of the SDK that a call belongs to: `messaging.v1`."""
    return ".".join(call.name.partition("(")[0].split(".")[:2])


def _resource(call: Call) -> str:
    """Give what the calls of one resource have in common."""
    return call.name.rpartition(".")[0]


def _observe(
    session: Session,
    brief: Brief,
    operation: Operation,
    sightings: tuple[Sighting, ...],
    habits: Habits,
    label: str,
) -> tuple[Observation, Subject | None]:
    """Look at one operation from every side that was asked for."""
    observed = Observation(operation=operation, calls=tuple(each.call.name for each in sightings))
    if SdkSide.REACH in brief.sides:
        observed.sides[SdkSide.REACH] = reach.examine(operation, sightings)
    bindings = tuple(_bindings(session, operation, sightings))
    reason = "" if bindings else "the SDK has no call for it"
    questions = brief.questions(operation) if bindings else ()
    if bindings and not questions:
        reason = "no request can be made up for it"
    if reason:
        for side in brief.sides - {SdkSide.REACH}:
            observed.sides[side] = SideResult(not_run=reason)
        return observed, None
    subject = Subject(
        session=session,
        operation=operation,
        bindings=bindings,
        questions=questions,
        bodies=brief.bodies(operation),
        compiler=brief.compiler,
        judged=brief.judged,
        label=label,
        habits=habits,
    )
    subject.settle()
    learned = list(_learn(subject, sightings)) if SdkSide.FAILURE in brief.sides else []
    for side in (each for each in SdkSide if each in brief.sides - {SdkSide.REACH}):
        observed.sides[side] = _examine(subject, side)
    for result in learned:
        observed.sides[SdkSide.FAILURE].add(result)
    return observed, subject


def _examine(subject: Subject, side: SdkSide) -> SideResult:
    match side:
        case SdkSide.REQUEST:
            return request.examine(subject)
        case SdkSide.RESPONSE:
            return response.examine(subject)
        case _:
            return failure.examine(subject)


def _bindings(session: Session, operation: Operation, sightings: tuple[Sighting, ...]) -> Iterator[Binding]:
    """Bind the plainest call, and each other one that offers a parameter more."""
    offered: set[discovery.Where] = set()
    kinds: set[str] = set()
    for sighting in sightings:
        if len(sighting.order) != len(discovery.template_names(operation.path)):
            continue
        if sighting.call.kind in kinds:
            continue
        binding = discovery.bind(session, operation, sighting)
        if not kinds or not set(binding.wires.values()) <= offered:
            yield binding
        kinds.add(sighting.call.kind)
        offered |= set(binding.wires.values())


def _learn(subject: Subject, sightings: tuple[Sighting, ...]) -> Iterator[SideResult]:
    """Find out what the settings do for kinds of calls that have not been met before."""
    for sighting in sightings:
        if sighting.call.kind not in subject.habits.holds_timeout:
            binding = discovery.bind(subject.session, subject.operation, sighting)
            yield failure.learn(replace(subject, bindings=(binding,)))


def _testify(brief: Brief, subject: Subject, other: Operation, sightings: tuple[Sighting, ...]) -> Observation:
    """Look at the sides that a document decides, by another document."""
    observed = Observation(operation=other)
    questions = brief.questions(other)
    theirs = replace(
        subject,
        operation=other,
        bindings=tuple(replace(each, operation=other) for each in subject.bindings),
        questions=questions,
        bodies=brief.bodies(other),
        plainest=0,
    )
    if questions:
        theirs.settle()
    for side in (each for each in SdkSide if each in brief.sides & _ABOUT_DOCUMENT):
        if side is SdkSide.REACH:
            observed.sides[side] = reach.examine(other, sightings)
        elif questions:
            observed.sides[side] = _examine(theirs, side)
    return observed
