"""A small HTTP/1.1 server on the loopback interface that keeps the bytes of every request as they came.

What a client library reports about a request is what it meant to send. Here the socket is read, so that a body which is
form-encoded under a JSON content type is seen as what it is. The server is also free to misbehave: it can wait, cut an
answer short or reset the connection.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import ssl
import struct
from collections.abc import Callable
from enum import Enum
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from msgspec.structs import replace

from conformance.model.http import Headers, Request, Response
from conformance.model.value import Value

MAX_HEAD: Final = 256 * 1024
MAX_BODY: Final = 50 * 1024 * 1024
_BODILESS: Final = frozenset({204, 304})
_TLS: Final = b"\x16"
"""The first byte of a TLS handshake, whose sender waits for an answer."""
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST instead of FIN."""


class Ending(Enum):
    """What becomes of the connection after an answer."""

    KEEP = "keep"
    CLOSE = "close"
    RESET = "reset"


class Captured(Value, frozen=True, kw_only=True):
    """A request as it came in."""

    raw: bytes
    """Every byte, chunk sizes included."""
    request: Request
    """The same, understood: the URL has the host that the client named."""
    connection: int
    """Counts the connections of a server."""
    proxied: bool
    """True where the client took this server for a proxy (absolute-form, RFC 9112, 3.2.2)."""
    abandoned: bool = False
    """True where its sender had left before it was read: what gave up waiting."""


class Tunnel(Value, frozen=True, kw_only=True):
    """Hosts that the server stands for when a client takes it for a proxy and asks for a tunnel (CONNECT)."""

    hosts: frozenset[str]
    tls: ssl.SSLContext
    """With a certificate for all of them."""


class Reply(Value, frozen=True, kw_only=True):
    """The bytes of an answer, and how they are delivered."""

    data: bytes
    delay: float = 0.0
    """Seconds before the first byte; a closing server does not sit them out."""
    ending: Ending = Ending.KEEP


Answer = Callable[[Captured], Reply]


def written(response: Response, *, method: str = "GET") -> bytes:
    """Give a response as bytes, with its length."""
    lines = [f"HTTP/1.1 {response.status} {response.reason}".rstrip()]
    lines += [f"{name}: {value}" for name, value in response.headers]
    has_body = response.status not in _BODILESS and response.status >= 200  # noqa: PLR2004 - interim responses
    if has_body and "Content-Length" not in response.headers and "Transfer-Encoding" not in response.headers:
        lines.append(f"Content-Length: {len(response.body)}")
    head = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
    return head if not has_body or method == "HEAD" else head + response.body


class Unintelligible(Exception):
    """What came in is no HTTP/1.1 request."""


