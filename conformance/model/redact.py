"""Secrets never leave: what every output masks.

Public recordings carried their secrets in these shapes: `Authorization` headers in any case, `SID:token@host` URLs,
`AuthToken` in forms, queries and JSON (in any spelling, percent-encoded, or in JSON inside JSON), cookies, signatures
of URLs, and phone numbers. What a reader needs stays: names, SIDs, the scheme of an `Authorization`, the beginning
and the end of a phone number. Masking what is masked changes nothing, and JSON stays JSON.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final
from urllib.parse import unquote_plus

from msgspec.structs import replace

from conformance.model.http import Exchange, Headers

MASK: Final = "•••"
TOO_DEEP: Final = f"{MASK} (nested too deep to be shown)"

_ENDS_OF_SECRETS: Final = (
    "authtoken", "authtokenpromotion", "accesstoken", "refreshtoken", "idtoken", "sessiontoken", "securitytoken",
    "bearertoken", "csrftoken", "xsrftoken", "apitoken", "apikey", "accesskey", "privatekey", "secretkey", "secret",
    "password", "passwd", "passphrase", "pwd", "signature", "jwt", "cookie", "cookies", "proxyauthorization",
)  # fmt: skip
_SECRETS: Final = frozenset({"token", "sig", "authorization", "credential", "credentials"})
"""Secrets only where nothing stands before the word: `page_token` is for the reader."""
_HINTS: Final = re.compile("token|secret|key|passw|passp|pwd|sig|jwt|cookie|authorization|credential")
"""One of these is in every such name."""
_ENDS_OF_PHONES: Final = ("phonenumber", "phonenumbers", "identifier", "msisdn", "callerid")
_PHONES: Final = frozenset({"to", "from", "caller", "called", "forwardedfrom", "phone", "mobile"})
_NO_LETTER: Final = re.compile(r"[^a-z0-9]")

_LONGEST_NAME: Final = 80
_DEEPEST: Final = 100
"""Levels of nesting that a reader may see."""

_SCHEME: Final = re.compile(
    r"\s*(?P<scheme>Basic|Bearer|Digest|Token|ApiKey|OAuth|Negotiate|AWS4-HMAC-SHA256) ", re.IGNORECASE
)
_SID: Final = r"[A-Z]{2}[0-9a-fA-F]{32}"
_USER: Final = re.compile(rf"(?P<start>//|\\/\\/)(?P<user>{_SID}:)?[^/?#\s\"'<>\\]+@")
_ENCODED_USER: Final = re.compile(
    rf"(?P<start>%2F%2F)(?P<user>{_SID}%3A)?(?:(?!%2F|%3F|%23|%40)[^&\s\"'])+%40", re.IGNORECASE
)
_PAIR: Final = re.compile(rf":(?<={_SID}:)(?!{_SID}\b)[^/?#@\s\"'<>\\:,•]{{16,}}")
_FORM: Final = re.compile("=")
_NO_NAME: Final = re.compile(r"[&?;\s\"'`()<>=]")
_END_OF_FORM: Final = re.compile(r"[^&;\s\"'`)<>\\]*")
_ENCODED_FORM: Final = re.compile(r"(?:%3F|%26)(?P<name>[\w.-]{1,80})%3D", re.IGNORECASE)
_END_OF_ENCODED_FORM: Final = re.compile(r"(?:(?!%26|%23)[^&\s\"'])*", re.IGNORECASE)
_STRING: Final = r'"(?:[^"\\]++|\\.)*+"'
_JSON: Final = re.compile(
    r'(?P<start>"(?P<name>[^"\\]{1,80})"\s*:\s*)'
    rf'(?P<value>{_STRING}?|-?[0-9][0-9.eE+-]*|\[(?:[^\[\]{{}}"]++|{_STRING})*+\])',
    re.DOTALL,
)
_JSON_IN_JSON: Final = re.compile(r'(?P<quote>\\+")(?P<name>[^"\\]{1,80})(?P=quote)\s*:\s*(?P=quote)')
_ESCAPED_QUOTE: Final = re.compile(r'(?P<escapes>\\*)"')
_ENCODED_JSON: Final = re.compile(
    r"%22(?P<name>(?:(?!%22)[^&\s]){1,80})%22(?:\+|%20)*(?:%3A|:)(?:\+|%20)*%22", re.IGNORECASE
)
_END_OF_ENCODED_JSON: Final = re.compile(r"(?:(?!%22)[^&\s])*")
_REPR: Final = re.compile(r"(?P<start>'(?P<name>[^'\\]{1,80})': )(?P<value>b?'(?:[^'\\]|\\.)*'?)", re.DOTALL)
_MULTIPART: Final = re.compile(r'\bname="(?P<name>[^"\r\n]{1,80})"[^\r\n]{0,500}(?:\r?\n[^\r\n]{1,500}){0,9}\r?\n\r?\n')
_END_OF_PART: Final = re.compile(r"(?:(?!\r?\n--)[\s\S])*")
_BASIC: Final = re.compile(r"(?P<start>\bBasic )(?P<given>[A-Za-z0-9+/_-]{4,}=*)", re.IGNORECASE)
_BEARER: Final = re.compile(r"(?P<start>\bBearer )(?=\S*\d)[A-Za-z0-9._~+/-]{6,}=*", re.IGNORECASE)
_JWT: Final = re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{2,}\.[A-Za-z0-9_-]*")

# E.164 numbers, with or without separators, percent-encoded or escaped, and those that North America writes.
_PHONE: Final = re.compile(
    r"(?:\+|%2B|\\u002B)[1-9](?:(?:[ ().-]|%20|%28|%29){0,2}[0-9]){6,14}(?![0-9])", re.IGNORECASE
)
_NATIONAL: Final = re.compile(
    r"(?P<start>(?:\(|%28)[0-9]{3}(?:\)|%29)(?:[ +]|%20)?)[0-9]{3}-[0-9]{2}(?P<end>[0-9]{2})(?![0-9])"
)
_DIGITS: Final = re.compile(r"[0-9]{7,15}")
_DIGITS_ALONE: Final = re.compile(r"[0-9]{7,15}(?![0-9A-Za-z])")
_SIGN: Final = re.compile(r"\+|%2B|\\u002B", re.IGNORECASE)
_SEPARATOR: Final = re.compile(r"%2[089]|[^0-9]")
_JSON_SCALAR: Final = re.compile(rf"{_STRING}|-?[0-9][0-9.eE+-]*", re.DOTALL)


@lru_cache(maxsize=4096)
def is_secret_name(name: str) -> bool:
    """Tell whether what bears a name, in whatever style it is written, is for nobody's eyes."""
    letters = _NO_LETTER.sub("", unquote_plus(name).lower())
    return letters in _SECRETS or letters.endswith(_ENDS_OF_SECRETS)


