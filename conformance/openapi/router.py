"""From (method, URL) to the operation, over all loaded documents.

One dictionary lookup and one regular expression serve nearly every request: the key is the method, the origin and the
number of segments, the expression tries the few templates that have them. What is left (a percent-encoded path, a value
that breaks its schema, no match at all) is decided candidate by candidate:

* a literal segment comes before a template (OpenAPI 3.1, 4.8.8.2);
* a template fits only where its path parameters fit their schemas. A value that breaks its schema but resembles
  it (a SID of the right length with a wrong prefix) still matches, so that a check can name the parameter;
* a template whose parameters have patterns comes before one that takes any text;
* the earlier document wins.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache, partial
from typing import Any, Final
from urllib.parse import unquote

from conformance.model.http import Request
from conformance.model.operation import Location, Operation, Server
from conformance.model.route import Candidate, Match, Miss
from conformance.model.rule import Problem
from conformance.model.value import Value
from conformance.openapi.operations import DEFAULT_PORTS

_TEMPLATE: Final = re.compile(r"\{([^{}/]+)\}")
_URL: Final = re.compile(r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:[^/?#@]*@)?(?P<host>[^/?#]*))?(?P<path>[^?#]*)")


_ENCODED: Final = re.compile(r"(?:%(?!2F|25)[0-9A-F]{2})+", re.IGNORECASE)
_STILL_ENCODED: Final = re.compile(r"%(?:2F|25)", re.IGNORECASE)
_IDENTIFIER: Final = re.compile(
    r"\^\(?(?P<prefix>[A-Za-z]+(?:\|[A-Za-z]+)*)\)?\[(?P<digits>[0-9A-Za-z-]+)\]\{(?P<count>\d+)\}\$"
)
"""A pattern that Python's `re` reads as JSON Schema does: a literal prefix, then so many of some characters."""
_SILENT: Final = frozenset({"description", "title", "example", "examples", "deprecated"})

Fits = Callable[[str], bool]


class _Route(Value, frozen=True, eq=False):
    """An operation under one of its servers."""

    operation: Operation
    server: Server
    rank: int
    segments: tuple[tuple[bool, int], ...]
    """Of each segment of the path: is it a template, how little does it spell out."""
    template: str
    """The path with the server's base path before it."""
    strict: str
    """The same as text, each path parameter by the pattern of its schema where that is all the schema says."""
    names: tuple[str, ...]
    fits: Mapping[str, tuple[Fits, Fits]]
    """For each parameter: does a value fit its schema, does it resemble what fits."""
    unsure: tuple[str, ...]
    """The parameters whose schema says more than `strict` does."""

    @property
    def order(self) -> tuple[tuple[tuple[bool, int], ...], int, int]:
        """Sorts literal segments before templates, templates that say more before others, then by document."""
        return self.segments, self.strict.count("([^/]+?)"), self.rank


class _Bucket:
    """The routes of one method, origin and number of segments: one regular expression for all of them."""

    __slots__ = ("_ends", "_fullmatch", "_routes")

    def __init__(self, routes: list[_Route]) -> None:
        self._routes = routes
        self._fullmatch: Callable[[str], re.Match[str] | None] | None = None
        self._ends: dict[int, tuple[_Route, slice]] = {}

    def _compile(self) -> Callable[[str], re.Match[str] | None]:
        """Compile the expression, when the first request asks for it."""
        routes = sorted(self._routes, key=lambda route: route.order)
        group = 0
        for route in routes:
            end = group + len(route.names)
            self._ends[end + 1] = (route, slice(group, end))
            group = end + 1
        self._fullmatch = re.compile("|".join(f"{route.strict}()" for route in routes)).fullmatch
        return self._fullmatch

    def find(self, path: str) -> tuple[_Route, tuple[str, ...]] | None:
        found = (self._fullmatch or self._compile())(path)
        last = None if found is None else found.lastindex
        if found is None or last is None:
            return None
        route, values = self._ends[last]
        return route, found.groups()[values]


