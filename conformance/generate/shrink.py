"""The smallest case that still fails: fields, items and characters are taken away for as long as the failure stays.

Every step makes the case lighter by a weight that cannot fall for ever, so shrinking ends. A lighter case breaks
exactly what the first one broke: a valid one stays valid, a negative one keeps to its one constraint.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from conformance.generate.case import Case, request
from conformance.generate.script import Dress, Outcome, Step, as_it_is
from conformance.generate.validity import breaches
from conformance.model.http import Request
from conformance.model.rule import ABSENT

BUDGET: Final = 200
"""Requests that shrinking one case may cost."""
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")
_OPTIONAL: Final = ("query", "header", "cookie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrunk:
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
    best, found, attempts = case, None, 0
    while attempts < budget:
        for lighter in _lighter(best):
            if weight(lighter) >= weight(best) or breaches(lighter) != meant:
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
    parts = (case.path, case.query, case.header, case.cookie)
    body = 0 if case.body is ABSENT else 2 + _weight(case.body)
    return sum(map(_weight, parts)) + body + sum(4 + _weight(text) for pair in case.pairs for text in pair)


def _weight(value: Any) -> int:
    match value:
        case bool():
            return 1 + value
        case str():
            return 1 + sum(1 if character in _PLAIN else 2 for character in value)
        case int() | float():
            return 1 + len(str(value))
        case list():
            return 2 + sum(map(_weight, value))
        case dict():
            return 2 + sum(1 + _weight(item) for item in value.values())
    return 1


def _lighter(case: Case) -> Iterator[Case]:
    """Give cases that lack something, biggest losses first."""
    if case.body is not ABSENT and case.raw is None:
        yield replace(case, body=ABSENT, media_type=None)
    for part in _OPTIONAL:
        for values in _fewer_fields(getattr(case, part)):
            yield _with(case, part, values)
    for index in range(len(case.pairs)):
        yield replace(case, pairs=(*case.pairs[:index], *case.pairs[index + 1 :]))
    if case.body is not ABSENT and case.raw is None:
        for body in _smaller(case.body):
            yield replace(case, body=body)
    for part in (*_OPTIONAL, "path"):
        for values in _simpler_fields(getattr(case, part)):
            yield _with(case, part, values)


def _with(case: Case, part: str, values: Mapping[str, Any]) -> Case:
    changes: dict[str, Any] = {part: values}
    return replace(case, **changes)


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
            yield from _simpler_fields(value)


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


def _simpler_fields(value: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, item in value.items():
        yield from ({**value, name: small} for small in _smaller(item))
