"""The smallest case that still fails: fields, items and characters are taken away for as long as the failure stays.

Every step makes the case lighter by a weight that cannot fall for ever, so shrinking ends. A lighter case breaks
exactly what the first one broke: a valid one stays valid, a negative one keeps to its one constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.generate.case import Case, request
from conformance.generate.script import Dress, Outcome, Step, as_it_is
from conformance.generate.validity import breaches, fits
from conformance.model.http import Request
from conformance.model.operation import Location
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.openapi.document import escape

BUDGET: Final = 200
"""Requests that shrinking one case may cost."""
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_PLAIN_AWAY: Final = dict.fromkeys(map(ord, _PLAIN))
_OPTIONAL: Final = ("query", "header", "cookie")
_PARTS: Final = (*_OPTIONAL, "path", "pairs", "body")


class Shrunk(Value, frozen=True, kw_only=True):
    """What shrinking came to."""

    step: Step | None
    """The lightest case with its answer; None where no lighter one fails in the same way."""
    attempts: int
    """Requests that were sent."""


def shrinking(
    case: Case, *, same: Callable[[Step], bool], dress: Dress = as_it_is, budget: int = BUDGET
) -> Generator[Request, Outcome, Shrunk]:
    """Give lighter requests for as long as `same` says that their answers fail as the first one did."""
    meant = breaches(case)
    broken = frozenset(pointer for pointer, _ in meant)
    best, found, attempts = case, None, 0
    while attempts < budget:
        heavy = {part: _weight_of(part, best) for part in _PARTS}
        for part, lighter in _lighter(best, broken):
            if _weight_of(part, lighter) >= heavy[part] or breaches(lighter) != meant:
                continue
            attempts += 1
            sent = dress(request(lighter))
            outcome = yield sent
            step = Step(case=lighter, request=sent, outcome=outcome, expectation=lighter.expectation)
            if same(step):
                best, found = lighter, step
                break
            if attempts >= budget:
                return Shrunk(step=found, attempts=attempts)
        else:
            break
    return Shrunk(step=found, attempts=attempts)


def weight(case: Case) -> int:
    """Give how heavy a case is: values, characters and digits, plain ones lighter than odd ones."""
    return sum(_weight_of(part, case) for part in _PARTS)


def _weight_of(part: str, case: Case) -> int:
    match part:
        case "body":
            return 0 if case.body is ABSENT else 2 + _weight(case.body)
        case "pairs":
            return sum(4 + _weight(text) for pair in case.pairs for text in pair)
    return _weight(getattr(case, part))


def _weight(value: Any) -> int:
    match value:
        case bool():
            return 1 + value
        case str():
            return 1 + len(value) + len(value.translate(_PLAIN_AWAY))
        case int() | float():
            return 1 + len(str(value))
        case list():
            return 2 + sum(map(_weight, value))
        case dict():
            return 2 + sum(1 + _weight(item) for item in value.values())
    return 1


def _lighter(case: Case, broken: Collection[str]) -> Iterator[tuple[str, Case]]:
    """Give cases that lack something, biggest losses first, each with the part that is smaller.

    A parameter whose place is not broken is only made smaller where it stays right.
    """
    if case.body is not ABSENT and case.raw is None:
        yield "body", replace(case, body=ABSENT, media_type=None)
    for part in _OPTIONAL:
        for values in _fewer_fields(getattr(case, part)):
            yield part, replace(case, **{part: values})
    for index in range(len(case.pairs)):
        yield "pairs", replace(case, pairs=(*case.pairs[:index], *case.pairs[index + 1 :]))
    if case.body is not ABSENT and case.raw is None:
        for body in _smaller(case.body):
            yield "body", replace(case, body=body)
    for part in (*_OPTIONAL, "path"):
        for name, values in _simpler_fields(getattr(case, part)):
            is_broken = any(each.startswith(f"/{part}/{escape(name)}") for each in broken)
            if is_broken or fits(case.operation, Location(part), name, values[name]):
                yield part, replace(case, **{part: values})


def _smaller(value: Any) -> Iterator[Any]:
    match value:
        case bool():
            yield from (False,) if value else ()
        case str():
            yield from _shorter(value)
        case int() | float():
            yield from _nearer(value)
        case list():
            yield from _fewer_items(value)
            for index, item in enumerate(value):
                yield from ([*value[:index], small, *value[index + 1 :]] for small in _smaller(item))
        case dict():
            yield from _fewer_fields(value)
            yield from (fields for _, fields in _simpler_fields(value))


def _shorter(value: str) -> Iterator[str]:
    yield ""
    size = len(value) // 2
    while size:
        for start in range(0, len(value), size):
            yield value[:start] + value[start + size :]
        size //= 2
    for index, character in enumerate(value):
        if character not in _PLAIN:
            yield f"{value[:index]}a{value[index + 1 :]}"


def _nearer(value: float) -> Iterator[float]:
    """Give numbers with fewer digits."""
    yield from (0, 1)
    if isinstance(value, float) and value.is_integer():
        yield int(value)
    if isinstance(value, int):
        yield abs(value)
        for digits in range(1, len(str(abs(value)))):
            yield value // 10**digits


def _fewer_items(value: list[Any]) -> Iterator[list[Any]]:
    size = len(value)
    while size:
        for start in range(0, len(value), size):
            yield value[:start] + value[start + size :]
        size //= 2


def _fewer_fields(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    names = list(value)
    for kept in _fewer_items(names):
        yield {name: value[name] for name in kept}


def _simpler_fields(value: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give fields one of which is smaller, each with its name."""
    for name, item in value.items():
        yield from ((name, {**value, name: small}) for small in _smaller(item))
