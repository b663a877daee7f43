"""A WSGI application (PEP 3333) in this process, such as Flask's or Django's."""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from conformance.model.http import Request
from conformance.targets.applications import PORT, answered, headers_of, imported, parts, served
from conformance.targets.target import Dialogue, Failure, Options, Outcome, Reason, T, in_turn

WRITTEN: Final = "wsgi:module:app"

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WsgiTarget:
    """Calls the application; a call cannot be interrupted, so there is no time-out."""

    local = True

    def __init__(self, application: Application, *, name: str) -> None:
        """Keep the application."""
        self.name = name
        self._application = application

    def reach(self) -> None:
        """Do nothing: it is in this process."""

    def place(self, url: str) -> str:
        """Give where the application would answer, served on this machine."""
        return served(url, PORT)

    def send(self, request: Request) -> Outcome:
        """Give the response, or the exception that the application raised."""
        start = time.perf_counter()
        try:
            status, pairs, body = _call(self._application, _environment(request))
        except Exception as error:  # noqa: BLE001 - whatever an application raises is a finding about it
            message = f"the application raised {type(error).__name__}: {error}"
            return Failure(reason=Reason.CRASH, message=message, elapsed=time.perf_counter() - start)
        code, _, reason = status.partition(" ")
        return answered(int(code), pairs, body, elapsed=time.perf_counter() - start, reason=reason)

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold dialogues one after the other."""
        return in_turn(self.send, dialogues)

    def close(self) -> None:
        """Do nothing: nothing is held."""


def _call(application: Application, environment: dict[str, Any]) -> tuple[str, list[tuple[str, str]], bytes]:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        if started and exc_info is None:
            message = "start_response was called twice"
            raise RuntimeError(message)
        started[:] = [(status, headers)]
        return written.append

    result = application(environment, start_response)
    try:
        body = b"".join(result)
    finally:
        close = getattr(result, "close", None)
        if close is not None:
            close()
    if not started:
        message = "start_response was not called"
        raise RuntimeError(message)
    status, headers = started[0]
    return status, headers, b"".join(written) + body


def _environment(request: Request) -> dict[str, Any]:
    url, path, port = parts(request)
    environment: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": url.query,
        "REQUEST_URI": request.url,
        "RAW_URI": f"{url.path}?{url.query}" if url.query else url.path,
        "SERVER_NAME": url.hostname or "localhost",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": url.scheme or "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers_of(request, url):
        key = name.upper().replace("-", "_")
        key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
        environment[key] = f"{environment[key]},{value}" if key in environment else value
    return environment


def connect(text: str, _options: Options) -> WsgiTarget:
    """Import the application.

    Raises:
        TargetError: it cannot be imported.

    """
    return WsgiTarget(imported(text), name=text)
