"""A live server, over HTTP or HTTPS."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import re
import ssl
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import yarl
from multidict import CIMultiDict

from conformance.errors import TargetError
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Server
from conformance.targets.target import Dialogue, Failure, Options, Outcome, Reason, T

WRITTEN: Final = "http(s)://host[:port][/path]"

_SKIPPED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Header fields that aiohttp would add by itself."""
_IDLE: Final = 2.0
"""Seconds that an idle connection is kept: less than servers do, so that none closes under a request."""
_LONGEST_WAIT: Final = 30.0
_BUNDLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")


class HttpTarget:
    """Sends requests over kept-alive connections, their URLs exactly as they were generated.

    Scheme and authority of the documented URL are replaced, and its base path too where the target has a path of
    its own. Proxies and certificate bundles are those of the usual environment variables; loopback addresses are
    called directly. Redirects are answers, not instructions.
    """

    def __init__(self, url: str, options: Options) -> None:
        """Keep where to send to.

        Raises:
            TargetError: it is no URL, or the certificate bundle that the environment names cannot be read.

        """
        self.name = url
        self._base = _parsed(url)
        self._options = options
        self._places = Places(url, options.servers)
        self.local = is_loopback(self._base.hostname or "")
        self._proxy = None if self.local else _proxy(self._base.scheme, self._base.netloc)
        self._ssl = _trust(url) if self._base.scheme == "https" else None
        self._runner = asyncio.Runner()
        self._session: aiohttp.ClientSession | None = None
        self._pace = _Pace(options.rate)
        self.retried = 0
        """Requests that were sent again after a 429."""

    def reach(self) -> None:
        """Open and close one connection.

        Raises:
            TargetError: nobody listens there.

        """
        outcome = self._runner.run(self._reach())
        if outcome:
            raise TargetError(target=self.name, what=outcome, hint="start the server, or check host and port")

    async def _reach(self) -> str:
        if self._proxy is not None:
            return ""
        port = self._base.port or (443 if self._base.scheme == "https" else 80)
        try:
            _, writer = await asyncio.wait_for(
                asyncio.open_connection(self._base.hostname, port), self._options.timeout
            )
        except TimeoutError:
            return f"no connection within {self._options.timeout:g} s"
        except OSError as error:
            return f"no connection: {error.strerror or error}"
        writer.close()
        return ""

    def send(self, request: Request) -> Outcome:
        """Give the response, or why there is none."""
        return self._runner.run(self._send(request))

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold as many dialogues at the same time as there are workers; give what each returns in their order."""
        loop = self._runner.get_loop()
        source = enumerate(dialogues)
        running: dict[asyncio.Task[T], int] = {}
        ended: dict[int, T] = {}
        turn, exhausted = 0, False
        try:
            while True:
                while not exhausted and len(running) < self._options.workers and len(ended) < self._ahead:
                    number, dialogue = next(source, (0, None))
                    if dialogue is None:
                        exhausted = True
                    else:
                        running[loop.create_task(self._hold(dialogue))] = number
                if turn in ended:
                    yield ended.pop(turn)
                    turn += 1
                elif running:
                    waiting = asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                    for task in loop.run_until_complete(waiting)[0]:
                        ended[running.pop(task)] = task.result()
                else:
                    return
        finally:
            for task in running:
                task.cancel()
            if running:
                loop.run_until_complete(asyncio.wait(running))

    @property
    def _ahead(self) -> int:
        """How many dialogues may have ended while an earlier one is still held."""
        return 16 * self._options.workers

    def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            self._runner.run(self._session.close())
        self._runner.close()

    async def _hold(self, dialogue: Dialogue[T]) -> T:
        try:
            request = next(dialogue)
            while True:
                request = dialogue.send(await self._send(request))
        except StopIteration as end:
            found: T = end.value
            return found

    async def _send(self, request: Request) -> Outcome:
        for attempt in range(self._options.retries + 1):
            await self._pace.wait()
            outcome = await self._once(request)
            wait = _retry_after(outcome, attempt)
            if wait is None or attempt == self._options.retries:
                break
            self.retried += 1
            await asyncio.sleep(wait)
        return outcome

    async def _once(self, request: Request) -> Outcome:
        start = time.perf_counter()
        try:
            return await self._exchange(request, start)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            reason, message = _explained(error, self._options.timeout)
            return Failure(reason=reason, message=message, elapsed=time.perf_counter() - start)

    async def _exchange(self, request: Request, start: float) -> Response:
        headers = CIMultiDict(request.headers.pairs)
        if self._options.keep_host and "Host" not in headers:
            headers["Host"] = urlsplit(request.url).netloc
        async with self._open().request(
            request.method,
            yarl.URL(self._places.of(request.url), encoded=True),
            headers=headers,
            data=request.body or None,
            allow_redirects=False,
            skip_auto_headers=_SKIPPED,
            proxy=self._proxy,
        ) as answer:
            body = await answer.read()
            return Response(
                status=answer.status,
                reason=answer.reason or "",
                headers=Headers(tuple((_text(name), _text(value)) for name, value in answer.raw_headers)),
                body=body,
                elapsed=time.perf_counter() - start,
            )

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._options.workers, keepalive_timeout=_IDLE, ssl=self._ssl or True, ttl_dns_cache=300
                ),
                timeout=aiohttp.ClientTimeout(total=self._options.timeout),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class Places:
    """From documented URLs to those of a target."""

    def __init__(self, target: str, servers: Iterable[Server]) -> None:
        """Keep the target's URL and the base paths of the documented servers."""
        base = _parsed(target)
        self._scheme, self._authority = base.scheme, base.netloc
        self._own_path: str | None = base.path.rstrip("/") if base.path else None
        ordered = sorted(set(servers), key=lambda server: (-len(server.base_path), server.url))
        self._bases = [(server.host, server.base_path) for server in ordered if server.base_path]

    def of(self, url: str) -> str:
        """Give where a request with a documented URL goes."""
        parts = urlsplit(url)
        path = parts.path
        if self._own_path is not None:
            path = self._own_path + self._without_base(parts.netloc, path)
        return urlunsplit((self._scheme, self._authority, path, parts.query, ""))

    def _without_base(self, host: str, path: str) -> str:
        for known, base in self._bases:
            if known in {host, ""} and (path == base or path.startswith(f"{base}/")):
                return path[len(base) :]
        return path


