"""Values that a schema accepts and a reader believes.

A schema is planned once and gives a maker: a function that makes a value from a `Draw`. What the description shows
comes first (constants, enums, examples, defaults), then what a Twilio field of that name says, then formats,
patterns and bounds. A planned maker is tried once against the schema, and replaced by a plainer one where it fails.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from conformance.mock import patterns
from conformance.mock.store import EPOCH, Draw
from conformance.model.operation import Api, JsonSchema, Schema
from conformance.model.rule import ABSENT
from conformance.openapi.dialect import NULLABLE
from conformance.profiles import twilio
from conformance.profiles.twilio import dates
from conformance.profiles.twilio.fields import defaults, snake_case
from conformance.profiles.twilio.sids import prefixes_of_field, prefixes_of_pattern
from conformance.schemas.compiler import Compiler
from conformance.schemas.walk import items, keyword, parts, properties, required, types

Maker = Callable[[Draw], Any]
"""Makes a value, or `ABSENT` for a field that is better left out."""

_DEEPEST: Final = 8
_TRIAL: Final = Draw(key="trial", now=EPOCH, account="AC" + "0" * 32, number=1)


def _digits(draw: Draw, name: str, count: int) -> str:
    return f"{draw.integer(name, 10**count):0{count}d}"


_FORMATS: Final[Mapping[str, Callable[[Draw, str], Any]]] = {
    "byte": lambda draw, name: base64.b64encode(draw.hex(name)[:12].encode()).decode(),
    "currency": lambda _, __: "USD",
    "date": lambda draw, _: dates.day(draw.now),
    "date-time": lambda draw, _: dates.iso_8601(draw.now),
    twilio.DATE_TIME_2010: lambda draw, _: dates.rfc_2822(draw.now),
    "duration": lambda _, __: "PT1H",
    "email": lambda draw, name: f"{name}-{_digits(draw, name, 4)}@example.com",
    "hostname": lambda _, __: "example.com",
    "http-method": lambda _, __: "POST",
    "idn-email": lambda draw, name: f"{name}-{_digits(draw, name, 4)}@example.com",
    "idn-hostname": lambda _, __: "example.com",
    "ipv4": lambda draw, name: f"192.0.2.{draw.integer(name, 256)}",
    "ipv6": lambda draw, name: f"2001:db8::{draw.integer(name, 65536):x}",
    "iri": lambda _, name: f"https://example.com/{name}",
    "iri-reference": lambda _, name: f"/{name}",
    "iso-country-code": lambda _, __: "US",
    "json-pointer": lambda _, name: f"/{name}",
    "phone-number": lambda draw, name: f"+1555{_digits(draw, name, 7)}",
    "regex": lambda _, __: "^.*$",
    "relative-json-pointer": lambda _, __: "0",
    "time": lambda _, __: "12:00:00Z",
    "uri": lambda _, name: f"https://example.com/{name}",
    "uri-reference": lambda _, name: f"/{name}",
    "uri-template": lambda _, name: f"https://example.com/{name}/{{id}}",
    "uuid": lambda draw, name: _uuid(draw.hex(name)),
}


def _uuid(digits: str) -> str:
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"


class Synthesizer:
    """Plans the values of one schema and of everything it refers to."""

    def __init__(self, root: JsonSchema, *, api: Api, compiler: Compiler) -> None:
        """Keep the self-contained schema."""
        self.root = root
        self._api = api
        self._compiler = compiler
        self._twilio = twilio.applies(api)
        self._definitions = root.get("$defs", {}) if isinstance(root, Mapping) else {}

    def accepts(self, node: JsonSchema) -> Callable[[Any], bool]:
        """Give the test of a part of the schema."""
        whole = {**node, "$defs": self._definitions} if isinstance(node, Mapping) and _refers(node) else node
        return self._compiler.validator(Schema(pointer="", make=lambda: whole), api=self._api).is_valid

    def maker(self, node: JsonSchema, name: str, *, example: Any = ABSENT, depth: int = 0, must: bool = False) -> Maker:
        """Give the maker of the value of a field.

        `example` is what the description shows for it; `must` forbids to leave it out.
        """
        accepts = self.accepts(node)
        for candidate in self._candidates(node, name, example, depth, must=must):
            value = candidate(_TRIAL)
            if value is ABSENT or accepts(value):
                return candidate
        return _constant(None) if must and accepts(None) else _absent

    def fields(self, node: JsonSchema, *, example: Any = ABSENT, depth: int = 0) -> dict[str, Maker]:
        """Give the makers of an object's fields, by name, in the order of the description."""
        declared = properties(node, self.root)
        needed = required(node, self.root)
        shown: Mapping[str, Any] = example if isinstance(example, Mapping) else {}
        found: dict[str, Maker] = {}
        for name, child in declared.items():
            if name in needed or (depth < _DEEPEST and (self._twilio or not shown or name in shown)):
                found[name] = self.maker(
                    child, name, example=shown.get(name, ABSENT), depth=depth + 1, must=name in needed
                )
        for name in needed - declared.keys():
            found[name] = _constant(shown.get(name))
        if not self._twilio:
            found |= {name: _constant(value) for name, value in shown.items() if name not in declared}
        return found

    def _candidates(self, node: JsonSchema, name: str, example: Any, depth: int, *, must: bool) -> Iterator[Maker]:
        allowed = types(node, self.root)
        if self._twilio:
            yield from self._familiar(node, name, allowed, must=must)
        if example is not ABSENT:
            yield from self._shown(node, name, example, allowed, depth)
        if self._twilio:
            yield from _by_name(name)
        yield from self._declared(node)
        for branch in self._branches(node):
            yield self.maker(branch, name, depth=depth + 1, must=must)
        for kind in _PREFERENCE:
            if kind in allowed:
                yield self._typed(kind, node, name, depth)

    def _familiar(self, node: JsonSchema, name: str, allowed: frozenset[str], *, must: bool) -> Iterator[Maker]:
        """What a Twilio field says whatever an example shows: nothing, a SID, a date."""
        field = snake_case(name)
        if field in defaults().nothing and not must:
            yield _constant(None) if "null" in allowed else _absent
        if "string" not in allowed:
            return
        if field == "account_sid":
            yield lambda draw: draw.account
        prefixes = prefixes_of_pattern(keyword(node, self.root, "pattern") or "")
        if prefixes is None:
            prefixes = prefixes_of_field(name)
        if prefixes is not None:
            prefix = prefixes[0] if prefixes else "SM"
            yield lambda draw: prefix + draw.hex(name)
        if keyword(node, self.root, "format") in {"date-time", twilio.DATE_TIME_2010}:
            yield self._format(node, name)

    def _shown(self, node: JsonSchema, name: str, example: Any, allowed: frozenset[str], depth: int) -> Iterator[Maker]:
        """What an example shows, its objects and lists made anew so that the SIDs in them differ."""
        if isinstance(example, Mapping) and "object" in allowed and properties(node, self.root):
            yield self._object(node, example, depth)
        inner = items(node, self.root)
        if isinstance(example, list) and "array" in allowed and isinstance(inner, Mapping) and inner:
            makers = [
                self.maker(inner, f"{name}/{index}", example=shown, depth=depth + 1, must=True)
                for index, shown in enumerate(example)
            ]
            yield lambda draw: [maker(draw) for maker in makers]
        yield _constant(example)

    def _declared(self, node: JsonSchema) -> Iterator[Maker]:
        for part in parts(node, self.root):
            if "const" in part:
                yield _constant(part["const"])
            for word in ("example", "default"):
                if part.get(word) is not None:
                    yield _constant(part[word])
            examples = part.get("examples")
            if isinstance(examples, list):
                yield from map(_constant, examples)
            yield from map(_constant, part.get("enum", ()))

    def _branches(self, node: JsonSchema) -> list[JsonSchema]:
        for part in parts(node, self.root):
            for word in ("oneOf", "anyOf"):
                if word in part and NULLABLE not in part:
                    rest = {key: value for key, value in part.items() if key != word}
                    return [{"allOf": [rest, branch]} for branch in part[word]]
        return []

    def _typed(self, kind: str, node: JsonSchema, name: str, depth: int) -> Maker:
        match kind:
            case "object":
                return self._object(node, ABSENT, depth)
            case "array":
                return self._array(node, name, depth)
            case "string":
                return self._string(node, name)
            case "integer" | "number":
                return self._number(node, name, whole=kind == "integer")
            case "boolean":
                return _constant(value=False)
            case _:
                return _constant(None)

    def _object(self, node: JsonSchema, example: Any, depth: int) -> Maker:
        made = tuple(self.fields(node, example=example, depth=depth).items())

        def make(draw: Draw) -> dict[str, Any]:
            found = {name: maker(draw) for name, maker in made}
            return {name: value for name, value in found.items() if value is not ABSENT}

        return make

    def _array(self, node: JsonSchema, name: str, depth: int) -> Maker:
        inner = items(node, self.root)
        least = keyword(node, self.root, "minItems") or 0
        count = max(least, 0 if keyword(node, self.root, "maxItems") == 0 or depth >= _DEEPEST else 1)
        if inner is None or inner is True or inner == {}:
            return _constant([None] * least)
        makers = [self.maker(inner, f"{name}/{index}", depth=depth + 1, must=True) for index in range(count)]
        return lambda draw: [value for maker in makers if (value := maker(draw)) is not ABSENT]

    def _format(self, node: JsonSchema, name: str) -> Maker:
        make = _FORMATS[keyword(node, self.root, "format")]
        return lambda draw: make(draw, name.rpartition("/")[0] or name)

    def _string(self, node: JsonSchema, name: str) -> Maker:
        if keyword(node, self.root, "format") in _FORMATS:
            return self._format(node, name)
        pattern = keyword(node, self.root, "pattern")
        if isinstance(pattern, str):
            return lambda draw: _matching(pattern, draw, name)
        least = int(keyword(node, self.root, "minLength") or 0)
        most = keyword(node, self.root, "maxLength")
        plain = name.partition("/")[0].replace("_", " ")

        def make(draw: Draw) -> str:
            text = f"{plain} {_digits(draw, name, 4)}"
            text += draw.hex(name) * math.ceil(max(0, least - len(text)) / 32)
            return text if most is None else text[: max(int(most), 0)]

        return make

    def _number(self, node: JsonSchema, name: str, *, whole: bool) -> Maker:
        bound = {word: keyword(node, self.root, word) for word in _BOUNDS}
        step = bound["multipleOf"] or 1
        low = bound["minimum"] if bound["minimum"] is not None else -math.inf
        if bound["exclusiveMinimum"] is not None:
            low = max(low, bound["exclusiveMinimum"] + (step if whole else step / 1024))
        high = bound["maximum"] if bound["maximum"] is not None else math.inf
        if bound["exclusiveMaximum"] is not None:
            high = min(high, bound["exclusiveMaximum"] - (step if whole else step / 1024))
        first = math.ceil((low if low > -math.inf else min(1, high)) / step)
        last = min(math.floor(high / step), first + 99) if high < math.inf else first + 99

        def make(draw: Draw) -> int | float:
            value = (first + draw.integer(name, max(last - first, 0) + 1)) * step
            return int(value) if whole else value

        return make


_PREFERENCE: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
_BOUNDS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")


def _refers(node: Any) -> bool:
    if isinstance(node, Mapping):
        return "$ref" in node or any(map(_refers, node.values()))
    return isinstance(node, list) and any(map(_refers, node))


def _constant(value: Any) -> Maker:
    return lambda _: value


def _absent(_: Draw) -> Any:
    return ABSENT


def _by_name(name: str) -> Iterator[Maker]:
    field = snake_case(name)
    table = defaults()
    yield from map(_constant, table.values.get(field, ()))
    pattern = table.patterns.get(field)
    if pattern is not None:
        head, tail = pattern.split("#", 1)[0], pattern.rpartition("#")[2]
        count = pattern.count("#")
        yield lambda draw: head + _digits(draw, name, count) + tail


def _matching(pattern: str, draw: Draw, name: str) -> Any:
    turn = 0

    def choose(bound: int) -> int:
        nonlocal turn
        turn += 1
        return draw.integer(f"{name}/{turn}", bound)

    text = patterns.sample(pattern, choose)
    return ABSENT if text is None else text