class Wire:
    """The server; a context manager that serves as long as it is entered."""

    def __init__(
        self, answer: Answer, *, tls: ssl.SSLContext | None = None, tunnel: Tunnel | None = None, port: int = 0
    ) -> None:
        """Listen on a port of 127.0.0.1 (0: any free one); `answer` is asked from one thread for each connection."""
        self._answer = answer
        self._tls = tls
        self._tunnel = tunnel
        self._listener = socket.create_server(("127.0.0.1", port), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._closing = Event()
        self._lock = Lock()
        self._open: dict[int, socket.socket] = {}
        self._threads: list[Thread] = []
        self._numbers = itertools.count()

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The address without a trailing slash."""
        return f"{'http' if self._tls is None else 'https'}://{self.authority}"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to serve and close every connection."""
        self._closing.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open.values():
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _start(self, work: Callable[[], None]) -> None:
        thread = Thread(target=work, daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            number = next(self._numbers)
            with self._lock:
                self._open[number] = connection
            self._start(lambda served=connection, count=number: self._serve(served, count))  # type: ignore[misc] # a lambda without annotations

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            with connection, contextlib.suppress(OSError):
                if self._tls is None:
                    self._talk(connection, number)
                else:
                    with self._tls.wrap_socket(connection, server_side=True) as secured:
                        self._talk(secured, number)
        finally:
            with self._lock:
                self._open.pop(number, None)

    def _talk(self, connection: socket.socket, number: int) -> None:
        """Serve requests until the connection ends."""
        stream = _Stream(connection)
        ending = Ending.KEEP
        while ending is Ending.KEEP and not self._closing.is_set():
            ending = self._turn(stream, connection, number)
        if ending is Ending.RESET:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _turn(self, stream: _Stream, connection: socket.socket, number: int) -> Ending:
        """Serve one request."""
        try:
            captured = _captured(stream, number, self.authority)
        except Unintelligible as error:
            connection.sendall(written(Response(status=400, reason="Bad Request", body=str(error).encode())))
            return Ending.CLOSE
        if captured is None:
            return Ending.CLOSE
        captured = replace(captured, abandoned=_is_gone(connection))
        tunnel = self._tunnel if captured.request.method == "CONNECT" else None
        if tunnel is not None and urlsplit(captured.request.url).hostname in tunnel.hosts:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with tunnel.tls.wrap_socket(connection, server_side=True) as secured:
                self._talk(secured, number)
            return Ending.CLOSE
        reply = self._answer(captured)
        if reply.delay and self._closing.wait(reply.delay):
            return Ending.CLOSE
        asked = (captured.request.headers.get("Connection") or "").lower()
        if reply.ending is Ending.KEEP and asked == "close":
            connection.sendall(_last(reply.data))
            return Ending.CLOSE
        if reply.data:
            connection.sendall(reply.data)
        return reply.ending


def _is_gone(connection: socket.socket) -> bool:
    """Tell whether the other side has closed a connection; over TLS nobody can tell."""
    if isinstance(connection, ssl.SSLSocket):
        return False
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _last(data: bytes) -> bytes:
    """Give an answer that says to be the last on its connection (RFC 9112, 9.6)."""
    start, end, rest = data.partition(b"\r\n")
    return start + end + b"Connection: close\r\n" + rest


class _Stream:
    """Bytes from a socket, all of which are kept until a request is complete."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = bytearray()
        self._start = 0

    def _more(self) -> bool:
        data = self._connection.recv(65536)
        self._buffer += data
        return bool(data)

    def until(self, mark: bytes, limit: int) -> bytes:
        """Give everything up to and with a mark; nothing where the client is gone.

        Raises:
            Unintelligible: the mark does not come within the limit, or the client leaves on the way.

        """
        while (found := self._buffer.find(mark, self._start)) < 0:
            if self._buffer[self._start : self._start + 1] == _TLS:
                message = "a TLS handshake on a plain port"
                raise Unintelligible(message)
            if len(self._buffer) - self._start > limit:
                message = f"more than {limit:,} bytes without an end"
                raise Unintelligible(message)
            if not self._more():
                if len(self._buffer) == self._start:
                    return b""
                message = "the client left in the middle of a request"
                raise Unintelligible(message)
        return self._take(found + len(mark) - self._start)

    def exactly(self, count: int) -> bytes:
        """Give so many bytes.

        Raises:
            Unintelligible: the client leaves on the way, or there are too many.

        """
        if count > MAX_BODY:
            message = f"a body of more than {MAX_BODY:,} bytes"
            raise Unintelligible(message)
        while len(self._buffer) - self._start < count:
            if not self._more():
                message = "the client left in the middle of a request"
                raise Unintelligible(message)
        return self._take(count)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._buffer[self._start : self._start + count])
        self._start += count
        return taken

    def consumed(self) -> bytes:
        """Give all bytes since the last call of this, and forget them."""
        raw = bytes(self._buffer[: self._start])
        del self._buffer[: self._start]
        self._start = 0
        return raw

    def confirm(self) -> None:
        """Tell the client to go on with its body."""
        self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


def _captured(stream: _Stream, number: int, authority: str) -> Captured | None:
    """Read one request; None where the client is gone.

    Raises:
        Unintelligible: it is no HTTP/1.1 request.

    """
    head = stream.until(b"\r\n\r\n", MAX_HEAD)
    if not head:
        return None
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    method, _, rest = first.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not method or not target or not version.startswith("HTTP/1."):
        message = f"no request line: {first[:80]!r}"
        raise Unintelligible(message)
    headers = Headers(tuple((name, text.strip()) for name, _, text in (line.partition(":") for line in lines)))
    if (headers.get("Expect") or "").lower() == "100-continue":
        stream.confirm()
    body = _body(stream, headers)
    url, proxied = _url(target, headers.get("Host") or authority, authority)
    return Captured(
        raw=stream.consumed(),
        request=Request(method=method.upper(), url=url, headers=headers, body=body),
        connection=number,
        proxied=proxied,
    )


def _url(target: str, host: str, authority: str) -> tuple[str, bool]:
    """Give the URL a request is for, and whether its sender speaks to a proxy.

    A request that names another host was redirected to this server: what it is for is spoken over TLS.
    """
    if not target.startswith("/"):
        return (target if "://" in target else f"https://{target}"), True
    return f"{'http' if host == authority else 'https'}://{host}{target}", False


def _body(stream: _Stream, headers: Headers) -> bytes:
    if "chunked" in (headers.get("Transfer-Encoding") or "").lower():
        return _chunks(stream)
    length = headers.get("Content-Length")
    if length is None:
        return b""
    if not length.isdigit():
        message = f"a Content-Length of {length[:20]!r}"
        raise Unintelligible(message)
    return stream.exactly(int(length))


def _chunks(stream: _Stream) -> bytes:
    """Read a chunked body (RFC 9112, 7.1)."""
    body = bytearray()
    while True:
        line = stream.until(b"\r\n", MAX_HEAD)
        try:
            size = int(line.partition(b";")[0].strip() or b"x", 16)
        except ValueError as error:
            message = f"a chunk size of {line[:20]!r}"
            raise Unintelligible(message) from error
        if size == 0:
            break
        body += stream.exactly(size)
        stream.exactly(2)
        if len(body) > MAX_BODY:
            message = f"a body of more than {MAX_BODY:,} bytes"
            raise Unintelligible(message)
    while stream.until(b"\r\n", MAX_HEAD) not in {b"\r\n", b""}:
        pass
    return bytes(body)
