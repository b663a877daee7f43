"""The check `shared-operation-id`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(
            title="other ids in the other document",
            document=path(operationId="a"),
            sisters=(path(operationId="b"),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="another document has the id too",
            document=path(operationId="a"),
            sisters=(path(operationId="a"),),
            at=("/paths/~1things/get/operationId",),
        ),
    ],
)
def shared_operation_id(audited: Audited) -> Iterator[Problem]:
    """An operation of another document of the run has the same operationId.

    Within one document it would be an error; over a family of documents, one client library, one page of documentation
    or one report cannot tell the two apart by name. It is said of the document that comes first.
    """
    survey = audited.survey
    later = audited.crowd[audited.crowd.index(survey) + 1 :]
    for operation in survey.operations:
        for other in later:
            twins = [
                each for each in other.operations if each.operation_id and each.operation_id == operation.operation_id
            ]
            for twin in twins[:1]:
                place = f"{twin.method} {twin.path}"
                evidence = Evidence(what="the other document", samples=(Witness(source=other.name, value=place),))
                message = f"{other.name} has the operationId {operation.operation_id!r} too, for {place}"
                yield flaw(operation.node, message, keyword="operationId",
                           grounds=Grounds(blame=Blame.UNDECIDED, evidence=(evidence,)))  # fmt: skip
