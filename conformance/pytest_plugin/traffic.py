"""HTTP traffic of this process, as it is sent through requests, urllib3, httpx and aiohttp or replayed from cassettes.

Each client is watched at its highest common call, above the place where vcrpy and other libraries answer instead of a
server. Bodies are taken when the client has read them; a stream is listened to, never read ahead.
"""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from importlib.util import find_spec
from typing import Any, Final, cast
from urllib.parse import urlencode

from msgspec import Struct, field

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings.coding import undone

_BODILESS: Final = frozenset({204, 304})
_UNDONE: Final = frozenset({"", "identity", "gzip", "x-gzip", "deflate"})
"""Content codings that can be undone here."""


class Seen(Struct, kw_only=True, eq=False):
    """An exchange that was seen, its body perhaps still on its way."""

    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes | None
    """None where it cannot be known, because it was streamed."""
    status: int
    reason: str
    response_headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    """None where it is a stream."""
    elapsed: float | None = None
    ignored: tuple[str, ...] = ()
    """Globs of rules that were to be ignored when it was seen."""
    parts: list[bytes] = field(default_factory=list)
    """What was read of a stream."""
    has_ended: bool = False
    """Whether a stream was read to its end."""

    @property
    def is_whole(self) -> bool:
        """Tell whether everything is known that a judge needs."""
        return self.request_body is not None and self._body() is not None

    def _body(self) -> bytes | None:
        if self.body is not None:
            return self.body
        headers = Headers(self.response_headers)
        if self.has_ended:
            coding = (headers.get("Content-Encoding") or "").strip().lower()
            return b"".join(self.parts) if coding in _UNDONE else None
        empty = self.method == "HEAD" or self.status in _BODILESS or headers.get("Content-Length") == "0"
        return b"" if empty else None

    def exchange(self, *, path: str, index: int) -> Exchange | None:
        """Give the exchange; None where a body is not known."""
        body = self._body()
        if body is None or self.request_body is None:
            return None
        headers = Headers(self.response_headers)
        try:
            body = undone(body, headers)
        except ValueError:
            return None
        return Exchange(
            id=f"{path}#{index}",
            request=Request(
                method=self.method, url=self.url, headers=Headers(self.request_headers), body=self.request_body
            ),
            response=Response(status=self.status, reason=self.reason, headers=headers, body=body, elapsed=self.elapsed),
            source=Source(kind="pytest", path=path, index=index),
            session=path,
        )


