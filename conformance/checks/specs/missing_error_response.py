"""The check `missing-error-response`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.flaws import flaw
from conformance.openapi.survey import OperationNode
from conformance.schemas.audited import Audited

_FEW: Final = 2
_ERROR: Final = {"description": "It failed."}


def _document(*responses: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "security": [{"basic": []}],
        "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
        "paths": {f"/{index}": {"get": {"responses": each}} for index, each in enumerate(responses)},
    }


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="errors everywhere", document=_document({**OK, "401": _ERROR}, {**OK, "default": _ERROR})
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one operation lacks the 401 that the others have",
            document=_document({**OK, "401": _ERROR}, {**OK, "401": _ERROR}, OK),
            at=("/paths/~12/get/responses",),
        ),
        DocumentExample(
            title="no operation has an error, which is said once", document=_document(OK, OK), at=("/paths",)
        ),
    ],
)
def missing_error_response(audited: Audited) -> Iterator[Problem]:
    """An operation does not document the errors that operations of its kind have: 400, 401, 404.

    Whoever asks for credentials answers 401, whoever takes a name in the path 404, whoever takes a body 400. Where most
    operations of the document say so, one that does not has forgotten it. Where none says anything, that is one
    omission.
    """
    survey = audited.survey
    if not survey.operations:
        return
    if not any(_has_errors(operation) for operation in survey.operations):
        count = len(survey.operations)
        grounds = Grounds(evidence=(Evidence(what="operations without a documented error", count=count, of=count),))
        yield flaw("/paths", "no operation documents an error", keyword="responses", grounds=grounds)
        return
    usual = _usual(survey.operations)
    for operation in survey.operations:
        missing = [status for status in usual if status in _fitting(operation) and not _says(operation, status)]
        if missing:
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                evidence=tuple(
                    Evidence(what=f"operations of this kind with {status}", count=usual[status][0], of=usual[status][1])
                    for status in missing
                ),
            )
            message = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not documented"
            yield flaw(operation.node, message, keyword="responses",
                       expected=missing, grounds=grounds)  # fmt: skip


def _has_errors(operation: OperationNode) -> bool:
    return bool(operation.errors) or "default" in operation.responses


def _says(operation: OperationNode, status: str) -> bool:
    return any(name in operation.responses for name in (status, "4XX", "4xx", "default"))


def _fitting(operation: OperationNode) -> Iterator[str]:
    """The errors that an operation of this kind has."""
    if operation.body is not None:
        yield "400"
    if operation.security:
        yield "401"
    if "}" in operation.path.rstrip("/").rpartition("/")[2]:
        yield "404"


def _usual(operations: tuple[OperationNode, ...]) -> dict[str, tuple[int, int]]:
    """The errors that operations of a kind have: how many document them, out of how many.

    More than half have to say so. For 401 a few will do: one kind of credentials fails everywhere or nowhere.
    """
    found: dict[str, tuple[int, int]] = {}
    for status in ("400", "401", "404"):
        fitting = [operation for operation in operations if status in _fitting(operation)]
        saying = sum(_says(operation, status) for operation in fitting)
        if saying * 2 > len(fitting) or (status == "401" and saying >= _FEW):
            found[status] = (saying, len(fitting))
    return found
