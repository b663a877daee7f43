"""One client of an SDK at work: its driver, and the server that it talks to and that listens."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from threading import Lock
from types import TracebackType
from typing import Any, Final, Self

from msgspec import Struct, field
from msgspec.structs import replace

from conformance.model.http import Exchange, Headers, Response, Source
from conformance.model.value import Value
from conformance.sdk.certificate import Certificate
from conformance.sdk.protocol import About, Call, Driver, Launch, Outcome
from conformance.sdk.wire import Captured, Ending, Reply, Wire, written

_NO_SETTINGS: Final[Mapping[str, Any]] = {}


class Scripted(Value, frozen=True, kw_only=True):
    """What the server does with one request."""

    response: Response
    """What it answers, or what a reader should take for the answer where it misbehaves."""
    reply: Reply | None = None
    """The bytes, where they are not those of the response."""


Script = Callable[[Captured, int], Scripted]
"""Gives what to do with a request; the number counts the requests of a call from 0."""


def always(response: Response) -> Script:
    """Give the script that answers every request alike."""
    return lambda _, __: Scripted(response=response)


class Heard(Value, frozen=True, kw_only=True):
    """A call, how it ended, and what was on the wire meanwhile."""

    call: Call
    outcome: Outcome
    requests: tuple[Captured, ...]
    responses: tuple[Response, ...]

    def exchange(self, source: Source, *, index: int = 0) -> Exchange:
        """Give one request of the call with its response."""
        return Exchange(
            id=f"{source.path}#{source.index}",
            request=self.requests[index].request,
            response=self.responses[index],
            source=source,
        )


_IDLE: Final = Response(status=503, reason="Service Unavailable", headers=Headers((("Connection", "close"),)))


class _Turn(Struct):
    """What is heard during one call."""

    script: Script
    requests: list[Captured] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


class Session:
    """A client of an SDK; a context manager that runs as long as it is entered."""

    def __init__(
        self, launch: Launch, client: str, *, certificate: Certificate | None = None, insecure_reason: str = ""
    ) -> None:
        """Keep what to start; `insecure_reason` says why there is no certificate."""
        self.launch = launch
        self.client = client
        self.wire = Wire(self._answer)
        self._certificate = certificate
        self._secure = None if certificate is None else Wire(self._answer, tls=certificate.context())
        self.insecure_reason = insecure_reason
        self._turn: _Turn | None = None
        self._lock = Lock()
        self._driver: Driver | None = None
        self.about: About | None = None

    def __enter__(self) -> Self:
        """Start the server and the driver.

        Raises:
            DriverFailed: the driver does not start.

        """
        self.wire.__enter__()
        launch = self.launch
        if self._certificate is not None and self._secure is not None:
            self._secure.__enter__()
            launch = replace(launch, environment={**launch.environment, **self._certificate.trust})
        try:
            self._driver = Driver(launch, self.wire.url)
            self.about = self._driver.about()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both."""
        if self._driver is not None:
            self._driver.close()
        self.wire.__exit__(kind, error, trace)
        if self._secure is not None:
            self._secure.__exit__(kind, error, trace)

    @property
    def secure_url(self) -> str | None:
        """The address of the same server over TLS; None where there is no certificate."""
        return None if self._secure is None else self._secure.url

    def _answer(self, captured: Captured) -> Reply:
        with self._lock:
            turn = self._turn
            if turn is None or captured.abandoned:
                return Reply(data=written(_IDLE), ending=Ending.CLOSE)
            number = len(turn.requests)
            turn.requests.append(captured)
            scripted = turn.script(captured, number)
            turn.responses.append(scripted.response)
        if scripted.reply is not None:
            return scripted.reply
        return Reply(data=written(scripted.response, method=captured.request.method))

    @property
    def driver(self) -> Driver:
        """The running driver."""
        assert self._driver is not None  # noqa: S101 - asked for only while entered
        return self._driver

    def make(
        self,
        call: Call,
        script: Script,
        *,
        path: tuple[str, ...] = (),
        arguments: Mapping[str, Any] = _NO_SETTINGS,
        settings: Mapping[str, Any] = _NO_SETTINGS,
    ) -> Heard:
        """Make a call while the server follows a script.

        Raises:
            DriverFailed: the driver does not answer.

        """
        turn = _Turn(script)
        with self._lock:
            self._turn = turn
        try:
            outcome = self.driver.call(self.client, call, path=path, arguments=arguments, settings=settings)
        finally:
            with self._lock:
                self._turn = None
        return Heard(
            call=call, outcome=_lasting(outcome), requests=tuple(turn.requests), responses=tuple(turn.responses)
        )


_PASSING: Final = re.compile(r"(?<=127\.0\.0\.1):\d+|(?<=port=)\d+|(?<=0x)[0-9a-f]+|(?<=\.c:)\d+")
"""Ports, addresses of objects and lines of C: what differs from run to run, or from build to build."""


def _lasting(outcome: Outcome) -> Outcome:
    """Give an outcome whose message is the same the next time."""
    if outcome.raised is None:
        return outcome
    return replace(outcome, raised=replace(outcome.raised, message=_PASSING.sub("", outcome.raised.message)))
