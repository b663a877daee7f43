"""The check `duplicate-operation-id`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="two ids",
            document={
                "paths": {"/a": {"get": {"operationId": "a", "responses": OK}}, "/b": {"get": {"responses": OK}}}
            },
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one id for two operations",
            document={
                "paths": {
                    "/a": {"get": {"operationId": "a", "responses": OK}},
                    "/b": {"get": {"operationId": "a", "responses": OK}},
                }
            },
            at=("/paths/~1b/get/operationId",),
        ),
    ],
)
def duplicate_operation_id(audited: Audited) -> Iterator[Problem]:
    """Two operations of the document have the same operationId.

    OpenAPI (3.1.1, 4.8.10) asks for unique ones: generators name methods and links name operations by them.
    """
    known: dict[str, str] = {}
    for operation in audited.survey.operations:
        name = operation.operation_id
        if name is not None and name in known:
            yield flaw(operation.node, f"{known[name]} has the operationId {name!r} too", keyword="operationId",
                       actual=name)  # fmt: skip
        elif name is not None:
            known[name] = f"{operation.method} {operation.path}"
