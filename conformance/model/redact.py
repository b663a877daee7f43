"""Secrets never leave: what every output masks.

Public cassettes carried their secrets in these shapes: `Authorization` headers in any case, `SID:token@host` URLs,
`AuthToken` form fields and JSON members, cookies, and phone numbers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from conformance.model.http import Exchange, Headers

MASK: Final = "•••"

_SECRET_HEADERS: Final = frozenset({
    "authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key", "x-auth-token", "x-twilio-signature",
})  # fmt: skip
_SENSITIVE: Final = (
    r"(?:primary_?|secondary_?)?auth_?token(?:_?promotion)?|access_?token|refresh_?token|id_?token|api_?key|api_?secret"
    r"|client_?secret|secret|password|passwd|private_?key"
)
_NAMED: Final = re.compile(rf"^(?:{_SENSITIVE})$", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^/?#@\s\"]+@")
_IN_FORM: Final = re.compile(rf"(?i)(?P<name>(?:^|[?&])(?:{_SENSITIVE})=)[^&\s\"]+")
_IN_JSON: Final = re.compile(rf'(?i)(?P<name>"(?:{_SENSITIVE})"\s*:\s*")(?:[^"\\]|\\.)*')
_BASIC: Final = re.compile(r"(?i)\b(?P<name>Basic|Bearer) [A-Za-z0-9+/._~-]{8,}=*")
_PHONE: Final = re.compile(r"(?P<start>(?:\+|%2B)[1-9]\d)\d{4,10}(?P<end>\d{2})(?!\d)")


def text(value: str) -> str:
    """Give text without credentials and with phone numbers masked."""
    if "@" in value:
        value = _IN_URL.sub(f"{MASK}@", value)
    value = _IN_FORM.sub(rf"\g<name>{MASK}", value)
    value = _IN_JSON.sub(rf"\g<name>{MASK}", value)
    value = _BASIC.sub(rf"\g<name> {MASK}", value)
    return _PHONE.sub(rf"\g<start>{MASK}\g<end>", value)


def is_secret_name(name: str) -> bool:
    """Tell whether a field, parameter or header of this name carries a credential."""
    return _NAMED.match(name) is not None


def value(item: Any) -> Any:
    """Give a JSON value without credentials and with phone numbers masked."""
    if isinstance(item, str):
        return text(item)
    if isinstance(item, Mapping):
        return {name: MASK if _NAMED.match(name) and content else value(content) for name, content in item.items()}
    if isinstance(item, list | tuple):
        return [value(content) for content in item]
    return item


def headers(fields: Headers) -> Headers:
    """Give headers without credentials."""
    return Headers(
        tuple((name, MASK if name.lower() in _SECRET_HEADERS else text(content)) for name, content in fields)
    )


def exchange(fact: Exchange) -> Exchange:
    """Give an exchange without credentials and with phone numbers masked."""
    request, response = fact.request, fact.response
    return replace(
        fact,
        request=replace(request, url=text(request.url), headers=headers(request.headers), body=_body(request.body)),
        response=replace(response, headers=headers(response.headers), body=_body(response.body)),
    )


def _body(content: bytes) -> bytes:
    try:
        return text(content.decode()).encode()
    except UnicodeDecodeError:
        return content
