"""An ASGI 3 application in this process, such as FastAPI's or Starlette's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from typing import Any, Final

from conformance.errors import TargetError
from conformance.model.http import Request
from conformance.targets.applications import PORT, answered, headers_of, imported, parts, served
from conformance.targets.target import Dialogue, Failure, Options, Outcome, Reason, T, in_turn

WRITTEN: Final = "asgi:module:app"

Message = MutableMapping[str, Any]
Application = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class AsgiTarget:
    """Calls the application on an event loop of its own, between its start-up and its shut-down."""

    local = True

    def __init__(self, application: Application, *, name: str, timeout: float = 10.0) -> None:
        """Start the application; `timeout` is in seconds.

        Raises:
            TargetError: its start-up fails.

        """
        self.name = name
        self._application = application
        self._timeout = timeout
        self._runner = asyncio.Runner()
        self._lifespan = _Lifespan(application)
        failed = self._runner.run(self._lifespan.start(timeout))
        if failed:
            self.close()
            raise TargetError(target=name, what=f"its start-up failed: {failed}", hint="fix it, then try again")

    def reach(self) -> None:
        """Do nothing: it is in this process."""

    def place(self, url: str) -> str:
        """Give where the application would answer, served on this machine."""
        return served(url, PORT)

    def send(self, request: Request) -> Outcome:
        """Give the response, the time-out, or the exception that the application raised."""
        start = time.perf_counter()
        try:
            status, pairs, body = self._runner.run(
                asyncio.wait_for(_call(self._application, request, self._lifespan.state), self._timeout)
            )
        except TimeoutError:
            message = f"no answer within {self._timeout:g} s"
            return Failure(reason=Reason.TIMEOUT, message=message, elapsed=time.perf_counter() - start)
        except Exception as error:  # noqa: BLE001 - whatever an application raises is a finding about it
            message = f"the application raised {type(error).__name__}: {error}"
            return Failure(reason=Reason.CRASH, message=message, elapsed=time.perf_counter() - start)
        return answered(status, pairs, body, elapsed=time.perf_counter() - start)

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold dialogues one after the other."""
        return in_turn(self.send, dialogues)

    def close(self) -> None:
        """Shut the application down."""
        self._runner.run(self._lifespan.stop(self._timeout))
        self._runner.close()


async def _call(
    application: Application, request: Request, state: dict[str, Any]
) -> tuple[int, list[tuple[str, str]], bytes]:
    sent = False
    status = 0
    headers: list[tuple[str, str]] = []
    chunks: list[bytes] = []
    done = asyncio.Event()

    async def receive() -> Message:
        nonlocal sent
        if sent:
            await done.wait()
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            headers.extend((_text(name), _text(value)) for name, value in message.get("headers", ()))
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))
            if not message.get("more_body", False):
                done.set()

    await application(_scope(request, state), receive, send)
    if not status:
        message = "no response was started"
        raise RuntimeError(message)
    return status, headers, b"".join(chunks)


def _text(value: bytes) -> str:
    return bytes(value).decode("latin-1")


def _scope(request: Request, state: dict[str, Any]) -> dict[str, Any]:
    url, path, port = parts(request)
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme or "http",
        "path": path.decode("utf-8", "surrogateescape"),
        "raw_path": url.path.encode("ascii", "surrogateescape"),
        "query_string": url.query.encode("ascii", "surrogateescape"),
        "root_path": "",
        "headers": [
            (name.lower().encode("latin-1"), value.encode("utf-8", "surrogateescape"))
            for name, value in headers_of(request, url)
        ],
        "client": ("127.0.0.1", 0),
        "server": (url.hostname or "localhost", port),
        "state": dict(state),
    }


class _Lifespan:
    """Start-up and shut-down of an application; one that does not know them is left alone."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._task: asyncio.Task[None] | None = None
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._outbox: asyncio.Queue[Message] = asyncio.Queue()
        self.state: dict[str, Any] = {}

    async def start(self, timeout: float) -> str:  # noqa: ASYNC109 - the limit belongs to the user's settings
        """Start up; give why it failed, nothing where it did not."""
        self._task = asyncio.create_task(self._run())
        answer = await self._ask("lifespan.startup", timeout)
        return str(answer.get("message") or "no reason given") if answer["type"].endswith("failed") else ""

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - the limit belongs to the user's settings
        """Shut down."""
        if self._task is None or self._task.done():
            return
        await self._ask("lifespan.shutdown", timeout)
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _ask(self, kind: str, timeout: float) -> Message:  # noqa: ASYNC109 - the limit belongs to the user's settings
        assert self._task is not None  # noqa: S101 - set by start
        await self._inbox.put({"type": kind})
        getter = asyncio.create_task(self._outbox.get())
        await asyncio.wait({getter, self._task}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        if getter.done():
            return getter.result()
        getter.cancel()
        late = not self._task.done()
        return {"type": f"{kind}.failed", "message": f"no answer within {timeout:g} s"} if late else {"type": "none"}

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._application(scope, self._inbox.get, self._outbox.put)
        except Exception:  # noqa: BLE001 - the specification: whoever raises does not support lifespan events
            return


def connect(text: str, options: Options) -> AsgiTarget:
    """Import and start the application.

    Raises:
        TargetError: it cannot be imported, or its start-up fails.

    """
    return AsgiTarget(imported(text), name=text, timeout=options.timeout)
