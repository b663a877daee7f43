"""Bodies that an SDK has to cope with: the same answer full, empty, null, in other styles and at its bounds.

Those of `Variant.PLAIN` and its like are what the description promises. The others (`is_tolerance`) are what APIs grow
into: a field more, a member more, a date in the other style.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cached_property
from typing import Any, Final

from conformance.mock.store import Draw
from conformance.mock.synthesize import Synthesizer
from conformance.model.operation import JsonSchema, MediaType, Operation
from conformance.model.rule import ABSENT
from conformance.profiles import twilio
from conformance.profiles.twilio import dates
from conformance.schemas.compiler import Compiler
from conformance.schemas.walk import items, keyword, nullable, properties, required, types

ACCOUNT: Final = "AC00000000000000000000000000000000"
MOMENT: Final = 1_751_373_296
"""2025-07-01T12:34:56Z, in seconds since 1970: no other date is written."""
UNKNOWN_FIELD: Final = "zz_unknown"
UNKNOWN_MEMBER: Final = "zz-unknown"
_DEEPEST: Final = 8
_LINKS: Final = frozenset({"first_page_uri", "next_page_uri", "previous_page_uri", "last_page_uri", "uri"})
_TEXTS: Final = {"price": "-0.00750", "duration": "12"}
"""What text fields say that a client may take for numbers."""
_NEXT: Final = frozenset({"next_page_uri", "next_page_url", "next_token"})
_PREVIOUS: Final = frozenset({"previous_page_uri", "previous_page_url", "previous_token"})
_GREATEST: Final = {"int32": 2**31 - 1, "int64": 2**63 - 1}
_LEAST: Final = {"int32": -(2**31), "int64": -(2**63)}


class Variant(Enum):
    """What is special about a body."""

    FULL = "every field full"
    NULLS = "every nullable field null"
    EMPTY = "every list empty"
    GREATEST = "greatest numbers"
    LEAST = "least numbers"
    OFFSET = "dates with an offset"
    FRACTION = "dates with fractions of a second"
    EXTRA = "unknown fields"
    AROUND = "an unknown field around the records"
    MEMBER = "an unknown member of every enumeration"
    OTHER_DATES = "dates in the other style"

    @property
    def is_tolerance(self) -> bool:
        """Tell whether the description does not promise such a body."""
        return self in {Variant.EXTRA, Variant.AROUND, Variant.MEMBER, Variant.OTHER_DATES}


def dated(style: str, variant: Variant) -> str:
    """Write the one moment in a style, `date-time` or Twilio's older one."""
    is_old = style == twilio.DATE_TIME_2010
    if variant is Variant.OTHER_DATES:
        is_old = not is_old
    if variant is Variant.OFFSET:
        local = dates.rfc_2822(MOMENT + 7200) if is_old else dates.iso_8601(MOMENT + 7200)
        return local.replace("+0000", "+0200") if is_old else local.replace("Z", "+02:00")
    if variant is Variant.FRACTION and not is_old:
        return dates.iso_8601(MOMENT).replace("Z", ".250Z")
    return dates.rfc_2822(MOMENT) if is_old else dates.iso_8601(MOMENT)


