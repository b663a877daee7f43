"""The check `credentials-in-url`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from conformance.checks.credentials import AUTHORIZATION, is_masked, secret, user_info
from conformance.checks.sent_names import in_query
from conformance.model.example import query
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.redact import is_secret_name
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.openapi.document import escape
from conformance.schemas.planting import with_pairs, with_url

_URL = "https://{}api.example.com/things/TH00000000000000000000000000000001{}"
_LIST = query("PageSize", {"type": "integer"})
_SHORTEST = 8
_ID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def _plant(seen: Matched) -> Iterator[Exchange]:
    yield with_url(seen.exchange, seen.exchange.request.url.replace("://", "://user:not-a-real-pass@", 1))
    yield with_pairs(seen.exchange, [*seen.exchange.request.query_pairs, ("auth_token", "0123456789abcdef")])


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(title="no credentials", operation=_LIST, url=_URL.format("", "?PageSize=5"), status=204),
        Example(
            title="a recording with masks in their place",
            operation=_LIST,
            url=_URL.format("<SID>:<TOKEN>@", ""),
            status=204,
            is_recorded=True,
        ),
    ],
    bad=[
        Example(title="user and password", operation=_LIST, url=_URL.format("user:not-a-real-pass@", ""), status=204),
        Example(
            title="a token as parameter",
            operation=_LIST,
            url=_URL.format("", "?auth_token=0123456789abcdef"),
            status=204,
        ),
        Example(
            title="the password of the Authorization header",
            operation=_LIST,
            url=_URL.format("", "?PageSize=5#not-a-real-token"),
            request_headers={"Authorization": "Basic dXNlcjpub3QtYS1yZWFsLXRva2Vu"},
            status=204,
        ),
    ],
    plant=_plant,
)
def credentials_in_url(operation: Operation) -> Inspector:
    """The URL of a request carries credentials.

    URLs are written to logs, histories and referrers on every way: a password in one is known to all of them. An API
    key that the description itself puts into the query is not meant; the audit speaks of it.
    """
    known = in_query(operation)

    def is_clear(header: str | None, seen: Matched) -> bool:
        url, query, own = seen.exchange.request.url, seen.request.query, secret(header)
        if "@" in url or (query and not query.keys() <= known):
            return False
        return len(own) < _SHORTEST or not (own in url or ("%" in url and own in unquote(url)))

    return Glance(inspect=_inspect, part=AUTHORIZATION, is_clear=is_clear)


def _inspect(seen: Matched) -> Iterator[Problem]:
    request = seen.exchange.request
    known = user_info(request.url) if "@" in request.url else None
    if known is not None and ":" in known and not is_masked(unquote(known.partition(":")[2])):
        yield _problem(seen, "/url", "user and password stand before the host")
        return
    for name, texts in seen.request.query.items():
        if is_secret_name(name) and name not in in_query(seen.operation) and not is_masked(texts[0]):
            yield _problem(seen, f"/query/{escape(name)}", f"the parameter {name!r} carries a credential")
            return
    own = secret(request.headers.get("Authorization"))
    if len(own) >= _SHORTEST and own in unquote(request.url) and not _ID.fullmatch(own):
        yield _problem(seen, "/url", "the secret of the Authorization header stands in the URL")


def _problem(seen: Matched, pointer: str, message: str) -> Problem:
    return Problem(
        message=message,
        instance_pointer=pointer,
        spec_pointer=seen.operation.pointer,
        expected="credentials in the Authorization header",
        keyword="credentials",
    )
