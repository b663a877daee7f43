"""The check `unsecured-operation`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.openapi.survey import OperationNode
from conformance.schemas.audited import Audited

_BASIC = {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}}


def _paths(**operations: Any) -> dict[str, Any]:
    return {f"/{name}": {"get": {"responses": OK, **fields}} for name, fields in operations.items()}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the document asks for credentials, one operation says that it needs none",
            document={"security": [{"basic": []}], "paths": _paths(a={}, b={"security": []}), "components": _BASIC},
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one operation of two says nothing",
            document={"paths": _paths(a={"security": [{"basic": []}]}, b={}), "components": _BASIC},
            at=("/paths/~1b/get",),
        ),
        DocumentExample(title="a document that says nothing at all", document={"paths": _paths(a={}, b={})}, at=("",)),
    ],
)
def unsecured_operation(audited: Audited) -> Iterator[Problem]:
    """Nobody says which credentials an operation needs.

    Where a scheme is declared, or the other operations ask for credentials, this is an omission: clients send none, and
    get 401. An operation that is open to everybody says so with `security: []`.
    """
    survey = audited.survey
    bare = [operation for operation in survey.operations if operation.security is None]
    if not bare:
        return
    schemes = [node.key for node in survey.of(Kind.SECURITY_SCHEME)]
    if len(bare) == len(survey.operations):
        why = (
            f"the security scheme {schemes[0]!r} is declared and never used" if schemes else "no security is described"
        )
        yield flaw(survey.root, f"{why}, so no operation asks for credentials", keyword="security",
                   grounds=Grounds(confidence=Confidence.MEDIUM))  # fmt: skip
        return
    yield from (_said(operation) for operation in bare)


def _said(operation: OperationNode) -> Problem:
    return flaw(
        operation.node, "the operation does not say which credentials it needs, others do", keyword="security"
    )  # fmt: skip