class Router:
    """Finds operations."""

    def __init__(self, operations: Iterable[Operation], *, parameter_fits: Callable[[Operation, str], Fits]) -> None:
        """Index the operations; `parameter_fits` gives the test for a path parameter's text."""
        self._parameter_fits = parameter_fits
        self._all = [
            self._route(operation, server, rank)
            for rank, operation in enumerate(operations)
            for server in operation.servers
        ]
        found: dict[tuple[str, str, int], list[_Route]] = defaultdict(list)
        for route in self._all:
            origin = f"{route.server.scheme}://{route.server.host}"
            slashes = (route.server.base_path + route.operation.path).count("/") + 2
            found[route.operation.method, origin, slashes].append(route)
        self._buckets = {key: _Bucket(routes) for key, routes in found.items()}

    def _route(self, operation: Operation, server: Server, rank: int) -> _Route:
        names = tuple(_TEMPLATE.findall(operation.path))
        schemas = {name: _schema(operation, name) for name in names}
        exact = {name: _exact(schema) for name, schema in schemas.items()}
        origin = re.escape(f"{server.scheme}://{server.host}")
        return _Route(
            operation=operation,
            server=server,
            rank=rank,
            segments=tuple(map(_rank, (server.base_path + operation.path).split("/")[1:])),
            template=server.base_path + operation.path,
            strict=origin + _expression(server.base_path + operation.path, exact),
            names=names,
            fits={name: (self._parameter_fits(operation, name), _resembling(schemas[name])) for name in names},
            unsure=tuple(name for name in names if exact[name] is None),
        )

    def match(self, method: str, url: str) -> Match | Miss:
        """Give the operation of a request, or the nearest ones and why each is not it."""
        quick = self.quick(method, url.partition("?")[0])
        if quick is not None:
            route, values = quick
            return Match(
                operation=route.operation,
                server=route.server,
                path_parameters=dict(zip(route.names, values, strict=True)),
            )
        parts = _URL.match(url)
        scheme, host, path = (
            ("", "", url) if parts is None else (parts["scheme"] or "", parts["host"] or "", parts["path"])
        )
        scheme = scheme.lower()
        host = host.lower().removesuffix(DEFAULT_PORTS.get(scheme, "\0"))
        return self._search(method, scheme, host, _decoded(path or "/") if host else _decoded(path))

    def quick(self, method: str, location: str) -> tuple[_Route, tuple[str, ...]] | None:
        """Look up a URL without query in its bucket; None where that does not settle it."""
        end = location.find("/", 8)
        bucket = self._buckets.get((method, location[:end], location.count("/")))
        if bucket is None:
            return None
        if "%" in location or "#" in location:
            location = location[:end] + _decoded(location[end:])
            if "%" in location or "#" in location:
                return None
        found = bucket.find(location)
        if found is None:
            return None
        route, values = found
        for name in route.unsure:
            if not route.fits[name][0](values[route.names.index(name)]):
                return None
        return found

    def under(self, operation: Operation, url: str, *, any_values: bool = False) -> Match | None:
        """Read a URL as one operation's, whatever its host and the path before the template; None where it is not.

        `any_values` takes path parameters that do not even resemble what fits: whoever made the URL knows better.
        """
        parts = _URL.match(url)
        path = _decoded(parts["path"] if parts else url)
        for route in self._all:
            if route.operation is operation:
                depth = len(operation.path.split("/")) - 1
                tail = "/" + "/".join(path.split("/")[-depth:])
                found = self._accept(route, route.server.base_path + tail, strict=None if any_values else False)
                if found is not None:
                    return found
        return None

    def _accept(self, route: _Route, path: str, *, strict: bool | None) -> Match | None:
        """Read a path by a route whose parameters fit, or at least resemble what fits (None: whatever they are)."""
        found = _compile(route.template).fullmatch(path)
        if found is None:
            return None
        values = {name: _wholly_decoded(text) for name, text in zip(route.names, found.groups(), strict=True)}
        for name, text in values.items() if strict is not None else ():
            fits, resembles = route.fits[name]
            if not fits(text) and (strict or not resembles(text)):
                return None
        return Match(operation=route.operation, server=route.server, path_parameters=values)

    @cached_property
    def _ordered(self) -> list[_Route]:
        return sorted(self._all, key=lambda route: route.order)

    @cached_property
    def _hosts(self) -> frozenset[str]:
        return frozenset(route.server.host for route in self._all)

    def _search(self, method: str, scheme: str, host: str, path: str) -> Match | Miss:
        """Try every route: first one that fits or nearly fits, then say why none does."""
        ordered = self._ordered
        here = [route for route in ordered if route.server.host in {host, ""}]
        for strict in (True, False):
            for route in here:
                if route.operation.method == method and _speaks(route.server, scheme):
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
        # Two things that are only alike, host and values, do not add up: many APIs of one provider share their paths.
        elsewhere = [
            route
            for route in fitting
            if route.operation.method == method and host not in self._hosts and self._accept(route, path, strict=True)
        ]
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
        near = sorted(
            (route for route in ordered if route.server.host in {host, ""}), key=partial(_distance, method, path)
        )[:3]
        return [
            Candidate(operation=route.operation, reason="unknown-path", message=_why(route, path)) for route in near
        ]


