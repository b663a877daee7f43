"""What the operations of a description do to which resources, read from their paths and schemas.

A path that ends in a parameter names one resource, a path that ends in a word a collection of them. A POST to a
collection creates, a GET whose answer holds a list of objects lists, a GET of any other word fetches the one thing
that is there. Two paths that hold the same schema under the same last word are two views of one collection
(`/Calls/{}/Recordings` shows those of `/Recordings` that belong to the call).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Final

from msgspec import Struct, field

from conformance.model.operation import Answer, Api, JsonSchema, Location, MediaType, Operation, Schema
from conformance.model.value import Value
from conformance.profiles import twilio
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.walk import items, keyword, properties, types

Segments = tuple[str, ...]
"""A path without its suffix, `{}` for each parameter."""

_SUFFIX: Final = re.compile(r"\.(json|xml|csv)$")
_OLDEST: Final = "2010-04-01"
_TEMPLATE: Final = re.compile(r"\{([^{}/]+)\}")


class Role(Enum):
    """What an operation does."""

    CREATE = "create"
    LIST = "list"
    FETCH = "fetch"
    UPDATE = "update"
    DELETE = "delete"
    ACT = "act"
    """It answers and leaves nothing behind."""


class View(Value, frozen=True, kw_only=True):
    """A schema that shows a resource: the whole body of an answer, or the items of a list."""

    schema: Schema
    """Where it stands."""
    root: JsonSchema
    """The self-contained schema around it."""
    node: JsonSchema
    identity: str
    """Equal for equal references."""
    example: Any
    """One resource as an example shows it; None where no example does."""
    examples: tuple[Mapping[str, Any], ...]
    """All resources that the example of a list shows."""
    is_object: bool
    """Whether a resource can be shown so; anything else is made up anew for each answer."""


class Kind(Struct, kw_only=True, eq=False):
    """Resources of one sort."""

    name: str
    """The API and the path of the collection; the first part of every `Place`."""
    segments: Segments
    """The path of the collection."""
    api: Api
    twilio: bool
    parameters: tuple[str, ...]
    """The path parameters before the collection."""
    views: list[View] = field(default_factory=list)
    operations: dict[Role, Operation] = field(default_factory=dict)
    """The first operation of each role, those on other paths than the kind's own left out."""
    parents: tuple[Kind, ...] = ()
    """Outermost first."""
    children: list[Kind] = field(default_factory=list)
    id_parameter: str | None = None
    """The path parameter that names a resource."""
    id_field: str | None = None
    """The field that carries the id."""
    single: bool = False
    """There is one, and it needs no id."""
    created_elsewhere: bool = False
    """A path other than its own creates it too."""
    has_sid: bool = True
    """The id is a SID, which nobody can guess, or is seen in no path."""
    pattern: str | None = None
    """The pattern of the SIDs, from the field that carries them."""

    @property
    def depth(self) -> int:
        """How many path parameters stand before the collection."""
        return self.segments.count("{}")

    @property
    def family(self) -> Segments:
        """The path of the collection without the version of Twilio's oldest API, which servers or paths have."""
        return self.segments[1:] if self.twilio and self.segments[0] == _OLDEST else self.segments

    @property
    def is_account(self) -> bool:
        """Tell whether these are Twilio's accounts, of which the one that asks is always there."""
        return self.twilio and self.family == ("Accounts",)

    @property
    def is_created(self) -> bool:
        """Tell whether an operation creates such resources."""
        return Role.CREATE in self.operations or self.created_elsewhere

    @property
    def implicit(self) -> bool:
        """Tell whether resources exist without being created: none can be, and no SID tells which there are."""
        return not self.is_created and (self.single or not self.has_sid)


class Plan(Value, frozen=True, kw_only=True, eq=False):
    """What one operation does."""

    operation: Operation
    twilio: bool
    role: Role
    kind: Kind | None
    """None only for `Role.ACT`."""
    names: tuple[str, ...]
    """The path parameters in order."""
    envelope: str | None
    """The field that holds the items of a list; None where the answer is the list itself, or no list."""
    view: View | None
    """How a resource is shown; None where nothing describes it."""
    parents: tuple[Kind, ...]
    """The kinds of the resources that the path goes through, outermost first: they must be there."""
    restricts: Mapping[str, str]
    """Path parameters that choose among the resources of a collection, by the field they are compared with."""

    def kind_of(self, name: str) -> Kind | None:
        """Give the kind of the resource that a path parameter names."""
        index = self.names.index(name)
        own = () if self.kind is None else (self.kind,)
        instance = segments(self.operation.path)[-1] == "{}"
        return next((kind for kind in (*self.parents, *(own if instance else ())) if kind.depth == index), None)


