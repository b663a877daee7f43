"""From (method, URL) to the operation, over all loaded documents.

One dictionary lookup serves nearly every request: its key is the host, the method and the shape of the path, where
each segment that no template spells out is a `*`. What is left (several templates of one shape, a parameter whose
value is spelled like a literal, no match at all) is decided candidate by candidate:

* a literal segment comes before a template (OpenAPI 3.1, 4.8.8.2);
* a template fits only where its path parameters fit their schemas. A value that breaks its schema but resembles
  it (a SID of the right length with a wrong prefix) still matches, so that a check can name the parameter;
* the earlier document wins.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final
from urllib.parse import unquote

from conformance.model.http import Request
from conformance.model.operation import Location, Operation, Server
from conformance.model.route import Candidate, Match, Miss
from conformance.model.rule import Problem

_TEMPLATE: Final = re.compile(r"\{([^{}/]+)\}")
_URL: Final = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?(?P<host>[^/?#]*))?(?P<path>[^?#]*)")
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}

Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True, eq=False)
class _Route:
    """An operation under one of its servers."""

    operation: Operation
    server: Server
    rank: int
    literals: tuple[bool, ...]
    pattern: re.Pattern[str]
    shape: str
    names: tuple[str, ...]
    fits: Mapping[str, tuple[Fits, Fits]]
    """For each parameter: does a value fit its schema, does it resemble what fits."""


class Router:
    """Finds operations."""

    def __init__(self, operations: Iterable[Operation], *, parameter_fits: Callable[[Operation, str], Fits]) -> None:
        """Index the operations; `parameter_fits` gives the test for a path parameter's text."""
        self._parameter_fits = parameter_fits
        self._routes: dict[tuple[str, str, str], list[_Route]] = defaultdict(list)
        self._literals: set[str] = set()
        self._suffixes: set[str] = set()
        self._all: list[_Route] = []
        for rank, operation in enumerate(operations):
            for server in operation.servers:
                self._add(operation, server, rank)
        for routes in self._routes.values():
            routes.sort(key=lambda route: (tuple(not literal for literal in route.literals), route.rank))
        self._suffix = re.compile("(" + "|".join(map(re.escape, sorted(self._suffixes, key=len, reverse=True))) + ")$")

    def _add(self, operation: Operation, server: Server, rank: int) -> None:
        segments = operation.path.split("/")[1:]
        shape = []
        for segment in segments:
            if "{" not in segment:
                self._literals.add(segment)
                shape.append(segment)
            else:
                suffix = segment.rpartition("}")[2]
                if suffix:
                    self._suffixes.add(suffix)
                shape.append(f"*{suffix}")
        base = server.base_path.split("/")[1:]
        self._literals.update(base)
        names = tuple(_TEMPLATE.findall(operation.path))
        route = _Route(
            operation=operation,
            server=server,
            rank=rank,
            literals=tuple("{" not in segment for segment in segments),
            pattern=_compile(server.base_path + operation.path),
            shape="/".join([*base, *shape]),
            names=names,
            fits={name: self._tests(operation, name) for name in names},
        )
        self._all.append(route)
        self._routes[server.host, operation.method, route.shape].append(route)

    def _tests(self, operation: Operation, name: str) -> tuple[Fits, Fits]:
        fits = self._parameter_fits(operation, name)
        pattern = next(
            (
                schema.get("pattern")
                for parameter in operation.parameters_in(Location.PATH)
                if parameter.name == name and isinstance(schema := parameter.schema.json_schema, Mapping)
            ),
            None,
        )
        return fits, (_resembles(pattern) if isinstance(pattern, str) else lambda _: True)

    def match(self, method: str, url: str) -> Match | Miss:
        """Give the operation of a request, or the nearest ones and why each is not it."""
        parts = _URL.match(url)
        scheme, host, path = (
            ("", "", url) if parts is None else (parts["scheme"] or "", parts["host"] or "", parts["path"])
        )
        host = host.lower().removesuffix(_DEFAULT_PORTS.get(scheme.lower(), "\0"))
        shape = self._shape(path)
        for candidate_host in (host, ""):
            for route in self._routes.get((candidate_host, method, shape), ()):
                found = self._accept(route, path, strict=True)
                if found is not None and route.server.scheme in {"", scheme}:
                    return found
        return self._search(method, scheme, host, path)

    def under(self, operation: Operation, url: str) -> Match | None:
        """Read a URL as one operation's, whatever its host and the path before the template; None where it is not."""
        parts = _URL.match(url)
        path = parts["path"] if parts else url
        for route in self._all:
            if route.operation is operation:
                depth = len(operation.path.split("/")) - 1
                tail = "/" + "/".join(path.split("/")[-depth:])
                found = self._accept(route, route.server.base_path + tail, strict=False)
                if found is not None:
                    return found
        return None

    def _shape(self, path: str) -> str:
        literals = self._literals
        return "/".join(
            [
                segment
                if segment in literals
                else f"*{suffix[0]}"
                if (suffix := self._suffix.search(segment)) and self._suffixes
                else "*"
                for segment in path.split("/")[1:]
            ]
        )

    def _accept(self, route: _Route, path: str, *, strict: bool) -> Match | None:
        found = route.pattern.fullmatch(path)
        if found is None:
            return None
        values = {name: unquote(text) for name, text in zip(route.names, found.groups(), strict=True)}
        for name, text in values.items():
            fits, resembles = route.fits[name]
            if not fits(text) and (strict or not resembles(text)):
                return None
        return Match(operation=route.operation, server=route.server, path_parameters=values)

    @cached_property
    def _hosts(self) -> frozenset[str]:
        return frozenset(route.server.host for route in self._all)

    def _search(self, method: str, scheme: str, host: str, path: str) -> Match | Miss:
        """Try every route: first one that fits or nearly fits, then say why none does."""
        ordered = sorted(self._all, key=lambda route: (tuple(not literal for literal in route.literals), route.rank))
        here = [route for route in ordered if route.server.host in {host, ""}]
        for strict in (True, False):
            for route in here:
                if route.operation.method == method and route.server.scheme in {"", scheme}:
                    found = self._accept(route, path, strict=strict)
                    if found is not None:
                        return found
        return Miss(candidates=tuple(self._nearest(method, host, path, ordered)))

    def _nearest(self, method: str, host: str, path: str, ordered: list[_Route]) -> list[Candidate]:
        fitting = [route for route in ordered if self._accept(route, path, strict=False)]
        here = [route for route in fitting if route.server.host in {host, ""}]
        found = [
            Candidate(
                operation=route.operation,
                reason="plain-http",
                message=f"{route.server.host} is documented for {route.server.scheme} only",
            )
            for route in here
            if route.operation.method == method
        ]
        if found:
            return found[:3]
        if here:
            methods = sorted({route.operation.method for route in here})
            return [
                Candidate(
                    operation=route.operation,
                    reason="unknown-method",
                    message=f"{method} is not documented here, only {', '.join(methods)}",
                )
                for route in here
            ][:3]
        elsewhere = [route for route in fitting if route.operation.method == method and host not in self._hosts]
        if elsewhere:
            return [
                Candidate(
                    operation=route.operation,
                    reason="unknown-host",
                    message=f"the path is documented on {route.server.host}, not on {host}",
                )
                for route in elsewhere
            ][:3]
        if host not in self._hosts:
            return []
        near = sorted((route for route in ordered if route.server.host in {host, ""}), key=partial(_distance, path))[:3]
        return [
            Candidate(operation=route.operation, reason="unknown-path", message=_why(route, path)) for route in near
        ]


