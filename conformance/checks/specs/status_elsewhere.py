"""The check `status-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_CREATED = path(responses={"201": {"description": "Created"}})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the same status", document=path(), official=(path(),))],
    objects_to=[
        DocumentExample(
            title="201 there, 200 here", document=path(), official=(_CREATED,), at=("/paths/~1things/get/responses",)
        ),
    ],
)
def status_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API documents a success that this operation does not.

    A client that waits for the wrong status takes success for failure.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        status = each.change.new_pointer.rpartition("/")[2]
        if each.change.kind == "status-added" and node is not None and status.startswith("2"):
            operation = audited.survey.operation_at(node.pointer)
            here = ", ".join(operation.successes) if operation else ""
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                blame=Blame.UNDECIDED,
                evidence=(each.evidence("another description has it", status),),
            )
            message = f"{each.other} documents {status} here, not {here or 'nothing'}"
            yield flaw(node.at("responses"), message, keyword="status", actual=status, grounds=grounds)
