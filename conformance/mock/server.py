"""The reference server on a socket: a plain ASGI application, run by uvicorn.

The shell reads and writes, and nothing else: it bounds what it reads, makes a `Request`, asks the handler, and delivers
the response as the planted faults want it. A request can make it answer with an error; it cannot end it.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final

import msgspec
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from conformance.mock import control
from conformance.mock.control import Desk, Seen
from conformance.mock.faults import Ending
from conformance.mock.handler import Answered, Mock
from conformance.mock.refusal import REASONS, Refusal
from conformance.mock.store import State
from conformance.model.http import Headers, Request, Response

MAX_BODY: Final = 4 * 1024 * 1024
"""Bytes of a request body; larger ones get 413."""
HOST: Final = "127.0.0.1"
PORT: Final = 4010
BACKLOG: Final = 2048
"""Connections that wait to be accepted."""
DRAIN: Final = 30
"""Seconds that requests get to finish after SIGTERM."""
PATIENCE: Final = 30.0
"""Seconds within which a body must have come; slower ones get 408."""

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[Mapping[str, Any]]]
_Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Observe = Callable[[Seen], None]
"""Is told of each exchange."""

_log: Final = logging.getLogger(__name__)


class _Unreadable(Exception):
    """A body that is too large or too slow."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class App:
    """The ASGI application."""

    def __init__(
        self,
        mock: Mock,
        state: State | None = None,
        *,
        observe: Observe = lambda _: None,
        closing: Callable[[], None] = lambda: None,
        max_body: int = MAX_BODY,
        patience: float = PATIENCE,
    ) -> None:
        """Serve a mock from a state (an empty one, where none is given).

        `observe` is told of each exchange, `closing` is called when the last one is done.
        """
        self.desk = Desk(mock=mock, state=state or State())
        self._closing = closing
        self._observe = observe
        self._max_body = max_body
        self._patience = patience
        self._hosts = {
            server.host: server.scheme for operation in mock.operations for server in operation.servers if server.host
        }

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: _Receive, send: _Send) -> None:
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        self._closing()
        await send({"type": "lifespan.shutdown.complete"})

    async def _serve(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        try:
            body = await self._body(scope, receive) if _may_have_body(scope) else b""
        except TimeoutError:
            refusal = Refusal(status=408, message=f"The body did not come within {self._patience:g} seconds")
            return await _deliver(_closing(refusal), send)
        except _Unreadable as error:
            return await _deliver(_closing(error.refusal), send)
        except ConnectionResetError:
            return None
        request = self._request(scope, body)
        if scope["path"] == control.PREFIX or scope["path"].startswith(f"{control.PREFIX}/"):
            return await _deliver(control.answer(request, self.desk), send)
        answered = self._answer(request)
        if answered.delay:
            await asyncio.sleep(answered.delay)
        if answered.ending is Ending.WHOLE:
            return await _deliver(answered.response, send)
        return await _break_off(answered, receive, send)

    async def _body(self, scope: _Scope, receive: _Receive) -> bytes:
        """Read a body, as far as it may go.

        Raises:
            _Unreadable: it is too large.
            ConnectionResetError: the client went away.
            TimeoutError: it is too slow.

        """
        too_large = _Unreadable(Refusal(status=413, message=f"A body may have {self._max_body} bytes at most"))
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if declared.isdigit() and int(declared) > self._max_body:
            raise too_large
        parts: list[bytes] = []
        length = 0
        async with asyncio.timeout(self._patience):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ConnectionResetError
                part = message.get("body", b"")
                length += len(part)
                if length > self._max_body:
                    raise too_large
                parts.append(part)
                if not message.get("more_body", False):
                    return b"".join(parts)

    def _request(self, scope: _Scope, body: bytes) -> Request:
        headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]])
        host = next((value for name, value in headers if name == "host"), "") or _address(scope)
        scheme = self._hosts.get(host.lower()) or scope.get("scheme", "http")
        raw = scope.get("raw_path")
        path = (raw if raw is not None else scope["path"].encode()).decode("latin-1")
        query = scope.get("query_string", b"").decode("latin-1")
        url = f"{scheme}://{host}{path}?{query}" if query else f"{scheme}://{host}{path}"
        return Request(method=scope["method"], url=url, headers=Headers(headers), body=body)

    def _answer(self, request: Request) -> Answered:
        desk = self.desk
        try:
            answered = desk.mock.answer(request, desk.state)
        except Exception:  # noqa: BLE001 - whatever a request does, the next one is served
            _log.exception("%s %s", request.method, request.url)
            refusal = Refusal(status=500, message="The reference server crashed; its log says where")
            answered = Answered(response=_closing(refusal), operation=None, path_parameters={})
        self._observe(desk.note(request, answered))
        return answered


