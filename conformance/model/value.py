"""The base of all values: frozen, with slots, and cheap to make.

A `msgspec.Struct` is what a frozen dataclass with slots would be if it were written in C: its class is made in 0.02 ms
instead of 0.6, a value in 0.1 µs instead of 1.0, and a changed copy, by `msgspec.structs.replace`, in 0.1 µs instead of
1.8. There are some two hundred of these classes, and every command starts by making half of them.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from typing import Any, ClassVar

import msgspec


class _Fields:
    """The fields as the functions of `dataclasses` look for them, made when the first one does."""

    def __get__(self, value: object, owner: type[Value]) -> dict[str, dataclasses.Field[Any]]:
        return _fields(owner)


@cache
def _fields(owner: type[Value]) -> dict[str, dataclasses.Field[Any]]:
    return {
        field.name: field
        for field in dataclasses.fields(dataclasses.make_dataclass(owner.__name__, owner.__struct_fields__))
    }


class Value(msgspec.Struct, frozen=True):
    """A value that nobody writes to; `dataclasses.replace`, `fields` and `asdict` work on it."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]] = _Fields()  # type: ignore[assignment] # a descriptor
