"""The check `duplicate-parameter`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


def _document(*names: str) -> dict[str, Any]:
    return path(parameters=[{"name": name, "in": "query", "schema": {"type": "string"}} for name in names])


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="two parameters", document=_document("a", "b"))],
    objects_to=[
        DocumentExample(
            title="one parameter twice", document=_document("a", "a"), at=("/paths/~1things/get/parameters/1/name",)
        ),
    ],
)
def duplicate_parameter(audited: Audited) -> Iterator[Problem]:
    """One list of parameters has a parameter twice.

    OpenAPI (3.1.1, 4.8.10) makes the name together with the location unique; tools take either one.
    """
    survey = audited.survey
    for holder in (*survey.of(Kind.PATH_ITEM), *survey.of(Kind.OPERATION)):
        known: set[tuple[str, str]] = set()
        for entry in survey.children(holder, "parameters"):
            node = survey.resolve(entry)
            key = (node.text("in"), node.text("name")) if node is not None else ("", "")
            if key[1] and key in known:
                yield flaw(entry, f"the {key[0]} parameter {key[1]} a second time", keyword="name", actual=key[1])
            known.add(key)
