"""What can be done to which resource, read from the paths: what a session is made of.

A path that ends in a parameter names one resource; what stands before it is its collection. POST to the collection
creates, GET lists. A parameter further left names the resource that the path before it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from conformance.model.operation import Location, Operation
from conformance.model.value import Value
from conformance.profiles.twilio.sids import prefixes_of_pattern

_SUFFIX: Final = re.compile(r"\.(json|xml|csv)$")
_NAME: Final = re.compile(r"\{([^{}/]+)\}")
_UPDATES: Final = ("PATCH", "PUT", "POST")

Key = tuple[str, ...]
"""The API and the segments of a path, without suffix and with `{}` for each parameter."""


class Resource(Value, frozen=True, kw_only=True, eq=False):
    """A collection and what it holds."""

    key: Key
    """Of the collection."""
    parameter: str | None = None
    """The path parameter that names one resource; None where no path does."""
    create: Operation | None = None
    list: Operation | None = None
    """GET of the collection, whether it answers a list or the one thing that is there."""
    fetch: Operation | None = None
    update: Operation | None = None
    delete: Operation | None = None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """What can be done."""
        every = (self.create, self.list, self.fetch, self.update, self.delete)
        return tuple(operation for operation in every if operation is not None)

    @property
    def anchor(self) -> Operation:
        """The operation in whose name sessions run."""
        return self.operations[0]


@lru_cache(maxsize=16)
def resources(operations: tuple[Operation, ...]) -> Mapping[Key, Resource]:
    """Give the resources of some operations by their collections, in the order of the operations."""
    found: dict[Key, dict[str, Operation]] = {}
    parameters: dict[Key, str] = {}
    for operation in operations:
        key = key_of(operation)
        is_item = key[-1] == "{}"
        collection = key[:-1] if is_item else key
        if is_item:
            parameters.setdefault(collection, names(operation)[-1])
        role = _role(operation.method, is_item=is_item)
        if role is not None:
            found.setdefault(collection, {}).setdefault(role, operation)
    return {key: Resource(key=key, parameter=parameters.get(key), **roles) for key, roles in found.items()}


def _role(method: str, *, is_item: bool) -> str | None:
    match method:
        case "GET":
            return "fetch" if is_item else "list"
        case "DELETE" if is_item:
            return "delete"
        case "POST" if not is_item:
            return "create"
        case _ if is_item and method in _UPDATES:
            return "update"
    return None


def key_of(operation: Operation) -> Key:
    """Give the key of an operation's path."""
    parts = operation.path.strip("/").split("/")
    return (operation.api.name, *("{}" if "{" in part else _SUFFIX.sub("", part) for part in parts))


def names(operation: Operation) -> list[str]:
    """Give the names of the path parameters, in order."""
    return _NAME.findall(operation.path)


def parents(operation: Operation) -> Iterable[tuple[str, Key]]:
    """Give the path parameters of an operation, each with the key of the collection that it chooses from."""
    key = key_of(operation)
    places = [index for index, part in enumerate(key) if part == "{}"]
    return [(name, key[:place]) for name, place in zip(names(operation), places, strict=True)]


def prefixes(operation: Operation, name: str) -> tuple[str, ...]:
    """Give the SID prefixes that a path parameter takes; nothing where it takes no SID."""
    for parameter in operation.parameters_in(Location.PATH):
        schema = parameter.schema.json_schema
        if parameter.name == name and isinstance(schema, Mapping) and isinstance(schema.get("pattern"), str):
            return prefixes_of_pattern(schema["pattern"]) or ()
    return ()
