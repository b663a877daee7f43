"""The check `meaningless-body`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import content, path, response
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_METHODS: Final = frozenset({"DELETE", "GET", "HEAD"})
_STATUSES: Final = frozenset({"204", "205", "304"})
_BODY: Final = {"content": content({"type": "string"})}


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="a body of a POST", document=path(method="post", requestBody=_BODY))],
    objects_to=[
        DocumentExample(
            title="a body of a GET", document=path(requestBody=_BODY), at=("/paths/~1things/get/requestBody",)
        ),
        DocumentExample(
            title="content of No Content",
            document=path(method="delete", responses={"204": response({"type": "string"})}),
            at=("/paths/~1things/delete/responses/204/content",),
        ),
    ],
)
def meaningless_body(audited: Audited) -> Iterator[Problem]:
    """A body stands where HTTP gives it no meaning: in a GET, HEAD or DELETE, or in an answer 204, 205 or 304.

    Clients and proxies drop it (RFC 9110, 9.3.1 and 15.3.5).
    """
    survey = audited.survey
    for operation in survey.operations:
        if operation.method in _METHODS and operation.node.has("requestBody"):
            message = f"a body of a {operation.method} has no meaning"
            yield flaw(operation.node, message, keyword="requestBody", actual=operation.method)
        for status, node in operation.responses.items():
            if status in _STATUSES and survey.bodies(node):
                yield flaw(node, f"an answer {status} has no body", keyword="content", actual=status)
