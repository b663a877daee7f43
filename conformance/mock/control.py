"""The paths of the server itself, `/__conformance/…`: its state, seeding, and what it has seen."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Final

import msgspec
from msgspec import Struct, field

from conformance.errors import SettingsError
from conformance.mock import saving
from conformance.mock.handler import Answered, Mock
from conformance.mock.refusal import REASONS
from conformance.mock.store import State
from conformance.model import redact
from conformance.model.http import Headers, Request, Response
from conformance.version import __version__

PREFIX: Final = "/__conformance"
KEPT: Final = 1000
"""How many exchanges the log holds; older ones are dropped."""
KEPT_BYTES: Final = 64 * 1024 * 1024
"""How many bytes of bodies the log holds."""

_encode: Final = msgspec.json.encode
_JSON: Final = "application/json"
_NDJSON: Final = "application/x-ndjson"


class Seen(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One exchange as the server saw it."""

    id: str
    request: Request
    answered: Answered

    @property
    def size(self) -> int:
        """The bytes of both bodies."""
        return len(self.request.body) + len(self.answered.response.body)


class Desk(Struct, kw_only=True):
    """What the control paths speak of: a server, its state and its log."""

    mock: Mock
    state: State
    log: deque[Seen] = field(default_factory=deque)
    size: int = 0
    """Bytes of the bodies in the log."""
    seen: int = 0
    """Exchanges ever, those included that the log has dropped."""

    def note(self, request: Request, answered: Answered) -> Seen:
        """Write an exchange into the log."""
        self.seen += 1
        entry = Seen(id=f"serve#{self.seen}", request=request, answered=answered)
        self.log.append(entry)
        self.size += entry.size
        while len(self.log) > KEPT or self.size > KEPT_BYTES:
            self.size -= self.log.popleft().size
        return entry

    def forget(self) -> None:
        """Empty the log."""
        self.log.clear()
        self.size = 0


def answer(request: Request, desk: Desk) -> Response:
    """Answer a request to one of the control paths."""
    name = request.path.removeprefix(PREFIX).strip("/")
    methods = _PATHS.get(name)
    if methods is None:
        return _json(404, {"title": "Not Found", "status": 404, "detail": f"see {PREFIX}/ for what there is"})
    act = methods.get(request.method)
    if act is None:
        response = _json(405, {"title": "Method Not Allowed", "status": 405, "detail": ", ".join(methods)})
        return Response(
            status=405,
            reason=response.reason,
            headers=Headers((*response.headers, ("Allow", ", ".join(methods)))),
            body=response.body,
        )
    return act(request, desk)


def _index(_: Request, desk: Desk) -> Response:
    return _json(
        200,
        {
            "conformance": __version__,
            "account": desk.mock.account,
            "operations": len(desk.mock.operations),
            "resources": sum(map(len, desk.state.collections.values())),
            "requests": desk.state.requests,
            "paths": {f"{PREFIX}/{path}": list(methods) for path, methods in _PATHS.items()},
        },
    )


def _state(_: Request, desk: Desk) -> Response:
    return _response(200, _JSON, saving.written(desk.state).encode())


def _load(request: Request, desk: Desk) -> Response:
    try:
        desk.state = saving.read(request.body, path="the request body")
    except SettingsError as error:
        return _json(400, {"title": "Bad Request", "status": 400, "detail": str(error)})
    return _response(204, _JSON, b"")


def _reset(_: Request, desk: Desk) -> Response:
    desk.state = State()
    return _response(204, _JSON, b"")


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    operations: list[str] = []
    count: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0


def _seed(request: Request, desk: Desk) -> Response:
    """Make what the named operations need (all of them, where none is named), and give path parameters for each.

    It belongs to the account that the request names; `count` is how many more resources lists show.
    """
    known = {operation.key: operation for operation in desk.mock.operations}
    try:
        wish = msgspec.json.decode(request.body or b"{}", type=_Wish)
        chosen = [known[key] for key in (wish.operations or known)]
    except (KeyError, ValueError) as error:
        detail = f'name operations, as in {{"operations": ["{next(iter(known), "")}"], "count": 3}} ({error})'
        return _json(400, {"title": "Bad Request", "status": 400, "detail": detail})
    seeded = partial(desk.mock.seeded, state=desk.state, account=desk.mock.credentials.named(request), count=wish.count)
    return _json(200, {each.key: seeded(each) for each in chosen})


def _exchanges(_: Request, desk: Desk) -> Response:
    return _lines(_written(each) for each in desk.log)


def _findings(_: Request, desk: Desk) -> Response:
    return _lines(_found(each, problem) for each in desk.log for problem in each.answered.problems)


def _forget(_: Request, desk: Desk) -> Response:
    desk.forget()
    return _response(204, _JSON, b"")


_Act = Callable[[Request, Desk], Response]
_PATHS: Final[Mapping[str, Mapping[str, _Act]]] = {
    "": {"GET": _index},
    "state": {"GET": _state, "PUT": _load, "DELETE": _reset},
    "reset": {"POST": _reset},
    "seed": {"POST": _seed},
    "exchanges": {"GET": _exchanges, "DELETE": _forget},
    "findings": {"GET": _findings},
}


def _written(seen: Seen) -> dict[str, Any]:
    """Give an exchange as a line of exchange NDJSON, without credentials."""
    request, response = seen.request, seen.answered.response
    return {
        "id": seen.id,
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": redact.headers(request.headers).pairs,
            **_body(request.body),
        },
        "response": {"status": response.status, "headers": response.headers.pairs, **_body(response.body)},
        "operation": seen.answered.operation.key if seen.answered.operation else None,
    }


def _body(body: bytes) -> dict[str, str]:
    if not body:
        return {}
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}


def _found(seen: Seen, problem: Any) -> dict[str, Any]:
    return {
        "exchange": seen.id,
        "operation": seen.answered.operation.key if seen.answered.operation else None,
        "side": "request",
        "message": problem.message,
        "instance_pointer": problem.instance_pointer,
        "spec_pointer": problem.spec_pointer,
        "expected": problem.expected,
        "actual": problem.actual,
        "keyword": problem.keyword,
    }


def _lines(entries: Iterable[Mapping[str, Any]]) -> Response:
    return _response(200, _NDJSON, b"".join(_encode(entry) + b"\n" for entry in entries))


def _json(status: int, body: Any) -> Response:
    return _response(status, _JSON, _encode(body))


def _response(status: int, content_type: str, body: bytes) -> Response:
    headers = Headers((("Content-Type", content_type),)) if body else Headers()
    return Response(status=status, reason=REASONS.get(status, ""), headers=headers, body=body)
