"""The check `plain-http`."""

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
    if request.url.startswith("https:"):
        yield replace(seen.exchange, request=replace(request, url=f"http:{request.url.removeprefix('https:')}"))


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="https", operation=_OPERATION, url=_URL, status=204)],
    bad=[Example(title="http", operation=_OPERATION, url=_URL.replace("https:", "http:"), status=204)],
    plant=_plant,
)
def plain_http() -> RouteInspector:
    """The request went over http, where https is documented.

    Credentials and content were readable by everybody on the way.
    """
    return _inspect


def _inspect(exchange: Exchange, miss: Miss) -> Iterator[Problem]:
    yield from problem("plain-http", exchange.request, miss)
