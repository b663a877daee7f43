"""What a check found, with its place, its severity and an identity that outlives unrelated edits."""

from __future__ import annotations

import hashlib
import json
import re
from enum import Enum
from pathlib import PurePath
from typing import Any

from conformance.model.http import Source
from conformance.model.rule import Problem, Severity, Side
from conformance.model.value import Value

_INDEX = re.compile(r"(?<=/)\d+(?=/|$)")
_IDENTIFIER = re.compile(r"^(?!v\d+$|\d{4}-\d\d-\d\d$)[^.]*\d[^.]*")
_BY_VALUE = frozenset({"enum", "const", "status"})


class Suspect(Enum):
    """Who is probably wrong; never changes the severity."""

    IMPLEMENTATION = "implementation"
    SPEC = "spec"
    UNDECIDED = "undecided"
    SDK = "sdk"
    """The SDK; a second witness agrees with the description."""
    DISAGREEMENT = "disagreement"
    """Witnesses contradict each other, or nobody testifies."""


def json_type(value: Any) -> str:
    """Give the JSON Schema type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list() | tuple():
            return "array"
        case _:
            return "object"


def fingerprint(*, operation: str, side: Side, status: int | None, rule_id: str, problem: Problem) -> str:
    """Give the identity of a finding: 20 hex digits.

    It is made of the operation, the side, the status, the rule, the instance path without array indices, the keyword,
    and the value (enums and statuses), the format (formats) or the JSON type of the value (everything else). So it
    does not change when an unrelated part of the document, a `$ref` or an order changes.
    """
    if problem.keyword in _BY_VALUE:
        value = problem.actual
    else:
        value = problem.expected if problem.keyword == "format" else json_type(problem.actual)
    place = _INDEX.sub("[]", problem.instance_pointer)
    facts = [operation, side.value, status, rule_id, place, problem.keyword, value]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def destination(method: str, url: str) -> str:
    """Give what a request that belongs to no operation asked for, for its fingerprint.

    Segments with digits are identifiers, unless they are versions: the same wrong path for another resource is the
    same finding.
    """
    head, slashes, rest = url.partition("?")[0].partition("//")
    host, *segments = (rest if slashes else head).split("/")
    named = (_IDENTIFIER.sub("{}", segment, count=1) for segment in segments)
    return " ".join([method, "/".join([head + slashes + host if slashes else host, *named])])


class Finding(Value, frozen=True, kw_only=True):
    """A problem with its rule, its place and its suspect: one occurrence."""

    rule_id: str
    operation: str | None
    """The key of the operation; None where no operation matched."""
    severity: Severity
    side: Side
    suspect: Suspect
    problem: Problem
    exchange_id: str | None
    """None for findings about a document."""
    source: Source | None
    spec: str
    """The file of the description; empty where none is concerned."""
    line: int
    column: int
    fingerprint: str

    @property
    def concerns(self) -> str:
        """What it is about, for a reader: the operation, the description, or that no operation matched."""
        if self.operation is not None:
            return self.operation
        return PurePath(self.spec).name if self.side is Side.SPEC else "no operation"
