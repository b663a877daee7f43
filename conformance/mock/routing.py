"""From a request to its operation on a server that stands for many hosts.

A host that a description names is held to what that description says. Any other host stands for all of them: the
path decides, then the SIDs in it, then the order of the descriptions (`/v1/Services` exists in two of them). A base
path may be left out there, as a target without a path does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from conformance.model.operation import Location, Operation, Server
from conformance.model.route import Match, Miss
from conformance.openapi.router import Router
from conformance.schemas import parameters
from conformance.schemas.compiler import Compiler

_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?(?P<host>[^/?#]*)(?P<path>[^?#]*)")
Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
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

    def __init__(self, operations: Sequence[Operation], compiler: Compiler) -> None:
        """Index the operations twice: under their documented hosts, and under any host."""
        fits = _fits(compiler)
        self._documented = Router(operations, parameter_fits=fits)
        self._hosts = {server.host for operation in operations for server in operation.servers} - {""}
        self._originals: dict[Operation, Operation] = {}
        for operation in operations:
            self._originals[replace(operation, servers=tuple(_anywhere(operation)))] = operation
        self._anywhere = Router(self._originals, parameter_fits=fits)

    def find(self, method: str, url: str) -> Found | Miss:
        """Give the operation of a request, or what came nearest."""
        parts = _URL.match(url)
        origin, host, path = (
            ("", "", url.partition("?")[0])
            if parts is None
            else (f"{parts[1]}://{parts[2]}", parts[2].lower(), parts[3])
        )
        if host in self._hosts:
            match = self._documented.match(method, url)
            if isinstance(match, Miss):
                return match
            return Found(match=match, origin=origin, base=match.server.base_path, path=path)
        match = self._anywhere.match(method, path)
        if isinstance(match, Miss):
            return match
        original = self._originals[match.operation]
        server = next(
            (each for each in original.servers if each.base_path == match.server.base_path), original.servers[0]
        )
        match = Match(operation=original, server=server, path_parameters=match.path_parameters)
        return Found(match=match, origin=origin, base=server.base_path, path=path)


def _anywhere(operation: Operation) -> list[Server]:
    bases = [server.base_path for server in operation.servers]
    return [Server(url=base, scheme="", host="", base_path=base) for base in dict.fromkeys([*bases, ""])]


def _fits(compiler: Compiler) -> Callable[[Operation, str], Fits]:
    def of(operation: Operation, name: str) -> Fits:
        declared = next((each for each in operation.parameters_in(Location.PATH) if each.name == name), None)
        if declared is None:
            return lambda _: True
        test: Fits | None = None

        def fits(text: str) -> bool:
            nonlocal test
            if test is None:
                valid = compiler.validator(declared.schema, api=operation.api).is_valid
                test = lambda text: valid(parameters.from_text(text, declared))  # noqa: E731 - kept after the first call
            return test(text)

        return fits

    return of
