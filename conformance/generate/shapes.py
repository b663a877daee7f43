"""What a value may look like: a schema with its references, `allOf` parts and formats folded into one set of bounds.

`anyOf` and `oneOf` become alternatives, each a shape of its own. Keywords that a shape does not hold (`not`, `if`,
`contains` and so on) make it inexact: who makes values of it has to ask the validator.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from conformance.generate.patterns import Unsampleable
from conformance.model.finding import json_type
from conformance.model.operation import JsonSchema
from conformance.model.value import Value
from conformance.openapi.dialect import NULLABLE
from conformance.schemas.walk import target

ALL_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_INEXACT: Final = frozenset({
    "contains", "dependentRequired", "dependentSchemas", "else", "if", "maxContains", "minContains", "not",
    "patternProperties", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
_DEEPEST: Final = 32
"""References, `allOf` and alternatives within one another, before a schema counts as endless."""


class Shape(Value, frozen=True, kw_only=True, eq=False):
    """The folded constraints of one place."""

    types: frozenset[str] = ALL_TYPES
    """`integer` stands in `number` too."""
    values: tuple[Any, ...] | None = None
    """The members of `enum`, or the one of `const`; None where there is neither."""
    patterns: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    """`exclusiveMinimum`."""
    below: float | None = None
    """`exclusiveMaximum`."""
    multiple_of: float | None = None
    min_length: int = 0
    max_length: int | None = None
    min_items: int = 0
    max_items: int | None = None
    unique: bool = False
    items: tuple[JsonSchema, ...] = ()
    """Everything that constrains an item of an array (beyond its `prefix`)."""
    prefix: tuple[JsonSchema, ...] = ()
    properties: Mapping[str, tuple[JsonSchema, ...]]
    """Everything that constrains a property, by its name."""
    required: tuple[str, ...] = ()
    """In order of first mention."""
    min_properties: int = 0
    max_properties: int | None = None
    additional: tuple[JsonSchema, ...] = ()
    """Everything that constrains a property that is not declared."""
    alternatives: tuple[Shape, ...] = ()
    """Where there are some, a value has to look like one of these; this shape is then only their sum."""
    exact: bool = True
    """Whether whatever keeps to the shape is valid."""
    read_only: bool = False

    @property
    def closed(self) -> bool:
        """Tell whether undeclared properties are refused."""
        return any(schema is False for schema in self.additional)


class Shapes:
    """Folds the schemas of one self-contained root."""

    def __init__(self, root: JsonSchema, *, formats: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep the root and the formats that are written as schemas."""
        self.root = root
        self._formats = formats
        self._known: dict[tuple[int, ...], Shape] = {}
        self._kept: list[Any] = []

    def of(self, *schemas: JsonSchema) -> Shape:
        """Give the shape of a value that meets all of some schemas.

        Raises:
            Unsampleable: nothing can meet them, or they refer to themselves without end.

        """
        key = tuple(map(id, schemas))
        found = self._known.get(key)
        if found is None:
            self._kept.append(schemas)
            found = self._known[key] = self._fold(list(schemas), depth=0)
        return found

    def _fold(self, schemas: Sequence[JsonSchema], *, depth: int) -> Shape:
        if depth > _DEEPEST:
            message = "the schema refers to itself without end"
            raise Unsampleable(message)
        parts = list(self._parts(schemas))
        for index, part in enumerate(parts):
            keyword = next((name for name in ("oneOf", "anyOf") if name in part), None)
            if keyword is not None:
                rest = {name: value for name, value in part.items() if name not in {keyword, NULLABLE, "$ref", "allOf"}}
                others = [*parts[:index], rest, *parts[index + 1 :]]
                return self._alternatives(others, part[keyword], keyword, depth)
        return _Fold(parts, self._formats).shape

    def _alternatives(
        self, others: list[Mapping[str, Any]], branches: list[JsonSchema], keyword: str, depth: int
    ) -> Shape:
        stripped = [_flat(other) for other in others]
        found: list[Shape] = []
        for branch in branches:
            try:
                found.append(self._fold([*stripped, branch], depth=depth + 1))
            except Unsampleable:
                continue
        if not found:
            message = f"no branch of `{keyword}` can be met"
            raise Unsampleable(message)
        flat = [inner for shape in found for inner in (shape.alternatives or (shape,))]
        exact = keyword == "anyOf"
        return Shape(
            types=frozenset().union(*(shape.types for shape in flat)),
            properties={},
            alternatives=tuple(shape if exact else replace(shape, exact=False) for shape in flat),
            exact=exact and all(shape.exact for shape in flat),
        )

    def _parts(self, schemas: Sequence[JsonSchema]) -> Iterator[Mapping[str, Any]]:
        waiting = list(schemas)
        seen: set[int] = set()
        while waiting:
            node = waiting.pop(0)
            if node is False:
                message = "the schema `false` allows nothing"
                raise Unsampleable(message)
            if node is True or id(node) in seen:
                continue
            assert isinstance(node, Mapping)  # noqa: S101 - the documents were read as schemas
            seen.add(id(node))
            yield node
            if "$ref" in node:
                waiting.append(target(node["$ref"], self.root))
            waiting.extend(node.get("allOf", ()))
            found = self._formats.get(node["format"]) if isinstance(node.get("format"), str) else None
            if found is not None:
                waiting.append(found)


