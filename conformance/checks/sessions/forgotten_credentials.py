"""The check `forgotten-credentials`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from conformance.checks.credentials import Found, evidence, is_right
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation
from conformance.model.rule import (
    Example,
    Matched,
    Problem,
    Scope,
    SessionInspector,
    SessionStart,
    Severity,
    Stage,
    check,
)
from conformance.model.session import Past
from conformance.schemas.planting import with_request_header

_BASIC = {"basic": {"type": "http", "scheme": "basic"}}
_FETCH = {"responses": {"204": {"description": "Done"}}}
_SENT = {"Authorization": "Basic REDACTED"}
_FIRST = Example(title="", operation=_FETCH, security=_BASIC, request_headers=_SENT, status=204, is_recorded=True)


def _plant(seen: Matched, _: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    recording = Source(kind="ndjson", path=seen.exchange.source.path, index=0)
    first = replace(seen.exchange, source=recording)
    last = with_request_header(first, "Authorization", None)
    if evidence(seen.operation, last).found is Found.ABSENT:
        yield first, last


@check(
    severity=Severity.ERROR,
    stage=Stage.RELATION,
    scope=Scope.RECORDING,
    good=[
        Example(
            title="a recording from which all credentials were taken",
            operation=_FETCH,
            security=_BASIC,
            status=204,
            is_recorded=True,
            before=(replace(_FIRST, request_headers={}),),
        ),
        Example(
            title="masked credentials in every request",
            operation=_FETCH,
            security=_BASIC,
            request_headers=_SENT,
            status=204,
            is_recorded=True,
            before=(_FIRST,),
        ),
    ],
    bad=[
        Example(
            title="a request without credentials after one with",
            operation=_FETCH,
            security=_BASIC,
            status=204,
            is_recorded=True,
            before=(_FIRST,),
        ),
    ],
    plant=_plant,
    needs="a security requirement",
)
def forgotten_credentials(operations: tuple[Operation, ...]) -> SessionStart | None:
    """A recorded request has no credentials, though others of the same recording do.

    Whoever scrubs a recording takes the credentials out of all its requests, or puts a mask in their place. Where some
    requests still show that they had credentials, one that does not was sent without.
    """
    asking = {each: _names(each) for each in operations if each.security and all(each.security)}
    return (lambda past: _inspector(asking, past)) if asking else None


def _inspector(asking: Mapping[Operation, frozenset[str]], past: Past) -> SessionInspector:
    shown = past.memory()

    def inspect(seen: Matched) -> list[Problem] | None:
        names, exchange = asking.get(seen.operation), seen.exchange
        is_live = exchange.source.is_live
        if names is None or is_live:
            return None
        is_shown = is_right(exchange.request.headers.get("Authorization"), seen.operation, is_live)
        proof = None if is_shown else evidence(seen.operation, exchange)
        if proof is None or proof.found is not Found.ABSENT:
            for name in names:
                if name not in shown:
                    shown[name] = exchange.id
            return []
        known = next((shown.get(name) for name in names if name in shown), None)
        if known is None:
            return []
        return [
            Problem(
                message=f"{proof.message}, though {known} of this recording has it",
                instance_pointer=proof.pointer,
                spec_pointer=seen.operation.pointer,
                expected=sorted(names),
                keyword="security",
            )
        ]

    return inspect


def _names(operation: Operation) -> frozenset[str]:
    """Give the places where the credentials of an operation are."""
    return frozenset(
        f"{scheme.location} {scheme.parameter}" if scheme.type == "apiKey" else "header Authorization"
        for alternative in operation.security
        for scheme in alternative
    )
