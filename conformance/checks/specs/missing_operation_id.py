"""The check `missing-operation-id`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="an operation with a name", document=path(operationId="listThings"))],
    objects_to=[
        DocumentExample(title="an operation without a name", document=path(), at=("/paths/~1things/get",)),
    ],
)
def missing_operation_id(audited: Audited) -> Iterator[Problem]:
    """Operations have no operationId.

    Generators have to make up the names of methods, and make up others when the path changes.
    """
    for operation in audited.survey.operations:
        if operation.operation_id is None:
            yield flaw(operation.node, "the operation has no operationId", keyword="operationId",
                       grounds=Grounds(cause="operations without operationId"))  # fmt: skip
