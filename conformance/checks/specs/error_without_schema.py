"""The check `error-without-schema`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, path, response
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_BARE = {"description": "Not found"}
_FULL = response({"type": "object"}, "Not found")


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="an error with a schema", document=path(responses={**OK, "404": _FULL}))],
    objects_to=[
        DocumentExample(
            title="one error of two has none",
            document=path(responses={**OK, "400": _FULL, "404": _BARE}),
            at=("/paths/~1things/get/responses/404",),
        ),
        DocumentExample(
            title="no error has one, which is said once",
            document=path(responses={**OK, "400": _BARE, "404": _BARE}),
            at=("/paths/~1things/get/responses/400",),
        ),
    ],
)
def error_without_schema(audited: Audited) -> Iterator[Problem]:
    """An error has no schema.

    A client cannot read why it failed, and nothing of the error can be checked. Where no error of the document has a
    schema, that is one omission and said once.
    """
    survey = audited.survey
    errors = {node.pointer: node for operation in survey.operations for node in operation.errors.values()}
    bare = [node for node in errors.values() if not survey.bodies(node)]
    nowhere = len(bare) == len(errors)
    for node in bare:
        evidence = Evidence(what="errors without a schema", count=len(bare), of=len(errors))
        grounds = Grounds(evidence=(evidence,), cause="no error has a schema" if nowhere else "")
        message = "no error of the document has a schema" if nowhere else f"the error {node.key} has no schema"
        yield flaw(node, message, keyword="content", grounds=grounds)
