"""Valid values of a schema, drawn by closures that are compiled once.

A sampler is asked with an `Aim`: which optional places to fill, which member of every enumeration to show. So the
same sampler serves the designed cases (required only, all fields, each enum member in turn) and the random mixes
between them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.generate import vocabulary
from conformance.generate.draws import (
    Aim,
    Draw,
    Field,
    Rule,
    Sampler,
    array_of,
    constant,
    integer,
    members,
    number,
    object_of,
    one_of,
    or_null,
    sized,
)
from conformance.generate.patterns import Lean, Unsampleable, drawing, length, parse, spread_for
from conformance.generate.shapes import ALL_TYPES, Shape, Shapes
from conformance.generate.vocabulary import Text
from conformance.model.operation import Api, JsonSchema, Schema
from conformance.model.value import Value
from conformance.profiles.twilio.samples import INTEGERS
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.compiler import Compiler
from conformance.schemas.forms import text
from conformance.schemas.parameters import scalar_of
from conformance.schemas.walk import types

_DEEPEST: Final = 4
"""Levels of nesting down to which optional properties are filled."""
_ENDLESS: Final = 32
_BUDGET: Final = 400
"""Optional properties below the first level that one sampler fills at most."""
_PROBES: Final = 6
_TRIES: Final = 200
_SID: Final = 34


class Wire(Enum):
    """How a value travels: as JSON, or as text whose type only the schema tells."""

    JSON = "json"
    TOP = "top"
    """A parameter, or a form body."""
    FIELD = "field"
    """A field of a form."""
    ITEM = "item"
    """An item of an array in a parameter or form."""


_FIELDS: Final = {Wire.TOP: Wire.FIELD}
_ITEMS: Final = {Wire.TOP: Wire.ITEM, Wire.FIELD: Wire.ITEM}


class _Spot(Value, frozen=True, kw_only=True):
    """A place that is being compiled."""

    schemas: tuple[JsonSchema, ...]
    place: str
    name: str
    wire: Wire
    level: int
    least: int = 0
    """The shortest text."""
    rule: Rule | None = None
    """Completes the names of an object's fields."""


