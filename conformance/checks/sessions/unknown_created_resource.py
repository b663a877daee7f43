"""The check `unknown-created-resource`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from conformance.checks.resource_paths import below, given_name, items_of, made, target
from conformance.model.example import answering, record
from conformance.model.http import Exchange, Response
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

_GONE: Final = (404, 410)


def _plant(seen: Matched, others: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    status = next((each for each in _GONE if seen.operation.answer(each) is not None), None)
    for maker, item in items_of(others).items():
        if item is not seen.operation or status is None:
            continue
        first = others[maker]
        name = given_name(first, item)
        if name is not None:
            url = _url(first, item, name)
            last = replace(with_url(seen.exchange, url), response=Response(status=status), session="planted")
            yield replace(first.exchange, session="planted"), last


def _url(first: Matched, item: Operation, name: str) -> str:
    """Give the URL of a resource that was made."""
    collection = first.exchange.request.url.partition("?")[0]
    suffix = item.path.rsplit("}", 1)[-1]
    return f"{collection.removesuffix(suffix) if suffix else collection}/{name}{suffix}"


_THINGS = "https://api.example.com/things"
_FETCH = {**answering(record(id={"type": "string"}))}
_FETCH["responses"] = {**_FETCH["responses"], "404": {"description": "Not found"}}
_CREATE = Example(
    title="",
    operation=answering(record(id={"type": "string"}), status="201"),
    method="POST",
    path="/things",
    url=_THINGS,
    status=201,
    response_body={"id": "7"},
)
_DELETE = Example(
    title="",
    operation={"responses": {"204": {"description": "Done"}}},
    method="DELETE",
    url=f"{_THINGS}/7",
    status=204,
)
_AFTER = Example(title="", operation=_FETCH, url=f"{_THINGS}/7", before=(_CREATE,))


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        replace(_AFTER, title="what was made is there", response_body={"id": "7"}),
        replace(_AFTER, title="what was made was deleted again", status=404, before=(_CREATE, _DELETE)),
    ],
    bad=[replace(_AFTER, title="what was made is not found", status=404)],
    plant=_plant,
    needs="a fetch with a documented 404, and a POST that makes what it fetches",
)
def unknown_created_resource(operations: tuple[Operation, ...]) -> SessionStart | None:
    """A resource is not found, though it was made in the same session and not deleted since.

    A client that keeps the name of what it made is told that there is no such thing. A status that is not documented is
    another check's fault, so this one looks at documented ones.
    """
    makers = items_of(operations)
    fetching = frozenset(each for each in makers.values() if any(each.answer(status) for status in _GONE))
    return (lambda past: _inspector(makers, fetching, past)) if fetching else None


def _inspector(makers: Mapping[Operation, Operation], fetching: frozenset[Operation], past: Past) -> SessionInspector:
    known = past.memory()

    def inspect(seen: Matched) -> list[Problem] | None:
        status = seen.exchange.response.status
        if seen.operation in makers:
            name = made(seen, makers[seen.operation])
            if name is not None:
                known[name] = seen.exchange.id
            return None
        name = target(seen)
        if name is None:
            return None
        if seen.operation.method == "DELETE":
            for each in known:
                if each == name or below(each, name):
                    known.drop(each)
            return None
        if seen.operation not in fetching:
            return None
        if name not in known or status not in _GONE or seen.answer is None:
            return []
        return [
            Problem(
                message=f"{seen.exchange.request.path} is answered with {status}, though {known.get(name)} made it",
                spec_pointer=seen.operation.pointer,
                expected="200",
                actual=status,
                keyword="status",
            )
        ]

    return inspect
