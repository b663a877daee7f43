"""The check `unlisted-status`."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path, seen
from conformance.openapi.flaws import flaw
from conformance.openapi.survey import OperationNode
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Called, Tally
from conformance.schemas.verdicts import verdict

_ERRORS: Final = 400


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(title="a documented status", document=path(), exchanges=(seen({}),)),
        DocumentExample(
            title="a documented range",
            document=path(responses={"2XX": {"description": "OK"}}),
            exchanges=(seen({}, status=202),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a status that nobody documents",
            document=path(),
            exchanges=(seen({}, status=429),),
            at=("/paths/~1things/get/responses",),
        ),
    ],
)
def unlisted_status(audited: Audited) -> Iterator[Problem] | None:
    """A status was seen that the operation does not document.

    A client generated from the document has no type for such an answer.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    observed = audited.observed
    for operation in audited.survey.operations:
        called = observed.called.get(operation.node.pointer) if observed else None
        for status, tally in sorted(called.statuses.items()) if called else ():
            if called is not None and not _is_documented(operation, status):
                yield _said(audited, operation, status, tally, called)


def _is_documented(operation: OperationNode, status: int) -> bool:
    names = {str(status), f"{status // 100}XX", f"{status // 100}xx", "default"}
    return bool(names & set(operation.responses))


def _said(audited: Audited, operation: OperationNode, status: int, tally: Tally, called: Called) -> Problem:
    added = [
        each
        for each in audited.differing(operation.node.pointer, "status-added")
        if each.change.new_pointer.endswith(f"/{status}")
    ]
    elsewhere = sum(str(status) in other.responses for other in audited.survey.operations)
    # Descriptions that leave out every error say nothing about one of them.
    is_compared = audited.differences is not None and status < _ERRORS
    blame, confidence = verdict(tally, agreeing=added, is_compared=is_compared, total=called.count)
    if status >= _ERRORS and elsewhere:
        blame, confidence = Blame.SPEC, Confidence.MEDIUM
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            tally.evidence(f"answers with {status}", of=called.count),
            *(each.evidence("another description has it") for each in added[:1]),
            *((Evidence(what=f"operations of the document with {status}", count=elsewhere),) if elsewhere else ()),
        ),
        edits=(Edit(pointer=f"{operation.node.pointer}/responses/{status}", value=_response(operation, status)),),
        remedy=f"{status} is an answer, too.",
    )
    listed = ", ".join(operation.responses) or "none"
    message = f"{status} was seen {tally.times} in {called.count} answers, documented is {listed}"
    return flaw(operation.node.at("responses"), message, keyword="status", actual=str(status), grounds=grounds)


def _response(operation: OperationNode, status: int) -> dict[str, Any]:
    """The description of the status; a success means what the success means that is documented."""
    model = next(iter(operation.successes.values()), None)
    if status < _ERRORS and model is not None:
        return {"$ref": f"#{model.pointer}"}
    try:
        return {"description": HTTPStatus(status).phrase}
    except ValueError:
        return {"description": f"Status {status}"}
