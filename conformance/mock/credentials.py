"""Who is asking: the credentials that a description wants, and the account that they stand for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from conformance.mock.refusal import Refusal
from conformance.model.http import Request
from conformance.model.operation import Operation, SecurityScheme
from conformance.schemas.parameters import cookies

_ABSENT: Final = Refusal(status=401, message="Authentication Error - No credentials provided")
_WRONG: Final = Refusal(status=401, message="Authenticate")


class Credentials:
    """Accepts credentials."""

    def __init__(self, *, account: str, accounts: Mapping[str, str] | None) -> None:
        """Keep the account of those who name none, and the known users with their passwords.

        Without known users every user with a password is let in: nobody can tell which token is right.
        """
        self._account = account
        self._accounts = accounts

    def account(self, request: Request, operation: Operation) -> str | Refusal:
        """Give the account of a request, or refuse it."""
        if not operation.security:
            return self._account
        if len(operation.security) == 1 and len(operation.security[0]) == 1:
            return self._check(request, operation.security[0][0]) or self._account
        refused: Refusal = _ABSENT
        for alternative in operation.security:
            results = [self._check(request, scheme) for scheme in alternative]
            refusals = [result for result in results if isinstance(result, Refusal)]
            if not refusals:
                return next((result for result in results if isinstance(result, str) and result), self._account)
            refused = refusals[0]
        return refused

    def named(self, request: Request) -> str:
        """Give the account that a request names, whatever it asks for; ours where it names none that is let in."""
        found = self._basic(request.headers.get("Authorization") or "")
        return self._account if isinstance(found, Refusal) else found

    def _check(self, request: Request, scheme: SecurityScheme) -> str | Refusal:
        """Give the account that one scheme names, empty where it names none."""
        if scheme.type == "http":
            header = request.headers.get("Authorization")
            if header is None:
                return _ABSENT
            if scheme.scheme == "basic":
                return self._basic(header)
            return "" if header.lower().startswith(f"{scheme.scheme} ") else _WRONG
        if scheme.type == "apiKey":
            return "" if _key(request, scheme) else _ABSENT
        if scheme.type in {"oauth2", "openIdConnect"}:
            return "" if (request.headers.get("Authorization") or "").lower().startswith("bearer ") else _ABSENT
        return ""

    def _basic(self, header: str) -> str | Refusal:
        user, password = _decoded(header)
        if not user or not password:
            return _WRONG
        if self._accounts is not None and self._accounts.get(user) != password:
            return _WRONG
        return user if user.startswith("AC") else self._account


@lru_cache(maxsize=256)
def _decoded(header: str) -> tuple[str, str]:
    """Give user and password of Basic credentials (RFC 7617), both empty where they are broken."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password


def _key(request: Request, scheme: SecurityScheme) -> str | None:
    """Give the value of an API key."""
    match scheme.location:
        case "header":
            return request.headers.get(scheme.parameter)
        case "query":
            return dict(request.query_pairs).get(scheme.parameter)
        case _:
            return dict(cookies(request.headers.get("Cookie"))).get(scheme.parameter)


def basic(user: str, password: str) -> str:
    """Write an `Authorization` header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
