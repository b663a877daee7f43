"""What is remembered of a session: bounded, and honest about what it forgot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

REMEMBERED: Final = 10_000
"""How many things each memory of one session holds."""


class Memory:
    """Things by name, the newest of them: where a new one finds no room, the oldest is forgotten."""

    __slots__ = ("_past", "_things")

    def __init__(self, past: Past) -> None:
        """Start empty."""
        self._past = past
        self._things: dict[str, Any] = {}

    def __setitem__(self, name: str, thing: Any) -> None:
        """Remember a thing as the newest."""
        self._things.pop(name, None)
        self._things[name] = thing
        if len(self._things) > self._past.limit:
            del self._things[next(iter(self._things))]
            self._past.forgotten += 1

    def __contains__(self, name: object) -> bool:
        """Tell whether a thing is remembered."""
        return name in self._things

    def __iter__(self) -> Iterator[str]:
        """Give the names, oldest first."""
        return iter(tuple(self._things))

    def get(self, name: str) -> Any:
        """Give a thing; None where it is not remembered."""
        return self._things.get(name)

    def drop(self, name: str) -> None:
        """Forget a thing on purpose."""
        self._things.pop(name, None)


class Past:
    """What one session has shown so far, as far as the checks remember it."""

    __slots__ = ("forgotten", "limit")

    def __init__(self, *, limit: int = REMEMBERED) -> None:
        """Start with nothing; `limit` holds for each memory."""
        self.limit = limit
        self.forgotten = 0
        """How many things were forgotten for want of room."""

    def memory(self) -> Memory:
        """Give a new memory."""
        return Memory(self)
