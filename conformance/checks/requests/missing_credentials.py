"""The check `missing-credentials`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.checks.credentials import AUTHORIZATION, Found, evidence, is_right
from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.schemas.planting import with_query, with_request_header

_BASIC = {"basic": {"type": "http", "scheme": "basic"}}
_KEY = {"key": {"type": "apiKey", "in": "query", "name": "key"}}
_FETCH = {"responses": {"204": {"description": "Done"}, "401": {"description": "Unauthorized"}}}
_SENT = {"Authorization": "Basic dXNlcjpub3QtYS1yZWFsLXRva2Vu"}


def _plant(seen: Matched) -> Iterator[Exchange]:
    made = with_request_header(seen.exchange, "Authorization", None)
    for scheme in {scheme for alternative in seen.operation.security for scheme in alternative}:
        if scheme.type == "apiKey" and scheme.location == Location.QUERY.value:
            made = with_query(made, scheme.parameter, [])
        elif scheme.type == "apiKey":
            made = with_request_header(made, "Cookie" if scheme.location == "cookie" else scheme.parameter, None)
    if evidence(seen.operation, made).found is Found.ABSENT:
        yield made


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(title="credentials", operation=_FETCH, security=_BASIC, request_headers=_SENT, status=204),
        Example(
            title="a recording without the header, from which somebody may have taken it",
            operation=_FETCH,
            security=_BASIC,
            status=204,
            is_recorded=True,
        ),
    ],
    bad=[
        Example(title="no credentials", operation=_FETCH, security=_BASIC, status=401),
        Example(title="no API key", operation=_FETCH, security=_KEY, status=401),
    ],
    plant=_plant,
    needs="a security requirement",
)
def missing_credentials(operation: Operation) -> Inspector | None:
    """The request has none of the credentials that the description asks for.

    Said of requests that this program saw being sent. Recordings are meant to be scrubbed, and a missing header proves
    nothing there; `forgotten-credentials` looks at those whose other requests do carry credentials.
    """
    return _GLANCE if operation.security and all(operation.security) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    if not seen.exchange.source.is_live:
        return
    shown = evidence(seen.operation, seen.exchange)
    if shown.found is Found.ABSENT:
        yield Problem(
            message=shown.message,
            instance_pointer=shown.pointer,
            spec_pointer=seen.operation.pointer,
            expected=[" and ".join(scheme.name for scheme in each) for each in seen.operation.security],
            keyword="security",
        )


def _is_clear(header: str | None, seen: Matched) -> bool:
    is_live = seen.exchange.source.is_live
    return not is_live or is_right(header, seen.operation, is_live)


_GLANCE: Final = Glance(inspect=_inspect, part=AUTHORIZATION, is_clear=_is_clear)