class Traffic:
    """Everything that is seen while clients are watched."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._seen: list[Seen] = []
        self._undo: list[Callable[[], None]] = []
        self._inside = threading.local()
        self._lock = threading.Lock()
        self.ignored: tuple[str, ...] = ()
        self.paused = 0

    def watch(self) -> None:
        """Watch every client that is installed."""
        for name in ("urllib3", "requests", "httpx", "aiohttp"):
            if find_spec(name) is not None:
                _WATCHERS[name](self)

    def unwatch(self) -> None:
        """Leave every client as it was."""
        while self._undo:
            self._undo.pop()()

    def add(self, seen: Seen) -> None:
        """Keep an exchange, unless watching is paused."""
        if not self.paused:
            seen.ignored = self.ignored
            with self._lock:
                self._seen.append(seen)

    def drain(self, *, final: bool) -> list[Seen]:
        """Give what is whole, in order, and forget it; at the end give what never became whole, too."""
        with self._lock:
            ready = [each for each in self._seen if final or each.is_whole]
            self._seen = [] if final else [each for each in self._seen if not each.is_whole]
        return ready

    def replace(self, owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        """Put something in the place of an attribute until `unwatch`."""
        original = getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(make(original)))
        self._undo.append(lambda: setattr(owner, name, original))

    @contextlib.contextmanager
    def within(self) -> Iterator[bool]:
        """Tell whether a client is at work that uses the one that is called."""
        outer = getattr(self._inside, "depth", 0)
        self._inside.depth = outer + 1
        try:
            yield outer > 0
        finally:
            self._inside.depth = outer


def _pairs(fields: Any) -> tuple[tuple[str, str], ...]:
    """Header fields as text, whatever a client holds them in."""
    items: Iterable[tuple[Any, Any]] = fields.items() if hasattr(fields, "items") else fields or ()
    return tuple((_text(name), _text(value)) for name, value in items)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _bytes(body: Any) -> bytes | None:
    match body:
        case None:
            return b""
        case bytes() | bytearray():
            return bytes(body)
        case str():
            return body.encode()
        case _:
            return None


def _listen(stream: Any, seen: Seen) -> None:
    """Copy what is read of an `urllib3` response."""

    def listening(read: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(read)
        def heard(*arguments: Any, **options: Any) -> Any:
            part = read(*arguments, **options)
            if part:
                seen.parts.append(part)
            amount = arguments[0] if arguments else options.get("amt")
            seen.has_ended = (
                not part or amount is None or (stream.closed and not getattr(stream, "_decoded_buffer", ()))
            )
            return part

        return heard

    def chunks(read_chunked: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(read_chunked)
        def heard(*arguments: Any, **options: Any) -> Iterator[bytes]:
            for part in read_chunked(*arguments, **options):
                seen.parts.append(part)
                yield part
            seen.has_ended = True

        return heard

    for name, wrap in (("read", listening), ("read1", listening), ("read_chunked", chunks)):
        if hasattr(stream, name):
            setattr(stream, name, wrap(getattr(stream, name)))


def _watch_urllib3(traffic: Traffic) -> None:
    from urllib3.connectionpool import HTTPConnectionPool  # noqa: PLC0415 - only where it is installed

    def make(urlopen: Callable[..., Any]) -> Callable[..., Any]:
        def watched(
            self: Any, method: str, url: str, body: Any = None, headers: Any = None, *rest: Any, **more: Any
        ) -> Any:
            with traffic.within() as inner:
                response = urlopen(self, method, url, body, headers, *rest, **more)
            if not inner:
                traffic.add(_of_urllib3(self, response, method, url, body, headers))
            return response

        return watched

    traffic.replace(HTTPConnectionPool, "urlopen", make)


def _of_urllib3(pool: Any, response: Any, method: str, url: str, body: Any, headers: Any) -> Seen:
    """Some stand-ins for a response, vcrpy's among them, have their data at hand and no `_body`."""
    geturl = getattr(response, "geturl", None)
    final = (geturl() if geturl is not None else None) or url
    usual = {"http": 80, "https": 443}.get(pool.scheme)
    port = "" if pool.port in {None, usual} else f":{pool.port}"
    content = response._body if hasattr(response, "_body") else response.data  # noqa: SLF001 - `data` would read a stream
    seen = Seen(
        method=method.upper(),
        url=final if "://" in final else f"{pool.scheme}://{pool.host}{port}{final}",
        request_headers=_pairs(headers if headers is not None else pool.headers),
        request_body=_bytes(body),
        status=response.status,
        reason=response.reason or "",
        response_headers=_pairs(response.headers),
        body=content if isinstance(content, bytes) else None,
    )
    if seen.body is None:
        _listen(response, seen)
    return seen


def _watch_requests(traffic: Traffic) -> None:
    from requests import Session  # noqa: PLC0415 - only where it is installed

    def make(send: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, request: Any, **options: Any) -> Any:
            with traffic.within():
                response = send(self, request, **options)
            for each in (*response.history, response):
                if "_conformance" not in vars(each):
                    vars(each)["_conformance"] = True
                    traffic.add(_of_requests(each))
            return response

        return watched

    traffic.replace(Session, "send", make)


def _of_requests(response: Any) -> Seen:
    sent = response.request
    content = response._content  # noqa: SLF001 - `content` would read the stream
    seen = Seen(
        method=(sent.method or "").upper(),
        url=sent.url,
        request_headers=_pairs(sent.headers),
        request_body=_bytes(sent.body),
        status=response.status_code,
        reason=response.reason or "",
        response_headers=_pairs(getattr(response.raw, "headers", None) or response.headers),
        body=(content or b"") if content is not False else None,
        elapsed=response.elapsed.total_seconds(),
    )
    if seen.body is None:
        _listen(response.raw, seen)
    return seen