class Bodies:
    """Makes the bodies of an operation's success."""

    def __init__(self, operation: Operation, content: MediaType, compiler: Compiler) -> None:
        """Keep the schema of the answer."""
        root: JsonSchema = True if content.schema is None else content.schema.json_schema
        self._root = root
        self._synthesizer = Synthesizer(root, api=operation.api, compiler=compiler)
        self._plain_values: dict[tuple[int, str], Any] = {}
        self._draw = Draw(key=f"sdk/{operation.key}", now=MOMENT, account=ACCOUNT, number=1)
        self.records = records_field(root) if operation.method == "GET" else None
        """The field that holds the records of a page; None where the answer is no page."""

    @cached_property
    def full(self) -> Any:
        """The body with every field full."""
        return self.make(Variant.FULL)

    @cached_property
    def all(self) -> tuple[tuple[Variant, Any], ...]:
        """Every body that differs from the full one, after that."""
        others = ((variant, self.make(variant)) for variant in Variant)
        return ((Variant.FULL, self.full), *((variant, made) for variant, made in others if made != self.full))

    @cached_property
    def has_relative_links(self) -> bool:
        """Tell whether pages link to each other by path (`next_page_uri`)."""
        return "next_page_uri" in properties(self._root, self._root)

    def page(self, *, link: str, token: str = "") -> Any:
        """Give a full page that leads to another one by a link, or by a token; None where it cannot."""
        declared = properties(self._root, self._root)
        if self.has_relative_links:
            return {**self.full, "next_page_uri": link}
        meta = properties(declared["meta"], self._root) if "meta" in declared else {}
        for name, value in (("next_page_url", link), ("next_token", token)):
            if name in meta:
                return {**self.full, "meta": {**self.full.get("meta", {}), name: value}}
        return None

    def make(self, variant: Variant) -> Any:
        """Give the body of a variant."""
        return self._value(self._root, "body", variant, 0)

    def _value(self, node: JsonSchema, name: str, variant: Variant, depth: int) -> Any:
        if variant is Variant.NULLS and depth and self._may_be_null(node):
            return None
        allowed = types(node, self._root)
        if properties(node, self._root) and "object" in allowed and depth < _DEEPEST:
            return self._object(node, variant, depth)
        if "array" in allowed and not allowed & {"object", "string"}:
            return self._array(node, name, variant, depth)
        members = [each for each in keyword(node, self._root, "enum") or () if each is not None]
        if members:
            return UNKNOWN_MEMBER if variant is Variant.MEMBER and isinstance(members[0], str) else members[0]
        style = keyword(node, self._root, "format")
        if style in {"date-time", twilio.DATE_TIME_2010} and "string" in allowed:
            return dated(style, variant)
        if variant in {Variant.GREATEST, Variant.LEAST} and "string" not in allowed and allowed & {"integer", "number"}:
            return self._bound(node, variant)
        if "object" in allowed and "string" not in allowed:
            inner = keyword(node, self._root, "additionalProperties")
            return {"key": self._value(inner if isinstance(inner, Mapping) else True, "url", variant, depth + 1)}
        return self._plain(node, name)

    def _may_be_null(self, node: JsonSchema) -> bool:
        return nullable(node, self._root) and self._synthesizer.accepts(node)(None)

    def _object(self, node: JsonSchema, variant: Variant, depth: int) -> dict[str, Any]:
        declared = properties(node, self._root)
        is_page = self.records is not None and depth == 0
        is_meta = depth == 1 and self.records is not None and "next_page_url" in declared
        made: dict[str, Any] = {}
        for name, child in declared.items():
            if name in _NEXT | _PREVIOUS and (is_page or is_meta or name.endswith("_token")):
                if self._may_be_null(child):
                    made[name] = None
                continue
            if name == "key" and self.records is not None and depth == 1:
                made[name] = self.records
                continue
            value = self._value(child, name, Variant.FULL if is_meta else variant, depth + 1)
            if is_page and name == self.records and variant is not Variant.EMPTY:
                value = value or [self._value(items(child, self._root) or True, name, variant, depth + 2)]
            if value is not ABSENT:
                made[name] = value
        for name in required(node, self._root) - made.keys():
            made[name] = None
        if variant is (Variant.AROUND if is_page else Variant.EXTRA) and not is_meta:
            made[UNKNOWN_FIELD] = "kept?"
        return made

    def _array(self, node: JsonSchema, name: str, variant: Variant, depth: int) -> list[Any]:
        inner = items(node, self._root)
        if variant is Variant.EMPTY and not keyword(node, self._root, "minItems"):
            return []
        if inner is None or depth >= _DEEPEST:
            return []
        made = self._value(inner, name, Variant.FULL if variant is Variant.EMPTY else variant, depth + 1)
        return [] if made is ABSENT else [made]

    def _bound(self, node: JsonSchema, variant: Variant) -> Any:
        whole = "integer" in types(node, self._root) and "number" not in types(node, self._root)
        kind = keyword(node, self._root, "format") or "int32"
        greatest = variant is Variant.GREATEST
        declared = keyword(node, self._root, "maximum" if greatest else "minimum")
        if declared is not None:
            return declared
        if whole:
            return (_GREATEST if greatest else _LEAST).get(kind, 0)
        return 12_345_678_901.25 if greatest else -0.00750

    def _plain(self, node: JsonSchema, name: str) -> Any:
        """Give a value that is not null."""
        known = (id(node), name)
        if known not in self._plain_values:
            self._plain_values[known] = self._solid(node, name)
        return self._plain_values[known]

    def _solid(self, node: JsonSchema, name: str) -> Any:
        text = _text(name)
        if text is not None and self._synthesizer.accepts(node)(text):
            return text
        solid: Mapping[str, Any] = {"allOf": [node, {"not": {"type": "null"}}]}
        value = self._synthesizer.maker(solid, name, must=True)(self._draw)
        return ABSENT if value is None else value


def _text(name: str) -> str | None:
    if name == "uri" or name.endswith("_uri"):
        return "/2010-04-01/example.json"
    if name == "url" or name.endswith("_url"):
        return "https://example.com/"
    return _TEXTS.get(name)


def records_field(root: JsonSchema) -> str | None:
    """Give the field of a page that holds its records; None where the answer is no page."""
    declared = properties(root, root)
    if len(declared) > 1 and not declared.keys() & ({"meta", "page_size"} | _LINKS):
        return None
    lists = [name for name, child in declared.items() if types(child, root) - {"null"} == {"array"}]
    return lists[0] if len(lists) == 1 else None


def json_content(operation: Operation) -> MediaType | None:
    """Give the JSON that an operation answers with on success; None where it answers without."""
    answer = operation.success
    if answer is None:
        return None
    return next((each for each in answer.content if each.is_json and each.schema is not None), None)