def _may_have_body(scope: _Scope) -> bool:
    """Tell whether a request can have a body: in HTTP/1 it says so (RFC 9112, 6.3)."""
    return not scope.get("http_version", "").startswith("1.") or any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


def _address(scope: _Scope) -> str:
    server = scope.get("server") or ("localhost", None)
    return str(server[0]) if server[1] is None else f"{server[0]}:{server[1]}"


def _closing(refusal: Refusal) -> Response:
    """Give the response to a request after which the connection is of no use."""
    return Response(
        status=refusal.status,
        reason=REASONS.get(refusal.status, ""),
        headers=Headers((("Content-Type", "application/json; charset=utf-8"), ("Connection", "close"))),
        body=msgspec.json.encode(refusal.body(is_twilio=True)),
    )


def _start(response: Response) -> dict[str, Any]:
    fields = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    if response.status != 204 or response.body:  # noqa: PLR2004 - RFC 9110, 8.6: with 204 only where a fault wants it
        fields.append((b"content-length", str(len(response.body)).encode()))
    return {"type": "http.response.start", "status": response.status, "headers": fields}


async def _deliver(response: Response, send: _Send) -> None:
    await send(_start(response))
    await send({"type": "http.response.body", "body": response.body})


async def _break_off(answered: Answered, receive: _Receive, send: _Send) -> None:
    """End the connection before the answer, or within its body."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if answered.ending is Ending.TRUNCATED:
        await send(_start(answered.response))
        half = answered.response.body[: len(answered.response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        if transport is not None:
            transport.close()
    elif transport is not None:
        transport.abort()
    if transport is not None:
        while (await receive())["type"] != "http.disconnect":
            continue


class _Gathering:
    """A transport that sends at once what is written in one turn of the loop: head and body in one segment."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._written: list[bytes] = []

    def write(self, data: bytes) -> None:
        if not self._written:
            self._loop.call_soon(self._flush)
        self._written.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._written and not self._transport.is_closing():
            self._transport.write(b"".join(self._written))
        self._written.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _Protocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, over such a transport: half the system calls, half the packets."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        super().connection_made(_Gathering(transport, self.loop))  # type: ignore[arg-type] # all that is used of one


def run(
    app: App,
    *,
    host: str = HOST,
    port: int = PORT,
    certificate: Path | None = None,
    announce: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM, then finish what has begun.

    `announce` is told the address as soon as it is bound; port 0 picks a free one. With a
    `certificate`, a file that holds its key too, it speaks TLS.

    Raises:
        OSError: the address cannot be bound.

    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        http=_Protocol,
        proxy_headers=False,
        ssl_certfile=certificate,
        timeout_graceful_shutdown=DRAIN,
    )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol asyncio does not set TCP_NODELAY, and each answer waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
        bound = listener.getsockname()
        scheme = "http" if certificate is None else "https"
        name = f"[{bound[0]}]" if family == socket.AF_INET6 else bound[0]
        announce(f"{scheme}://{name}:{bound[1]}")
        uvicorn.Server(config).run(sockets=[listener])
