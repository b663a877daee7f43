"""A document surveyed for an audit: its objects, where references lead, its operations, and who uses what.

Everything here forgives: a reference that leads nowhere gives None, a value of the wrong shape is passed over. Saying
what is broken is left to the checks.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from conformance.model.rule import Side
from conformance.model.value import Value
from conformance.openapi.document import Document, load
from conformance.openapi.objects import METHODS, Kind, Node, walk

_MAX_HOPS: Final = 64
_VARIABLE: Final = re.compile(r"\{([^{}]+)\}")
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


class OperationNode(Value, frozen=True, kw_only=True, eq=False):
    """An operation with what path and document give it, as far as it can be read."""

    node: Node
    item: Node
    """Its Path Item Object."""
    method: str
    """In capitals."""
    path: str
    key: str
    """As in `conformance.model.operation.Operation.key`."""
    operation_id: str | None
    parameters: tuple[Node, ...]
    """Those that have a name and a location, references resolved; those of the path item that the operation does not
    replace come first."""
    body: Node | None
    responses: Mapping[str, Node]
    """By status as written; references resolved."""
    servers: tuple[str, ...]
    """URLs with the defaults of their variables; `/` where the document names none."""
    security: Sequence[Any] | None
    """The requirements that hold; None where nobody says anything."""

    def parameter(self, location: str, name: str) -> Node | None:
        """The declared parameter of a name; None where there is none."""
        return next((each for each in self.parameters if (each.get("in"), each.get("name")) == (location, name)), None)

    @property
    def successes(self) -> dict[str, Node]:
        """The documented 2xx responses."""
        return {status: node for status, node in self.responses.items() if status.startswith("2")}

    @property
    def errors(self) -> dict[str, Node]:
        """The documented 4xx and 5xx responses."""
        return {status: node for status, node in self.responses.items() if status[:1] in {"4", "5"}}


class View(Value, frozen=True, kw_only=True, eq=False):
    """A schema as one value meets it: references, siblings and `allOf` taken together."""

    node: Node
    parts: tuple[Node, ...]
    """Every object that constrains the same value; the schema itself first."""
    types: frozenset[str] | None
    """Without null; None where any type will do."""
    nullable: bool

    def get(self, keyword: str) -> Any:
        """The value of a keyword in the first part that has it; None where none has."""
        return next((part.value[keyword] for part in self.parts if keyword in part.value), None)

    def has(self, keyword: str) -> bool:
        """Tell whether a part has a keyword."""
        return any(keyword in part.value for part in self.parts)

    def at(self, keyword: str) -> str:
        """The pointer of a keyword in the first part that has it; of the schema where none has."""
        return next((part.at(keyword) for part in self.parts if keyword in part.value), self.node.pointer)

    def owner(self, keyword: str) -> Node:
        """The first part that has a keyword; the schema where none has."""
        return next((part for part in self.parts if keyword in part.value), self.node)

    @property
    def enum(self) -> tuple[Any, ...] | None:
        """The members of an `enum`, or the value of a `const`; None where neither is there."""
        members = self.get("enum")
        if isinstance(members, list):
            return tuple(members)
        return (self.get("const"),) if self.has("const") else None

    @property
    def type(self) -> str:
        """The only type, `any` where any will do, else the types joined by ` or `; null apart."""
        return "any" if self.types is None else " or ".join(sorted(self.types)) or "null"


class Survey:
    """A document with its objects, references and operations."""

    def __init__(self, document: Document) -> None:
        """Walk the document once; the rest is found when somebody asks."""
        self.document = document
        self.name = Path(document.path).stem
        version = document.data.get("openapi") if isinstance(document.data, Mapping) else None
        self.version = version if isinstance(version, str) else ""
        self.nodes = walk(document.data)
        self._by_pointer = {node.pointer: node for node in self.nodes}
        self._views: dict[str, View] = {}
        self._properties: dict[str, dict[str, Node]] = {}

    @property
    def is_30(self) -> bool:
        """Tell whether OpenAPI 3.0 holds, with its own dialect of JSON Schema."""
        return self.version.startswith("3.0")

    @property
    def root(self) -> Node:
        """The document itself."""
        return self.nodes[0]

    @cached_property
    def _by_kind(self) -> Mapping[Kind, list[Node]]:
        found: dict[Kind, list[Node]] = defaultdict(list)
        for node in self.nodes:
            found[node.kind].append(node)
        return found

    def of(self, kind: Kind) -> list[Node]:
        """The objects of one kind, in document order."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _children(self) -> Mapping[str, list[Node]]:
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.nodes:
            if node.parent is not None:
                found[node.parent.pointer].append(node)
        return found

    def children(self, node: Node, *fields: str) -> list[Node]:
        """The objects directly inside one, of some fields only where they are named."""
        inside = self._children.get(node.pointer, [])
        return [child for child in inside if child.field in fields] if fields else inside

    def child(self, node: Node, name: str) -> Node | None:
        """The object that a field holds; None where it holds none."""
        return next((child for child in self._children.get(node.pointer, ()) if child.field == name), None)

    def node(self, pointer: str) -> Node | None:
        """The object at a pointer; None where there is no object."""
        return self._by_pointer.get(pointer)

    def position(self, pointer: str) -> tuple[int, int]:
        """Line and column (from 1) of a pointer."""
        return self.document.position(pointer)

    # References

    @cached_property
    def referrers(self) -> tuple[Node, ...]:
        """The objects that are references, in document order."""
        return tuple(node for node in self.nodes if isinstance(node.value, Mapping) and "$ref" in node.value)

    def follow(self, node: Node) -> Node | None:
        """Where the reference of an object leads; None where it leads nowhere, or out of the document."""
        reference = node.reference
        if reference is None or not reference.startswith("#"):
            return None
        pointer = unquote(reference[1:])
        known = self._by_pointer.get(pointer)
        if known is None and (not pointer or pointer.startswith("/")):
            known = self._elsewhere(pointer, node)
        if known is None and pointer:
            known = self._anchors.get(pointer)
        return known

    def _elsewhere(self, pointer: str, node: Node) -> Node | None:
        """An object in a place where the specification has none, an extension for example."""
        try:
            value = self.document.at(pointer)
        except KeyError:
            return None
        found = Node(kind=node.kind, pointer=pointer, value=value, field="", key="", parent=None)
        self._by_pointer[pointer] = found
        return found

    @cached_property
    def _anchors(self) -> Mapping[str, Node]:
        return {node.value["$anchor"]: node for node in self.of(Kind.SCHEMA) if isinstance(node.get("$anchor"), str)}

    def resolve(self, node: Node) -> Node | None:
        """The object at the end of all references; None where there is no end."""
        for _ in range(_MAX_HOPS):
            if not isinstance(node.value, Mapping) or "$ref" not in node.value:
                return node
            target = self.follow(node)
            if target is None:
                return None
            node = target
        return None

    def circles(self, node: Node) -> bool:
        """Tell whether the references that start at an object never end."""
        for _ in range(_MAX_HOPS):
            target = self.follow(node)
            if target is None:
                return False
            node = target
        return True

    def plain(self, node: Node) -> Node:
        """What a reference without siblings stands for; everything else stands for itself."""
        for _ in range(_MAX_HOPS):
            if not isinstance(node.value, Mapping) or node.value.keys() != {"$ref"}:
                break
            node = self.follow(node) or node
        return node

    # Operations

    @cached_property
    def operations(self) -> tuple[OperationNode, ...]:
        """The operations under `paths`, in document order."""
        return tuple(self._operations())

    def _operations(self) -> Iterator[OperationNode]:
        paths = self.child(self.root, "paths")
        for entry in self.children(paths) if paths else ():
            item = self.resolve(entry)
            if item is None or not isinstance(item.value, Mapping):
                continue
            shared = self._parameters(item)
            for method in METHODS:
                node = self.child(item, method)
                if node is not None and isinstance(node.value, Mapping):
                    yield self._operation(node, item, entry.key, method, shared)

    def _operation(self, node: Node, item: Node, path: str, method: str, shared: list[Node]) -> OperationNode:
        operation_id = node.get("operationId")
        own = self._parameters(node)
        names = {(each.get("in"), each.get("name")) for each in own}
        body = self.child(node, "requestBody")
        responses = self.child(node, "responses")
        security = node.get("security") if node.has("security") else self.root.get("security")
        name = operation_id if isinstance(operation_id, str) else f"{method.upper()} {path}"
        return OperationNode(
            node=node,
            item=item,
            method=method.upper(),
            path=path,
            key=f"{self.name}.{name}",
            operation_id=operation_id if isinstance(operation_id, str) else None,
            parameters=(*(each for each in shared if (each.get("in"), each.get("name")) not in names), *own),
            body=self.resolve(body) if body else None,
            responses={
                child.key: found
                for child in (self.children(responses) if responses else ())
                if (found := self.resolve(child)) is not None
            },
            servers=self.servers(node) or self.servers(item) or self.servers(self.root) or ("/",),
            security=security if isinstance(security, list) else None,
        )

    def _parameters(self, node: Node) -> list[Node]:
        found = (self.resolve(child) for child in self.children(node, "parameters"))
        return [each for each in found if each is not None and each.text("name") and each.text("in")]

    def servers(self, node: Node) -> tuple[str, ...]:
        """The URLs of the servers that an object names, with the defaults of their variables."""
        return tuple(
            _url(child)
            for child in self.children(node, "servers")
            if isinstance(child.value, Mapping) and isinstance(child.get("url"), str)
        )

    def operation_at(self, pointer: str) -> OperationNode | None:
        """The operation that a pointer leads into; None where it leads elsewhere."""
        found = self._operation_pointers
        while pointer:
            if pointer in found:
                return found[pointer]
            pointer = pointer.rpartition("/")[0]
        return None

    @cached_property
    def _operation_pointers(self) -> Mapping[str, OperationNode]:
        return {operation.node.pointer: operation for operation in self.operations}

    # Who uses what

    @cached_property
    def uses(self) -> Mapping[str, frozenset[tuple[str, Side]]]:
        """For each object that an operation reaches: the keys of the operations, and on which side."""
        found: dict[str, set[tuple[str, Side]]] = defaultdict(set)
        for operation in self.operations:
            request = [*operation.parameters, *([operation.body] if operation.body else ())]
            for side, starts in ((Side.REQUEST, request), (Side.RESPONSE, list(operation.responses.values()))):
                use = (operation.key, side)
                for node in self.reach(starts):
                    found[node.pointer].add(use)
        return {pointer: frozenset(uses) for pointer, uses in found.items()}

    def reach(self, starts: Iterable[Node]) -> list[Node]:
        """Everything inside some objects and behind their references, each once."""
        waiting, seen = list(starts), set[str]()
        found: list[Node] = []
        while waiting:
            node = waiting.pop()
            if node.pointer in seen:
                continue
            seen.add(node.pointer)
            found.append(node)
            waiting.extend(self._children.get(node.pointer, ()))
            if node.reference is not None and (target := self.follow(node)) is not None:
                waiting.append(target)
        return found

    def sides(self, node: Node) -> frozenset[Side]:
        """On which sides of exchanges an object is used."""
        return frozenset(side for _, side in self.uses.get(node.pointer, ()))

    # Schemas

    def view(self, node: Node) -> View:
        """A schema with its references, siblings and `allOf` taken together."""
        found = self._views.get(node.pointer)
        if found is None:
            parts = tuple(self._parts(node))
            found = self._views[node.pointer] = View(
                node=node, parts=parts, types=_types(parts), nullable=self._nullable(node, 0)
            )
        return found

    def _parts(self, node: Node) -> Iterator[Node]:
        waiting, seen = [node], set[str]()
        while waiting:
            part = waiting.pop(0)
            if part.pointer in seen or not isinstance(part.value, Mapping):
                continue
            seen.add(part.pointer)
            yield part
            if "$ref" in part.value and (target := self.follow(part)) is not None:
                waiting.append(target)
            if "allOf" in part.value:
                waiting.extend(self.children(part, "allOf"))

    def _nullable(self, node: Node, depth: int) -> bool:
        value = node.value
        if not isinstance(value, Mapping) or depth > _MAX_HOPS:
            return value is not False
        if self.is_30 and value.get("nullable") is True:
            return True
        declared = value.get("type")
        if isinstance(declared, list):
            return "null" in declared
        if isinstance(declared, str):
            return declared == "null"
        if "$ref" in value:
            target = self.follow(node)
            return target is None or self._nullable(target, depth + 1)
        if isinstance(value.get("enum"), list):
            return None in value["enum"]
        for union in ("anyOf", "oneOf"):
            if union in value:
                return any(self._nullable(child, depth + 1) for child in self.children(node, union))
        return all(self._nullable(child, depth + 1) for child in self.children(node, "allOf"))

    def properties(self, node: Node) -> dict[str, Node]:
        """The declared properties of an object schema, those of `anyOf` and `oneOf` branches included."""
        known = self._properties.get(node.pointer)
        if known is not None:
            return known
        found = self._properties[node.pointer] = dict[str, Node]()
        waiting, seen = [node], set[str]()
        while waiting:
            for part in self.view(waiting.pop(0)).parts:
                if part.pointer not in seen:
                    seen.add(part.pointer)
                    for child in self.children(part, "properties"):
                        found.setdefault(child.key, child)
                    waiting.extend(self.children(part, "anyOf", "oneOf"))
        return found

    def required(self, node: Node) -> dict[str, str]:
        """The names that an object must have, each with the pointer that says so."""
        return {
            name: f"{part.pointer}/required/{index}"
            for part in self.view(node).parts
            if isinstance(part.get("required"), list)
            for index, name in enumerate(part.value["required"])
            if isinstance(name, str)
        }

    def items(self, node: Node) -> Node | None:
        """The schema of an array's items; None where nobody says."""
        return next((found for part in self.view(node).parts if (found := self.child(part, "items"))), None)

    def schema(self, node: Node) -> Node | None:
        """The schema of a parameter, header or media type; that of its first media type where it has `content`."""
        found = self.child(node, "schema")
        if found is None:
            for media_type in self.children(node, "content"):
                return self.child(media_type, "schema")
        return found

    def bodies(self, node: Node | None) -> dict[str, Node]:
        """The schemas of a request body or response, by media type as written."""
        if node is None:
            return {}
        found = {child.key: self.child(child, "schema") for child in self.children(node, "content")}
        return {name: schema for name, schema in found.items() if schema is not None}


