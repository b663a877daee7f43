"""The check `duplicate-component`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.audit import Blame, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import component
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_STATUS = {"type": "string", "enum": ["on", "off", "unknown"]}
_LEAST = 3


def _document(second: dict[str, Any]) -> dict[str, Any]:
    schema = {
        "properties": {"a": {"$ref": "#/components/schemas/A"}, "b": {"$ref": "#/components/schemas/B"}},
    }
    return component(schema, A=_STATUS, B=second)


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="two enums", document=_document({"type": "string", "enum": ["on", "off", "no"]}))],
    objects_to=[
        DocumentExample(title="one enum twice", document=_document(_STATUS), at=("/components/schemas/B",)),
    ],
)
def duplicate_component(audited: Audited) -> Iterator[Problem]:
    """Two schemas of the components are the same, names apart.

    A correction has to be made twice, and generators make two types that do not fit each other.
    """
    groups: dict[str, list[Node]] = {}
    for node in audited.survey.of(Kind.SCHEMA):
        if node.parent is not None and node.parent.kind is Kind.COMPONENTS and _is_large(node.value):
            groups.setdefault(json.dumps(_bare(node.value), sort_keys=True, default=str), []).append(node)
    for group in groups.values():
        if len(group) > 1:
            names = sorted(node.key for node in group)
            samples = tuple(Witness(source=node.pointer) for node in group[:3])
            evidence = Evidence(what="the same schema", count=len(group), samples=samples)
            grounds = Grounds(blame=Blame.UNDECIDED, evidence=(evidence,), cause=f"duplicates: {', '.join(names)}")
            yield flaw(group[1], f"{', '.join(names)} are the same", keyword="duplicate", grounds=grounds)


def _is_large(schema: Any) -> bool:
    """Tell whether two such schemas are hardly the same by chance."""
    if not isinstance(schema, Mapping):
        return False
    return any(
        isinstance(schema.get(name), Mapping | list) and len(schema[name]) >= _LEAST for name in ("enum", "properties")
    )


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in {"description", "title"}}
