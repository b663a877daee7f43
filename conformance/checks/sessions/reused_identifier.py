"""The check `reused-identifier`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from conformance.checks.resource_paths import below, given_name, items_of, made, target
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


def _plant(seen: Matched, others: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    item = items_of(others).get(seen.operation)
    if item is not None and made(seen, item) is not None and not _is_chosen(seen, made(seen, item) or ""):
        once = replace(seen.exchange, session="planted")
        yield once, replace(once, id=f"{once.id} again")


def _is_chosen(seen: Matched, name: str) -> bool:
    """Tell whether the request itself named what it made."""
    own = name.rpartition("/")[2]
    sent = seen.request.body
    return isinstance(sent, Mapping) and any(str(value).lower() == own.lower() for value in sent.values())


_CREATE = Example(
    title="",
    operation=answering(record(id={"type": "string"}), status="201"),
    method="POST",
    path="/things",
    url="https://api.example.com/things",
    status=201,
    response_body={"id": "7"},
)
_FETCH = Example(
    title="",
    operation=answering(record(id={"type": "string"})),
    url="https://api.example.com/things/7",
    response_body={"id": "7"},
)


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[replace(_CREATE, title="another name", response_body={"id": "8"}, before=(_CREATE, _FETCH))],
    bad=[replace(_CREATE, title="the same name again", before=(_CREATE, _FETCH))],
    plant=_plant,
    needs="a POST that makes resources which can be fetched",
)
def reused_identifier(operations: tuple[Operation, ...]) -> SessionStart | None:
    """Two resources that were made in one session have the same name.

    The name is all that a client keeps. Under the second one it finds the first, or the first is lost.
    """
    makers = items_of(operations)
    return (lambda past: _inspector(makers, past)) if makers else None


def _inspector(makers: Mapping[Operation, Operation], past: Past) -> SessionInspector:
    known = past.memory()

    def inspect(seen: Matched) -> list[Problem] | None:
        if seen.operation.method == "DELETE":
            gone = target(seen)
            for each in known if gone is not None else ():
                if each == gone or below(each, gone or ""):
                    known.drop(each)
            return None
        name = made(seen, makers[seen.operation]) if seen.operation in makers else None
        if name is None or _is_chosen(seen, name):
            return None
        own, first = given_name(seen, makers[seen.operation]), known.get(name)
        known[name] = first or seen.exchange.id
        if first is None:
            return []
        return [
            Problem(
                message=f"{own} is the name of what {first} made",
                spec_pointer=seen.operation.pointer,
                expected="another name",
                actual=own,
                keyword="identifier-uniqueness",
            )
        ]

    return inspect