@dataclass(slots=True, kw_only=True)
class Builder:
    """Compiles the sampler of one self-contained schema."""

    root: JsonSchema
    api: Api
    compiler: Compiler
    formats: Mapping[str, Mapping[str, Any]]
    unreached: dict[str, str] = field(default_factory=dict)
    """Optional places that cannot be filled, each with the reason."""
    _budget: int = _BUDGET
    _shapes: Shapes = field(init=False)

    def __post_init__(self) -> None:
        """Prepare the shapes."""
        self._shapes = Shapes(self.root, formats=self.formats)

    def build(self, place: str, *, name: str, wire: Wire, rule: Rule | None = None, least: int = 0) -> Sampler:
        """Give the sampler of the root.

        `place` names it (`query/PageSize`, `body`), `name` is the name of the field, `rule` completes the names of
        an object's fields, `least` is the shortest text.

        Raises:
            Unsampleable: no value can be made.

        """
        return self._build(
            _Spot(schemas=(self.root,), place=place, name=name, wire=wire, level=0, rule=rule, least=least)
        )

    def _build(self, spot: _Spot) -> Sampler:
        if spot.level > _ENDLESS:
            message = f"{spot.place}: the schema requires itself without end"
            raise Unsampleable(message)
        shape = self._shapes.of(*spot.schemas)
        found = self._of(shape, spot)
        return found if shape.exact else replace(found, draw=self._tested(found.draw, spot))

    def _of(self, shape: Shape, spot: _Spot) -> Sampler:
        if shape.alternatives:
            return self._first_possible([(self._of, each) for each in shape.alternatives], spot)
        if shape.values is not None:
            return self._enumeration(shape, spot)
        kinds = _kinds(shape, spot.wire)
        found = self._first_possible([(self._kind, (kind, shape)) for kind in kinds], spot)
        return or_null(found) if "null" in shape.types and "null" not in kinds and spot.wire is Wire.JSON else found

    def _first_possible(self, options: Sequence[tuple[Callable[[Any, _Spot], Sampler], Any]], spot: _Spot) -> Sampler:
        """Give the sampler of all options that can be met."""
        found: list[Sampler] = []
        reasons: list[str] = []
        for make, what in options:
            try:
                found.append(make(what, spot))
            except Unsampleable as error:
                reasons.append(str(error))
        if not found:
            raise Unsampleable("; ".join(reasons))
        return one_of(found)

    def _kind(self, what: tuple[str, Shape], spot: _Spot) -> Sampler:
        kind, shape = what
        match kind:
            case "string":
                string = self._string(shape, spot)
                return Sampler(draw=lambda random, _: string(random))
            case "integer":
                return integer(shape, INTEGERS.get(vocabulary.snake(spot.name)), spot.place)
            case "number":
                return number(shape, spot.place)
            case "boolean":
                return members((True, False))
            case "array":
                return self._array(shape, spot)
            case "object":
                return self._object(shape, spot)
        if spot.wire is not Wire.JSON:
            message = f"{spot.place}: null cannot travel as text"
            raise Unsampleable(message)
        return replace(constant(None), nullable=True)

    def _enumeration(self, shape: Shape, spot: _Spot) -> Sampler:
        valid = self._validity(spot.schemas)
        values = [value for value in shape.values or () if valid(value)]
        if spot.wire is not Wire.JSON:
            allowed = types({"allOf": list(spot.schemas)}, self.root)
            values = [value for value in values if valid(scalar_of(text(value), allowed))]
        if not values:
            message = f"{spot.place}: no member of the `enum` is valid here"
            raise Unsampleable(message)
        return replace(members(tuple(values)), nullable=None in values)

    def _validity(self, schemas: tuple[JsonSchema, ...]) -> Callable[[Any], bool]:
        definitions = self.root.get("$defs", {}) if isinstance(self.root, Mapping) else {}
        whole: dict[str, Any] = {"allOf": list(schemas), "$defs": definitions}
        return self.compiler.validator(Schema(pointer="", make=lambda: whole), api=self.api).is_valid

    def _tested(self, draw: Draw, spot: _Spot) -> Draw:
        """Give a draw that gives valid values only.

        Raises:
            Unsampleable: none of the first draws is valid.

        """
        valid = self._validity(spot.schemas)
        spare = _probe(draw, valid, spot.place)

        def tested(random: Random, aim: Aim) -> Any:
            for attempt in range(_TRIES):
                value = draw(random, aim if attempt < _PROBES else Aim())
                if valid(value):
                    return value
            return spare

        return tested

    def _string(self, shape: Shape, spot: _Spot) -> Text:
        least = max(shape.min_length, spot.least)
        if shape.max_length is not None and least > shape.max_length:
            message = f"{spot.place}: text of at least {least} and at most {shape.max_length} characters"
            raise Unsampleable(message)
        named = vocabulary.by_name(spot.name)
        if not shape.patterns and not shape.formats:
            draw = named or vocabulary.words
            bounded = least > 0 or shape.max_length is not None
            return vocabulary.fitted(draw, least=least, most=shape.max_length) if bounded else draw
        known = _sid(shape)
        if known is not None:
            return known
        candidates = [vocabulary.BY_FORMAT[name] for name in shape.formats if name in vocabulary.BY_FORMAT]
        candidates += [named] if named else []
        reasons: list[str] = []
        for pattern in shape.patterns:
            try:
                candidates += _of_pattern(pattern, shape)
            except Unsampleable as error:
                reasons.append(str(error))
        candidates.append(vocabulary.fitted(vocabulary.words, least=least, most=shape.max_length))
        certain = not shape.patterns and shape.min_length == 0 and shape.max_length is None
        try:
            return self._best(candidates, spot, certain=certain)
        except Unsampleable as error:
            raise Unsampleable("; ".join([str(error), *reasons])) from error

    def _best(self, candidates: list[Text], spot: _Spot, *, certain: bool) -> Text:
        """Give the first candidate whose text is valid, or the one that is most often.

        What was valid a few times is taken for valid always where it is `certain`: a format and nothing else.
        """
        valid = self._validity(spot.schemas)
        scores = [_score(candidate, valid) for candidate in candidates]
        best = candidates[scores.index(max(scores))]
        if certain and max(scores) == _PROBES:
            return best
        tested = self._tested(lambda random, _: best(random), spot)
        return lambda random: str(tested(random, Aim()))

    def _array(self, shape: Shape, spot: _Spot) -> Sampler:
        if shape.prefix and spot.wire is not Wire.JSON:
            message = f"{spot.place}: items of different schemas cannot be told apart in text"
            raise Unsampleable(message)
        least = max(shape.min_items, 0 if spot.wire in {Wire.JSON, Wire.ITEM} else 1)
        most = max(least, 3) if shape.max_items is None else shape.max_items
        if least > most:
            message = f"{spot.place}: an array of at least {least} and at most {most} items"
            raise Unsampleable(message)
        inner = replace(
            spot,
            place=f"{spot.place}/[]",
            wire=_ITEMS.get(spot.wire, Wire.JSON),
            level=spot.level + 1,
            rule=None,
        )
        if spot.level > _DEEPEST and least == 0:
            return constant([])
        try:
            item = self._build(replace(inner, schemas=shape.items or (True,)))
            first = [self._build(replace(inner, schemas=(schema,))) for schema in shape.prefix[:most]]
        except Unsampleable:
            if least > 0:
                raise
            return constant([])
        found = array_of(item, first, least=least, most=most, unique=shape.unique)
        return replace(found, draw=self._tested(found.draw, spot)) if shape.unique and least > 1 else found

    def _object(self, shape: Shape, spot: _Spot) -> Sampler:
        samplers, places = self._properties(shape, spot)
        fields = [Field(name=name, draw=each.draw, place=places.get(name)) for name, each in samplers.items()]
        draw = object_of(fields, spot.rule)
        if shape.min_properties or shape.max_properties is not None:
            extra = None if shape.closed else self._build(self._inside(spot, "extra", _additional(shape, spot)))
            too_few = extra is None and len(fields) < shape.min_properties
            fewest = max(len(shape.required), shape.min_properties)
            if too_few or (shape.max_properties is not None and fewest > shape.max_properties):
                message = f"{spot.place}: no set of properties has the size that is asked for"
                raise Unsampleable(message)
            draw = sized(draw, fields, extra, least=shape.min_properties, most=shape.max_properties)
        inner = [
            place
            for name, sampler in samplers.items()
            for place in (*((places[name],) if name in places else ()), *sampler.optional)
        ]
        return Sampler(
            draw=draw,
            span=max((sampler.span for sampler in samplers.values()), default=1),
            optional=tuple(inner),
            nullable=any(sampler.nullable for sampler in samplers.values()),
        )

    def _properties(self, shape: Shape, spot: _Spot) -> tuple[dict[str, Sampler], dict[str, str]]:
        """Give the samplers of an object's properties, and the places of those that are optional."""
        samplers: dict[str, Sampler] = {}
        places: dict[str, str] = {}
        for name in dict.fromkeys((*shape.properties, *shape.required)):
            schemas = shape.properties.get(name) or _additional(shape, spot)
            inner = self._inside(spot, name, schemas)
            optional = name not in shape.required
            if optional and spot.level > 0 and (spot.level > _DEEPEST or self._budget <= 0):
                continue
            self._budget -= optional and spot.level > 0
            try:
                if self._shapes.of(*schemas).read_only:
                    continue
                samplers[name] = self._build(inner)
            except Unsampleable as error:
                if not optional:
                    raise
                self.unreached[inner.place] = str(error)
                continue
            if optional:
                places[name] = inner.place
        return samplers, places

    def _inside(self, spot: _Spot, name: str, schemas: tuple[JsonSchema, ...]) -> _Spot:
        return _Spot(
            schemas=schemas,
            place=f"{spot.place}/{name}",
            name=name,
            wire=_FIELDS.get(spot.wire, Wire.JSON),
            level=spot.level + 1,
        )


