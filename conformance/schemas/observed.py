"""What recordings show of a document: values by the schema that describes them, statuses and names that nobody listed.

Counts are exact; of the values themselves only a bounded number is kept. A request counts only where it was answered
with 2xx: what a server refused proves nothing about what is allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from conformance.model.audit import Evidence, Origin, Witness
from conformance.model.finding import json_type
from conformance.model.rule import ABSENT, Matched, Reading
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey

SAMPLES: Final = 3
_MOST_VALUES: Final = 400
_MOST_TEXTS: Final = 50
_MAX_DEPTH: Final = 64
_REDIRECTS: Final = 300


class Tally(Struct):
    """How often something was seen, in how many exchanges, and up to three samples from different exchanges."""

    count: int = 0
    exchanges: int = 0
    samples: list[Witness] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    """The JSON types of what was seen."""
    texts: set[str] = field(default_factory=set)
    """Different texts, of members that no property describes; the first 50."""
    _last: str = ""

    def add(self, exchange: str, value: Any = None, *, kind: str = "") -> None:
        """Count one occurrence; `kind` where the value is shown shorter than it is."""
        self.count += 1
        self.kinds.add(kind or json_type(value))
        if exchange != self._last:
            self._last = exchange
            self.exchanges += 1
            if len(self.samples) < SAMPLES:
                self.samples.append(Witness(source=exchange, value=value))

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Tally:
        """Give several tallies as one; exchanges that are in two of them count twice."""
        total = cls()
        for tally in tallies:
            total.count += tally.count
            total.exchanges += tally.exchanges
            total.samples += tally.samples[: SAMPLES - len(total.samples)]
        return total

    @property
    def times(self) -> str:
        """How often, as a reader says it."""
        return "once" if self.count == 1 else f"{self.count} times"

    def evidence(self, what: str, *, of: int | None = None) -> Evidence:
        """Give the tally as evidence."""
        return Evidence(
            what=what, count=self.count, of=of, samples=tuple(self.samples), origin=Origin.RECORDING
        )  # fmt: skip


class Seen(Struct):
    """The values that one schema described."""

    count: int = 0
    types: dict[str, Tally] = field(default_factory=dict)
    """By JSON type."""
    values: dict[Any, Tally] = field(default_factory=dict)
    """Strings, numbers and booleans, as (type, value); the first 400 different ones."""
    extra: dict[str, Tally] = field(default_factory=dict)
    """Members that no property describes."""
    present: dict[str, int] = field(default_factory=dict)
    """Members that a property describes."""
    missing: dict[str, Tally] = field(default_factory=dict)
    """Required members that were not there."""
    objects: int = 0

    @property
    def strings(self) -> dict[str, Tally]:
        """The strings among the values."""
        return {value: tally for (kind, value), tally in self.values.items() if kind == "string"}


class Called(Struct):
    """What was seen of one operation."""

    count: int = 0
    statuses: dict[int, Tally] = field(default_factory=dict)
    hosts: dict[str, Tally] = field(default_factory=dict)
    """By host and port, in lower case."""
    extra: dict[tuple[str, str], Tally] = field(default_factory=dict)
    """Parameters that nobody declared, by location and name."""
    bodies: dict[str, Tally] = field(default_factory=dict)
    """Bodies where the document has no schema, by status."""


class Observed:
    """What recordings show of one document."""

    def __init__(self, survey: Survey) -> None:
        """Start without any."""
        self._survey = survey
        self._operations = {operation.node.pointer: operation for operation in survey.operations}
        self.exchanges = 0
        self.seen: dict[str, Seen] = {}
        """By the pointer of the schema."""
        self.called: dict[str, Called] = {}
        """By the pointer of the operation."""

    def add(self, matched: Matched) -> None:
        """Add an exchange."""
        operation = self._operations.get(matched.operation.pointer)
        if operation is None:
            return
        identity, status = matched.exchange.id, matched.exchange.response.status
        self.exchanges += 1
        called = self.called.setdefault(operation.node.pointer, Called())
        called.count += 1
        called.statuses.setdefault(status, Tally()).add(identity, status)
        host = urlsplit(matched.exchange.request.url).netloc.lower()
        called.hosts.setdefault(host, Tally()).add(identity, host)
        if status < _REDIRECTS:
            self._add_request(operation, called, matched, identity)
        answer = matched.answer
        if answer is not None and not any(media_type.schema for media_type in answer.content):
            self._add_bare(called, answer.status, matched, identity)
        self._add_body(matched.response, identity)

    def _add_request(self, operation: OperationNode, called: Called, matched: Matched, identity: str) -> None:
        for place, value in matched.request.parameters.items():
            location, _, name = place.partition("/")
            parameter = operation.parameter(location, name)
            schema = self._survey.schema(parameter) if parameter else None
            if schema is not None:
                self._visit(schema, value, identity, 0)
        for name, text in matched.exchange.request.query_pairs:
            if operation.parameter("query", name) is None:
                called.extra.setdefault(("query", name), Tally()).add(identity, text)
        self._add_body(matched.request, identity)

    def _add_bare(self, called: Called, status: str, matched: Matched, identity: str) -> None:
        body = matched.exchange.response.body
        if body:
            called.bodies.setdefault(status, Tally()).add(identity, _shown(body.decode("utf-8", "replace")))

    def _add_body(self, reading: Reading, identity: str) -> None:
        if reading.body is ABSENT or reading.media_type is None or reading.media_type.schema is None:
            return
        node = self._survey.node(reading.media_type.schema.pointer)
        if node is not None:
            self._visit(node, reading.body, identity, 0)

    def _visit(self, node: Node, value: Any, identity: str, depth: int) -> None:
        if depth > _MAX_DEPTH:
            return
        node = self._survey.plain(node)
        seen = self.seen.get(node.pointer)
        if seen is None:
            seen = self.seen[node.pointer] = Seen()
        seen.count += 1
        kind = json_type(value)
        tally = seen.types.get(kind)
        if tally is None:
            tally = seen.types[kind] = Tally()
        tally.add(identity, _shown(value))
        if isinstance(value, Mapping):
            self._visit_object(node, seen, value, identity, depth)
        elif isinstance(value, list):
            inner = self._survey.items(node)
            for item in value if inner is not None else ():
                self._visit(inner, item, identity, depth + 1)  # type: ignore[arg-type] # there is one, or no item
        elif value is not None and ((kind, value) in seen.values or len(seen.values) < _MOST_VALUES):
            seen.values.setdefault((kind, value), Tally()).add(identity, value)

    def _visit_object(self, node: Node, seen: Seen, value: Mapping[str, Any], identity: str, depth: int) -> None:
        seen.objects += 1
        declared = self._survey.properties(node)
        for name in self._survey.required(node):
            if name not in value:
                seen.missing.setdefault(name, Tally()).add(identity)
        for name, inner in value.items():
            child = declared.get(name)
            if child is None:
                tally = seen.extra.setdefault(name, Tally())
                tally.add(identity, _shown(inner), kind=json_type(inner))
                if isinstance(inner, str) and len(tally.texts) < _MOST_TEXTS:
                    tally.texts.add(inner)
            else:
                seen.present[name] = seen.present.get(name, 0) + 1
                self._visit(child, inner, identity, depth + 1)


def _shown(value: Any) -> Any:
    """A value as evidence: itself where it is small, else its type."""
    if isinstance(value, Mapping | list):
        return f"{json_type(value)} of {len(value)}"
    return value if not isinstance(value, str) or len(value) <= 80 else f"{value[:79]}…"  # noqa: PLR2004 - a line
