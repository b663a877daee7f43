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
    "authorization", "cookie", "proxy-authorization", "set-cookie", "x-twilio-signature",
})  # fmt: skip
_SENSITIVE: Final = (
    r"[\w.-]{0,40}(?:(?:auth|access|refresh|id)[_-]?token(?:[_-]?promotion)?|api[_-]?key|api[_-]?secret"
    r"|client[_-]?secret|secret|password|passwd|private[_-]?key)"
)
"""Names that end so, whatever stands before: `AuthToken`, `x-auth-token`, `SmsAuthToken`, `twilio_auth_token`."""
_NAMED: Final = re.compile(rf"(?:{_SENSITIVE})", re.IGNORECASE)
_IN_URL: Final = re.compile(r"(?<=://)[^/?#\s\"]+@")
_IN_FORM: Final = re.compile(rf"(?i)(?P<name>(?:^|[?&])(?:{_SENSITIVE})=)[^&\s\"]+")
_IN_JSON: Final = re.compile(rf'(?i)(?P<name>"(?:{_SENSITIVE})"\s*:\s*")(?:[^"\\]|\\.)*')
_BASIC: Final = re.compile(r"(?i)\b(?P<name>Basic|Bearer) [A-Za-z0-9+/._~-]{8,}=*")
_PHONE: Final = re.compile(r"(?i)(?P<start>(?:\+|%2B)[1-9]\d)\d{4,11}(?P<end>\d{2})(?!\d)")


def credentials(value: str) -> str:
    """Give text without credentials."""
    if "@" in value:
        value = _IN_URL.sub(f"{MASK}@", value)
    value = _IN_FORM.sub(rf"\g<name>{MASK}", value)
    value = _IN_JSON.sub(rf"\g<name>{MASK}", value)
    return _BASIC.sub(rf"\g<name> {MASK}", value)


def text(value: str) -> str:
    """Give text without credentials and with phone numbers masked."""
    return _PHONE.sub(rf"\g<start>{MASK}\g<end>", credentials(value))


def is_secret_name(name: str) -> bool:
    """Tell whether a field, parameter or header of this name carries a credential."""
    return _NAMED.match(name) is not None


def value(item: Any) -> Any:
    """Give a JSON value without credentials and with phone numbers masked."""
    if isinstance(item, str):
        return text(item)
    if isinstance(item, Mapping):
        return {name: MASK if _hides(name, content) else value(content) for name, content in item.items()}
    if isinstance(item, list | tuple):
        return [value(content) for content in item]
    return item


def _hides(name: str, content: Any) -> bool:
    """Tell whether a field holds a secret by its name: an empty one, null or a boolean is none."""
    return _NAMED.fullmatch(name) is not None and not isinstance(content, bool) and bool(content)


def headers(fields: Headers) -> Headers:
    """Give headers without credentials."""
    return Headers(tuple((name, MASK if is_secret_header(name) else text(content)) for name, content in fields))


def is_secret_header(name: str) -> bool:
    """Tell whether a header holds a secret, by its name."""
    return name.lower() in _SECRET_HEADERS or _NAMED.fullmatch(name) is not None


def said(message: str, actual: Any, pointer: str) -> tuple[str, Any]:
    """Give the message of a problem and the value it is about without credentials, by the place of the value too."""
    _, *names = pointer.split("/")
    is_secret = names[:1] == ["cookie"] or any(map(is_secret_header, names))
    if is_secret and actual and not isinstance(actual, bool):
        return f"a value that is not shown, because {names[-1]!r} may be a secret", MASK
    return text(message), value(actual)


def exchange(fact: Exchange) -> Exchange:
    """Give an exchange without credentials and with phone numbers masked."""
    request, response = fact.request, fact.response
    return replace(
        fact,
        request=replace(request, url=text(request.url), headers=headers(request.headers), body=_body(request.body)),
        response=replace(response, headers=headers(response.headers), body=_body(response.body)),
    )


def _body(content: bytes) -> bytes:
    return text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