@lru_cache(maxsize=4096)
def _is_phone(name: str) -> bool:
    letters = _NO_LETTER.sub("", unquote_plus(name).lower())
    return letters in _PHONES or letters.endswith(_ENDS_OF_PHONES)


def text(value: str) -> str:
    """Give text without credentials and with phone numbers masked."""
    return _settled(value, phones=True)


def credentials(value: str) -> str:
    """Give text without credentials; phone numbers stay, for what is compared with them later."""
    return _settled(value, phones=False)


def _settled(value: str, *, phones: bool) -> str:
    while (masked := _masked(value, phones=phones)) != value:
        value = masked  # a mask may uncover what stood too far from its name; each leaves less to be masked
    return value


def _masked(value: str, *, phones: bool) -> str:
    lowered = value.lower()
    if _HINTS.search(lowered) or _DIGITS.search(value):
        value = _named(value, lowered, phones=phones)
    if "@" in value and ("//" in value or "\\/" in value):
        value = _USER.sub(rf"\g<start>\g<user>{MASK}@", value)
    if "%40" in value and "%2f" in lowered:
        value = _ENCODED_USER.sub(rf"\g<start>\g<user>{MASK}%40", value)
    if ":" in value:
        value = _PAIR.sub(f":{MASK}", value)
    if "basic " in lowered:
        value = _BASIC.sub(_basic, value)
    if "bearer " in lowered:
        value = _BEARER.sub(rf"\g<start>{MASK}", value)
    if "eyJ" in value:
        value = _JWT.sub(MASK, value)
    return _without_phones(value, lowered) if phones else value