def _distance(path: str, route: _Route) -> tuple[int, int]:
    wanted = (route.server.base_path + route.operation.path).split("/")
    given = path.split("/")
    equal = sum(_compile(template).fullmatch(text) is not None for template, text in zip(wanted, given, strict=False))
    return abs(len(wanted) - len(given)), -equal


def problem(rule_id: str, request: Request, miss: Miss) -> Iterator[Problem]:
    """Give the problem of a request that belongs to no operation, where the nearest candidate fails for this reason."""
    if miss.candidates and miss.candidates[0].reason == rule_id:
        nearest = miss.candidates[0]
        yield Problem(
            message=f"{request.method} {request.path} is no documented operation: "
            + "; ".join(
                f"not {candidate.operation.method} {candidate.operation.path}, {candidate.message}"
                for candidate in miss.candidates
            ),
            spec_pointer=nearest.operation.pointer,
            expected=f"{nearest.operation.method} {nearest.operation.servers[0].url}{nearest.operation.path}",
            actual=f"{request.method} {request.url.partition('?')[0]}",
            keyword="route",
        )


def _compile(template: str) -> re.Pattern[str]:
    parts = _TEMPLATE.split(template)
    pattern = "".join(re.escape(part) if index % 2 == 0 else "([^/]+?)" for index, part in enumerate(parts))
    return re.compile(pattern)


def _resembles(pattern: str) -> Fits:
    """Test whether text looks like an attempt at a pattern: the same fixed length, or the same literal start."""
    prefixes = tuple(re.findall(r"[A-Za-z]{2,}", pattern.partition("[")[0]))
    length = sum(map(len, prefixes[:1])) + sum(int(count) for count in re.findall(r"\{(\d+)\}", pattern))

    def resembles(text: str) -> bool:
        return len(text) == length or (bool(prefixes) and text.startswith(prefixes))

    return resembles


def _why(route: _Route, path: str) -> str:
    wanted = (route.server.base_path + route.operation.path).split("/")[1:]
    given = path.split("/")[1:]
    if len(wanted) != len(given):
        return f"it has {len(wanted)} path segments, the request {len(given)}"
    for template, text in zip(wanted, given, strict=True):
        found = _compile(template).fullmatch(text)
        if found is None:
            return f"the segment {text!r} is not {template!r}"
        for name, value in zip(_TEMPLATE.findall(template), found.groups(), strict=True):
            fits, resembles = route.fits[name]
            if not fits(unquote(value)) and not resembles(unquote(value)):
                return f"{name} may not be {unquote(value)!r}"
    return "it has another method"
