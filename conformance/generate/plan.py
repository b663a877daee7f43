"""The cases of an operation: which ones there are, and how each is made from its number alone.

Every case has its own random numbers, made of the seed, the operation, the mode and the index. So a case can be made
again by itself, and neither the number of workers nor a shard changes a byte.

The positive cases of an operation are designed first: required fields only; all fields, as often as it takes to show
every member of every enumeration; each optional place alone, then each one left out; everything null that may be.
Random mixes follow. Boundary and negative cases are valid ones with one place changed. Cases that would repeat the
bytes of an earlier one are passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b
from random import Random
from types import MappingProxyType
from typing import Any, Final

from msgspec import field

from conformance.errors import SettingsError
from conformance.generate import negotiation, validity, writing
from conformance.generate.case import Case, Mode, credentials, request, split
from conformance.generate.draws import Aim, Presence, Rule, Sampler, constant
from conformance.generate.patterns import Unsampleable
from conformance.generate.sampler import Builder, Wire
from conformance.generate.shapes import Shapes
from conformance.generate.variants import Variants
from conformance.generate.vocabulary import sid
from conformance.model.http import Headers
from conformance.model.operation import JsonSchema, Location, MediaType, Operation, Parameter
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.profiles import twilio
from conformance.profiles.twilio.requirements import Requirement, requirements
from conformance.profiles.twilio.samples import COLLECTIONS

Context = Callable[[Operation], Mapping[str, str]]
"""Gives values of path parameters that lead to something; asked once for each case."""

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_WIDEST: Final = 64
"""All-fields cases that one operation gets at most for its enumerations."""
_MIXES: Final = 10


def nowhere(_: Operation) -> Mapping[str, str]:
    """Know no path parameters: all of them are drawn."""
    return _NOTHING


class Design(Value, frozen=True, kw_only=True):
    """One way to fill the places of an operation."""

    label: str
    aim: Aim


class Slot(Value, frozen=True, kw_only=True):
    """A parameter with what draws it."""

    parameter: Parameter
    place: str | None
    """None where it is required."""
    sampler: Sampler


class Body(Value, frozen=True, kw_only=True):
    """A body of one media type with what draws it."""

    media_type: MediaType
    sampler: Sampler


class Plan(Value, frozen=True, kw_only=True, eq=False):
    """An operation, compiled: what draws each part of its requests, and the designed cases."""

    operation: Operation
    slots: tuple[Slot, ...]
    undeclared: Mapping[str, Sampler]
    """What draws the names of the path template that no parameter declares."""
    bodies: tuple[Body, ...]
    body_place: str | None
    """None where the body is required, or where there is none."""
    designs: tuple[Design, ...]
    mixes: int
    """Random cases after the designed ones."""
    formats: Mapping[str, Mapping[str, Any]]
    unreached: Mapping[str, str] = field(default_factory=dict)
    """Optional places that no case fills, each with the reason."""
    impossible: str = ""
    """Why no valid request can be made; empty where one can."""

    def shapes(self, owner: Parameter | MediaType) -> Shapes:
        """Give the shapes of a parameter or a body."""
        return Shapes(_root(owner), formats=self.formats)

    def positive(self, index: int, random: Random, known: Mapping[str, str]) -> Case:
        """Give a positive case by its number."""
        design = self.designs[index] if index < len(self.designs) else _MIX
        return self.draw(random, design.aim, known, mode=Mode.POSITIVE, index=index, label=design.label)

    def draw(self, random: Random, aim: Aim, known: Mapping[str, str], *, mode: Mode, index: int, label: str) -> Case:
        """Give a valid case; `known` path parameters are taken instead of drawn ones."""
        values: dict[Location, dict[str, Any]] = {location: {} for location in Location}
        for slot in self.slots:
            if slot.place is None or aim.wants(slot.place, random):
                values[slot.parameter.location][slot.parameter.name] = slot.sampler.draw(random, aim)
        path = values[Location.PATH]
        for name, sampler in self.undeclared.items():
            path[name] = sampler.draw(random, aim)
        path.update({name: text for name, text in known.items() if name in path})
        body, media_type = self._body(random, aim)
        headers, pairs = credentials(self.operation, path.get("AccountSid"))
        return Case(
            operation=self.operation,
            mode=mode,
            index=index,
            label=label,
            path=path,
            query=values[Location.QUERY],
            header=values[Location.HEADER],
            cookie=values[Location.COOKIE],
            body=body,
            media_type=media_type,
            headers=tuple(headers),
            pairs=tuple(pairs),
            invented=not path.keys() <= known.keys(),
        )

    def _body(self, random: Random, aim: Aim) -> tuple[Any, MediaType | None]:
        if not self.bodies or (self.body_place is not None and not aim.wants(self.body_place, random)):
            return ABSENT, None
        count = len(self.bodies)
        number = int(random.random() * count) if aim.member is None else aim.member % count
        chosen = self.bodies[number]
        return chosen.sampler.draw(random, aim), chosen.media_type


_MIX: Final = Design(label="mix", aim=Aim())


@lru_cache(maxsize=4096)
def plan(operation: Operation) -> Plan:
    """Compile an operation."""
    return _Planner(operation).plan()


def cases(
    operation: Operation,
    *,
    mode: Mode = Mode.POSITIVE,
    seed: int = 0,
    max_cases: int | None = None,
    context: Context = nowhere,
) -> Iterator[Case]:
    """Give the cases of an operation in one mode; none where no valid request can be made.

    `max_cases` bounds their number. Without it the plan ends when everything that it can reach was reached and the
    random mixes are through.
    """
    compiled = plan(operation)
    if compiled.impossible:
        return
    seen: set[tuple[str, bytes, Headers]] = set()
    for index in range(_count(compiled, mode)):
        if len(seen) == max_cases:
            return
        case = _case(compiled, mode, index, seed, context)
        if case is None:
            continue
        sent = request(case)
        identity = (sent.url, sent.body, sent.headers)
        if identity not in seen:
            seen.add(identity)
            yield case


def rebuild(case_id: str, operations: Iterable[Operation], *, seed: int = 0, context: Context = nowhere) -> Case:
    """Make one case again from its id.

    Raises:
        SettingsError: the id names no case of these operations.

    """
    key, mode, index = split(case_id)
    operation = next((each for each in operations if each.key == key), None)
    if operation is None:
        hint = "see `conformance list operations`"
        raise SettingsError(where="--case", what=f"there is no operation {key!r}", hint=hint)
    compiled = plan(operation)
    inside = mode is Mode.POSITIVE or 0 <= index < _count(compiled, mode)
    case = _case(compiled, mode, index, seed, context) if inside and not compiled.impossible else None
    if case is None:
        hint = "give the --seed of the report that names it"
        raise SettingsError(where="--case", what=f"{key} has no {mode.value} case {index}", hint=hint)
    return case


def _count(compiled: Plan, mode: Mode) -> int:
    """Give how many cases there may be in a mode."""
    match mode:
        case Mode.POSITIVE:
            return len(compiled.designs) + compiled.mixes
        case Mode.BOUNDARY:
            return len(_variants(compiled).boundary)
        case Mode.NEGATIVE:
            return len(_variants(compiled).negative)
        case Mode.HEADERS:
            return len(_exchanged(compiled))
        case Mode.STATEFUL:
            return 0


def _case(compiled: Plan, mode: Mode, index: int, seed: int, context: Context) -> Case | None:
    """Give one case; None where the number stands for nothing that can be made."""
    random = randomness(seed, compiled.operation.key, mode, index)
    known = context(compiled.operation)
    if mode is Mode.POSITIVE:
        return compiled.positive(index, random, known)
    if mode is Mode.HEADERS:
        found = _exchanged(compiled)[index]
        base = compiled.draw(random, _BODY, known, mode=mode, index=index, label=found.label)
        return negotiation.apply(base, found)
    return _variants(compiled).case(mode, index, random, known)


_BODY: Final = Aim(presence=Presence.NONE, only=frozenset({"body"}), member=0)


@lru_cache(maxsize=4096)
def _variants(compiled: Plan) -> Variants:
    return Variants(compiled)


@lru_cache(maxsize=4096)
def _exchanged(compiled: Plan) -> tuple[negotiation.Exchanged, ...]:
    return negotiation.exchanged(compiled)


def randomness(seed: int, key: str, mode: Mode, index: int) -> Random:
    """Give the random numbers of one case."""
    name = f"{seed}\0{key}\0{mode.value}\0{index}".encode()
    return Random(int.from_bytes(blake2b(name, digest_size=8).digest()))  # noqa: S311 - no secret


class _Planner:
    """Compiles one operation."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._formats = validity.formats(operation.api)
        self._compiler = validity.compiler(operation.api)
        self._unreached: dict[str, str] = {}

    def plan(self) -> Plan:
        """Give the plan; one that says why it is impossible where a required part cannot be made."""
        operation = self._operation
        try:
            slots = tuple(self._slots())
            bodies = tuple(self._bodies())
        except Unsampleable as error:
            return Plan(
                operation=operation,
                slots=(),
                undeclared={},
                bodies=(),
                body_place=None,
                designs=(),
                mixes=0,
                formats=self._formats,
                unreached=self._unreached,
                impossible=str(error),
            )
        needed = operation.request_body is None or operation.request_body.required or requirements(operation)
        optional_body = bool(bodies) and not needed
        declared = {slot.parameter.name for slot in slots}
        return Plan(
            operation=operation,
            slots=slots,
            undeclared={name: constant("1") for name in _template(operation) if name not in declared},
            bodies=bodies,
            body_place="body" if optional_body else None,
            designs=tuple(_designs(slots, bodies, optional_body=optional_body)),
            mixes=_mixes(slots, bodies),
            formats=self._formats,
            unreached=self._unreached,
        )

    def _slots(self) -> Iterator[Slot]:
        for parameter in self._operation.parameters:
            place = f"{parameter.location.value}/{parameter.name}"
            try:
                sampler = self._parameter(parameter, place)
            except Unsampleable as error:
                if parameter.required:
                    raise
                self._unreached[place] = str(error)
                continue
            yield Slot(parameter=parameter, place=None if parameter.required else place, sampler=sampler)

    def _parameter(self, parameter: Parameter, place: str) -> Sampler:
        builder = self._builder(parameter)
        wire = Wire.TOP if parameter.media_type is None else Wire.JSON
        in_path = parameter.location is Location.PATH
        found = builder.build(place, name=parameter.name, wire=wire, least=1 if in_path else 0)
        prefix = _collection_prefix(self._operation, parameter) if in_path else None
        return Sampler(draw=_text(sid(prefix))) if prefix else found

    def _builder(self, owner: Parameter | MediaType) -> Builder:
        return Builder(
            root=_root(owner),
            api=self._operation.api,
            compiler=self._compiler,
            formats=self._formats,
            unreached=self._unreached,
        )

    def _bodies(self) -> Iterator[Body]:
        declared = self._operation.request_body
        if declared is None:
            return
        found = False
        reasons: list[str] = []
        for media_type in declared.content:
            try:
                body = self._body(media_type)
            except Unsampleable as error:
                reasons.append(str(error))
                self._unreached[f"body as {media_type.name}"] = str(error)
                continue
            found = True
            yield body
        if not found and declared.required:
            raise Unsampleable("; ".join(reasons) or "the required body has no media type")

    def _body(self, media_type: MediaType) -> Body:
        if not writing.writable(media_type):
            message = f"bodies of {media_type.name} cannot be written"
            raise Unsampleable(message)
        as_fields = writing.has_fields(media_type)
        plain = media_type.essence.startswith("text/") or media_type.essence == "application/octet-stream"
        rules = requirements(self._operation)
        builder = self._builder(media_type)
        if as_fields:
            builder = replace(builder, root=_as_object(builder.root))
        sampler = builder.build(
            "body",
            name="body",
            wire=Wire.TOP if as_fields or plain else Wire.JSON,
            rule=_rule(rules) if rules else None,
        )
        return Body(media_type=media_type, sampler=sampler)


