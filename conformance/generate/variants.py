"""Valid requests changed in one place: what boundary and negative cases are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain, islice
from random import Random
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from conformance.generate import writing
from conformance.generate.case import Case, Mode
from conformance.generate.draws import Aim, Presence
from conformance.generate.edges import Change, Edge, Purpose, edges
from conformance.generate.patterns import Unsampleable
from conformance.generate.shapes import Shape, Shapes
from conformance.generate.validity import problems as problems_of
from conformance.model.expectation import Expect
from conformance.model.operation import JsonSchema, Location, MediaType, Parameter
from conformance.model.rule import ABSENT, Problem
from conformance.model.value import Value
from conformance.openapi.document import escape
from conformance.profiles.twilio.requirements import Requirement, requirements
from conformance.schemas.forms import text

if TYPE_CHECKING:
    from conformance.generate.plan import Plan

_DEEPEST: Final = 4
_WIDEST: Final = 400
"""Places of one operation that are varied at most."""

Path = tuple[str | int, ...]


class Variant(Value, frozen=True, kw_only=True):
    """A change of one place."""

    label: str
    path: Path
    """`query`, `path`, `header`, `cookie` or `body`, then the names and indices down to the place."""
    aim: Aim
    """Draws a valid case in which the place is filled."""
    change: Change
    expect: Expect
    purpose: Purpose
    repeated: bool = False
    """Whether the change gives several values for a parameter that takes one."""
    raw: bytes | None = None
    """The body's bytes, in place of a change."""
    problem: Problem | None = None
    """What it breaks, where no schema can tell."""


class _Place(Value, frozen=True, kw_only=True):
    """A place within a parameter or a body."""

    path: Path
    shape: Shape
    textual: bool
    aim: Aim


class Variants:
    """The variants of one operation."""

    def __init__(self, plan: Plan) -> None:
        """Enumerate them; round by round, so that the first ones touch every place."""
        self._plan = plan
        found = list(_enumerated(plan))
        self.boundary = tuple(each for each in found if each.purpose is not Purpose.BREAK)
        self.negative = tuple(each for each in found if each.expect is Expect.REFUSE)

    def case(self, mode: Mode, index: int, random: Random, known: Mapping[str, str]) -> Case | None:
        """Give the case of a variant; None where the change does not do what it is meant to."""
        variant = (self.boundary if mode is Mode.BOUNDARY else self.negative)[index]
        base = self._plan.draw(random, variant.aim, known, mode=mode, index=index, label=variant.label)
        changed = _apply(base, variant, random)
        if changed is None or variant.expect is Expect.SURVIVE:
            return changed
        if variant.expect is Expect.REFUSE and _vanished(changed):
            return None
        problems = problems_of(changed)
        if variant.expect is Expect.ACCEPT:
            return None if problems else changed
        if not problems:
            unseen = variant.problem or _emptied(base, changed)
            return None if unseen is None else replace(changed, breaks=unseen)
        alone = len(problems) == 1 and variant.problem is None
        return replace(changed, breaks=problems[0]) if alone else None


def _vanished(case: Case) -> bool:
    """Tell whether a body is gone that may be missing: on the wire, a form without fields is no body at all."""
    declared = case.operation.request_body
    optional = declared is not None and not declared.required and not requirements(case.operation)
    return optional and case.media_type is not None and case.media_type.is_form and case.body == {}


def _emptied(base: Case, changed: Case) -> Problem | None:
    """Give the problem of a form that has lost its only field: without bytes there is nothing to be read."""
    if changed.media_type is None or not changed.media_type.is_form or changed.body != {} or not base.body:
        return None
    name = next(iter(base.body))
    message = f"the required field {name!r} is missing"
    pointer = f"/{escape(name)}"
    return Problem(message=message, instance_pointer=pointer, expected=f"a field {name!r}", keyword="required")