def _flat(part: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a part without what `Shapes._parts` has followed already."""
    return {name: value for name, value in part.items() if name not in {"$ref", "allOf"}}


class _Fold:
    """Folds parts without alternatives."""

    def __init__(self, parts: list[Mapping[str, Any]], formats: Mapping[str, Mapping[str, Any]]) -> None:
        self._parts = parts
        self._formats = formats

    @cached_property
    def shape(self) -> Shape:
        types = self._types()
        values = self._values(types)
        if values is not None:
            types = frozenset(map(json_type, values))
        if not types:
            message = "no type is left that the schema allows"
            raise Unsampleable(message)
        return Shape(
            types=types,
            values=values,
            patterns=tuple(dict.fromkeys(self._all("pattern"))),
            formats=tuple(dict.fromkeys(self._all("format"))),
            minimum=max(self._all("minimum"), default=None),
            maximum=min(self._all("maximum"), default=None),
            above=max(self._all("exclusiveMinimum"), default=None),
            below=min(self._all("exclusiveMaximum"), default=None),
            multiple_of=self._multiple_of(),
            min_length=max(self._all("minLength"), default=0),
            max_length=min(self._all("maxLength"), default=None),
            min_items=max(self._all("minItems"), default=0),
            max_items=min(self._all("maxItems"), default=None),
            unique=any(self._all("uniqueItems")),
            items=tuple(self._all("items")),
            prefix=tuple(next(iter(self._all("prefixItems")), ())),
            properties=self._properties(),
            required=tuple(dict.fromkeys(name for names in self._all("required") for name in names)),
            min_properties=max(self._all("minProperties"), default=0),
            max_properties=min(self._all("maxProperties"), default=None),
            additional=tuple(self._all("additionalProperties")),
            exact=not self._inexact(),
            read_only=any(self._all("readOnly")),
        )

    def _all(self, keyword: str) -> list[Any]:
        return [part[keyword] for part in self._parts if keyword in part]

    def _inexact(self) -> bool:
        """Tell whether keywords say more than this fold, which reads each one without its neighbours."""
        lists = [part for part in self._parts if part.keys() & {"prefixItems", "items"}]
        crowded = len(lists) > 1 and any("prefixItems" in part for part in lists)
        return crowded or any(_INEXACT & part.keys() for part in self._parts)

    def _types(self) -> frozenset[str]:
        allowed = ALL_TYPES
        for declared in self._all("type"):
            names = frozenset({declared} if isinstance(declared, str) else declared)
            allowed &= names | {"integer"} if "number" in names else names
        return allowed

    def _values(self, types: frozenset[str]) -> tuple[Any, ...] | None:
        lists = [*self._all("enum"), *([value] for value in self._all("const"))]
        if not lists:
            return None
        known = [{canonical(value) for value in values} for values in lists[1:]]
        found = [
            value
            for value in lists[0]
            if json_type(value) in types and all(canonical(value) in values for values in known)
        ]
        if not found:
            message = "no member of the `enum` is allowed by the rest of the schema"
            raise Unsampleable(message)
        return tuple(found)

    def _multiple_of(self) -> float | None:
        steps = [float(step) if isinstance(step, float) else step for step in self._all("multipleOf")]
        if not steps:
            return None
        if all(isinstance(step, int) or float(step).is_integer() for step in steps):
            return math.lcm(*(int(step) for step in steps))
        return float(steps[0])

    def _properties(self) -> Mapping[str, tuple[JsonSchema, ...]]:
        found: dict[str, list[JsonSchema]] = {}
        for declared in self._all("properties"):
            for name, schema in declared.items():
                found.setdefault(name, []).append(schema)
        for part in self._parts:
            if "additionalProperties" in part:
                for name in found.keys() - part.get("properties", {}).keys():
                    found[name].append(part["additionalProperties"])
        return {name: tuple(schemas) for name, schemas in found.items()}


def canonical(value: Any) -> bytes:
    """Give bytes that are equal for equal JSON values; 1 and 1.0 are one number."""
    return msgspec.json.encode(_numbers_alike(value), order="deterministic")


def _numbers_alike(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_numbers_alike(item) for item in value]
        case dict():
            return {name: _numbers_alike(item) for name, item in value.items()}
    return value
