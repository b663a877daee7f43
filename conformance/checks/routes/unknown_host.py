"""The check `unknown-host`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec.structs import replace

from conformance.model.http import Exchange
from conformance.model.route import Miss
from conformance.model.rule import Example, Matched, Problem, RouteInspector, Severity, Stage, check
from conformance.openapi.router import problem

_HOST = re.compile(r"//[^/]+")
_URL = "https://api.example.com/things/TH00000000000000000000000000000001"
_OPERATION = {"responses": {"204": {"description": "Done"}}}


def _plant(seen: Matched) -> Iterator[Exchange]:
    request = seen.exchange.request
    yield replace(seen.exchange, request=replace(request, url=_HOST.sub("//api.invalid", request.url, count=1)))


@check(
    severity=Severity.ERROR,
    stage=Stage.ROUTE,
    good=[Example(title="a documented host", operation=_OPERATION, url=_URL, status=204)],
    bad=[Example(title="another host", operation=_OPERATION, url=_URL.replace("api.", "apis."), status=204)],
    plant=_plant,
)
def unknown_host() -> RouteInspector:
    """The path is documented, but on another host.

    Credentials travel to whatever host a client names; a wrong one sees them.
    """
    return _inspect


def _inspect(exchange: Exchange, miss: Miss) -> Iterator[Problem]:
    yield from problem("unknown-host", exchange.request, miss)
