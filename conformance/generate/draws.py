"""Samplers and the small ones they are put together from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from enum import Enum
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.generate.patterns import Unsampleable
from conformance.generate.shapes import Shape, canonical
from conformance.model.value import Value

_SIZE: Final = 1000
"""How far an unbounded number goes from its other bound."""
_NULL: Final = 0.125
_MORE: Final = 3
"""Items of an array beyond the fewest it needs."""
_TRIES: Final = 20
_EXACT: Final = 2**53
_MANY: Final = 2**20
"""Multiples of a fraction to choose from; far more would lie where floats have no fractions."""


class Presence(Enum):
    """Which optional properties and parameters are there."""

    NONE = "none"
    ALL = "all"
    RANDOM = "random"


class Aim(Value, frozen=True, kw_only=True):
    """What a drawn value should show."""

    presence: Presence = Presence.RANDOM
    only: frozenset[str] = frozenset()
    """Optional places that are there whatever `presence` says."""
    without: frozenset[str] = frozenset()
    """Optional places that are not there whatever `presence` says."""
    member: int | None = None
    """Which member every enumeration shows, counted round; None draws one."""
    null: bool = False
    """Whether everything that may be null is."""

    def wants(self, place: str, random: Random) -> bool:
        """Tell whether an optional place is to be filled."""
        if place in self.without:
            return False
        if self.presence is Presence.RANDOM:
            return random.random() < 0.5 or place in self.only  # noqa: PLR2004 - a fair coin
        return self.presence is Presence.ALL or place in self.only


Draw = Callable[[Random, Aim], Any]
Rule = Callable[[dict[str, None], Random, Aim], None]
"""Adds the names that a set of field names lacks."""


class Sampler(Value, frozen=True, kw_only=True):
    """A compiled schema: what draws its values, and what there is to show."""

    draw: Draw
    span: int = 1
    """How many values of `Aim.member` it takes to see every member of every enumeration."""
    optional: tuple[str, ...] = ()
    """The optional places within, outer before inner."""
    nullable: bool = False


class Field(Value, frozen=True, kw_only=True):
    """A property of an object, as a sampler fills it."""

    name: str
    draw: Draw
    place: str | None
    """None where the property is required."""


def constant(value: Any) -> Sampler:
    """Give the sampler of one value."""
    return Sampler(draw=lambda _random, _aim: value)


def members(values: tuple[Any, ...]) -> Sampler:
    """Give the sampler of an enumeration."""
    count = len(values)
    if count == 1:
        return constant(values[0])

    def draw(random: Random, aim: Aim) -> Any:
        return values[int(random.random() * count) if aim.member is None else aim.member % count]

    return Sampler(draw=draw, span=count)


def one_of(samplers: Sequence[Sampler]) -> Sampler:
    """Give the sampler of several alternatives; `Aim.member` goes round them before it goes round within them."""
    count = len(samplers)
    if count == 1:
        return samplers[0]
    draws = [sampler.draw for sampler in samplers]

    def draw(random: Random, aim: Aim) -> Any:
        if aim.member is None:
            return draws[int(random.random() * count)](random, aim)
        return draws[aim.member % count](random, replace(aim, member=aim.member // count))

    return Sampler(
        draw=draw,
        span=count * max(sampler.span for sampler in samplers),
        optional=tuple(dict.fromkeys(place for sampler in samplers for place in sampler.optional)),
        nullable=any(sampler.nullable for sampler in samplers),
    )


def or_null(sampler: Sampler) -> Sampler:
    """Give a sampler that draws null now and then."""

    def draw(random: Random, aim: Aim) -> Any:
        if aim.null or (aim.presence is Presence.RANDOM and random.random() < _NULL):
            return None
        return sampler.draw(random, aim)

    return replace(sampler, draw=draw, nullable=True)


def integer(shape: Shape, usual: tuple[int, int] | None, where: str) -> Sampler:
    """Give the sampler of an integer, within the usual bounds where the shape allows some of them.

    Raises:
        Unsampleable: no integer keeps to the bounds.

    """
    step = shape.multiple_of or 1
    if step != int(step):
        step = 1 if (1 / step).is_integer() else step * 10 ** len(str(step))
    step = int(step)
    low, high = integer_bounds(shape)
    if usual is not None and (low is None or low <= usual[1]) and (high is None or high >= usual[0]):
        low = usual[0] if low is None else max(low, usual[0])
        high = usual[1] if high is None else min(high, usual[1])
    if low is None:
        low = 1 if high is None or high >= 1 else high - _SIZE * step
    if high is None:
        high = low + _SIZE * step
    first = -(-low // step)
    count = high // step - first + 1
    if count < 1:
        message = f"{where}: no multiple of {step} lies between {low} and {high}"
        raise Unsampleable(message)
    if count < _EXACT:
        return Sampler(draw=lambda random, _: (first + int(random.random() * count)) * step)
    return Sampler(draw=lambda random, _: (first + random.randrange(count)) * step)


def integer_bounds(shape: Shape) -> tuple[int | None, int | None]:
    """Give the least and the greatest integer that the bounds allow; None where there is no bound."""
    lows = [math.ceil(shape.minimum)] if shape.minimum is not None else []
    lows += [math.floor(shape.above) + 1] if shape.above is not None else []
    highs = [math.floor(shape.maximum)] if shape.maximum is not None else []
    highs += [math.ceil(shape.below) - 1] if shape.below is not None else []
    return max(lows, default=None), min(highs, default=None)


def number(shape: Shape, where: str) -> Sampler:
    """Give the sampler of a number, with two decimals where there is room for them.

    Raises:
        Unsampleable: no number keeps to the bounds.

    """
    if shape.multiple_of is not None:
        return _multiple(shape, shape.multiple_of, where)
    low = max((bound for bound in (shape.minimum, shape.above) if bound is not None), default=None)
    high = min((bound for bound in (shape.maximum, shape.below) if bound is not None), default=None)
    if low is None:
        low = 0 if high is None or high > 0 else high - _SIZE
    if high is None:
        high = low + _SIZE
    open_ended = low == shape.above or high == shape.below
    if low > high or (low == high and open_ended):
        message = f"{where}: no number lies between {low} and {high}"
        raise Unsampleable(message)

    def draw(random: Random, _: Aim) -> float:
        exact = low + (high - low) * (random.random() or 0.5)
        short = round(exact, 2)
        return short if low < short < high else float(exact)

    return Sampler(draw=draw)


def _multiple(shape: Shape, step: float, where: str) -> Sampler:
    low, high = integer_bounds(
        replace(
            shape,
            minimum=_divided(shape.minimum, step),
            maximum=_divided(shape.maximum, step),
            above=_divided(shape.above, step),
            below=_divided(shape.below, step),
        )
    )
    low = low if low is None or high is None or high - low < _MANY else max(low, min(0, high - _MANY))
    high = high if low is None or high is None else min(high, low + _MANY)
    steps = integer(replace(shape, multiple_of=None, minimum=low, maximum=high, above=None, below=None), None, where)
    return Sampler(draw=lambda random, aim: round(steps.draw(random, aim) * step, 12))


def _divided(bound: float | None, step: float) -> float | None:
    return None if bound is None else bound / step


def array_of(item: Sampler, first: Sequence[Sampler], *, least: int, most: int, unique: bool) -> Sampler:
    """Give the sampler of an array: `first` draws its first items, `item` the others."""
    leading = [sampler.draw for sampler in first]

    def draw(random: Random, aim: Aim) -> list[Any]:
        count = _count(random, aim, least, most)
        found: list[Any] = []
        for index in range(count):
            here = leading[index] if index < len(leading) else item.draw
            inner = aim if not index or aim.member is None else replace(aim, member=None)
            value = here(random, inner)
            if unique:
                value = _fresh(value, found, here, random)
                if value is _USED:
                    break
            found.append(value)
        return found

    every = (*first, item)
    return Sampler(
        draw=draw,
        span=max(sampler.span for sampler in every),
        optional=tuple(place for sampler in every for place in sampler.optional),
        nullable=any(sampler.nullable for sampler in every),
    )


def _count(random: Random, aim: Aim, least: int, most: int) -> int:
    if most <= least or (aim.presence is Presence.NONE and not aim.only):
        return least
    start = least if aim.presence is Presence.RANDOM else max(least, 1)
    return min(most, start + int(random.random() * _MORE))


class _Used(Enum):
    USED = "used"


_USED: Final = _Used.USED


def _fresh(value: Any, found: list[Any], draw: Draw, random: Random) -> Any:
    """Give a value that the array does not hold; `_USED` where none comes up."""
    known = set(map(canonical, found))
    for _ in range(_TRIES):
        if canonical(value) not in known:
            return value
        value = draw(random, Aim())
    return _USED


def object_of(fields: Sequence[Field], rule: Rule | None) -> Draw:
    """Give what draws an object, its fields in the order of their declaration."""
    if rule is None:
        plain = [(field.name, field.draw, field.place) for field in fields]

        def draw(random: Random, aim: Aim) -> dict[str, Any]:
            return {
                name: inner(random, aim) for name, inner, place in plain if place is None or aim.wants(place, random)
            }

        return draw
    complete = rule

    def ruled(random: Random, aim: Aim) -> dict[str, Any]:
        names = dict.fromkeys(field.name for field in fields if field.place is None or aim.wants(field.place, random))
        complete(names, random, aim)
        return {field.name: field.draw(random, aim) for field in fields if field.name in names}

    return ruled


def sized(draw: Draw, fields: Sequence[Field], extra: Sampler | None, *, least: int, most: int | None) -> Draw:
    """Give what draws an object with a number of properties."""
    needed = {field.name for field in fields if field.place is None}

    def fitted(random: Random, aim: Aim) -> dict[str, Any]:
        found: dict[str, Any] = draw(random, aim)
        for field in fields:
            if len(found) < least and field.name not in found:
                found[field.name] = field.draw(random, aim)
        while len(found) < least and extra is not None:
            found[f"extra_{len(found)}"] = extra.draw(random, aim)
        for name in [name for name in found if name not in needed]:
            if most is not None and len(found) > most:
                del found[name]
        return found

    return fitted
