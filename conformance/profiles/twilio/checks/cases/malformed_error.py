"""The check `malformed-error`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check
from conformance.profiles import twilio

_MISSING: Final = Expectation(
    case="api.example:negative:0",
    label="body: without To",
    expect=Expect.REFUSE,
    keyword="required",
    pointer="/To",
    message="the required field 'To' is missing",
)
_CREATE: Final = {"responses": {"201": {"description": "Created"}}}
_ERROR: Final = {
    "code": 21201,
    "message": "No 'To' number is specified",
    "more_info": "https://www.twilio.com/docs/errors/21201",
    "status": 400,
}
_HOST: Final = "https://api.twilio.com/2010-04-01"
_URL: Final = f"{_HOST}/things/TH00000000000000000000000000000001"
_FIELDS: Final[Mapping[str, type]] = {"code": int, "message": str, "status": int}


def _plant(seen: Matched) -> Iterator[Exchange]:
    if twilio.applies(seen.operation.api) and seen.operation.answer(400) is None:
        body = msgspec.json.encode({**_ERROR, "status": 200})
        headers = seen.exchange.response.headers.replace("Content-Type", "application/json")
        response = replace(seen.exchange.response, status=400, reason="", body=body, headers=headers)
        yield replace(seen.exchange, response=response, extra=_MISSING.written())


@check(
    severity=Severity.WARNING,
    stage=Stage.STATUS,
    good=[
        Example(
            title="Twilio's error body",
            operation=_CREATE,
            server=_HOST,
            url=_URL,
            status=400,
            response_body=_ERROR,
            expected=_MISSING,
        ),
        Example(
            title="a problem document (RFC 9457)",
            operation=_CREATE,
            server=_HOST,
            url=_URL,
            status=400,
            response_headers={"Content-Type": "application/problem+json"},
            response_body={"title": "No To"},
            expected=_MISSING,
        ),
    ],
    bad=[
        Example(
            title="an error body that contradicts the status line",
            operation=_CREATE,
            server=_HOST,
            url=_URL,
            status=400,
            response_body={**_ERROR, "status": 200},
            expected=_MISSING,
        ),
        Example(
            title="an error without a body",
            operation=_CREATE,
            server=_HOST,
            url=_URL,
            status=400,
            expected=_MISSING,
        ),
    ],
    plant=_plant,
)
def malformed_error(operation: Operation) -> CaseInspector | None:
    """An invalid request was refused, but not in the way that Twilio does it.

    Twilio's SDKs read `code`, `message`, `more_info` and `status` from every error body, and `status` repeats the
    status line (twilio.com/docs/usage/twilios-response). What they cannot read they report as an unknown error.
    """
    if not twilio.applies(operation.api):
        return None

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        response = seen.exchange.response
        refused = expected.expect is not Expect.ACCEPT and 400 <= response.status < 500  # noqa: PLR2004 - client errors
        if not refused or (response.headers.get("Content-Type") or "").startswith("application/problem+json"):
            return
        why = _why_not(response.body, response.status)
        if why:
            yield Problem(
                message=f"the error body of {response.status} {why}",
                expected="code, message, more_info and status",
                actual=response.body[:80].decode("utf-8", "replace"),
                keyword="error",
            )

    return inspect


def _why_not(body: bytes, status: int) -> str:
    """Say why a body is no error of Twilio's; nothing where it is one."""
    try:
        value: Any = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return "is missing" if not body else "is no JSON"
    if not isinstance(value, Mapping):
        return "is no object"
    for name, kind in _FIELDS.items():
        if not isinstance(value.get(name), kind):
            return f"has no {name}" if name not in value else f"has {name} of another type"
    return "" if value["status"] == status else f"says status {value['status']}"
