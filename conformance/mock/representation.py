"""How the resources of a kind are made, changed and shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote

from conformance.mock.resources import Kind, View, segments
from conformance.mock.store import Draw, Resource
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.operation import Api, Operation, Schema
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.profiles.twilio import dates
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.lifecycles import ELAPSED, NOW
from conformance.schemas.compiler import Compiler
from conformance.schemas.forms import text
from conformance.schemas.problems import problems
from conformance.schemas.walk import keyword, properties, required

_NAME: Final = re.compile(r"\{[^}]*\}")
_RELATIVE: Final = frozenset({"uri", "subresource_uris"})
_LINKS: Final = frozenset({"links", "url", *_RELATIVE})
"""Fields of a Twilio resource that say where it is, or where what belongs to it is."""
_UPDATED: Final = ("date_updated", "last_updated")
_ROUNDS: Final = 3
_DATES: Final = (dates.iso_8601, dates.rfc_2822, dates.day)
"""Styles to try: a field with a format accepts one of them only."""


class _LinkField(Value, frozen=True, kw_only=True):
    """A field that holds a link, or links to what belongs to a resource."""

    name: str
    is_relative: bool
    """Without scheme and host, as the 2010-04-01 API writes them, where the schema has room for that."""
    below: Mapping[str, Link] | None
    """None for a link to the resource itself."""


class Link:
    """A path template that is filled in order."""

    __slots__ = ("_count", "_format")

    def __init__(self, template: str) -> None:
        """Keep a path template."""
        self._format, self._count = _NAME.subn("%s", template.replace("%", "%%"))

    def path(self, ids: tuple[str, ...]) -> str:
        """Give the path for ids, percent-encoded and in order."""
        return self._format % ids[: self._count]


class Shape:
    """One view of a kind: its fields, how to make them, and what its schema says of them."""

    def __init__(self, view: View, *, api: Api, compiler: Compiler) -> None:
        """Keep the view; everything else is planned on first use."""
        self.view = view
        self._api = api
        self._compiler = compiler
        self._synthesizer = Synthesizer(view.root, api=api, compiler=compiler)
        self._tests: dict[str, Callable[[Any], bool]] = {}
        self._plain: dict[str, Maker] = {}

    @cached_property
    def names(self) -> dict[str, Any]:
        """The declared fields with their schemas."""
        return properties(self.view.node, self.view.root)

    @cached_property
    def makers(self) -> dict[str, Maker]:
        """How to make each field."""
        example = ABSENT if self.view.example is None else self.view.example
        return self._synthesizer.fields(self.view.node, example=example)

    @cached_property
    def visible(self) -> frozenset[str]:
        """The fields that this view shows: the declared ones, and what its example has beyond them."""
        return frozenset(self.names) | frozenset(self.makers)

    def accepts(self, name: str, value: Any) -> bool:
        """Tell whether a declared field may have a value."""
        test = self._tests.get(name)
        if test is None:
            test = self._tests[name] = self._synthesizer.accepts(self.names[name])
        return test(value)

    def echo(self, shown: dict[str, Any], said: Mapping[str, Any]) -> None:
        """Write what a request says into the fields of the same names, where their schemas allow it."""
        for given, value in said.items():
            for name in (given, snake_case(given)):
                if name in self.names:
                    self.put(shown, name, value)

    def put(self, shown: dict[str, Any], name: str, value: Any) -> bool:
        """Write a declared field where its schema allows the value or its text; tell whether it was written."""
        for candidate in (value, text(value), *_whole(value)):
            if self.accepts(name, candidate):
                shown[name] = candidate
                return True
        return False

    def conform(self, shown: dict[str, Any], draw: Draw) -> dict[str, Any]:
        """Give a representation in which every field that the schema refuses is made anew or left out."""
        for _ in range(_ROUNDS):
            if self._validator.is_valid(shown):
                return shown
            shown = dict(shown)
            for pointer in dict.fromkeys(each.instance_pointer for each in problems(self._validator, shown)):
                name = pointer.split("/")[1] if pointer else ""
                value = self._again(name, draw)
                if value is ABSENT or value == shown.get(name):
                    shown.pop(name, None)
                else:
                    shown[name] = value
        needed = required(self.view.node, self.view.root)
        spare = [name for name in shown if name not in needed]
        fewer = ({key: value for key, value in shown.items() if key != name} for name in spare)
        return next(filter(self._validator.is_valid, fewer), shown)

    @cached_property
    def _validator(self) -> Any:
        node = self.view.node
        if isinstance(node, Mapping) and isinstance(self.view.root, Mapping):
            node = {**node, "$defs": self.view.root.get("$defs", {})}
        return self._compiler.validator(Schema(pointer=self.view.schema.pointer, make=lambda: node), api=self._api)

    def _again(self, name: str, draw: Draw) -> Any:
        if name not in self.names:
            return ABSENT
        maker = self._plain.get(name)
        if maker is None:
            must = name in required(self.view.node, self.view.root)
            maker = self._plain[name] = self._synthesizer.maker(self.names[name], name, must=must)
        return maker(draw)


class Representation:
    """Makes and shows the resources of one kind."""

    def __init__(self, kind: Kind, operations: Iterable[Operation], *, api: Api, compiler: Compiler) -> None:
        """Plan the fields of a kind from all its views; `operations` are those that links may lead to."""
        self.kind = kind
        self._shapes: dict[str, Shape] = {}
        for view in sorted(kind.views, key=lambda view: view.example is None):
            self._shapes.setdefault(view.identity, Shape(view, api=api, compiler=compiler))
        self._fields: dict[str, Shape] = {}
        for shape in self._shapes.values():
            for name in shape.names:
                self._fields.setdefault(name, shape)
        self._primary = kind.views[0].identity if kind.views else ""
        self._self_link, self._child_links = _links(kind, operations)

    @cached_property
    def makers(self) -> dict[str, Maker]:
        """How to make each field of all views."""
        found: dict[str, Maker] = {}
        for shape in self._shapes.values():
            for name, maker in shape.makers.items():
                found.setdefault(name, maker)
        return found

    @cached_property
    def _link_fields(self) -> tuple[_LinkField, ...]:
        if not self.kind.twilio:
            return ()
        found: list[_LinkField] = []
        for name in self.makers:
            if name in {"uri", "url"}:
                relative = name in _RELATIVE and self.fits(name, "/")
                found.append(_LinkField(name=name, is_relative=relative, below=None))
            elif name in _LINKS:
                shape = self._fields[name]
                declared = properties(shape.names[name], shape.view.root)
                links = {key: link for key, link in self._child_links.items() if not declared or key in declared}
                relative = name in _RELATIVE and self.fits(name, dict.fromkeys(links, "/"))
                found.append(_LinkField(name=name, is_relative=relative, below=links))
        return tuple(found)

    @cached_property
    def fixed(self) -> frozenset[str]:
        """The fields that no request may write: links and the id."""
        return frozenset({field.name for field in self._link_fields} | {self.kind.id_field or "", "date_created"})

    def new(self, draw: Draw) -> dict[str, Any]:
        """Make the values of a resource."""
        made = {name: maker(draw) for name, maker in self.makers.items()}
        return {name: value for name, value in made.items() if value is not ABSENT}

    def field_of(self, given: str) -> str | None:
        """Give the field that a parameter is about: the same name, or the same in snake_case."""
        if given in self._fields:
            return given
        name = snake_case(given)
        return name if name in self._fields else None

    def write(self, values: dict[str, Any], said: Mapping[str, Any]) -> None:
        """Write what a request says into the fields of the same names, where their schemas allow it."""
        for given, value in said.items():
            name = self.field_of(given)
            if name is not None and name not in self.fixed:
                self.put(values, name, value)

    def put(self, values: dict[str, Any], name: str, value: Any) -> bool:
        """Write one field where its schema allows the value or its text; tell whether it was written."""
        shape = self._fields.get(name)
        return shape is not None and shape.put(values, name, value)

    def fits(self, name: str, value: Any) -> bool:
        """Tell whether a field may have a value."""
        shape = self._fields.get(name)
        return shape is not None and shape.accepts(name, value)

    def is_date(self, name: str) -> bool:
        """Tell whether a field is a date or a time."""
        shape = self._fields.get(name)
        found = keyword(shape.names[name], shape.view.root, "format") if shape else None
        return isinstance(found, str) and found.startswith("date")

    def clear(self, values: dict[str, Any], name: str) -> None:
        """Take the value of a field away: null where its schema allows null, else nothing."""
        if self.fits(name, None):
            values[name] = None
        else:
            values.pop(name, None)

    def tell(self, values: dict[str, Any], name: str, value: str, *, now: int, since: int) -> None:
        """Write what a life cycle says into a field; `since` is when the resource was made."""
        if value == NOW:
            self._date(values, name, now)
        else:
            self.put(values, name, str(now - since) if value == ELAPSED else value)

    def _date(self, values: dict[str, Any], name: str, now: int) -> None:
        first = dates.rfc_2822 if self.kind.family[0] == "Accounts" else dates.iso_8601
        for write in (first, *_DATES):
            if self.fits(name, write(now)):
                values[name] = write(now)
                return

    def touch(self, values: dict[str, Any], now: int) -> None:
        """Write the time of a change."""
        for name in _UPDATED:
            if values.get(name) is not None:
                self._date(values, name, now)

    def show(self, resource: Resource, view: View | None, *, origin: str, base: str) -> dict[str, Any]:
        """Give what a view shows of a resource, with links to a host."""
        shown = dict(resource.values)
        if self._link_fields:
            self._link(shown, (*resource.place[2:], resource.id), origin, base)
        if view is None:
            return shown
        shape = self._shapes[view.identity]
        if not shown.keys() <= shape.visible:
            shown = {name: value for name, value in shown.items() if name in shape.visible}
        if view.identity == self._primary:
            return shown
        return shape.conform(shown, Draw(key=f"{self.kind.name}/{resource.number}", now=resource.created))

    def _link(self, shown: dict[str, Any], ids: tuple[str, ...], origin: str, base: str) -> None:
        ids = tuple([key if key.isalnum() else quote(key, safe="+:@") for key in ids])
        for field in self._link_fields:
            name = field.name
            start = base if field.is_relative else origin + base
            if field.below is not None:
                shown[name] = {key: start + link.path(ids) for key, link in field.below.items()}
            elif self._self_link is not None:
                shown[name] = start + self._self_link.path(ids)
            else:
                self.clear(shown, name)

    def settle(self, resource: Resource, draw: Draw) -> None:
        """Make the values of a changed resource conform to the schema of its kind."""
        if not self.kind.views:
            return
        shown = self.show(resource, None, origin="https://example.com", base="")
        right = self._shapes[self._primary].conform(shown, draw)
        if right is not shown:
            links = {field.name for field in self._link_fields}
            resource.values = {name: value for name, value in right.items() if name not in links}


def _whole(value: Any) -> Iterator[int]:
    """Give the number that a text says, as life cycles and forms have numbers as text."""
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        yield int(value)


def _links(kind: Kind, operations: Iterable[Operation]) -> tuple[Link | None, dict[str, Link]]:
    """Give the link to a resource of a kind and those to what stands right below it."""
    own: Link | None = None
    below: dict[str, Link] = {}
    here = kind.segments if kind.single else (*kind.segments, "{}")
    for operation in operations:
        if operation.method != "GET":
            continue
        path = segments(operation.path)
        if path == here:
            own = Link(operation.path)
        elif path[:-1] == here and path[-1] != "{}":
            below.setdefault(snake_case(path[-1]), Link(operation.path))
    return own, below
