"""What changed between two documents, and whom it breaks.

One rule decides. A change that makes requests narrower breaks clients of the old document, because what they send may
be refused; one that makes them wider breaks servers of the old document, because they may not understand what they
get. For responses it is the other way round. Three places are judged by practice instead:

* a new optional input breaks servers (they would ignore it), though an open schema always allowed it;
* a removed output breaks clients, who may rely on it, and a new optional output breaks nobody;
* a new documented error status breaks nobody: a client has to expect errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from conformance.model.rule import Side
from conformance.model.value import Value
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import OperationNode, Survey, View, host_and_path

_TEMPLATE: Final = re.compile(r"\{[^{}/]*\}")
_LOWER: Final = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")
_UPPER: Final = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
_MAX_DEPTH: Final = 64
_ANNOTATIONS: Final = frozenset({None, "binary", "double", "float", "int64", "password"})
"""Formats that constrain nothing that JSON can show on the wire."""


class Effect(Enum):
    """What a change does to the set of messages that are allowed."""

    NARROWER = "narrower"
    WIDER = "wider"
    OTHER = "other"
    NONE = "none"


class Change(Value, frozen=True, kw_only=True):
    """One difference between two documents."""

    kind: str
    """Names the difference: `enum-member-removed`, `operation-added` and so on."""
    message: str
    place: str
    """Where a reader looks: the operation, the side and the path inside the message."""
    old_pointer: str
    """In the old document; empty where nothing is there."""
    new_pointer: str
    """In the new document; empty where nothing is there."""
    old: Any
    new: Any
    side: Side
    """Requests, responses, or the document as a whole."""
    breaks_clients: bool
    """A client that fulfils the old document may not work with a server of the new one."""
    breaks_servers: bool
    """A server that fulfils the old document may not fulfil the new one."""


Pairs = Iterable[tuple[OperationNode | None, OperationNode | None]]
_Nodes = tuple[Node, Node]


class _Spot(Value, frozen=True):
    """Where both documents are being read."""

    place: str
    side: Side
    path: str = ""

    def at(self, *, place: str = "", side: Side | None = None) -> _Spot:
        return _Spot(f"{self.place} {place}".rstrip(), side or self.side, self.path)

    def inside(self, step: str) -> _Spot:
        return _Spot(self.place, self.side, f"{self.path}/{step}")

    def __str__(self) -> str:
        return f"{self.place} {self.path}".rstrip()


def paired(old: Survey, new: Survey) -> Iterator[tuple[OperationNode | None, OperationNode | None]]:
    """Pair the operations of two versions of one document by method and path, whatever their parameters are called."""
    yield from _paired(old, new, lambda operation: [(operation.method, shape(operation.path))])


def paired_by_url(old: Survey, new: Survey) -> Iterator[tuple[OperationNode | None, OperationNode | None]]:
    """Pair the operations of two documents by method and full URL."""
    yield from _paired(old, new, lambda operation: [(operation.method, url) for url in urls(operation)])


def shape(path: str) -> str:
    """Give a path template without the names of its parameters."""
    return _TEMPLATE.sub("{}", path)


def urls(operation: OperationNode) -> list[str]:
    """Give the full URLs of an operation without scheme and without the names of its parameters."""
    return ["".join(host_and_path(server)) + shape(operation.path) for server in operation.servers]


_Keys = Callable[[OperationNode], list[tuple[str, str]]]


def _paired(old: Survey, new: Survey, keys: _Keys) -> Iterator[tuple[OperationNode | None, OperationNode | None]]:
    there = {key: operation for operation in new.operations for key in keys(operation)}
    met: set[str] = set()
    for operation in old.operations:
        found = next((there[key] for key in keys(operation) if key in there), None)
        if found is not None:
            met.add(found.node.pointer)
        yield operation, found
    for operation in new.operations:
        if operation.node.pointer not in met:
            yield None, operation


def changes(old: Survey, new: Survey, pairs: Pairs) -> Iterator[Change]:
    """Give the differences of paired operations in the order of the old document, each once."""
    yield from _once(_Comparison(old, new).of(pairs))


def compared(old: Survey, new: Survey, pairs: Pairs) -> tuple[tuple[Change, ...], frozenset[str]]:
    """Give the differences of paired operations, and the pointers of the old schemas that had a match."""
    comparison = _Comparison(old, new)
    found = tuple(_once(comparison.of(pairs)))
    return found, comparison.met


def _once(found: Iterator[Change]) -> Iterator[Change]:
    seen: set[str] = set()
    for change in found:
        identity = f"{change.kind} {change.side} {change.old_pointer} {change.new_pointer} {change.old} {change.new}"
        if identity not in seen:
            seen.add(identity)
            yield change


class _Comparison:
    """One comparison; remembers which schemas it has compared."""

    def __init__(self, old: Survey, new: Survey) -> None:
        self._old = old
        self._new = new
        self._compared: set[tuple[str, str, Side]] = set()

    @property
    def met(self) -> frozenset[str]:
        return frozenset(old for old, _, _ in self._compared)

    def of(self, pairs: Pairs) -> Iterator[Change]:
        for old, new in pairs:
            if old is None and new is not None:
                yield _added("operation", _name(new), _Spot(_name(new), Side.SPEC), new.node, servers=True)
            elif new is None and old is not None:
                yield _removed("operation", _name(old), _Spot(_name(old), Side.SPEC), old.node, clients=True)
            elif old is not None and new is not None:
                yield from self._operation(old, new, _Spot(_name(old), Side.SPEC))

    def _operation(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        nodes = (old.node, new.node)
        if old.operation_id != new.operation_id:
            message = f"operationId {old.operation_id} became {new.operation_id}"
            yield _change("operation-id-changed", message, spot, nodes, (old.operation_id, new.operation_id))
        if old.node.get("deprecated") is not True and new.node.get("deprecated") is True:
            yield _change("deprecated", "the operation is deprecated", spot, nodes)
        yield from self._servers(old, new, spot)
        yield from self._security(old, new, spot.at(side=Side.REQUEST))
        yield from self._parameters(old, new, spot.at(side=Side.REQUEST))
        yield from self._body(old, new, spot.at(side=Side.REQUEST))
        yield from self._responses(old, new, spot.at(side=Side.RESPONSE))

    def _servers(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        nodes = (_holder(old, "servers"), _holder(new, "servers"))
        for url in sorted({*old.servers} - {*new.servers}):
            if self._first("server-removed", url, nodes):
                yield _removed("server", f"the server {url}", _widened(spot, nodes), nodes[0], clients=True)
        for url in sorted({*new.servers} - {*old.servers}):
            if self._first("server-added", url, nodes):
                yield _added("server", f"the server {url}", _widened(spot, nodes), nodes[1], servers=True)

    def _first(self, kind: str, what: str, nodes: _Nodes) -> bool:
        key = (f"{kind} {what} {nodes[0].pointer}", nodes[1].pointer, Side.SPEC)
        is_new = key not in self._compared
        self._compared.add(key)
        return is_new

    def _security(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        before, after = _alternatives(self._old, old), _alternatives(self._new, new)
        nodes = (_holder(old, "security"), _holder(new, "security"))
        if before != after and self._first("security-changed", "", nodes):
            yield _change(
                "security-changed",
                f"credentials changed from {_listed(before)} to {_listed(after)}",
                _widened(spot, nodes),
                nodes,
                (sorted(before), sorted(after)),
                clients=not before <= after,
                servers=not after <= before,
            )

    def _parameters(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        before, after = _named(old), _named(new)
        for key, parameter in before.items():
            name = f"{key[0]} {parameter.get('name')}"
            if key not in after:
                yield _removed("parameter", f"the parameter {name}", spot.at(place=name), parameter, clients=True)
            else:
                yield from self._parameter(parameter, after[key], spot.at(place=name))
        for key, parameter in after.items():
            if key not in before:
                name, needed = f"{key[0]} {parameter.get('name')}", parameter.get("required") is True
                what = f"the {'required' if needed else 'optional'} parameter {name}"
                yield _added("parameter", what, spot.at(place=name), parameter, counterpart=old.node, clients=needed,
                             servers=True)  # fmt: skip

    def _parameter(self, old: Node, new: Node, spot: _Spot) -> Iterator[Change]:
        names = (old.get("name"), new.get("name"))
        if names[0] != names[1]:
            yield _change("path-parameter-renamed", f"it is called {names[1]}", spot, (old, new), names)
        if old.get("in") != "path":
            yield from _obligation("parameter", (old, new), spot)
        for keyword in ("style", "explode"):
            values = (old.get(keyword), new.get(keyword))
            if values[0] != values[1]:
                yield _change(f"{keyword}-changed", _told(keyword, *values), spot, (old, new), values, clients=True,
                              servers=True)  # fmt: skip
        yield from self._schemas((old, new), (self._old.schema(old), self._new.schema(new)), spot)

    def _body(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        before, after = old.body, new.body
        if before is None and after is not None:
            needed = after.get("required") is True
            what = "a required request body" if needed else "an optional request body"
            yield _added("request-body", what, spot, after, counterpart=old.node, clients=needed, servers=True)
        elif after is None and before is not None:
            yield _removed("request-body", "the request body", spot, before, clients=True)
        elif before is not None and after is not None:
            yield from _obligation("request-body", (before, after), spot)
            yield from self._content((before, after), spot.at(place="body"))

    def _content(self, nodes: _Nodes, spot: _Spot) -> Iterator[Change]:
        before = {node.key.lower(): node for node in self._old.children(nodes[0], "content")}
        after = {node.key.lower(): node for node in self._new.children(nodes[1], "content")}
        asked = spot.side is Side.REQUEST
        for name, node in before.items():
            if name in after:
                schemas = (self._old.child(node, "schema"), self._new.child(after[name], "schema"))
                yield from self._schemas((node, after[name]), schemas, spot)
            else:
                yield _removed("media-type", name, spot, node, clients=True, servers=not asked)
        for name, node in after.items():
            if name not in before:
                yield _added("media-type", name, spot, node, counterpart=nodes[0], clients=bool(before) and not asked,
                             servers=asked)  # fmt: skip

    def _responses(self, old: OperationNode, new: OperationNode, spot: _Spot) -> Iterator[Change]:
        for status, node in old.responses.items():
            here = spot.at(place=status)
            if status in new.responses:
                yield from self._headers((node, new.responses[status]), here)
                yield from self._content((node, new.responses[status]), here)
            else:
                yield _removed("status", f"the status {status}", here, node, servers=True)
        for status, node in new.responses.items():
            if status not in old.responses:
                succeeds = status[:1] not in {"4", "5"}
                here = spot.at(place=status)
                yield _added("status", f"the status {status}", here, node, counterpart=old.node, clients=succeeds)

    def _headers(self, nodes: _Nodes, spot: _Spot) -> Iterator[Change]:
        before = {node.key.lower(): node for node in self._old.children(nodes[0], "headers")}
        after = {node.key.lower(): node for node in self._new.children(nodes[1], "headers")}
        for name, node in before.items():
            here = spot.at(place=f"header {node.key}")
            if name in after:
                schemas = (self._old.schema(node), self._new.schema(after[name]))
                yield from self._schemas((node, after[name]), schemas, here)
            else:
                yield _removed("header", f"the header {node.key}", here, node, clients=True)
        for name, node in after.items():
            if name not in before:
                here = spot.at(place=f"header {node.key}")
                yield _added("header", f"the header {node.key}", here, node, servers=node.get("required") is True)

    def _schemas(self, owners: _Nodes, schemas: tuple[Node | None, Node | None], spot: _Spot) -> Iterator[Change]:
        old, new = schemas
        if old is not None and new is not None:
            yield from self._schema(old, new, spot, 0)
        elif new is not None:
            yield _effect("schema-added", "a schema was added", spot, Effect.NARROWER, owners)
        elif old is not None:
            yield _effect("schema-removed", "the schema was removed", spot, Effect.WIDER, owners)

    def _schema(self, old: Node, new: Node, spot: _Spot, depth: int) -> Iterator[Change]:
        old, new = self._old.plain(old), self._new.plain(new)
        if (old.pointer, new.pointer, spot.side) in self._compared or depth > _MAX_DEPTH:
            return
        self._compared.add((old.pointer, new.pointer, spot.side))
        before, after = self._old.view(old), self._new.view(new)
        yield from _types(before, after, spot)
        yield from _members(before, after, spot)
        yield from _constraints(before, after, spot)
        yield from self._objects(old, new, spot, depth)
        yield from _extras(before, after, spot)
        yield from self._arrays(old, new, spot, depth)
        yield from self._branches(before, after, spot, depth)

    def _objects(self, old: Node, new: Node, spot: _Spot, depth: int) -> Iterator[Change]:
        before, after = self._old.properties(old), self._new.properties(new)
        needed, now_needed = self._old.required(old), self._new.required(new)
        for name, node in before.items():
            here = spot.inside(name)
            if name not in after:
                holder = self._new.view(new).owner("properties")
                yield _removed("property", f"the property {name}", here, node, counterpart=holder, clients=True)
                continue
            if (name in needed) != (name in now_needed):
                what = "required" if name in now_needed else "optional"
                effect = Effect.NARROWER if name in now_needed else Effect.WIDER
                message = f"the property {name} became {what}"
                yield _effect(f"property-became-{what}", message, here, effect, (node, after[name]))
            yield from self._schema(node, after[name], here, depth + 1)
        asked, holder = spot.side is Side.REQUEST, self._old.view(old).owner("properties")
        for name, node in after.items():
            if name not in before:
                must = name in now_needed
                what = f"the {'required' if must else 'optional'} property {name}"
                yield _added("property", what, spot.inside(name), node, counterpart=holder, clients=asked and must,
                             servers=asked or must)  # fmt: skip

    def _arrays(self, old: Node, new: Node, spot: _Spot, depth: int) -> Iterator[Change]:
        before, after = self._old.items(old), self._new.items(new)
        if before is not None and after is not None:
            yield from self._schema(before, after, spot.inside("[]"), depth + 1)
        elif (before is None) != (after is None) and self._old.view(old).types == self._new.view(new).types:
            effect = Effect.NARROWER if before is None else Effect.WIDER
            message = f"the items are {'now' if before is None else 'no longer'} described"
            yield _effect("items-changed", message, spot.inside("[]"), effect, (old, new))

    def _branches(self, old: View, new: View, spot: _Spot, depth: int) -> Iterator[Change]:
        for union in ("anyOf", "oneOf"):
            before = [child for part in old.parts for child in self._old.children(part, union)]
            after = [child for part in new.parts for child in self._new.children(part, union)]
            for left, right in zip(before, after, strict=False):
                yield from self._schema(left, right, spot, depth + 1)
            if len(before) != len(after):
                yield _effect(f"{_kebab(union)}-changed", f"{union} has {len(after)} branches, not {len(before)}", spot,
                              _counted(len(before), len(after)), (old.node, new.node))  # fmt: skip


def _types(old: View, new: View, spot: _Spot) -> Iterator[Change]:
    if old.types != new.types:
        message = f"the type {old.type} became {new.type}"
        yield _keyword("type", message, spot, _typed(old.types, new.types), (old, new), (old.type, new.type))
    if old.nullable != new.nullable and None not in (old.types, new.types):
        effect = Effect.WIDER if new.nullable else Effect.NARROWER
        kind = "null-allowed" if new.nullable else "null-forbidden"
        message = f"null is {'now' if new.nullable else 'no longer'} allowed"
        owners = (old.owner("type"), new.owner("type"))
        yield _effect(kind, message, spot, effect, owners, (old.nullable, new.nullable))


def _members(old: View, new: View, spot: _Spot) -> Iterator[Change]:
    before, after = _plain(old.enum), _plain(new.enum)
    owners = (old.owner("enum"), new.owner("enum"))
    if before is None and after is not None:
        yield _effect("enum-added", "an enum was added", spot, Effect.NARROWER, owners, (None, after))
    elif after is None and before is not None:
        yield _effect("enum-removed", "the enum was removed", spot, Effect.WIDER, owners, (before, None))
    elif before is not None and after is not None:
        for member in (each for each in before if each not in after):
            message = f"{member!r} was removed from the enum"
            yield _effect("enum-member-removed", message, spot, Effect.NARROWER, owners, (member, None))
        for member in (each for each in after if each not in before):
            message = f"{member!r} was added to the enum"
            yield _effect("enum-member-added", message, spot, Effect.WIDER, owners, (None, member))


def _constraints(old: View, new: View, spot: _Spot) -> Iterator[Change]:
    for keyword in ("format", "pattern", "multipleOf", "uniqueItems", *_LOWER, *_UPPER):
        values = (old.get(keyword), new.get(keyword))
        if values[0] != values[1]:
            yield _keyword(keyword, _told(keyword, *values), spot, _bound(keyword, *values), (old, new), values)
    values = (old.get("default"), new.get("default"))
    if values[0] != values[1]:
        yield _keyword("default", _told("default", *values), spot, Effect.NONE, (old, new), values)


def _extras(old: View, new: View, spot: _Spot) -> Iterator[Change]:
    closed, now_closed = (view.get("additionalProperties") is False for view in (old, new))
    if closed != now_closed:
        effect = Effect.NARROWER if now_closed else Effect.WIDER
        kind = "properties-closed" if now_closed else "properties-opened"
        message = f"other properties are {'no longer' if now_closed else 'now'} allowed"
        owners = (old.owner("additionalProperties"), new.owner("additionalProperties"))
        yield _effect(kind, message, spot, effect, owners)


def _obligation(what: str, nodes: _Nodes, spot: _Spot) -> Iterator[Change]:
    before, after = (node.get("required") is True for node in nodes)
    if before != after:
        word = "required" if after else "optional"
        message = f"the {what.replace('-', ' ')} became {word}"
        yield _change(f"{what}-became-{word}", message, spot, nodes, (before, after), clients=after, servers=before)


def _keyword(
    keyword: str, message: str, spot: _Spot, effect: Effect, views: tuple[View, View], values: tuple[Any, Any]
) -> Change:
    owners = (views[0].owner(keyword), views[1].owner(keyword))
    return _effect(f"{_kebab(keyword)}-changed", message, spot, effect, owners, values)


def _effect(
    kind: str, message: str, spot: _Spot, effect: Effect, nodes: _Nodes, values: tuple[Any, Any] = (None, None)
) -> Change:
    asked = spot.side is Side.REQUEST
    harms_clients = {Effect.NARROWER if asked else Effect.WIDER, Effect.OTHER}
    harms_servers = {Effect.WIDER if asked else Effect.NARROWER, Effect.OTHER}
    return _change(
        kind, message, spot, nodes, values, clients=effect in harms_clients, servers=effect in harms_servers
    )  # fmt: skip


def _added(
    what: str, name: str, spot: _Spot, node: Node, *, counterpart: Node | None = None, clients: bool = False,
    servers: bool = False,
) -> Change:  # fmt: skip
    nodes = (counterpart, node)
    return _change(f"{what}-added", f"{name} was added", spot, nodes, clients=clients, servers=servers)


def _removed(
    what: str, name: str, spot: _Spot, node: Node, *, counterpart: Node | None = None, clients: bool = False,
    servers: bool = False,
) -> Change:  # fmt: skip
    nodes = (node, counterpart)
    return _change(f"{what}-removed", f"{name} was removed", spot, nodes, clients=clients, servers=servers)


def _change(
    kind: str,
    message: str,
    spot: _Spot,
    nodes: tuple[Node | None, Node | None],
    values: tuple[Any, Any] = (None, None),
    *,
    clients: bool = False,
    servers: bool = False,
) -> Change:
    old, new = nodes
    return Change(
        kind=kind,
        message=message,
        place=str(spot),
        old_pointer=old.pointer if old else "",
        new_pointer=new.pointer if new else "",
        old=values[0],
        new=values[1],
        side=spot.side,
        breaks_clients=clients,
        breaks_servers=servers,
    )


def _holder(operation: OperationNode, field: str) -> Node:
    """The object that says for an operation what a field says: itself, its path item or the document."""
    holders = (operation.node, *operation.node.ancestors())
    return next((node for node in holders if node.has(field)), operation.node)


def _widened(spot: _Spot, nodes: _Nodes) -> _Spot:
    """Speak of the document where both documents say it for all operations."""
    return _Spot("every operation", spot.side) if all(node.kind is Kind.DOCUMENT for node in nodes) else spot


def _name(operation: OperationNode) -> str:
    return f"{operation.method} {operation.path}"


def _named(operation: OperationNode) -> dict[tuple[str, str], Node]:
    """The parameters by location and name; those of the path by their place in the template."""
    places = {name[1:-1]: str(index) for index, name in enumerate(_TEMPLATE.findall(operation.path))}
    found: dict[tuple[str, str], Node] = {}
    for node in operation.parameters:
        location, name = str(node.get("in")), str(node.get("name"))
        if location == "path":
            name = places.get(name, name)
        found[location, name.lower() if location == "header" else name] = node
    return found


def _alternatives(survey: Survey, operation: OperationNode) -> frozenset[str]:
    schemes = {node.key: node for node in survey.of(Kind.SECURITY_SCHEME)}

    def written(requirement: Mapping[str, Any]) -> str:
        kinds = (schemes[name].value if name in schemes else {} for name in requirement)
        described = (
            " ".join(str(kind.get(field)) for field in ("type", "scheme", "in", "name") if field in kind)
            for kind in kinds
            if isinstance(kind, Mapping)
        )
        return " and ".join(sorted(described)) or "nothing"

    return frozenset(written(each) for each in operation.security or () if isinstance(each, Mapping)) or frozenset(
        {"nothing"}
    )


def _listed(alternatives: frozenset[str]) -> str:
    return " or ".join(sorted(alternatives))


def _typed(old: frozenset[str] | None, new: frozenset[str] | None) -> Effect:
    if old is None or new is None:
        return Effect.NARROWER if old is None else Effect.WIDER
    before, after = (types | {"integer"} if "number" in types else types for types in (old, new))
    if before < after:
        return Effect.WIDER
    return Effect.NARROWER if after < before else Effect.OTHER


def _plain(members: tuple[Any, ...] | None) -> list[Any] | None:
    return None if members is None else [member for member in members if member is not None]


def _counted(old: int, new: int) -> Effect:
    if 0 in {old, new}:
        return Effect.OTHER
    return Effect.WIDER if new > old else Effect.NARROWER


def _bound(keyword: str, old: Any, new: Any) -> Effect:
    if keyword == "format" and {old, new} <= _ANNOTATIONS:
        return Effect.NONE
    if old is None or new is None:
        return Effect.NARROWER if old is None else Effect.WIDER
    if keyword in _LOWER + _UPPER and all(isinstance(each, int | float) for each in (old, new)):
        grows = new > old
        return Effect.NARROWER if grows == (keyword in _LOWER) else Effect.WIDER
    return Effect.OTHER


def _told(keyword: str, old: Any, new: Any) -> str:
    if old is None:
        return f"{keyword} {new!r} was added"
    return f"{keyword} {old!r} was removed" if new is None else f"{keyword} {old!r} became {new!r}"


def _kebab(keyword: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", keyword).lower()
