"""What a run has not reached, and why."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from conformance.generate.case import Mode
from conformance.generate.plan import Plan, plan
from conformance.model.operation import Operation
from conformance.schemas import coverage

UNSEEN = "no answer showed it"
UNPROVOKED = "no request brought it about"
UNFILLED = "no case among those that were allowed fills it"
PLAIN = frozenset({UNSEEN, UNPROVOKED, UNFILLED})
"""Reasons that say no more than that something was not reached."""
_BREAKING = frozenset({Mode.BOUNDARY, Mode.NEGATIVE, Mode.HEADERS, Mode.STATEFUL})
_LOCATIONS = frozenset({"path", "query", "header", "cookie", "body"})


def unreached(
    operation: Operation, seen: Collection[str], *, modes: Collection[Mode] = (Mode.POSITIVE,)
) -> Iterator[tuple[str, str]]:
    """Give everything of an operation that was not seen, by its name in `conformance.schemas.coverage`, with why."""
    compiled = plan(operation)
    for name in coverage.declared(operation):
        if name not in seen:
            yield name, _why(compiled, name, modes)


def _why(compiled: Plan, name: str, modes: Collection[Mode]) -> str:
    first, _, rest = name.partition(" ")
    if compiled.impossible:
        return f"no valid request can be made: {compiled.impossible}"
    if first in _LOCATIONS:
        return _of_request(compiled, f"{first}/{rest.removeprefix('/')}")
    if first == "status" and rest.startswith("4") and not _BREAKING & set(modes):
        return "no mode was run that breaks requests"
    if first == "status":
        return UNPROVOKED
    return UNSEEN


def _of_request(compiled: Plan, place: str) -> str:
    """Give why a place of the request was not filled: it, or what it stands in, cannot be made."""
    for known, reason in compiled.unreached.items():
        if place == known or place.startswith((f"{known}/", f"{known} =")):
            return reason
    return UNFILLED