def _additional(shape: Shape, spot: _Spot) -> tuple[JsonSchema, ...]:
    """Give what constrains a property that is not declared; in a form it is read as text."""
    schemas = shape.additional or (True,)
    return (*schemas, {"type": "string"}) if spot.wire is Wire.TOP else schemas


def _kinds(shape: Shape, wire: Wire) -> tuple[str, ...]:
    """Give the types to draw, without null beside others and without `integer` beside `number`."""
    if shape.types == ALL_TYPES:
        return (_meant(shape),)
    if wire is not Wire.JSON and "string" in shape.types:
        return ("string",)
    kinds = shape.types - {"null"} or shape.types
    return tuple(sorted(kinds - {"integer"} if "number" in kinds else kinds))


def _meant(shape: Shape) -> str:
    """Give the type that a schema without types means, by its other keywords."""
    if shape.properties or shape.required or shape.min_properties:
        return "object"
    if shape.items or shape.prefix or shape.min_items:
        return "array"
    bounds = (shape.minimum, shape.maximum, shape.above, shape.below, shape.multiple_of)
    if any(bound is not None for bound in bounds):
        return "integer"
    return "string"


def _sid(shape: Shape) -> Text | None:
    """Give the text of a SID pattern that names its prefixes."""
    if len(shape.patterns) != 1 or shape.formats:
        return None
    prefixes = prefixes_of_pattern(shape.patterns[0])
    fits = shape.min_length <= _SID and (shape.max_length is None or shape.max_length >= _SID)
    return vocabulary.sid(*prefixes) if prefixes and fits else None


def _of_pattern(pattern: str, shape: Shape) -> list[Text]:
    """Give what draws text of a pattern: of any length, and of the least and the greatest one.

    Raises:
        Unsampleable: the pattern cannot be drawn from.

    """
    draw = drawing(pattern)
    spread = spread_for(least=shape.min_length, most=shape.max_length)
    longest = length(parse(pattern))[1]
    if shape.max_length is not None and (longest is None or longest > shape.max_length):
        spread = min(spread, max(shape.min_length, 1, shape.max_length))
    return [
        lambda random, lean=lean: draw(random, lean, spread)  # type: ignore[misc] # mypy does not see the default
        for lean in (Lean.RANDOM, Lean.SHORT, Lean.LONG)
    ]


def _score(draw: Text, valid: Callable[[Any], bool]) -> int:
    random = Random(0)  # noqa: S311 - no secret
    return sum(valid(draw(random)) for _ in range(_PROBES))


def _probe(draw: Draw, valid: Callable[[Any], bool], place: str) -> Any:
    """Give the first valid draw.

    Raises:
        Unsampleable: there is none.

    """
    random = Random(0)  # noqa: S311 - no secret
    for index in range(_TRIES):
        value = draw(random, Aim(member=index))
        if valid(value):
            return value
    message = f"{place}: none of {_TRIES} draws is valid"
    raise Unsampleable(message)