def _root(owner: Parameter | MediaType) -> JsonSchema:
    return True if owner.schema is None else owner.schema.json_schema


def _as_object(root: JsonSchema) -> JsonSchema:
    """Give a schema that allows objects alone, of which forms are made."""
    if isinstance(root, bool):
        return {"type": "object", "allOf": [root]}
    inner = {keyword: value for keyword, value in root.items() if keyword != "$defs"}
    return {"type": "object", "allOf": [inner], "$defs": root.get("$defs", {})}


def _text(draw: Callable[[Random], str]) -> Callable[[Random, Aim], str]:
    return lambda random, _: draw(random)


def _template(operation: Operation) -> list[str]:
    return [piece.partition("}")[0] for piece in operation.path.split("{")[1:]]


def _collection_prefix(operation: Operation, parameter: Parameter) -> str | None:
    """Give the SID prefix of a path parameter that has no pattern, from the collection that it stands in."""
    schema = parameter.schema.json_schema
    if not twilio.applies(operation.api) or not isinstance(schema, Mapping) or set(schema) - {"type", "description"}:
        return None
    before = operation.path.partition(f"/{{{parameter.name}}}")[0].rpartition("/")[2]
    return COLLECTIONS.get(before) if parameter.name.lower().endswith("sid") else None


def _rule(rules: Sequence[Requirement]) -> Rule:
    """Give what makes the names of a body meet rules that no schema states."""

    def complete(names: dict[str, None], random: Random, aim: Aim) -> None:
        unwanted = {place.removeprefix("body/") for place in aim.without}
        for _ in rules:
            for rule in rules:
                if not rule.met(names):
                    _meet(rule, names, unwanted, random, aim)

    return complete


