"""The check `unknown-path`."""

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
    request = seen.exchange.request
    url = request.url.replace(request.path, f"{request.path}/No/Such/Resource", 1)
    yield replace(seen.exchange, request=replace(request, url=url))


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="a documented path", operation=_OPERATION, url=_URL, status=204)],
    bad=[Example(title="another path", operation=_OPERATION, url="https://api.example.com/thing", status=404)],
    plant=_plant,
)
def unknown_path() -> RouteInspector:
    """The path is not documented, on a server that is.

    Either the client asks for something that does not exist, or the description lacks an operation.
    """
    return _inspect


def _inspect(exchange: Exchange, miss: Miss) -> Iterator[Problem]:
    yield from problem("unknown-path", exchange.request, miss)
