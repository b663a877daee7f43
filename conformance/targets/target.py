"""What a target is: something that answers requests, or says why no answer came."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from enum import Enum
from typing import Protocol, TypeVar

from conformance.model.http import Request, Response
from conformance.model.operation import Server
from conformance.model.value import Value

T = TypeVar("T")


class Reason(Enum):
    """Why no answer came."""

    UNREACHABLE = "unreachable"
    """No connection: refused, no such host, no route."""
    TIMEOUT = "timeout"
    RESET = "reset"
    """The connection ended before the answer."""
    TRUNCATED = "truncated"
    """The answer broke off, or its coding is broken."""
    TLS = "tls"
    """No trust, or no agreement on how to encrypt."""
    NOT_HTTP = "not-http"
    """Something came back that is no HTTP."""
    CRASH = "crash"
    """An application in this process raised an exception."""
    WITHHELD = "withheld"
    """The request was not sent at all; not the target's doing."""


class Failure(Value, frozen=True, kw_only=True):
    """What came instead of a response."""

    reason: Reason
    message: str
    elapsed: float | None = None
    """Seconds until then."""


Outcome = Response | Failure
Dialogue = Generator[Request, Outcome, T]
"""A sequence of requests that belong together: each is sent when the outcome of the one before is known."""
Answerer = Callable[[Request], Response]


class Options(Value, frozen=True, kw_only=True):
    """How targets are to be spoken to; each target takes what concerns it."""

    servers: tuple[Server, ...] = ()
    """The documented servers, whose base paths a target with a path of its own replaces."""
    mock: Answerer | None = None
    """The reference server, for the target of that name."""
    workers: int = 1
    """Dialogues at the same time."""
    timeout: float = 10.0
    """Seconds for one request."""
    rate: float | None = None
    """Requests a second at most; None: as fast as it goes."""
    keep_host: bool = False
    """Whether the documented host stays in the Host header where another one is called."""
    retries: int = 3
    """How often a request that was refused with 429 is sent again."""


class Target(Protocol):
    """Answers requests. Requests carry the documented URL; where they go is the target's business."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def local(self) -> bool:
        """Whether nothing leaves this machine."""

    def reach(self) -> None:
        """Find out whether anybody is there.

        Raises:
            TargetError: nobody is.

        """

    def place(self, url: str) -> str:
        """Give where a request with a documented URL goes: for an application in this process, once it is served."""

    def send(self, request: Request) -> Outcome:
        """Give the outcome of one request."""

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold dialogues and give what each returns, in their order."""

    def close(self) -> None:
        """Let go of connections and tasks."""


def in_turn(send: Callable[[Request], Outcome], dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
    """Hold dialogues one after the other."""
    for dialogue in dialogues:
        yield hold(send, dialogue)


def hold(send: Callable[[Request], Outcome], dialogue: Dialogue[T]) -> T:
    """Hold one dialogue to its end."""
    try:
        request = next(dialogue)
        while True:
            request = dialogue.send(send(request))
    except StopIteration as end:
        found: T = end.value
        return found


def single(request: Request) -> Dialogue[Outcome]:
    """Give the dialogue of one request."""
    return (yield request)