def _apply(case: Case, variant: Variant, random: Random) -> Case | None:
    """Give a case with the place changed; None where it is not there, or a path segment would vanish."""
    part, *rest = variant.path
    changed = replace(case, expect=variant.expect)
    if variant.raw is not None:
        return replace(changed, raw=variant.raw)
    if part == "body":
        try:
            body = _changed(case.body, rest, variant, random)
        except (KeyError, IndexError, TypeError):
            return None
        if body is not ABSENT and case.media_type is not None and not writing.takes(case.media_type, body):
            return None
        return replace(changed, body=body, media_type=None if body is ABSENT else case.media_type)
    values = dict(getattr(case, str(part)))
    if not rest:
        return replace(changed, pairs=(*case.pairs, variant.change(None, random)))
    try:
        values = _changed(values, rest, variant, random)
    except (KeyError, IndexError, TypeError):
        return None
    if part == "path" and "" in values.values():
        return None
    if variant.repeated:
        written = [(str(rest[0]), text(value)) for value in values.pop(rest[0])]
        return replace(changed, query=values, pairs=(*case.pairs, *written))
    return replace(changed, **{str(part): values})


def _changed(value: Any, path: list[str | int], variant: Variant, random: Random) -> Any:
    """Give a copy of a value with the place at the end of a path changed."""
    if not path:
        return variant.change(value, random)
    head, *rest = path
    inner = _changed(value[head], rest, variant, random)
    if isinstance(value, list):
        return [inner if index == head else item for index, item in enumerate(value)]
    if not isinstance(value, dict):
        raise TypeError(type(value))
    if inner is ABSENT:
        return {name: item for name, item in value.items() if name != head}
    return {name: inner if name == head else item for name, item in value.items()}


def _enumerated(plan: Plan) -> list[Variant]:
    by_place = [list(_at(place)) for place in _places(plan)]
    by_place += [list(_whole(plan))]
    longest = max(map(len, by_place), default=0)
    return [found[number] for number in range(longest) for found in by_place if number < len(found)]


def _at(place: _Place) -> Iterator[Variant]:
    part, name = str(place.path[0]), _named(place.path)
    for edge in edges(place.shape, textual=place.textual, in_path=part == "path"):
        yield _variant(edge, place, name)
    single = len(place.path) == 2 and place.textual and not place.shape.types & {"array", "object"}  # noqa: PLR2004 - a field
    if single and part in {"query", "body"}:
        yield Variant(
            label=f"{name}: sent twice",
            path=place.path,
            aim=place.aim,
            change=lambda value, _: [value, value],
            expect=Expect.SURVIVE,
            purpose=Purpose.EDGE,
            repeated=part == "query",
        )


def _variant(edge: Edge, place: _Place, name: str) -> Variant:
    return Variant(
        label=f"{name}: {edge.label}",
        path=place.path,
        aim=place.aim,
        change=edge.change,
        expect=edge.expect,
        purpose=edge.purpose,
    )


def _named(path: Path) -> str:
    return "/".join("[]" if isinstance(step, int) else step for step in path)


def _places(plan: Plan) -> Iterator[_Place]:
    """Give every place that can be varied, those of the parameters first."""
    return islice(chain(_parameter_places(plan), _body_places(plan)), _WIDEST)


def _parameter_places(plan: Plan) -> Iterator[_Place]:
    for slot in plan.slots:
        parameter = slot.parameter
        walk = _Walk(shapes=plan.shapes(parameter), member=0, is_body=False)
        yield from walk.places((parameter.location.value, parameter.name), textual=parameter.media_type is None)


def _body_places(plan: Plan) -> Iterator[_Place]:
    for number, body in enumerate(plan.bodies):
        if body.media_type.schema is not None:
            walk = _Walk(shapes=plan.shapes(body.media_type), member=number, is_body=True)
            yield from walk.places(("body",), textual=not body.media_type.is_json)


class _Walk(Value, frozen=True, kw_only=True):
    """The way through one schema."""

    shapes: Shapes
    member: int
    """Which body it is, for `Aim.member`."""
    is_body: bool

    def places(self, path: Path, *, textual: bool) -> Iterator[_Place]:
        """Give every place of the schema, outer before inner."""
        yield from self._from((self.shapes.root,), path, textual=textual, level=0)

    def _from(self, schemas: tuple[JsonSchema, ...], path: Path, *, textual: bool, level: int) -> Iterator[_Place]:
        try:
            shapes = _alternatives(self.shapes.of(*schemas))
        except Unsampleable:
            return
        shapes = [each for each in shapes if not each.read_only]
        aim = Aim(presence=Presence.NONE, only=_parents(path), member=self.member)
        yield from (_Place(path=path, shape=each, textual=textual, aim=aim) for each in shapes)
        if len(shapes) != 1:
            return
        shape = shapes[0]
        if level > _DEEPEST or shape.values is not None:
            return
        if "array" in shape.types and (shape.items or shape.min_items):
            yield from self._from(shape.items or (True,), (*path, 0), textual=textual, level=level + 1)
        if "object" in shape.types:
            inside = textual and level == 0 and self.is_body
            for name, inner in shape.properties.items():
                yield from self._from(inner, (*path, name), textual=inside, level=level + 1)