def _types(parts: tuple[Node, ...]) -> frozenset[str] | None:
    allowed: frozenset[str] | None = None
    for part in parts:
        declared = part.value.get("type")
        names = {declared} if isinstance(declared, str) else declared if isinstance(declared, list) else ()
        known = frozenset(name for name in names if isinstance(name, str) and name in _TYPES) - {"null"}
        if declared is not None:
            allowed = known if allowed is None else _both(allowed, known)
    return allowed


def _both(left: frozenset[str], right: frozenset[str]) -> frozenset[str]:
    shared = left & right
    if "integer" in left | right and "number" in left | right and "integer" not in shared:
        shared |= {"integer"}
    return shared


def _url(server: Node) -> str:
    variables = server.get("variables")

    def default(match: re.Match[str]) -> str:
        variable = variables.get(match[1]) if isinstance(variables, Mapping) else None
        return str(variable.get("default", match[0])) if isinstance(variable, Mapping) else match[0]

    return _VARIABLE.sub(default, server.value["url"])


def surveyed(path: Path) -> Survey:
    """Read a description and survey it.

    Raises:
        DocumentError: it cannot be read, or is no OpenAPI 3.0 or 3.1 document.

    """
    document = load(path)
    version = document.data.get("openapi") if isinstance(document.data, Mapping) else None
    if not str(version).startswith(("3.0.", "3.1.")):
        pointer = "/openapi" if version is not None else ""
        document.fail(pointer, what=f"`openapi: {version}`", expected="an OpenAPI 3.0 or 3.1 document")
    return Survey(document)


def host_and_path(url: str) -> tuple[str, str]:
    """Give the host of a server in lower case and its base path without a trailing slash."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path.rstrip("/")
