"""A live server, over HTTP or HTTPS."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from conformance.errors import TargetError
from conformance.model.http import Request, Response, parts
from conformance.model.operation import Server
from conformance.targets.applications import answered
from conformance.targets.connection import Broken, Connection, Reply
from conformance.targets.target import Dialogue, Failure, Options, Outcome, Reason, T
from conformance.targets.way import Way, parsed, proxy_for

WRITTEN: Final = "http(s)://host[:port][/path]"

_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent again when a kept connection turns out to be closed (RFC 9110, 9.2.2)."""
_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_BATCH: Final = 8
"""Dialogues of one worker that may end before they are taken."""
_LATEST: Final = 0.05
"""Seconds after which they are taken, however few they are."""
_AHEAD: Final = 64
"""Dialogues of one worker that may end while an earlier one is still held, before it naps."""
_NAP: Final = 0.01
_PAUSES: Final = (0.1, 0.4, 1.0, 2.0)
"""Seconds that a target which was there gets to come back."""
_ENDS: Final = re.compile(r"[\r\n\0]")
_IDLE: Final = 2.0
"""Seconds that an idle connection is kept: less than servers do, so that none closes under a request."""
_LONGEST_WAIT: Final = 30.0


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
        self._base = parsed(url)
        self._options = options
        self._places = Places(url, options.servers)
        self.local = is_loopback(self._base.hostname or "")
        self._way = Way(self._base, None if self.local else proxy_for(self._base.scheme, self._base.netloc), url)
        self._runner = asyncio.Runner()
        self._idle: list[Connection] = []
        self._pace = _Pace(options.rate)
        self._was_there = False
        self._is_gone = False
        self.retried = 0
        """Requests that were sent again after a 429."""

    def reach(self) -> None:
        """Open one connection, which the first request will use.

        Raises:
            TargetError: nobody listens there.

        """
        try:
            self._idle.append(self._runner.run(self._connect()))
        except Broken as error:
            hint = "start the server, or check host and port"
            raise TargetError(target=self.name, what=error.message, hint=hint) from error

    def place(self, url: str) -> str:
        """Give where a request with a documented URL goes."""
        return self._places.of(url)

    def send(self, request: Request) -> Outcome:
        """Give the response, or why there is none."""
        return self._runner.run(self._send(request))

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold as many dialogues at the same time as there are workers; give what each returns in their order."""
        loop = self._runner.get_loop()
        source = enumerate(dialogues)
        ended: dict[int, T] = {}
        pause = asyncio.Event()
        workers = [loop.create_task(self._work(source, ended, pause)) for _ in range(self._options.workers)]
        turn = 0
        try:
            while True:
                while turn in ended:
                    yield ended.pop(turn)
                    turn += 1
                if all(worker.done() for worker in workers) and not ended:
                    break
                pause.clear()
                loop.run_until_complete(_any(workers, pause))
            for worker in workers:
                worker.result()
        finally:
            if not loop.is_closed():  # whoever lets go of the target first has ended them all
                for worker in workers:
                    worker.cancel()
                loop.run_until_complete(asyncio.wait(workers))

    async def _work(self, source: Iterator[tuple[int, Dialogue[T]]], ended: dict[int, T], pause: asyncio.Event) -> None:
        """Hold one dialogue after the other, and pause now and then for what has ended to be taken."""
        for number, dialogue in source:
            ended[number] = await self._hold(dialogue)
            if len(ended) >= _BATCH * self._options.workers:
                pause.set()
                await asyncio.sleep(0 if len(ended) < _AHEAD * self._options.workers else _NAP)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._idle:
            connection.close()
        self._runner.run(asyncio.sleep(0))
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
        sent = self._written(request)
        if sent is None:
            return Failure(reason=Reason.WITHHELD, message="HTTP cannot carry a header field with a line break")
        if self._is_gone:
            return Failure(reason=Reason.WITHHELD, message="the target is gone: it does not take connections any more")
        start = time.perf_counter()
        try:
            reply = await self._exchange(request.method, sent)
        except Broken as error:
            return Failure(reason=error.reason, message=error.message, elapsed=time.perf_counter() - start)
        self._was_there = True
        return answered(
            reply.status, list(reply.headers), reply.body, elapsed=time.perf_counter() - start, reason=reply.reason
        )

    async def _exchange(self, method: str, sent: bytes) -> Reply:
        """Send over an idle connection, or a fresh one where there is none or its end had been closed."""
        connection = self._rested()
        if connection is not None:
            try:
                return await self._over(connection, method, sent)
            except Broken as error:
                if error.reason is not Reason.RESET or not connection.silent or method not in _REPEATABLE:
                    raise
        return await self._over(await self._connect(), method, sent)

    async def _over(self, connection: Connection, method: str, sent: bytes) -> Reply:
        try:
            reply = await connection.exchange(sent, is_head=method == "HEAD", timeout=self._options.timeout)
        except asyncio.CancelledError:
            connection.close()
            raise
        if connection.is_open and connection.reusable:
            self._idle.append(connection)
        return reply

    def _rested(self) -> Connection | None:
        """Give a connection that has not been idle for long."""
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and self._runner.get_loop().time() - connection.idle_since < _IDLE:
                return connection
            connection.close()
        return None

    async def _connect(self) -> Connection:
        """Open a connection; a target that was there gets some time to come back before it counts as gone."""
        for pause in _PAUSES if self._was_there else ():
            try:
                return await self._opened()
            except Broken as error:
                if error.reason is not Reason.UNREACHABLE:
                    raise
            await asyncio.sleep(pause)
        try:
            return await self._opened()
        except Broken as error:
            self._is_gone = self._was_there and error.reason is Reason.UNREACHABLE
            raise

    async def _opened(self) -> Connection:
        connection = await self._way.open(self._options.timeout)
        connection.idle_since = self._runner.get_loop().time()
        return connection

    def _written(self, request: Request) -> bytes | None:
        """Write a request; None where a header field has characters that would end it."""
        documented, within = self._places.within(request.url)
        target = within if within.startswith("/") else f"/{within}"
        host = documented if self._options.keep_host else self._base.netloc
        pairs = list(request.headers.pairs)
        if "Host" not in request.headers:
            pairs.insert(0, ("Host", host))
        pairs += self._way.fields
        lines = [f"{name}: {value}" for name, value in pairs]
        if _ENDS.search("".join(lines)):
            return None
        if request.body or request.method in _WITH_BODY:
            lines.append(f"Content-Length: {len(request.body)}")
        head = "\r\n".join([f"{request.method} {self._way.origin}{target} HTTP/1.1", *lines, "", ""])
        return head.encode("utf-8", "surrogateescape") + request.body


async def _any(workers: Collection[asyncio.Task[None]], pause: asyncio.Event) -> None:
    """Wait for a pause, for a worker to end, or for a moment."""
    waiting = asyncio.ensure_future(pause.wait())
    try:
        running = {worker for worker in workers if not worker.done()}
        if not running:  # the last one ended on the way here
            return
        await asyncio.wait({waiting, *running}, timeout=_LATEST, return_when=asyncio.FIRST_COMPLETED)
    finally:
        waiting.cancel()


class Places:
    """From documented URLs to those of a target."""

    def __init__(self, target: str, servers: Iterable[Server]) -> None:
        """Keep the target's URL and the base paths of the documented servers."""
        base = parsed(target)
        self._origin = f"{base.scheme}://{base.netloc}"
        self._own_path: str | None = base.path.rstrip("/") if base.path else None
        ordered = sorted(set(servers), key=lambda server: (-len(server.base_path), server.url))
        self._bases = [(server.host, server.base_path) for server in ordered if server.base_path]

    def of(self, url: str) -> str:
        """Give where a request with a documented URL goes."""
        return f"{self._origin}{self.within(url)[1]}"

    def within(self, url: str) -> tuple[str, str]:
        """Give the documented authority, and the path and the query to ask the target for."""
        authority, path, query = parts(url)
        if self._own_path is not None:
            path = self._own_path + self._without_base(authority, path)
        return authority, f"{path}?{query}" if query else path

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


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address stays on this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _retry_after(outcome: Outcome, attempt: int) -> float | None:
    """Give the seconds to wait before a request may be sent again; None where it may not.

    A 429 was never processed (RFC 6585, 4; twilio.com/docs/api/errors/20429), so any method may be repeated.
    """
    if not isinstance(outcome, Response) or outcome.status != 429:  # noqa: PLR2004 - Too Many Requests
        return None
    asked = outcome.headers.get("Retry-After") or ""
    return min(float(asked) if re.fullmatch(r"\d+(\.\d+)?", asked) else 0.5 * 2**attempt, _LONGEST_WAIT)


def connect(text: str, options: Options) -> HttpTarget:
    """Give the target; connections are opened when they are needed.

    Raises:
        TargetError: it is no URL of a server.

    """
    return HttpTarget(text, options)