def _watch_httpx(traffic: Traffic) -> None:
    import httpx  # noqa: PLC0415 - only where it is installed

    listening, asynchronous = _httpx_streams()

    def add(response: Any, kind: type) -> None:
        for each in (*response.history, response):
            if "_conformance" not in vars(each):
                vars(each)["_conformance"] = True
                seen = _of_httpx(each)
                if seen.body is None:
                    each.stream = kind(each.stream, seen)
                traffic.add(seen)

    def make(send: Callable[..., Any]) -> Callable[..., Any]:
        def watched(self: Any, request: Any, **options: Any) -> Any:
            response = send(self, request, **options)
            add(response, listening)
            return response

        return watched

    def make_async(send: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(self: Any, request: Any, **options: Any) -> Any:
            response = await send(self, request, **options)
            add(response, asynchronous)
            return response

        return watched

    traffic.replace(httpx.Client, "send", make)
    traffic.replace(httpx.AsyncClient, "send", make_async)


def _httpx_streams() -> tuple[type, type]:
    """Give the kinds of stream whose parts are copied; they inherit from classes that may not be installed."""
    import httpx  # noqa: PLC0415 - only where it is installed

    class Listening(httpx.SyncByteStream):
        def __init__(self, stream: Any, seen: Seen) -> None:
            self.stream, self.seen = stream, seen

        def __iter__(self) -> Iterator[bytes]:
            for part in self.stream:
                self.seen.parts.append(part)
                yield part
            self.seen.has_ended = True

        def close(self) -> None:
            self.stream.close()

    class Asynchronous(httpx.AsyncByteStream):
        def __init__(self, stream: Any, seen: Seen) -> None:
            self.stream, self.seen = stream, seen

        async def __aiter__(self) -> AsyncIterator[bytes]:
            async for part in self.stream:
                self.seen.parts.append(part)
                yield part
            self.seen.has_ended = True

        async def aclose(self) -> None:
            await self.stream.aclose()

    return Listening, Asynchronous


def _of_httpx(response: Any) -> Seen:
    sent = response.request
    return Seen(
        method=sent.method.upper(),
        url=str(sent.url),
        request_headers=_pairs(sent.headers.multi_items()),
        request_body=_httpx_body(sent),
        status=response.status_code,
        reason=response.reason_phrase,
        response_headers=_pairs(response.headers.multi_items()),
        body=vars(response).get("_content"),
    )


def _httpx_body(sent: Any) -> bytes | None:
    """Where a redirect was followed, the body is in a stream that holds bytes and can be read again."""
    content: bytes | None = vars(sent).get("_content")
    if content is None and type(sent.stream).__name__ == "ByteStream":
        return b"".join(sent.stream)
    return content


def _watch_aiohttp(traffic: Traffic) -> None:
    from aiohttp import ClientResponse, ClientSession  # noqa: PLC0415 - only where it is installed

    def make(request: Callable[..., Any]) -> Callable[..., Any]:
        async def watched(self: Any, method: str, url: Any, **options: Any) -> Any:
            response = await request(self, method, url, **options)
            if "_conformance" not in vars(response):
                seen = _of_aiohttp(self, response, options)
                vars(response)["_conformance"] = seen
                traffic.add(seen)
            return response

        return watched

    def make_read(read: Callable[..., Any]) -> Callable[..., Any]:
        async def heard(self: Any) -> Any:
            body = await read(self)
            seen = vars(self).get("_conformance")
            if seen is not None and seen.body is None:
                seen.body = body
            return body

        return heard

    def make_replay(vcr_request: Callable[..., Any]) -> Callable[..., Any]:
        """A cassette puts its own function in the place of `_request`; that one is watched, too."""

        def made(cassette: Any, real_request: Any) -> Any:
            replay = vcr_request(cassette, real_request)
            return functools.wraps(replay)(make(replay))

        return made

    traffic.replace(ClientSession, "_request", make)
    traffic.replace(ClientResponse, "read", make_read)
    if find_spec("vcr") is not None:
        from vcr.stubs import aiohttp_stubs  # noqa: PLC0415 - only where it is installed

        traffic.replace(aiohttp_stubs, "vcr_request", make_replay)


def _of_aiohttp(session: Any, response: Any, options: dict[str, Any]) -> Seen:
    info = response.request_info
    return Seen(
        method=response.method.upper(),
        url=str(info.url),
        request_headers=_pairs(info.headers),
        request_body=b"" if response.history and response.method == "GET" else _aiohttp_body(session, options),
        status=response.status,
        reason=response.reason or "",
        response_headers=_pairs(response.headers),
        body=response._body,  # noqa: SLF001 - `read` would read the stream
    )


def _aiohttp_body(session: Any, options: dict[str, Any]) -> bytes | None:
    """The body that the options of a request make; aiohttp keeps it in a writer that consumes it."""
    if options.get("json") is not None:
        made = session.json_serialize(options["json"])
        return _bytes(made)
    data = options.get("data")
    if isinstance(data, dict | list | tuple):
        pairs = list(data.items()) if isinstance(data, dict) else list(data)
        plain = all(isinstance(value, str | int | float) for _, value in pairs)
        return urlencode(cast("list[tuple[str, str]]", pairs), doseq=True).encode() if plain else None
    return _bytes(data)


_WATCHERS: Final[dict[str, Callable[[Traffic], None]]] = {
    "urllib3": _watch_urllib3,
    "requests": _watch_requests,
    "httpx": _watch_httpx,
    "aiohttp": _watch_aiohttp,
}