def _speaks(server: Server, scheme: str) -> bool:
    """Tell whether a request of a scheme is for a server: a secure one is fine where a plain one is documented."""
    return server.scheme in {"", scheme} or (server.scheme, scheme) == ("http", "https")


def _distance(method: str, path: str, route: _Route) -> tuple[int, int, bool]:
    wanted = (route.server.base_path + route.operation.path).split("/")
    given = path.split("/")
    equal = sum(_compile(template).fullmatch(text) is not None for template, text in zip(wanted, given, strict=False))
    return abs(len(wanted) - len(given)), -equal, route.operation.method != method


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


def _schema(operation: Operation, name: str) -> Mapping[str, Any]:
    for parameter in operation.parameters_in(Location.PATH):
        if parameter.name == name:
            schema = parameter.schema.json_schema
            return schema if isinstance(schema, Mapping) and parameter.style == "simple" else {"not": {}}
    return {}


def _exact(schema: Mapping[str, Any]) -> str | None:
    """Give the regular expression that says all that a path parameter's schema says; None where none does."""
    said = {name: value for name, value in schema.items() if name not in _SILENT}
    if said in ({}, {"type": "string"}):
        return "[^/]+?"
    pattern = said.pop("pattern", None)
    found = _IDENTIFIER.fullmatch(pattern) if isinstance(pattern, str) else None
    if found is None or said.pop("type", None) != "string":
        return None
    length = len(found["prefix"].split("|")[0]) + int(found["count"])
    if any(said.pop(name, length) != length for name in ("minLength", "maxLength")) or said:
        return None
    return f"(?:{found['prefix']})[{found['digits']}]{{{found['count']}}}"


def _expression(template: str, exact: Mapping[str, str | None]) -> str:
    parts = _TEMPLATE.split(template)
    return "".join(
        re.escape(part) if index % 2 == 0 else f"({exact.get(part) or '[^/]+?'})" for index, part in enumerate(parts)
    )


def _rank(segment: str) -> tuple[bool, int]:
    spelled = _TEMPLATE.sub("", segment)
    return (False, 0) if spelled == segment else (True, -len(spelled))


@lru_cache(maxsize=4096)
def _compile(template: str) -> re.Pattern[str]:
    return re.compile(_expression(_decoded(template), {}))


def _decoded(path: str) -> str:
    """Undo percent-encoding, but for slashes and percent signs, so that segments stay what they are."""
    return _ENCODED.sub(lambda match: unquote(match[0]), path)


def _wholly_decoded(text: str) -> str:
    return _STILL_ENCODED.sub(lambda match: unquote(match[0]), text)


def _resembling(schema: Mapping[str, Any]) -> Fits:
    pattern = schema.get("pattern")
    return _resembles(pattern) if isinstance(pattern, str) else lambda _: True


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
            given_value = _wholly_decoded(value)
            if not fits(given_value) and not resembles(given_value):
                return f"{name} may not be {given_value!r}"
    return "it has another method"
