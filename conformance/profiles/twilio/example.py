"""Small pages of Twilio for the examples of checks."""

from __future__ import annotations

from typing import Any, Final

from conformance.model.example import record
from conformance.model.rule import Example

HOST: Final = "https://api.twilio.com"
ACCOUNT: Final = f"AC{'1' * 32}"
_INTEGER: Final = {"type": "integer"}
_LINK: Final = {"type": ["string", "null"]}
_CALL: Final = record(sid={"type": "string"}, account_sid={"type": "string"}, uri={"type": "string"})
_FLAT: Final = record(
    calls={"type": "array", "items": _CALL},
    page=_INTEGER,
    page_size=_INTEGER,
    start=_INTEGER,
    end=_INTEGER,
    uri=_LINK,
    first_page_uri=_LINK,
    next_page_uri=_LINK,
    previous_page_uri=_LINK,
)
_META: Final = record(
    calls={"type": "array", "items": _CALL},
    meta=record(key={"type": "string"}, page=_INTEGER, page_size=_INTEGER, url=_LINK, next_page_url=_LINK),
)
PATH: Final = "/Accounts/{AccountSid}/Calls.json"
PAGE: Final = f"/Accounts/{ACCOUNT}/Calls.json"


def call(number: int) -> dict[str, str]:
    """Give a call."""
    return {"sid": f"CA{number:032x}", "account_sid": ACCOUNT}


def page(title: str, body: Any, *, query: str = "", meta: bool = False) -> Example:
    """Give an example: a page of calls, flat or with a `meta`."""
    content = {"application/json": {"schema": _META if meta else _FLAT}}
    return Example(
        title=title,
        operation={"responses": {"200": {"description": "OK", "content": content}}},
        server=HOST,
        path=PATH,
        url=f"{HOST}{PAGE}{query and f'?{query}'}",
        response_body=body,
    )
