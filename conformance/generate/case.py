"""A request to be made, as values: what a generator decides, before it becomes bytes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from msgspec import field
from msgspec.structs import replace

from conformance.errors import SettingsError
from conformance.generate import writing
from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Headers, Request
from conformance.model.operation import Location, MediaType, Operation, Parameter, Server
from conformance.model.rule import ABSENT, Problem
from conformance.model.value import Value

USER_AGENT: Final = "conformance"
FAKE_ACCOUNT: Final = "AC00000000000000000000000000000000"
FAKE_TOKEN: Final = "not-a-real-token"  # noqa: S105 - that is what it says
_FAKE_PASSWORD: Final = f":{FAKE_TOKEN}".encode()


class Mode(Enum):
    """What a case is for."""

    POSITIVE = "positive"
    """Valid and realistic: to be accepted."""
    BOUNDARY = "boundary"
    """Valid, at the edge of what the description allows, or one step beyond it."""
    NEGATIVE = "negative"
    """Invalid in exactly one way: to be refused."""
    HEADERS = "headers"
    """Credentials and content negotiation."""
    STATEFUL = "stateful"
    """One step of a session."""


class Case(Value, frozen=True, kw_only=True):
    """A request to be made."""

    operation: Operation
    mode: Mode
    index: int
    """Counts from 0 within operation and mode."""
    label: str
    """What it shows, in words."""
    path: Mapping[str, Any]
    """Values of the path parameters by name."""
    query: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    cookie: Mapping[str, Any] = field(default_factory=dict)
    body: Any = ABSENT
    media_type: MediaType | None = None
    """The declared media type of the body; None where there is no body."""
    headers: tuple[tuple[str, str], ...] = ()
    """Header fields beside those of parameters and body: credentials above all."""
    pairs: tuple[tuple[str, str], ...] = ()
    """Query pairs beside those of the parameters."""
    raw: bytes | None = None
    """The bytes of the body, where they are not those of its value."""
    expect: Expect = Expect.ACCEPT
    """What a right answer is."""
    invented: bool = False
    """Whether the path names something that may not exist."""
    breaks: Problem | None = None
    """The one thing that is wrong with the request; None where nothing is."""

    @property
    def id(self) -> str:
        """The name from which, with the documents and the seed, the case can be made again."""
        return f"{self.operation.key}:{self.mode.value}:{self.index}"

    @property
    def expectation(self) -> Expectation:
        """What a right answer is, to travel with the exchange."""
        if self.breaks is None:
            return Expectation(case=self.id, label=self.label, expect=self.expect, invented=self.invented)
        return Expectation(
            case=self.id,
            label=self.label,
            expect=self.expect,
            keyword=self.breaks.keyword,
            pointer=self.breaks.instance_pointer,
            message=self.breaks.message,
        )


def split(case_id: str) -> tuple[str, Mode, int]:
    """Give the operation key, the mode and the index that an id names.

    Raises:
        SettingsError: it is no id of a case.

    """
    try:
        key, mode, index = case_id.rsplit(":", 2)
        return key, Mode(mode), int(index)
    except ValueError:
        raise SettingsError(
            where="--case",
            what=f"{case_id!r} is no case",
            hint="copy the id from a report; it looks like twilio_voice.createCall:positive:3",
        ) from None


class _Latest:
    """The request that was written last: several ask for it, one after the other."""

    case: Case | None = None
    sent: Request | None = None


def request(case: Case, *, server: Server | None = None) -> Request:
    """Write a case as a request to a server of its operation (default: the first)."""
    if server is not None:
        return _request(case, server)
    if _Latest.case is not case or _Latest.sent is None:
        _Latest.sent = _request(case, None)
        _Latest.case = case
    return _Latest.sent


def _request(case: Case, server: Server | None) -> Request:
    form = _form(case.operation, server)
    url = form.url(case)
    headers = [("Accept", form.accept), ("User-Agent", USER_AGENT)]
    content = b""
    if case.media_type is not None and case.body is not ABSENT:
        headers.append(("Content-Type", writing.content_type(case.media_type)))
        content = writing.body(case.media_type, case.body) if case.raw is None else case.raw
    if case.header:
        headers += [(name, writing.in_header(form.headers[name], value)) for name, value in case.header.items()]
    if case.cookie:
        pieces = [writing.in_cookie(form.cookies[name], value) for name, value in case.cookie.items()]
        headers.append(("Cookie", "; ".join(pieces)))
    names = {name.lower() for name, _ in case.headers}
    kept = [pair for pair in headers if pair[0].lower() not in names] if names else headers
    return Request(method=case.operation.method, url=url, headers=Headers((*kept, *case.headers)), body=content)


class _Form:
    """What all requests to one operation at one server share."""

    def __init__(self, operation: Operation, server: Server) -> None:
        origin = f"{server.scheme or 'http'}://{server.host or 'localhost'}{server.base_path}"
        head, *tail = operation.path.split("{")
        self._origin = f"{origin}{head}"
        self._pieces = [tuple(piece.partition("}")[::2]) for piece in tail]
        self._path = by_name(operation, Location.PATH)
        self._query = by_name(operation, Location.QUERY)
        self.headers = by_name(operation, Location.HEADER)
        self.cookies = by_name(operation, Location.COOKIE)
        names = dict.fromkeys(media_type.name for answer in operation.responses for media_type in answer.content)
        self.accept = ", ".join(names) or "*/*"

    def url(self, case: Case) -> str:
        """Give the URL, percent-encoded."""
        url = self._origin
        for name, rest in self._pieces:
            parameter = self._path.get(name)
            value = case.path[name]
            url += (writing.quoted(value) if parameter is None else writing.in_path(parameter, value)) + rest
        pieces = [piece for name, value in case.query.items() for piece in writing.in_query(self._query[name], value)]
        pieces += [f"{writing.quoted(name)}={writing.quoted(value)}" for name, value in case.pairs]
        return f"{url}?{'&'.join(pieces)}" if pieces else url


def by_name(operation: Operation, location: Location) -> dict[str, Parameter]:
    """Give the parameters in one place of a request."""
    return {parameter.name: parameter for parameter in operation.parameters_in(location)}


@lru_cache(maxsize=4096)
def _form_of(operation: Operation, server: Server) -> _Form:
    return _Form(operation, server)


def _form(operation: Operation, server: Server | None) -> _Form:
    return _form_of(operation, operation.servers[0] if server is None else server)


def basic(user: str, password: str) -> str:
    """Give the Authorization header of HTTP Basic (RFC 7617)."""
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def credentials(operation: Operation, account: str | None) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Give headers, and query pairs, of visibly fake credentials for the first way that an operation offers.

    `account` is the user name for HTTP Basic where one is known.
    """
    headers: list[tuple[str, str]] = []
    query: list[tuple[str, str]] = []
    for scheme in next(iter(operation.security), ()):
        if scheme.type == "apiKey" and scheme.location == "query":
            query.append((scheme.parameter, FAKE_TOKEN))
        elif scheme.type == "apiKey" and scheme.location == "header":
            headers.append((scheme.parameter, FAKE_TOKEN))
        elif scheme.type == "apiKey":
            headers.append(("Cookie", f"{scheme.parameter}={FAKE_TOKEN}"))
        elif scheme.type == "http" and scheme.scheme == "basic":
            headers.append(("Authorization", basic(account or FAKE_ACCOUNT, FAKE_TOKEN)))
        elif scheme.type != "mutualTLS":
            headers.append(("Authorization", f"Bearer {FAKE_TOKEN}"))
    return headers, query


def authorized(sent: Request, authorization: str) -> Request:
    """Give a request with real credentials instead of the fake ones; other credentials, or none, stay as they are."""
    scheme, _, rest = (sent.headers.get("Authorization") or "").partition(" ")
    try:
        fake = rest == FAKE_TOKEN if scheme == "Bearer" else b64decode(rest, validate=True).endswith(_FAKE_PASSWORD)
    except ValueError:
        fake = False
    if scheme not in {"Basic", "Bearer"} or not fake:
        return sent
    return replace(sent, headers=sent.headers.replace("Authorization", authorization))
