"""The check `deleted-resource-answers`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.checks.resource_paths import below, items_of, made, target
from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import (
    Example,
    Matched,
    Problem,
    SessionInspector,
    SessionStart,
    Severity,
    Stage,
    check,
)
from conformance.model.session import Past
from conformance.schemas.planting import with_url

_LASTING: Final = re.compile(r"\b(?:cancel|soft[ -]?delet|archiv)", re.IGNORECASE)
"""What a description says of a DELETE after which the resource is still there."""
_GONE: Final = re.compile(r"deleted|cancell?ed|closed|ended|removed|archived", re.IGNORECASE)
_TIMES: Final = ("date_deleted", "deleted_at", "date_ended")
_OK: Final = range(200, 300)


def says_it_is_gone(body: Any) -> bool:
    """Tell whether an answer itself says that the resource is deleted."""
    if not isinstance(body, dict):
        return False
    return any(body.get(name) for name in _TIMES) or _GONE.fullmatch(str(body.get("status", ""))) is not None


def _kinds(operations: tuple[Operation, ...]) -> tuple[frozenset[Operation], frozenset[Operation]]:
    """Give the operations that delete for good, and those that may show that they did not."""
    deleting = [each for each in operations if each.method == "DELETE" and each.path.endswith(("}", "}.json"))]
    deleting = [each for each in deleting if not _LASTING.search(f"{each.summary} {each.description}")]
    places = {(each.api.name, each.path) for each in deleting}
    showing = [each for each in operations if each.method != "DELETE" and (each.api.name, each.path) in places]
    return frozenset(deleting), frozenset(showing)


def _plant(seen: Matched, others: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    last = replace(seen.exchange, session="planted")
    if seen.operation not in _kinds(tuple(others))[1] or says_it_is_gone(seen.response.body):
        return
    for operation, other in others.items():
        is_same = operation.path == seen.operation.path and operation.api is seen.operation.api
        if is_same and operation.method == "DELETE":
            yield with_url(replace(other.exchange, session="planted"), last.request.url.partition("?")[0]), last


_URL = "https://api.example.com/things/7"
_FETCH = {**answering(record(id={"type": "string"}, status={"type": "string"}))}
_FETCH["responses"] = {**_FETCH["responses"], "404": {"description": "Not found"}}
_DELETE = Example(
    title="",
    operation={"responses": {"204": {"description": "Done"}}},
    method="DELETE",
    path="/things/{ThingSid}",
    url=_URL,
    status=204,
)
_AGAIN = Example(title="", operation=_FETCH, url=_URL, before=(_DELETE,))


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        replace(_AGAIN, title="not found after it was deleted", status=404),
        replace(_AGAIN, title="an answer that says it is deleted", response_body={"id": "7", "status": "deleted"}),
        replace(_AGAIN, title="another resource", url=f"{_URL}7", response_body={"id": "77"}),
    ],
    bad=[replace(_AGAIN, title="a deleted resource that answers", response_body={"id": "7"})],
    plant=_plant,
    needs="a DELETE of the same path",
)
def deleted_resource_answers(operations: tuple[Operation, ...]) -> SessionStart | None:
    """A resource still answers after it was deleted in the same session.

    A client that deletes believes that nobody can read or use the resource any more. Where the description says that
    DELETE only cancels, or the answer itself says that the resource is deleted, that is no fault.
    """
    deleting, showing = _kinds(operations)
    return (lambda past: _inspector(deleting, showing, items_of(operations), past)) if showing else None


def _inspector(
    deleting: frozenset[Operation], showing: frozenset[Operation], makers: Mapping[Operation, Operation], past: Past
) -> SessionInspector:
    deleted = past.memory()

    def inspect(seen: Matched) -> list[Problem] | None:
        status = seen.exchange.response.status
        if seen.operation in makers:
            name = made(seen, makers[seen.operation])
            for each in deleted if name is not None else ():
                if each == name or below(each, name or ""):
                    deleted.drop(each)
            return None
        name = target(seen) if seen.operation in deleting or seen.operation in showing else None
        if name is None:
            return None
        if seen.operation in deleting:
            if status in _OK:
                deleted[name] = seen.exchange.id
            return None
        known = deleted.get(name)
        if known is None or status not in _OK or says_it_is_gone(seen.response.body):
            return []
        return [
            Problem(
                message=f"{seen.exchange.request.path} is answered with {status}, though {known} deleted it",
                spec_pointer=seen.operation.pointer,
                expected="404",
                actual=status,
                keyword="status",
            )
        ]

    return inspect
