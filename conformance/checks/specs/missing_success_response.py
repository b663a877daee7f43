"""The check `missing-success-response`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="200", document=path())],
    objects_to=[
        DocumentExample(
            title="an error only",
            document=path(responses={"404": {"description": "Not found"}}),
            at=("/paths/~1things/get/responses",),
        ),
    ],
)
def missing_success_response(audited: Audited) -> Iterator[Problem]:
    """An operation documents no answer for the case that all goes well.

    Every success is then undocumented, and a client has nothing to read it with.
    """
    for operation in audited.survey.operations:
        if not any(status[:1] in {"1", "2", "3", "d"} for status in operation.responses):
            yield flaw(operation.node, "no success is documented", keyword="responses")