def _without_phones(value: str, lowered: str) -> str:
    if ")" in value or "%29" in value:
        value = _NATIONAL.sub(rf"\g<start>{MASK}\g<end>", value)
    if "+" in value or "%2b" in lowered or "u002b" in lowered:
        value = _PHONE.sub(_phone, value)
    return value


def _named(value: str, lowered: str, *, phones: bool) -> str:
    """Mask what stands beside a name that says what it is."""
    if '"' in value:
        value = _JSON.sub(partial(_json, phones=phones), value)
    if '\\"' in value:
        value = _beside(_JSON_IN_JSON, _end_of_nested, value, phones=phones)
    if "': " in value:
        value = _REPR.sub(partial(_repr, phones=phones), value)
    if "=" in value:
        value = _beside(_FORM, _END_OF_FORM, value, phones=phones)
    if "%22" in value:
        value = _beside(_ENCODED_JSON, _END_OF_ENCODED_JSON, value, phones=phones)
    if "%3d" in lowered:
        value = _beside(_ENCODED_FORM, _END_OF_ENCODED_FORM, value, phones=phones)
    if "form-data" in lowered:
        value = _beside(_MULTIPART, _END_OF_PART, value, phones=phones)
    return value


def _beside(
    start: re.Pattern[str], end: re.Pattern[str] | Callable[[re.Match[str]], int], value: str, *, phones: bool
) -> str:
    """Mask values by their names; a value that stays may hold another name."""
    parts: list[str] = []
    place = 0
    while found := start.search(value, place):
        parts.append(value[place : found.end()])
        place = found.end()
        name = _name(found)
        if is_secret_name(name):
            rest = end.match(value, place) if isinstance(end, re.Pattern) else None
            stop = end(found) if not isinstance(end, re.Pattern) else rest.end() if rest else place
            parts.append(MASK if stop > place else "")
            place = stop
        elif phones and _is_phone(name) and (digits := _DIGITS_ALONE.match(value, place)):
            parts.append(_shortened(digits[0]))
            place = digits.end()
    return "".join([*parts, value[place:]])


def _name(found: re.Match[str]) -> str:
    """Give the name before a value; looking back from an equals sign is quicker than looking for names."""
    if found.re is not _FORM:
        return found["name"]
    return _NO_NAME.split(found.string[max(0, found.start() - _LONGEST_NAME) : found.start()])[-1]


def _end_of_nested(found: re.Match[str]) -> int:
    """Give where a string ends whose quotes bear backslashes: one in JSON in JSON, three a level deeper."""
    value, escapes = found.string, len(found["quote"]) - 1
    for quote in _ESCAPED_QUOTE.finditer(value, found.end()):
        given = len(quote["escapes"])
        if given % 2 == 0:
            return quote.end() - 1  # the end of the string around; pairs of backslashes are the value's own
        if given < escapes or given % (2 * escapes + 2) == escapes:
            return quote.end() - 1 - min(given, escapes)
    return len(value)


def _scalar(name: str, given: str, *, phones: bool) -> str | None:
    """Give what is shown of the value that bears a name; None where that is the value."""
    if given and is_secret_name(name[-_LONGEST_NAME:]):
        return MASK
    if phones and _DIGITS.fullmatch(given) and _is_phone(name[-_LONGEST_NAME:]):
        return _shortened(given)
    return None


def _shortened(digits: str) -> str:
    return f"{digits[:2]}{MASK}{digits[-2:]}"


