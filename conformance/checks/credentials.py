"""What a request shows of its credentials, held to the security schemes of its operation."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from enum import Enum
from functools import lru_cache
from typing import Final

from conformance.model.http import Exchange, Request
from conformance.model.operation import Operation, SecurityScheme
from conformance.model.rule import Part
from conformance.model.value import Value
from conformance.schemas.parameters import cookies

_USER: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?P<user>[^/?#@]+)@")
_MASK: Final = re.compile(
    r"(?i)\*\*|•|…|\.\.\.|<[^>]*>|\{[^}]*\}|\[[^\]]*\]|x{4,}|\b(?:authorization|auth|basic|bearer|credentials?|"
    r"secret|token|key|password|none|null|test)\b|redacted|filtered|mask|dummy|placeholder|hidden|removed|scrubbed|"
    r"censored|sanitized|fake|example|your[_ -]"
)
"""Text that stands for a secret that somebody took out."""


class Found(Enum):
    """How a request meets a security scheme."""

    RIGHT = "right"
    ABSENT = "absent"
    WRONG = "wrong"


class Evidence(Value, frozen=True, kw_only=True):
    """What a request shows for one alternative of security schemes."""

    found: Found
    message: str = ""
    pointer: str = ""
    """Where the credentials are, or should be."""


def is_masked(text: str) -> bool:
    """Tell whether text stands for a secret that somebody took out of a recording."""
    return not text.strip() or _MASK.search(text) is not None


def evidence(operation: Operation, exchange: Exchange) -> Evidence:
    """Give the best that a request shows over the alternatives of its operation.

    In a recording whatever looks like a mask counts as right: somebody took the secret out, not the client.
    """
    best: Evidence | None = None
    for alternative in operation.security:
        worst = _RIGHT
        for scheme in alternative:
            each = _evidence(scheme, exchange)
            if each.found is Found.ABSENT or (each.found is Found.WRONG and worst.found is Found.RIGHT):
                worst = each
        if worst.found is Found.RIGHT:
            return worst
        if best is None or (best.found is Found.ABSENT and worst.found is Found.WRONG):
            best = worst
    return best or _RIGHT


_RIGHT: Final = Evidence(found=Found.RIGHT)


@lru_cache(maxsize=4096)
def _sole(operation: Operation) -> str | None:
    """Give the scheme of the Authorization header where an operation asks for that and nothing else; else None."""
    schemes = {scheme for alternative in operation.security for scheme in alternative}
    one = schemes.pop() if len(schemes) == 1 and all(operation.security) else None
    return None if one is None or one.type in {"apiKey", "mutualTLS"} else _wanted(one)


AUTHORIZATION: Final = Part(of=lambda seen: seen.exchange.request.headers.get("Authorization"))
"""The Authorization header; None where there is none."""


@lru_cache(maxsize=4096)
def is_right(header: str | None, operation: Operation, is_live: bool, /) -> bool:  # noqa: FBT001 - as below
    """Tell whether the header is all that an operation asks for; False where more has to be known.

    `is_live` tells whether this program saw the exchange happen: in a recording a mask will do.
    """
    wanted = _sole(operation)
    if header is None or wanted is None:
        return False
    return _authorization(wanted, header, not is_live).found is Found.RIGHT


def _wanted(scheme: SecurityScheme) -> str:
    return scheme.scheme if scheme.type == "http" else "bearer"


def _evidence(scheme: SecurityScheme, exchange: Exchange) -> Evidence:
    request = exchange.request
    if scheme.type == "apiKey":
        where = f"/{scheme.location}/{scheme.parameter}"
        return _present(_key(scheme, request), where, f"the {scheme.location} field {scheme.parameter}")
    if scheme.type == "mutualTLS":
        return _RIGHT
    wanted = _wanted(scheme)
    header = request.headers.get("Authorization")
    if header is None and wanted == "basic" and _USER.match(request.url):
        return _RIGHT
    return _authorization(wanted, header, not exchange.source.is_live)


@lru_cache(maxsize=4096)
def _authorization(wanted: str, header: str | None, may_be_masked: bool, /) -> Evidence:  # noqa: FBT001 - twice as fast
    """Give what an Authorization header shows; the same one stands in most requests of a recording."""
    place = "/header/Authorization"
    if header is None:
        return _present(None, place, "the header Authorization")
    kind, _, rest = header.strip().partition(" ")
    if may_be_masked and is_masked(rest or header):
        return _RIGHT
    if kind.lower() != wanted:
        shown = kind if rest else "no scheme"
        return Evidence(found=Found.WRONG, message=f"the scheme is {shown}, not {wanted.capitalize()}", pointer=place)
    reason = _wrong_basic(rest.strip()) if wanted == "basic" else None if rest.strip() else "there is no token"
    return Evidence(found=Found.RIGHT if reason is None else Found.WRONG, message=reason or "", pointer=place)


def _present(value: str | None, pointer: str, name: str) -> Evidence:
    if value:
        return _RIGHT
    return Evidence(found=Found.ABSENT, message=f"{name} is missing", pointer=pointer)


def _key(scheme: SecurityScheme, request: Request) -> str | None:
    if scheme.location == "header":
        return request.headers.get(scheme.parameter)
    pairs = request.query_pairs if scheme.location == "query" else cookies(request.headers.get("Cookie"))
    return dict(pairs).get(scheme.parameter)


def _wrong_basic(encoded: str) -> str | None:
    """Say what is wrong with the credentials of HTTP Basic (RFC 7617, 2); None where nothing is."""
    try:
        user, colon, _ = b64decode(encoded, validate=True).decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return "the credentials are not Base64"
    if not colon:
        return "the credentials have no colon between user and password"
    return None if user else "the credentials have no user"


@lru_cache(maxsize=4096)
def secret(header: str | None) -> str:
    """Give the password or token that an Authorization header shows, in clear; empty where it shows none."""
    if header is None:
        return ""
    kind, _, rest = header.strip().partition(" ")
    if kind.lower() == "bearer":
        return rest.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return b64decode(rest, validate=True).decode("utf-8", "replace").partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def user_info(url: str) -> str | None:
    """Give what stands before the host of a URL; None where nothing does."""
    found = _USER.match(url)
    return None if found is None else found["user"]
