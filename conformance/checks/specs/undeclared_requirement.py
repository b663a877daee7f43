"""The check `undeclared-requirement`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


def _document(*names: str) -> dict[str, Any]:
    return component({"type": "object", "properties": {"sid": {"type": "string"}}, "required": list(names)})


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a declared field is required", document=_document("sid"))],
    objects_to=[
        DocumentExample(
            title="a field that nobody declares is required",
            document=_document("sid", "name"),
            at=(f"{THING}/required/1",),
        ),
    ],
)
def undeclared_requirement(audited: Audited) -> Iterator[Problem]:
    """A field is required that no property declares.

    Often the name is misspelt: then the real field is not required, and no message has the other one.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        required = node.get("required")
        if not isinstance(required, list) or not survey.properties(node) or _in_union(node.pointer):
            continue
        declared = survey.properties(node)
        for index, name in enumerate(required):
            if isinstance(name, str) and name not in declared:
                yield flaw(f"{node.pointer}/required/{index}", f"no property declares {name!r}", keyword="requirement",
                           actual=name)  # fmt: skip


def _in_union(pointer: str) -> bool:
    """A branch may require what stands beside the union."""
    return any(f"/{union}/" in pointer for union in ("allOf", "anyOf", "else", "if", "not", "oneOf", "then"))