def segments(path: str) -> Segments:
    """Give the segments of a path template without their names."""
    return tuple("{}" if "{" in part else _SUFFIX.sub("", part) for part in path.strip("/").split("/"))


def plans(operations: Sequence[Operation]) -> dict[Operation, Plan]:
    """Plan all operations."""
    by_api: dict[str, list[Operation]] = defaultdict(list)
    for operation in operations:
        by_api[operation.api.name].append(operation)
    return {plan.operation: plan for found in by_api.values() for plan in _Planner(found).plans()}


class _Planner:
    """Plans the operations of one description."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._operations = operations
        self._kinds: dict[Segments, Kind] = {}
        self._at: dict[Segments, list[Operation]] = defaultdict(list)
        for operation in operations:
            self._at[segments(operation.path)].append(operation)

    def plans(self) -> list[Plan]:
        for path, found in self._at.items():
            if path[-1] == "{}":
                self._kind(path[:-1], found)
        for path, found in self._at.items():
            if path[-1] != "{}" and path not in self._kinds and self._owner(path) is None and self._stores(found):
                self._kind(path, found)
        self._relate()
        result = [self._plan(operation) for operation in self._operations]
        for kind in self._kinds.values():
            _identify(kind)
        return result

    def _kind(self, path: Segments, found: Iterable[Operation]) -> Kind:
        first = next(iter(found))
        kind = Kind(
            name=f"{first.api.name} /{'/'.join(path)}",
            segments=path,
            api=first.api,
            twilio=twilio.applies(first.api),
            parameters=_names(first)[: path.count("{}")],
        )
        return self._kinds.setdefault(path, kind)

    def _stores(self, found: Iterable[Operation]) -> bool:
        """Tell whether what a collection takes can be seen again."""
        return any(operation.method == "GET" for operation in found)

    def _owner(self, path: Segments) -> Kind | None:
        """Give the kind that another path shows too: the same schema, the same last word or a word right below it."""
        listed = next((view for operation in self._at.get(path, ()) if (view := _listed(operation))), None)
        if listed is None:
            return None
        for kind_path, kind in self._kinds.items():
            shorter = kind_path[-1:] == path[-1:] and len(kind_path) < len(path)
            if (
                shorter
                and kind_path[:-1] == path[: len(kind_path) - 1]
                and self._identity(kind_path) == listed[1].identity
            ):
                return kind
            if kind_path == path[:-1] and self._names(kind_path) & properties(listed[1].node, listed[1].root).keys():
                return kind
        return None

    def _identity(self, path: Segments) -> str | None:
        views = (view for operation in self._at.get((*path, "{}"), ()) if (view := _shown(operation)))
        return next((view.identity for view in views), None)

    def _names(self, path: Segments) -> set[str]:
        """Give the specific names of a kind's id: `port_in_request_sid`, but not `sid`."""
        names = {name for operation in self._at.get((*path, "{}"), ()) for name in _names(operation)[-1:]}
        return {name for each in names for name in (each, snake_case(each))} - {"id", "Id", "sid", "Sid"}

    def _plan(self, operation: Operation) -> Plan:
        path = segments(operation.path)
        names = _names(operation)
        instance = path[-1] == "{}"
        own = self._kinds.get(path[:-1] if instance else path)
        kind = own or (None if instance else self._owner(path))
        listed = None if instance else _listed(operation)
        shown = _shown(operation)
        role = _role(operation, instance=instance, listed=listed is not None)
        if kind is None:
            return Plan(
                operation=operation,
                twilio=twilio.applies(operation.api),
                role=Role.ACT,
                kind=None,
                names=names,
                envelope=None,
                view=shown,
                parents=self._parents(path),
                restricts={},
            )
        view = listed[1] if listed else shown
        if not instance and role is Role.FETCH:
            kind.single = True
        if own is not None:
            kind.operations.setdefault(role, operation)
        elif role is Role.CREATE:
            kind.created_elsewhere = True
        if view is not None and view.is_object:
            kind.views.append(view)
        return Plan(
            operation=operation,
            twilio=kind.twilio,
            role=role,
            kind=kind,
            names=names,
            envelope=listed[0] if listed else None,
            view=view,
            parents=self._parents(path[:-1] if instance else path),
            restricts={} if instance else {snake_case(name): name for name in names[kind.depth :]},
        )

    def _relate(self) -> None:
        for path, kind in self._kinds.items():
            kind.parents = self._parents(path)
            if kind.parents:
                kind.parents[-1].children.append(kind)

    def _parents(self, path: Segments) -> tuple[Kind, ...]:
        return tuple(
            self._kinds[path[:end]] for end in range(1, len(path)) if path[end] == "{}" and path[:end] in self._kinds
        )


