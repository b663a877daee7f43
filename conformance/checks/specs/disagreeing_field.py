"""The check `disagreeing-field`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import component
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_GENERIC: Final = frozenset({
    "attributes", "code", "configuration", "count", "data", "details", "id", "items", "key", "links", "meta", "name",
    "parameters", "properties", "result", "results", "size", "source", "state", "status", "target", "type", "value",
    "values", "version",
})  # fmt: skip
"""Names that mean something else in every object."""
_LARGE: Final = frozenset({"array", "object"})
"""A list and a link to it may share a name."""


def _document(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    part = {"type": "object", "properties": {"reason_code": second}}
    whole = {
        "properties": {"reason_code": first, "parts": {"type": "array", "items": {"$ref": "#/components/schemas/P"}}}
    }
    return component(whole, P=part)


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="one type", document=_document({"type": "integer"}, {"type": ["integer", "null"]})),
    ],
    objects_to=[
        DocumentExample(
            title="a code that is a number here and text there",
            document=_document({"type": "integer"}, {"type": "string"}),
            at=("/components/schemas/P/properties/reason_code/type",),
        ),
    ],
)
def disagreeing_field(audited: Audited) -> Iterator[Problem]:
    """Fields of one name have different types in the answers of one document.

    One of them is wrong, or two things share a name. Clients that move values from one object to the other fail.
    """
    survey = audited.survey
    by_name: dict[str, list[Node]] = defaultdict(list)
    for node in survey.of(Kind.SCHEMA):
        if node.field == "properties" and node.key not in _GENERIC and Side.RESPONSE in survey.sides(node):
            by_name[node.key].append(node)
    for name, nodes in by_name.items():
        types: dict[str, list[Node]] = defaultdict(list)
        for node in nodes:
            if survey.view(node).types and not _LARGE & (survey.view(node).types or frozenset()):
                types[survey.view(node).type].append(node)
        if len(types) > 1 and set(types) != {"integer", "number"}:
            usual = max(sorted(types), key=lambda kind: len(types[kind]))
            for kind in sorted(types.keys() - {usual}):
                yield from _said(audited, name, types, kind, usual)


def _said(audited: Audited, name: str, types: dict[str, list[Node]], kind: str, usual: str) -> Iterator[Problem]:
    samples = tuple(Witness(source=node.pointer, value=usual) for node in types[usual][:3])
    total = sum(map(len, types.values()))
    evidence = Evidence(what=f"{name} is {usual}", count=len(types[usual]), of=total, samples=samples)
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        blame=Blame.UNDECIDED,
        evidence=(evidence,),
        cause=f"{name} is {' and '.join(sorted((kind, usual)))}",
    )
    for node in types[kind]:
        message = f"{name} is {kind} here and {usual} elsewhere"
        owner = audited.survey.view(node).owner("type")
        yield flaw(owner, message, keyword="type", expected=usual, actual=kind, grounds=grounds)
