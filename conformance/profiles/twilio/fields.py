"""What a field of a Twilio resource says when nobody said otherwise, by its name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from conformance.model.value import Value


class Defaults(Value, frozen=True, kw_only=True):
    """The table of `fields.toml`."""

    nothing: frozenset[str]
    """Fields without a value until something happens."""
    values: Mapping[str, tuple[Any, ...]]
    """Values to choose from: the first that fits the schema."""
    patterns: Mapping[str, str]
    """Text in which each `#` is a digit."""


@cache
def defaults() -> Defaults:
    """Read the table."""
    table = tomllib.loads((files(__package__) / "fields.toml").read_text(encoding="utf-8"))
    return Defaults(
        nothing=frozenset(table["nothing"]),
        values={name: tuple(values) for name, values in table["values"].items()},
        patterns=table["patterns"],
    )


def snake_case(name: str) -> str:
    """Give the name that a request field has in a response: `PhoneNumberSid` becomes `phone_number_sid`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
