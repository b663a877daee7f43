"""The objects of an OpenAPI document: each with its kind, its place and what stands around it.

The walk follows the fields that OpenAPI 3.0.4 and 3.1.1 define for each kind of object. It does not follow
references, forgives everything that has the wrong shape (an auditor must be able to look at a broken document), and
does not look into examples, defaults, enums and extensions, which hold values and no objects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final

from conformance.openapi.document import escape

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


class Kind(Enum):
    """What an object is, in the words of the specification."""

    DOCUMENT = "document"
    INFO = "info"
    SERVER = "server"
    TAG = "tag"
    PATHS = "paths"
    PATH_ITEM = "path item"
    OPERATION = "operation"
    PARAMETER = "parameter"
    REQUEST_BODY = "request body"
    RESPONSES = "responses"
    RESPONSE = "response"
    HEADER = "header"
    MEDIA_TYPE = "media type"
    ENCODING = "encoding"
    EXAMPLE = "example"
    LINK = "link"
    CALLBACK = "callback"
    COMPONENTS = "components"
    SCHEMA = "schema"
    SECURITY_SCHEME = "security scheme"
    SECURITY = "security requirement"


class Shape(Enum):
    """How a field holds objects."""

    ONE = "one"
    LIST = "list"
    MAP = "map"


_Fields = Mapping[str, tuple[Shape, Kind]]

_PARAMETER: Final[_Fields] = {
    "schema": (Shape.ONE, Kind.SCHEMA),
    "content": (Shape.MAP, Kind.MEDIA_TYPE),
    "examples": (Shape.MAP, Kind.EXAMPLE),
}
_SCHEMAS_BY_NAME: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SCHEMA: Final = (
    "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
    "unevaluatedItems", "unevaluatedProperties",
)  # fmt: skip
_SCHEMAS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
FIELDS: Final[Mapping[Kind, _Fields]] = {
    Kind.DOCUMENT: {
        "info": (Shape.ONE, Kind.INFO),
        "servers": (Shape.LIST, Kind.SERVER),
        "tags": (Shape.LIST, Kind.TAG),
        "security": (Shape.LIST, Kind.SECURITY),
        "paths": (Shape.ONE, Kind.PATHS),
        "webhooks": (Shape.MAP, Kind.PATH_ITEM),
        "components": (Shape.ONE, Kind.COMPONENTS),
    },
    Kind.PATH_ITEM: {
        "servers": (Shape.LIST, Kind.SERVER),
        "parameters": (Shape.LIST, Kind.PARAMETER),
        **dict.fromkeys(METHODS, (Shape.ONE, Kind.OPERATION)),
    },
    Kind.OPERATION: {
        "servers": (Shape.LIST, Kind.SERVER),
        "security": (Shape.LIST, Kind.SECURITY),
        "parameters": (Shape.LIST, Kind.PARAMETER),
        "requestBody": (Shape.ONE, Kind.REQUEST_BODY),
        "responses": (Shape.ONE, Kind.RESPONSES),
        "callbacks": (Shape.MAP, Kind.CALLBACK),
    },
    Kind.PARAMETER: _PARAMETER,
    Kind.HEADER: _PARAMETER,
    Kind.REQUEST_BODY: {"content": (Shape.MAP, Kind.MEDIA_TYPE)},
    Kind.RESPONSE: {
        "headers": (Shape.MAP, Kind.HEADER),
        "content": (Shape.MAP, Kind.MEDIA_TYPE),
        "links": (Shape.MAP, Kind.LINK),
    },
    Kind.MEDIA_TYPE: {
        "schema": (Shape.ONE, Kind.SCHEMA),
        "examples": (Shape.MAP, Kind.EXAMPLE),
        "encoding": (Shape.MAP, Kind.ENCODING),
    },
    Kind.ENCODING: {"headers": (Shape.MAP, Kind.HEADER)},
    Kind.COMPONENTS: {
        "schemas": (Shape.MAP, Kind.SCHEMA),
        "responses": (Shape.MAP, Kind.RESPONSE),
        "parameters": (Shape.MAP, Kind.PARAMETER),
        "examples": (Shape.MAP, Kind.EXAMPLE),
        "requestBodies": (Shape.MAP, Kind.REQUEST_BODY),
        "headers": (Shape.MAP, Kind.HEADER),
        "securitySchemes": (Shape.MAP, Kind.SECURITY_SCHEME),
        "links": (Shape.MAP, Kind.LINK),
        "callbacks": (Shape.MAP, Kind.CALLBACK),
        "pathItems": (Shape.MAP, Kind.PATH_ITEM),
    },
    Kind.SCHEMA: {
        **dict.fromkeys(_SCHEMAS_BY_NAME, (Shape.MAP, Kind.SCHEMA)),
        **dict.fromkeys(_SCHEMA, (Shape.ONE, Kind.SCHEMA)),
        **dict.fromkeys(_SCHEMAS, (Shape.LIST, Kind.SCHEMA)),
    },
}
"""The fields of each kind that hold objects. The members of a Paths, Callback or Responses Object are objects too."""

_MEMBERS: Final = {Kind.PATHS: Kind.PATH_ITEM, Kind.CALLBACK: Kind.PATH_ITEM, Kind.RESPONSES: Kind.RESPONSE}


class Node:
    """An object of the document at its place."""

    __slots__ = ("field", "key", "kind", "parent", "pointer", "value")

    def __init__(self, *, kind: Kind, pointer: str, value: Any, field: str, key: str, parent: Node | None) -> None:
        """Keep the kind, the place and the value.

        `field` is the field of the parent that holds this object, `key` the name or index there (the field itself
        where it holds only one).
        """
        self.kind = kind
        self.pointer = pointer
        self.value = value
        self.field = field
        self.key = key
        self.parent = parent

    def __repr__(self) -> str:
        """Name the kind and the place."""
        return f"Node({self.kind.value} at {self.pointer})"

    @property
    def reference(self) -> str | None:
        """The `$ref` of the object, where it has one that is a string."""
        found = self.value.get("$ref") if isinstance(self.value, Mapping) else None
        return found if isinstance(found, str) else None

    def get(self, name: str) -> Any:
        """The value of a field; None where the object has none, or is no mapping."""
        return self.value.get(name) if isinstance(self.value, Mapping) else None

    def text(self, name: str) -> str:
        """The value of a field where it is text, else nothing."""
        found = self.get(name)
        return found if isinstance(found, str) else ""

    def texts(self, name: str) -> list[str]:
        """The texts in a field that is a list; none where it is none."""
        found = self.get(name)
        return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []

    def has(self, name: str) -> bool:
        """Tell whether the object has a field."""
        return isinstance(self.value, Mapping) and name in self.value

    def at(self, name: str) -> str:
        """The pointer of a field, or of the object where it has no such field."""
        return f"{self.pointer}/{escape(name)}" if self.has(name) else self.pointer

    def ancestors(self) -> Iterator[Node]:
        """The objects around this one, nearest first."""
        node = self.parent
        while node is not None:
            yield node
            node = node.parent


def walk(data: Any) -> list[Node]:
    """Give every object of a document, outer ones before inner ones, in document order."""
    found: list[Node] = []
    waiting = [Node(kind=Kind.DOCUMENT, pointer="", value=data, field="", key="", parent=None)]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if isinstance(node.value, Mapping):
            children = _children(node)
            children.reverse()
            waiting.extend(children)
    return found


def _children(node: Node) -> list[Node]:
    member = _MEMBERS.get(node.kind)
    if member is not None:
        return [
            _child(node, member, "", key, child, f"{node.pointer}/{escape(key)}")
            for key, child in node.value.items()
            if not key.startswith("x-")
        ]
    fields = FIELDS.get(node.kind)
    if fields is None:
        return []
    found: list[Node] = []
    for name, child in node.value.items():
        if name in fields:
            found.extend(_held(node, name, child, *fields[name]))
    return found


def _held(node: Node, name: str, child: Any, shape: Shape, kind: Kind) -> Iterator[Node]:
    pointer = f"{node.pointer}/{name}"
    if shape is Shape.ONE:
        if isinstance(child, Mapping) or (kind is Kind.SCHEMA and name != "additionalProperties"):
            yield _child(node, kind, name, name, child, pointer)
    elif shape is Shape.MAP and isinstance(child, Mapping):
        for key, inner in child.items():
            yield _child(node, kind, name, key, inner, f"{pointer}/{escape(key)}")
    elif shape is Shape.LIST and isinstance(child, list):
        for index, inner in enumerate(child):
            yield _child(node, kind, name, str(index), inner, f"{pointer}/{index}")


def _child(parent: Node, kind: Kind, field: str, key: str, value: Any, pointer: str) -> Node:
    return Node(kind=kind, pointer=pointer, value=value, field=field, key=key, parent=parent)
