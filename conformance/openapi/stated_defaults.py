"""Defaults that a text names, as values of the type of their schema."""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from conformance.openapi.survey import View


class _Nothing(Enum):
    NOTHING = "nothing"


NO_DEFAULT: Final = _Nothing.NOTHING
"""The text is no value of the type."""


def typed(written: str, view: View) -> Any:
    """Give what a text calls the default as a value of the schema's type; `NO_DEFAULT` where it is none."""
    types = view.types or frozenset()
    plain = written.replace(",", "")
    if "integer" in types and plain.lstrip("-").isdigit():
        return int(plain)
    if "number" in types and plain.lstrip("-").replace(".", "", 1).isdigit():
        return float(plain)
    if "boolean" in types and plain.lower() in {"true", "false"}:
        return plain.lower() == "true"
    return written if view.type == "string" else NO_DEFAULT