def _role(operation: Operation, *, instance: bool, listed: bool) -> Role:
    match operation.method:
        case "GET" | "HEAD":
            return Role.LIST if listed else Role.FETCH
        case "DELETE":
            return Role.DELETE
        case "POST" if not instance:
            return Role.CREATE
        case _:
            return Role.UPDATE


def _names(operation: Operation) -> tuple[str, ...]:
    return tuple(_TEMPLATE.findall(operation.path))


def usual(operation: Operation) -> Answer | None:
    """Give what is documented for the case that all goes well: success, else a redirection, else the default."""
    return operation.success or next(
        (
            answer
            for answer in operation.responses
            if answer.status.startswith(("1", "3")) or answer.status == "default"
        ),
        None,
    )


def json_content(answer: Answer | None) -> MediaType | None:
    """Give the JSON media type of an answer, None where it has none."""
    return next((each for each in answer.content if each.is_json), None) if answer else None


def _shown(operation: Operation) -> View | None:
    content = json_content(usual(operation))
    if content is None or content.schema is None:
        return None
    root = content.schema.json_schema
    return _view(content.schema, root, root, *content.examples[:1])


def _listed(operation: Operation) -> tuple[str | None, View] | None:
    """Give the field that holds the list of an answer (None: the answer is the list) and the view of its items."""
    content = json_content(usual(operation))
    if operation.method not in {"GET", "HEAD"} or content is None or content.schema is None:
        return None
    root = content.schema.json_schema
    shown = content.examples[0] if content.examples else None
    inner = items(root, root)
    if inner is not None and "object" not in types(root, root):
        return None, _view(content.schema, root, inner, *_items(shown))
    lists = dict(_lists_of_objects(root))
    if not lists:
        return None
    last = snake_case(segments(operation.path)[-1])
    name = last if last in lists else next(iter(lists))
    example = shown.get(name) if isinstance(shown, Mapping) else None
    return name, _view(content.schema, root, lists[name], *_items(example))


def _lists_of_objects(root: JsonSchema) -> Iterator[tuple[str, JsonSchema]]:
    for name, node in properties(root, root).items():
        inner = items(node, root)
        if isinstance(inner, Mapping) and inner and types(inner, root) - {"null"} == {"object"}:
            yield name, inner


def _items(shown: Any) -> list[Mapping[str, Any]]:
    return [each for each in shown if isinstance(each, Mapping)] if isinstance(shown, list) else []


def _view(schema: Schema, root: JsonSchema, node: JsonSchema, *examples: Any) -> View:
    identity = schema.pointer
    if isinstance(node, Mapping) and "$ref" in node and not node.keys() - {"$ref", "$defs"}:
        identity = str(node["$ref"])
    return View(
        schema=schema,
        root=root,
        node=node,
        identity=identity,
        example=examples[0] if examples else None,
        examples=tuple(each for each in examples if isinstance(each, Mapping)),
        is_object="object" in types(node, root),
    )


def _identify(kind: Kind) -> None:
    """Find the parameter and the field that carry the id of a kind's resources."""
    instance = next((each for each in kind.operations.values() if segments(each.path)[-1] == "{}"), None)
    if instance is not None:
        kind.id_parameter = _names(instance)[-1]
    named = [kind.id_parameter, snake_case(kind.id_parameter)] if kind.id_parameter else []
    declared = {
        name: (node, view.root) for view in kind.views for name, node in properties(view.node, view.root).items()
    }
    kind.id_field = next((name for name in [*named, "sid", "id"] if name in declared), None)
    if kind.id_field is not None:
        kind.pattern = _sid_pattern(*declared[kind.id_field])
    if instance is not None:
        schemas = [
            parameter.schema.json_schema
            for parameter in instance.parameters_in(Location.PATH)
            if parameter.name == kind.id_parameter
        ]
        kind.has_sid = kind.pattern is not None or any(_sid_pattern(schema, schema) for schema in schemas)


def _sid_pattern(node: JsonSchema, root: JsonSchema) -> str | None:
    pattern = keyword(node, root, "pattern")
    return pattern if isinstance(pattern, str) and prefixes_of_pattern(pattern) is not None else None
