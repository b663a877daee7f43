"""What is remembered of sessions: bounded, and honest about what it forgot."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any, Final

from conformance.model.value import Value

REMEMBERED: Final = 10_000
"""How many things each memory of one session holds."""
MOST_SESSIONS: Final = 1_000
"""How many sessions of a recording are followed at the same time."""
MOST_NAMES: Final = 10_000
"""How many sessions that were put aside are known by name, in case they go on."""


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


class Remembered(Value, frozen=True, kw_only=True):
    """What a past holds, as a value: equal where all that follows will be judged alike."""

    memories: tuple[tuple[tuple[str, Any], ...], ...] = ()
    """Names and things, oldest first, of each memory in the order they were asked for."""
    forgotten: int = 0


_NOTHING: Final = Remembered()


class Past:
    """What one session has shown so far, as far as the checks remember it."""

    __slots__ = ("_before", "_memories", "forgotten", "limit")

    def __init__(self, *, limit: int = REMEMBERED, before: Remembered = _NOTHING) -> None:
        """Start with what was remembered before; `limit` holds for each memory."""
        self.limit = limit
        self.forgotten = before.forgotten
        """How many things were forgotten for want of room."""
        self._before = before.memories
        self._memories: list[Memory] = []

    def memory(self) -> Memory:
        """Give the next memory."""
        made = Memory(self)
        number = len(self._memories)
        for name, thing in self._before[number] if number < len(self._before) else ():
            made[name] = thing
        self._memories.append(made)
        return made

    def remembered(self) -> Remembered:
        """Give what it holds."""
        memories = tuple(tuple((name, each.get(name)) for name in each) for each in self._memories)
        return Remembered(memories=memories, forgotten=self.forgotten)


class Met(Enum):
    """How an exchange stands to its session."""

    FIRST = 0
    """It begins one."""
    AGAIN = 1
    """It goes on with one."""
    LATE = 2
    """It goes on with one that was put aside: what came before is forgotten."""


class Recency:
    """Which sessions spoke last; only the order in which they speak decides who is followed."""

    def __init__(self, *, sessions: int = MOST_SESSIONS, names: int = MOST_NAMES) -> None:
        """Know nobody yet."""
        self._sessions = sessions
        self._names = names
        self._followed: dict[str, None] = {}
        self._known: dict[str, None] = {}

    def meet(self, name: str) -> tuple[Met, str | None]:
        """Hear a session; give how it stands to what was heard before, and which session is put aside for it."""
        if name in self._followed:
            del self._followed[name]
            self._followed[name] = None
            return Met.AGAIN, None
        met = Met.LATE if name in self._known else Met.FIRST
        self._known.pop(name, None)
        self._followed[name] = None
        return met, self._put_aside() if len(self._followed) > self._sessions else None

    def _put_aside(self) -> str:
        oldest = next(iter(self._followed))
        del self._followed[oldest]
        self._known[oldest] = None
        if len(self._known) > self._names:
            del self._known[next(iter(self._known))]
        return oldest

    @property
    def names(self) -> tuple[str, ...]:
        """Everybody it knows, whoever spoke last at the end."""
        return (*self._known, *self._followed)

    def copy(self) -> Recency:
        """Give another one that knows the same."""
        made = Recency(sessions=self._sessions, names=self._names)
        made._known, made._followed = dict(self._known), dict(self._followed)
        return made
