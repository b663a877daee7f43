"""Responses with a status of 400 or above, whose bodies the descriptions say nothing of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.model.http import Exchange, Headers
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Matched, Part
from conformance.model.value import Value
from conformance.profiles.twilio import applies
from conformance.schemas import strict_json

_FIRST: Final = 400
_JSON: Final = Headers((("Content-Type", "application/json"),))


class Failure(Value, frozen=True, kw_only=True):
    """The body of a failed request."""

    value: Any


def documented(operation: Operation) -> list[int]:
    """Give the documented errors of one of Twilio's operations whose bodies nothing is said of."""
    if not applies(operation.api):
        return []
    return [
        int(answer.status)
        for answer in operation.responses
        if answer.status.isdigit() and int(answer.status) >= _FIRST and not answer.content
    ]


def decoded(seen: Matched) -> Failure | None:
    """Give the JSON of a failed request; None where it did not fail, or says nothing in JSON."""
    response = seen.exchange.response
    if response.status < _FIRST or not response.body or seen.answer is None or seen.answer.content:
        return None
    essence = (response.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if essence != "application/json" and not essence.endswith("+json"):
        return None
    try:
        return Failure(value=strict_json.decode(response.body))
    except strict_json.Unreadable:
        return Failure(value=ABSENT)


def _is_bare(operation: Operation, status: int) -> bool:
    """Tell whether a status is that of a failure whose body nothing is said of."""
    answer = operation.answer(status)
    return status >= _FIRST and answer is not None and not answer.content


FAILURE: Final = Part(of=decoded, is_in=_is_bare)
"""What `decoded` gives."""


def is_problem_details(value: Mapping[str, Any]) -> bool:
    """Tell whether an error body is in the form of RFC 9457."""
    return "code" not in value and ("title" in value or "type" in value)


def failed(seen: Matched, status: int, value: Any) -> Exchange:
    """Give an exchange that failed with a status and a JSON body."""
    response = replace(seen.exchange.response, status=status, reason="", headers=_JSON, body=msgspec.json.encode(value))
    return replace(seen.exchange, response=response)


def example(title: str, value: Any) -> Example:
    """Give an example: a call that was not found."""
    host = "https://api.twilio.com"
    return Example(
        title=title,
        operation={"responses": {"200": {"description": "OK"}, "404": {"description": "Not found"}}},
        server=host,
        path="/Calls/{CallSid}.json",
        url=f"{host}/Calls/CA{'a' * 32}.json",
        status=404,
        response_body=ABSENT if value is None else value,
    )
