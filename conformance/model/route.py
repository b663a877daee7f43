"""Where a request leads: to an operation, or nearly to some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.model.operation import Operation, Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """The operation a request belongs to."""

    operation: Operation
    server: Server
    path_parameters: Mapping[str, str]
    """Decoded text of each template parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An operation that a request nearly belongs to."""

    operation: Operation
    reason: str
    """Why it is not this one: `unknown-host`, `unknown-method`, `plain-http` or `unknown-path`."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """No operation fits."""

    candidates: tuple[Candidate, ...]
    """Nearest first; empty where host and path resemble no document, so that the request is out of scope."""
