"""The built-in reference server, in this process."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from conformance.errors import TargetError
from conformance.model.http import Request
from conformance.targets.applications import served
from conformance.targets.target import Answerer, Dialogue, Options, Outcome, T, in_turn

WRITTEN: Final = "mock"
_PORT: Final = 4010
"""Where `conformance serve` listens if nobody says otherwise."""


class MockTarget:
    """Plays a function from requests to responses."""

    name = "mock"
    local = True

    def __init__(self, answer: Answerer) -> None:
        """Keep the function."""
        self._answer = answer

    def reach(self) -> None:
        """Do nothing: it is in this process."""

    def place(self, url: str) -> str:
        """Give where `conformance serve` would answer."""
        return served(url, _PORT)

    def send(self, request: Request) -> Outcome:
        """Give the response."""
        start = time.perf_counter()
        response = self._answer(request)
        return replace(response, elapsed=time.perf_counter() - start)

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold dialogues one after the other."""
        return in_turn(self.send, dialogues)

    def close(self) -> None:
        """Do nothing: nothing is held."""


def connect(text: str, options: Options) -> MockTarget:
    """Open the reference server.

    Raises:
        TargetError: the caller gave none.

    """
    if options.mock is None:
        raise TargetError(target=text, what="there is no reference server here", hint="name a URL instead")
    return MockTarget(options.mock)
