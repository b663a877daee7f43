"""Where a request leads: to an operation, or nearly to some."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from conformance.model.operation import Operation, Server
from conformance.model.value import Value


class Match(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The operation a request belongs to: a struct, because each request gets one."""

    operation: Operation
    server: Server
    path_parameters: Mapping[str, str]
    """Decoded text of each template parameter."""


class Candidate(Value, frozen=True, kw_only=True):
    """An operation that a request nearly belongs to."""

    operation: Operation
    reason: str
    """Why it is not this one: `unknown-host`, `unknown-method`, `plain-http` or `unknown-path`."""
    message: str


class Miss(Value, frozen=True, kw_only=True):
    """No operation fits."""

    candidates: tuple[Candidate, ...]
    """Nearest first; empty where host and path resemble no document, so that the request is out of scope."""