def _alternatives(shape: Shape) -> list[Shape]:
    """Give the alternatives beside null, each of which may be null where that is one; which edge leads out is tried."""
    if not shape.alternatives:
        return [shape]
    others = [each for each in shape.alternatives if each.types != {"null"}]
    null = {"null"} if len(others) < len(shape.alternatives) else set()
    return [replace(each, types=each.types | null) for each in others]


def _parents(path: Path) -> frozenset[str]:
    names = ["[]" if isinstance(step, int) else str(step) for step in path]
    return frozenset("/".join(names[: end + 1]) for end in range(len(names)))


def _whole(plan: Plan) -> Iterator[Variant]:
    """Give the variants that concern no single value: what is missing as a whole, and what is there too much."""
    for slot in plan.slots:
        if slot.parameter.required and slot.parameter.location is not Location.PATH:
            yield _missing(slot.parameter)
    yield _made(
        "query: a parameter that is not declared", ("query",), lambda _, __: ("undeclared", "x"), Expect.SURVIVE
    )
    declared = plan.operation.request_body
    if plan.bodies and declared is not None:
        if declared.required:
            message = "the required body is missing"
            problem = Problem(message=message, spec_pointer=f"{declared.pointer}/required", keyword="required")
            yield replace(_made("body: missing", ("body",), lambda _, __: ABSENT, Expect.REFUSE), problem=problem)
        for number, body in enumerate(plan.bodies):
            yield from _broken_bytes(body.media_type, number)
    yield from (_unmet(rule) for rule in requirements(plan.operation))


def _made(label: str, path: Path, change: Change, expect: Expect) -> Variant:
    purpose = Purpose.BREAK if expect is Expect.REFUSE else Purpose.EDGE
    aim = Aim(presence=Presence.NONE, only=frozenset({"body"}), member=0)
    return Variant(label=label, path=path, aim=aim, change=change, expect=expect, purpose=purpose)


def _missing(parameter: Parameter) -> Variant:
    path = (parameter.location.value, parameter.name)
    return _made(f"{_named(path)}: missing", path, lambda _, __: ABSENT, Expect.REFUSE)


def _broken_bytes(media_type: MediaType, number: int) -> Iterator[Variant]:
    aim = Aim(presence=Presence.NONE, only=frozenset({"body"}), member=number)
    if media_type.is_json:
        for label, raw in (("cut short", b'{"a": '), ("in single quotes", b"{'a': 1}"), ("no UTF-8", b'{"a": "\xff"}')):
            found = _made(f"body: JSON {label}", ("body",), lambda _, __: None, Expect.REFUSE)
            yield replace(found, aim=aim, raw=raw)
        deep = b"[" * 5_000 + b"]" * 5_000
        yield replace(
            _made("body: JSON nested 5,000 deep", ("body",), lambda _, __: None, Expect.SURVIVE), aim=aim, raw=deep
        )
    elif media_type.is_form:
        for label, raw in (("broken escapes", b"a=%zz&%=%"), ("no UTF-8", b"a=%FF%FE"), ("only separators", b"&&==&")):
            found = _made(f"body: form with {label}", ("body",), lambda _, __: None, Expect.SURVIVE)
            yield replace(found, aim=aim, raw=raw)


def _unmet(rule: Requirement) -> Variant:
    """Give the variant that breaks a rule which stands in prose."""
    names = frozenset(rule.one_of)
    when = frozenset({f"body/{rule.when}"} if rule.when else ())

    def change(value: Any, _: Random) -> Any:
        return {name: item for name, item in value.items() if name not in names}

    found = _made(f"body: without {' or '.join(rule.one_of)}", ("body",), change, Expect.REFUSE)
    label = f"body: {rule.when} without {' or '.join(rule.one_of)}" if rule.when else found.label
    problem = Problem(message=rule.because, expected=list(rule.one_of), keyword="one-of")
    return replace(found, label=label, aim=replace(found.aim, only=found.aim.only | when), problem=problem)
