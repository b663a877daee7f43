"""The check `undeclared-tag`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="a tag that is declared", document={**path(tags=["A"]), "tags": [{"name": "A"}]}),
        DocumentExample(title="a document that declares no tags", document=path(tags=["A"])),
    ],
    objects_to=[
        DocumentExample(
            title="a tag that is not among those declared",
            document={**path(tags=["A", "B"]), "tags": [{"name": "A"}]},
            at=("/paths/~1things/get/tags",),
        ),
    ],
)
def undeclared_tag(audited: Audited) -> Iterator[Problem]:
    """An operation has a tag that the document does not declare, though it declares others.

    Such a tag has no description and no place in the order of chapters; often it is a misspelt one.
    """
    survey = audited.survey
    declared = {node.text("name") for node in survey.of(Kind.TAG)}
    for operation in survey.operations if declared else ():
        for tag in operation.node.texts("tags"):
            if tag not in declared:
                yield flaw(operation.node, f"the tag {tag!r} is not declared", keyword="tags", actual=tag,
                           grounds=Grounds(cause=f"tag {tag}"))  # fmt: skip
