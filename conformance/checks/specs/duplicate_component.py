"""The check `duplicate-component`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.audit import Blame, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import component
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
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
    known: dict[str, str] = {}
    for node in audited.survey.of(Kind.SCHEMA):
        if node.parent is None or node.parent.kind is not Kind.COMPONENTS or not _is_large(node.value):
            continue
        text = json.dumps(_bare(node.value), sort_keys=True, default=str)
        if text in known:
            samples = (Witness(source=known[text]),)
            grounds = Grounds(blame=Blame.UNDECIDED, evidence=(Evidence(what="the same schema", samples=samples),))
            message = f"{node.key} is the same as {known[text].rpartition('/')[2]}"
            yield flaw(node, message, keyword="duplicate", grounds=grounds)
        known.setdefault(text, node.pointer)


def _is_large(schema: Any) -> bool:
    """Tell whether two such schemas are hardly the same by chance."""
    if not isinstance(schema, Mapping):
        return False
    return any(
        isinstance(schema.get(name), Mapping | list) and len(schema[name]) >= _LEAST for name in ("enum", "properties")
    )


def _bare(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name not in {"description", "title"}}
