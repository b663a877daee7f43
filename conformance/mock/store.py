"""What the reference server remembers: resources in collections, and a clock that only requests move.

The state is one object that its owner hands in with every request and that the handler changes in place. A copied
value would make a fetch among a million resources as slow as a million.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct, field

EPOCH: Final = 1_735_689_600
"""Where the virtual clock starts: 2025-01-01T00:00:00Z, in seconds since 1970."""

Place = tuple[str, ...]
"""Where a collection stands: the name of its kind, then the account and the ids of its parents."""


class Resource(Struct, kw_only=True):
    """One stored thing."""

    id: str
    number: int
    """Counts all resources of a state in order of creation."""
    place: Place
    created: int
    """Seconds since 1970, by the clock of the state."""
    stage: int = 0
    """How many steps of its life cycle it has gone."""
    values: dict[str, Any] = field(default_factory=dict)
    """What its representation says, links apart: those depend on the host that is asked."""


class Collection:
    """The resources of one kind under one parent, newest first."""

    __slots__ = ("_ids", "_numbers", "by_id")

    def __init__(self) -> None:
        """Start empty."""
        self.by_id: dict[str, Resource] = {}
        self._numbers: list[int] = []
        self._ids: list[str] = []

    def __len__(self) -> int:
        """Count the resources."""
        return len(self.by_id)

    def add(self, resource: Resource) -> None:
        """Add a resource, which must be newer than all others here."""
        self.by_id[resource.id] = resource
        self._numbers.append(resource.number)
        self._ids.append(resource.id)

    def remove(self, key: str) -> Resource | None:
        """Remove a resource; None where there is none."""
        found = self.by_id.pop(key, None)
        if len(self._ids) > 2 * len(self.by_id) + 64:
            kept = [resource for _, resource in self._entries(len(self._ids))]
            self._numbers = [resource.number for resource in kept]
            self._ids = [resource.id for resource in kept]
        return found

    def _entries(self, end: int) -> Iterator[tuple[int, Resource]]:
        for index in range(end):
            resource = self.by_id.get(self._ids[index])
            if resource is not None and resource.number == self._numbers[index]:
                yield index, resource

    def newest(self, *, before: int | None = None) -> Iterator[Resource]:
        """Give the resources, newest first, from the one created before a number."""
        end = len(self._numbers) if before is None else bisect_left(self._numbers, before)
        for index in range(end - 1, -1, -1):
            resource = self.by_id.get(self._ids[index])
            if resource is not None and resource.number == self._numbers[index]:
                yield resource

    def __iter__(self) -> Iterator[Resource]:
        """Give the resources, oldest first."""
        for _, resource in self._entries(len(self._ids)):
            yield resource


_EMPTY: Final = Collection()


class State:
    """Everything that the reference server remembers."""

    __slots__ = ("clock", "collections", "counter", "deleted", "requests")

    def __init__(self, *, clock: int = EPOCH) -> None:
        """Start empty, at a time in seconds since 1970."""
        self.clock = clock
        self.counter = 0
        """How many resources were ever made."""
        self.requests = 0
        """How many requests were answered."""
        self.collections: dict[Place, Collection] = defaultdict(Collection)
        self.deleted: set[tuple[Place, str]] = set()
        """Resources that exist without being created, until somebody deletes them."""

    def tick(self) -> int:
        """Let one second pass, as every request does, and give the time."""
        self.clock += 1
        self.requests += 1
        return self.clock

    def collection(self, place: Place) -> Collection:
        """Give a collection, which may not be added to where nothing was ever put there."""
        return self.collections.get(place, _EMPTY)

    def put(self, resource: Resource) -> None:
        """Store a new resource, in the place of one with its id."""
        collection = self.collections[resource.place]
        collection.remove(resource.id)
        collection.add(resource)
        self.deleted.discard((resource.place, resource.id))

    def remove(self, resource: Resource) -> None:
        """Remove a resource."""
        collection = self.collections[resource.place]
        collection.remove(resource.id)
        if not collection:
            del self.collections[resource.place]

    def find(self, place: Place, key: str) -> Resource | None:
        """Give a resource by its id."""
        found = self.collections.get(place)
        return None if found is None else found.by_id.get(key)

    def number(self) -> int:
        """Give the number of the next resource."""
        self.counter += 1
        return self.counter


class Draw(Struct, kw_only=True):
    """Where made-up values come from: the same key gives the same values, whatever else happened."""

    key: str
    """The seed, the kind and the number of the resource."""
    now: int
    """Seconds since 1970."""
    account: str = ""
    number: int = 0

    def hex(self, name: str) -> str:
        """Give 32 hexadecimal digits for a name."""
        return hashlib.blake2b(f"{self.key}/{name}".encode(), digest_size=16).hexdigest()

    def integer(self, name: str, bound: int) -> int:
        """Give a number from 0 up to, not including, a bound."""
        return int(self.hex(name)[:12], 16) % bound