def _meet(rule: Requirement, names: dict[str, None], unwanted: set[str], random: Random, aim: Aim) -> None:
    """Add a field that the rule asks for; where none is wanted, take away the one that asks for it."""
    wanted = [name for name in rule.one_of if name not in unwanted]
    if not wanted and rule.when is not None:
        names.pop(rule.when, None)
        unwanted.add(rule.when)
        return
    options = wanted or list(rule.one_of)
    names[options[int(random.random() * len(options)) if aim.member is None else aim.member % len(options)]] = None


def _designs(slots: Sequence[Slot], bodies: Sequence[Body], *, optional_body: bool) -> Iterator[Design]:
    samplers = [*(slot.sampler for slot in slots), *(body.sampler for body in bodies)]
    places = [
        *(place for slot in slots for place in (*((slot.place,) if slot.place else ()), *slot.sampler.optional)),
        *(("body",) if optional_body else ()),
        *dict.fromkeys(place for body in bodies for place in body.sampler.optional),
    ]
    yield Design(label="required only", aim=Aim(presence=Presence.NONE, member=0))
    span = min(_WIDEST, max((*(sampler.span for sampler in samplers), len(bodies), 1)))
    if places or span > 1:
        for member in range(span):
            label = "all fields" if span == 1 else f"all fields, member {member + 1} of {span}"
            yield Design(label=label, aim=Aim(presence=Presence.ALL, member=member))
    for place in places:
        yield Design(label=f"with {place}", aim=Aim(presence=Presence.NONE, only=_with_parents(place)))
    if len(places) > 1:
        for place in places:
            yield Design(label=f"without {place}", aim=Aim(presence=Presence.ALL, without=frozenset({place})))
    if any(sampler.nullable for sampler in samplers):
        yield Design(label="all fields, null where allowed", aim=Aim(presence=Presence.ALL, null=True))


def _with_parents(place: str) -> frozenset[str]:
    pieces = place.split("/")
    return frozenset("/".join(pieces[: end + 1]) for end in range(len(pieces)))


def _mixes(slots: Sequence[Slot], bodies: Sequence[Body]) -> int:
    """Give how many random cases are worth while: few where nothing but path parameters can change."""
    places = sum(slot.place is not None for slot in slots)
    return min(_MIXES, 1 + 2 * places + (_MIXES if bodies else 0))
