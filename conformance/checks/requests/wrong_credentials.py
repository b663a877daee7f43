"""The check `wrong-credentials`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.checks.credentials import AUTHORIZATION, Found, evidence, is_right
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.schemas.planting import with_request_header

_BASIC = {"basic": {"type": "http", "scheme": "basic"}}
_FETCH = {"responses": {"204": {"description": "Done"}, "401": {"description": "Unauthorized"}}}
_FAULTS = ("Bearer bm90LWEtcmVhbA", "Basic bm8gY29sb24=", "Basic !")


def _plant(seen: Matched) -> Iterator[Exchange]:
    for fault in _FAULTS:
        made = with_request_header(seen.exchange, "Authorization", fault)
        if evidence(seen.operation, made).found is Found.WRONG:
            yield made


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(
            title="the documented scheme",
            operation=_FETCH,
            security=_BASIC,
            request_headers={"Authorization": "Basic dXNlcjpub3QtYS1yZWFsLXRva2Vu"},
            status=204,
        ),
        Example(
            title="a recording with a mask in its place",
            operation=_FETCH,
            security=_BASIC,
            request_headers={"Authorization": "REDACTED"},
            status=204,
            is_recorded=True,
        ),
    ],
    bad=[
        Example(
            title="another scheme",
            operation=_FETCH,
            security=_BASIC,
            request_headers={"Authorization": "Bearer bm90LWEtcmVhbA"},
            status=401,
        ),
        Example(
            title="credentials that are not Base64 of user:password",
            operation=_FETCH,
            security=_BASIC,
            request_headers={"Authorization": "Basic bm8gY29sb24="},
            status=401,
            is_recorded=True,
        ),
    ],
    plant=_plant,
    needs="a security requirement of HTTP authentication",
)
def wrong_credentials(operation: Operation) -> Inspector | None:
    """The request carries credentials of another scheme, or credentials that cannot be read.

    Whether user and password are right only the server knows. In a recording, a value that looks like a mask is none
    of the client's. Source: RFC 9110, 11 and RFC 7617.
    """
    schemes = {scheme.type for alternative in operation.security for scheme in alternative}
    return _GLANCE if all(operation.security) and schemes & {"http", "oauth2", "openIdConnect"} else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    shown = evidence(seen.operation, seen.exchange)
    if shown.found is Found.WRONG:
        yield Problem(
            message=shown.message,
            instance_pointer=shown.pointer,
            spec_pointer=seen.operation.pointer,
            expected=[" and ".join(scheme.name for scheme in each) for each in seen.operation.security],
            keyword="security",
        )


def _is_clear(header: str | None, seen: Matched) -> bool:
    return header is None or is_right(header, seen.operation, seen.exchange.source.is_live)


_GLANCE: Final = Glance(inspect=_inspect, part=AUTHORIZATION, is_clear=_is_clear)
