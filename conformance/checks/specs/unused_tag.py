"""The check `unused-tag`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a tag of an operation", document={**path(tags=["A"]), "tags": [{"name": "A"}]})],
    objects_to=[
        DocumentExample(
            title="a tag without operations",
            document={**path(tags=["A"]), "tags": [{"name": "A"}, {"name": "B"}]},
            at=("/tags/1",),
        ),
    ],
)
def unused_tag(audited: Audited) -> Iterator[Problem]:
    """The document declares a tag that no operation has.

    Documentation shows an empty chapter. Often the operations of that chapter are missing.
    """
    survey = audited.survey
    used = {tag for operation in survey.operations for tag in operation.node.texts("tags")}
    for node in survey.of(Kind.TAG):
        name = node.get("name")
        if isinstance(name, str) and name not in used:
            yield flaw(node, f"no operation has the tag {name!r}", keyword="unused", actual=name)
