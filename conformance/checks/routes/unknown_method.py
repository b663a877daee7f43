"""The check `unknown-method`."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.http import Exchange
from conformance.model.route import Miss
from conformance.model.rule import Example, Matched, Problem, RouteInspector, Severity, Stage, check
from conformance.openapi.router import problem

_URL = "https://api.example.com/things/TH00000000000000000000000000000001"
_OPERATION = {"responses": {"204": {"description": "Done"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    yield replace(seen.exchange, request=replace(seen.exchange.request, method="PATCH"))


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="a documented method", operation=_OPERATION, url=_URL, status=204)],
    bad=[Example(title="another method", operation=_OPERATION, url=_URL, request_method="PUT", status=405)],
    plant=_plant,
)
def unknown_method() -> RouteInspector:
    """The path is documented, but not with this method.

    Either the client uses a method that the server does not promise, or the description lacks an operation.
    """
    return _inspect


def _inspect(exchange: Exchange, miss: Miss) -> Iterator[Problem]:
    yield from problem("unknown-method", exchange.request, miss)
