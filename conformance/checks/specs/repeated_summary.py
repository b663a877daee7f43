"""The check `repeated-summary`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="more in the description", document=path(summary="List", description="List all things."))
    ],
    objects_to=[
        DocumentExample(
            title="the same twice",
            document=path(summary="List all things.", description="List all things."),
            at=("/paths/~1things/get/description",),
        ),
    ],
)
def repeated_summary(audited: Audited) -> Iterator[Problem]:
    """The description of an operation repeats its summary word for word.

    Documentation shows both, one under the other. Where it is done throughout the document, it is one finding.
    """
    survey = audited.survey
    repeated = [
        operation.node
        for operation in survey.operations
        if isinstance(operation.node.get("summary"), str)
        and operation.node.get("summary").strip()
        and operation.node.get("summary") == operation.node.get("description")
    ]
    for node in repeated:
        evidence = Evidence(what="operations that repeat it", count=len(repeated), of=len(survey.operations))
        grounds = Grounds(evidence=(evidence,), cause="descriptions that repeat summaries")
        yield flaw(node, "the description repeats the summary", keyword="description", grounds=grounds)
