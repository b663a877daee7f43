"""From a request to its operation on a server that stands for many hosts.

A host that a description names is held to what that description says. Any other host stands for all of them: the
path decides, then the SIDs in it, then the order of the descriptions (`/v1/Services` exists in two of them). A base
path may be left out there, as a target without a path does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.model.operation import JsonSchema, Location, Operation, Parameter, Schema, Server
from conformance.model.route import Match, Miss
from conformance.openapi.router import Router
from conformance.schemas import parameters
from conformance.schemas.compiler import Compiler
from conformance.schemas.walk import types

_URL: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?([^/?#]*)([^?#]*)")
_ANYWHERE: Final = "any.invalid"
"""The host under which the descriptions meet (`invalid` is reserved, RFC 2606)."""

Fits = Callable[[str], bool]
ParameterFits = Callable[[Operation, str], Fits]
"""Gives the test of a path parameter's text."""
Pattern = Callable[[Operation, str], str | None]
"""Gives the pattern of the resources that a path parameter names, where the parameter itself has none."""


class Found(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The operation of a request and where its links start."""

    match: Match
    origin: str
    """Scheme and authority that were asked."""
    base: str
    """The base path of the documented server."""
    path: str
    """The path as it was asked, still percent-encoded."""


class Routes:
    """Finds the operations that requests belong to."""

    def __init__(self, operations: Sequence[Operation], compiler: Compiler, *, pattern: Pattern) -> None:
        """Index the operations twice: under their documented hosts, and under any host."""
        self.fits = _fits(compiler)
        """Gives the test of a path parameter's text by its schema."""
        self._documented = Router(operations, parameter_fits=self.fits)
        self._hosts = {server.host for operation in operations for server in operation.servers} - {""}
        self._originals = {_anywhere(operation, pattern): operation for operation in operations}
        self._anywhere = Router(self._originals, parameter_fits=self.fits)

    def find(self, method: str, url: str) -> Found | Miss:
        """Give the operation of a request, or what came nearest."""
        parts = _URL.match(url)
        scheme, authority, path = ("", "", url.partition("?")[0]) if parts is None else parts.groups()
        origin = "" if parts is None else f"{scheme}://{authority}"
        if authority.lower() in self._hosts:
            match = self._documented.match(method, url)
            if isinstance(match, Miss):
                return match
            return Found(match=match, origin=origin, base=match.server.base_path, path=path)
        match = self._anywhere.match(method, f"https://{_ANYWHERE}{path or '/'}")
        if isinstance(match, Miss):
            return Miss(
                candidates=tuple(replace(each, operation=self._originals[each.operation]) for each in match.candidates)
            )
        original = self._originals[match.operation]
        server = next(
            (each for each in original.servers if each.base_path == match.server.base_path), original.servers[0]
        )
        match = Match(operation=original, server=server, path_parameters=match.path_parameters)
        return Found(match=match, origin=origin, base=server.base_path, path=path)


def _anywhere(operation: Operation, pattern: Pattern) -> Operation:
    """Give the operation under the common host, with and without its base path."""
    bases = dict.fromkeys([*(server.base_path for server in operation.servers), ""])
    servers = tuple(
        Server(url=f"https://{_ANYWHERE}{base}", scheme="https", host=_ANYWHERE, base_path=base) for base in bases
    )
    parameters = tuple(_narrowed(parameter, pattern(operation, parameter.name)) for parameter in operation.parameters)
    return replace(operation, servers=servers, parameters=parameters)


def _narrowed(parameter: Parameter, pattern: str | None) -> Parameter:
    if pattern is None or parameter.location is not Location.PATH:
        return parameter
    narrowed: JsonSchema = {"type": "string", "pattern": pattern}
    return replace(parameter, schema=Schema(pointer=parameter.schema.pointer, make=lambda: narrowed))


def _fits(compiler: Compiler) -> ParameterFits:
    def of(operation: Operation, name: str) -> Fits:
        declared = next((each for each in operation.parameters_in(Location.PATH) if each.name == name), None)
        if declared is None:
            return lambda _: True
        test: Fits | None = None

        def fits(text: str) -> bool:
            nonlocal test
            if test is None:
                test = _test(declared, compiler.validator(declared.schema, api=operation.api).is_valid)
            return test(text)

        return fits

    return of


def _test(declared: Parameter, is_valid: Callable[[Any], bool]) -> Fits:
    """Give the test of a text; one that stands for itself needs no decoding."""
    root = declared.schema.json_schema
    if declared.style == "simple" and declared.media_type is None and "string" in types(root, root):
        return is_valid
    return lambda text: is_valid(parameters.from_text(text, declared))
