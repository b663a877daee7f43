"""Values that are made for every exchange: frozen for the type checker, plain at run time.

A frozen dataclass sets each field through `object.__setattr__`, which makes it three times as slow to build.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def quick(kind: type[T]) -> type[T]:
    """Make a dataclass with slots and keyword-only fields that nobody may write to."""
    return dataclass(slots=True, kw_only=True)(kind)