class _Pace:
    """Lets requests through at a steady rate."""

    def __init__(self, rate: float | None) -> None:
        self._gap = 1 / rate if rate else 0.0
        self._next = 0.0

    async def wait(self) -> None:
        if not self._gap:
            return
        moment = time.monotonic()
        slot = max(moment, self._next)
        self._next = slot + self._gap
        await asyncio.sleep(slot - moment)


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise TargetError(target=url, what=f"no URL: {error}", hint="write http://host:port") from error
    if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        hint = "give credentials by --auth" if "@" in parts.netloc else "write http://host:port/path"
        raise TargetError(target=url, what="no URL of a server", hint=hint)
    return parts


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _proxy(scheme: str, authority: str) -> str | None:
    return None if proxy_bypass(authority) else getproxies().get(scheme)


def _trust(url: str) -> ssl.SSLContext:
    """Give the certificates that the environment trusts."""
    bundle = next((os.environ[name] for name in _BUNDLES if os.environ.get(name)), None)
    if bundle is None:
        return ssl.create_default_context()
    folder = Path(bundle).is_dir()
    try:
        return ssl.create_default_context(cafile=None if folder else bundle, capath=bundle if folder else None)
    except (OSError, ssl.SSLError) as error:
        raise TargetError(
            target=url,
            what=f"the certificate bundle {bundle} cannot be read: {error}",
            hint=f"check {', '.join(_BUNDLES)}",
        ) from error


def _retry_after(outcome: Outcome, attempt: int) -> float | None:
    """Give the seconds to wait before a request may be sent again; None where it may not.

    A 429 was never processed (RFC 6585, 4; twilio.com/docs/api/errors/20429), so any method may be repeated.
    """
    if not isinstance(outcome, Response) or outcome.status != 429:  # noqa: PLR2004 - Too Many Requests
        return None
    asked = outcome.headers.get("Retry-After") or ""
    return min(float(asked) if re.fullmatch(r"\d+(\.\d+)?", asked) else 0.5 * 2**attempt, _LONGEST_WAIT)


def _explained(error: Exception, timeout: float) -> tuple[Reason, str]:
    match error:
        case TimeoutError():
            return Reason.TIMEOUT, f"no answer within {timeout:g} s"
        case aiohttp.ClientSSLError():
            return Reason.TLS, str(error)
        case aiohttp.ClientConnectorError():
            return Reason.UNREACHABLE, f"no connection: {error.strerror or error}"
        case aiohttp.ClientPayloadError():
            return Reason.TRUNCATED, str(error)
        case aiohttp.ServerDisconnectedError() | OSError():
            return Reason.RESET, f"the connection ended before the answer: {error}"
        case _:
            return Reason.NOT_HTTP, f"{type(error).__name__}: {error}"


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def connect(text: str, options: Options) -> HttpTarget:
    """Give the target; connections are opened when they are needed.

    Raises:
        TargetError: it is no URL of a server.

    """
    return HttpTarget(text, options)