def _json(found: re.Match[str], *, phones: bool) -> str:
    given = found["value"]
    if given[0] == "[":
        return found["start"] + _JSON_SCALAR.sub(
            lambda item: _json_scalar(found["name"], item[0], phones=phones), given
        )
    return found["start"] + _json_scalar(found["name"], given, phones=phones)


def _json_scalar(name: str, given: str, *, phones: bool) -> str:
    masked = _scalar(name, given.strip('"'), phones=phones)
    return given if masked is None else f'"{masked}"'


def _repr(found: re.Match[str], *, phones: bool) -> str:
    masked = _scalar(found["name"], found["value"].strip("b'"), phones=phones)
    return found[0] if masked is None else f"{found['start']}'{masked}'"


def _basic(found: re.Match[str]) -> str:
    """Mask Base64 that holds a user and a password; `Basic authentication` is prose."""
    given = found["given"]
    try:
        is_prose = b":" not in base64.b64decode(given + "=" * (-len(given) % 4))
    except binascii.Error:
        is_prose = True
    return found[0] if is_prose and given.isalpha() else f"{found['start']}{MASK}"


def _phone(found: re.Match[str]) -> str:
    sign = _SIGN.match(found[0])
    start = sign.end() if sign else 0
    digits = _SEPARATOR.sub("", found[0][start:])
    return found[0][:start] + _shortened(digits)


def value(item: Any) -> Any:
    """Give a JSON value without credentials and with phone numbers masked; `TOO_DEEP` where nobody could read it."""
    try:
        return _value(item, _DEEPEST)
    except _TooDeep:
        return TOO_DEEP


class _TooDeep(Exception):
    """A value with more levels than anyone reads."""


def _value(item: Any, levels: int) -> Any:
    if isinstance(item, str):
        return text(item)
    if isinstance(item, bytes):
        return body(item)
    if isinstance(item, Mapping):
        left = _below(levels)
        return {_value(name, left): _member(str(name), content, left) for name, content in item.items()}
    if isinstance(item, list | tuple):
        left = _below(levels)
        return [_value(content, left) for content in item]
    return item


def _member(name: str, content: Any, levels: int) -> Any:
    if isinstance(content, str | int | float) and not isinstance(content, bool):
        masked = _scalar(name, str(content), phones=True)
        return _value(content, levels) if masked is None else masked
    if isinstance(content, list | tuple):
        left = _below(levels)
        return [_member(name, each, left) for each in content]
    return MASK if content and isinstance(content, Mapping) and is_secret_name(name) else _value(content, levels)


def _below(levels: int) -> int:
    """Give the levels that are left below a collection; counted, for how deep the stack is says nothing of a value."""
    if levels == 0:
        raise _TooDeep
    return levels - 1


def headers(fields: Headers) -> Headers:
    """Give headers without credentials."""
    return Headers(tuple((name, _field(name, content)) for name, content in fields))


def _field(name: str, content: str) -> str:
    if not is_secret_name(name[-_LONGEST_NAME:]):
        return text(content)
    scheme = _SCHEME.match(content)
    return f"{scheme['scheme']} {MASK}" if scheme else MASK


def said(message: str, actual: Any, pointer: str) -> tuple[str, Any]:
    """Give the message of a problem and the value it is about without credentials, by the place of the value too."""
    _, *names = pointer.split("/")
    is_secret = names[:1] == ["cookie"] or any(map(is_secret_name, names))
    if is_secret and actual and not isinstance(actual, bool):
        return f"a value that is not shown, because {names[-1]!r} may be a secret", MASK
    return text(message), value(actual)


def exchange(fact: Exchange) -> Exchange:
    """Give an exchange without credentials and with phone numbers masked, and without what a recording adds to it."""
    request, response = fact.request, fact.response
    return replace(
        fact,
        request=replace(request, url=text(request.url), headers=headers(request.headers), body=body(request.body)),
        response=replace(response, headers=headers(response.headers), body=body(response.body)),
        extra={},
    )


def body(content: bytes) -> bytes:
    """Give a body without credentials and with phone numbers masked; what is no text in it stays."""
    return text(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
