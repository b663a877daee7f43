"""The check `success-without-schema`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, path, response
from conformance.openapi.changes import shape
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey
from conformance.schemas.audited import Audited

_BODILESS: Final = frozenset({"204", "205"})
_ID: Final = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="an answer with a schema", document=path(responses={"200": response({"type": "string"})})
        ),
        DocumentExample(title="no content", document=path(method="delete", responses={"204": {"description": "Gone"}})),
    ],
    objects_to=[
        DocumentExample(
            title="an update that answers nobody knows what",
            document={
                "paths": {
                    "/things/{id}": {
                        "parameters": [_ID],
                        "get": {"responses": {"200": response({"type": "object"})}},
                        "put": {"responses": OK},
                    }
                }
            },
            at=("/paths/~1things~1{id}/put/responses/200",),
        ),
    ],
)
def success_without_schema(audited: Audited) -> Iterator[Problem]:
    """A successful answer has no schema.

    Nothing can be checked of it, and a client cannot read it. An answer without a body is 204.
    """
    survey = audited.survey
    for operation in survey.operations:
        for status, node in operation.successes.items():
            if operation.method != "HEAD" and status not in _BODILESS and not survey.bodies(node):
                grounds = _grounds(audited, operation, status, node)
                yield flaw(node, f"the answer {status} has no schema", keyword="content", grounds=grounds)


def _grounds(audited: Audited, operation: OperationNode, status: str, node: Node) -> Grounds:
    survey = audited.survey
    sister, media_type, schema = _likely(survey, operation)
    called = audited.observed.called.get(operation.node.pointer) if audited.observed else None
    bodies = called.bodies.get(status) if called else None
    seen = (bodies.evidence("a body was seen"),) if bodies else ()
    if schema is None or sister is None or node.has("content"):
        return Grounds(evidence=seen)
    told = Witness(source=sister.node.pointer, value=f"{sister.method} {sister.path}")
    return Grounds(
        confidence=Confidence.HIGH if seen else Confidence.MEDIUM,
        evidence=(*seen, Evidence(what="a sister operation answers with it", samples=(told,))),
        edits=(setting(node, "content", {media_type: {"schema": schema}}),),
        remedy=f"It answers what {sister.method} {sister.path} describes.",
    )


def _likely(survey: Survey, operation: OperationNode) -> tuple[OperationNode | None, str, Any]:
    """What the operation probably answers: what a sister says of the same resource."""
    for other in survey.operations:
        if other is not operation and shape(other.path) == shape(operation.path) and other.method == "GET":
            for response_node in other.successes.values():
                for media_type, schema in survey.bodies(response_node).items():
                    if _is_instance(operation.path):
                        return other, media_type, schema.value
                    if operation.method == "POST" and (item := _item(survey, schema)) is not None:
                        return other, media_type, item
    return None, "", None


def _is_instance(template: str) -> bool:
    return "}" in template.rpartition("/")[2]


def _item(survey: Survey, schema: Node) -> Any:
    """The items of the only list in the body of a list."""
    lists = [inner for child in survey.properties(schema).values() if (inner := survey.items(child)) is not None]
    return lists[0].value if len(lists) == 1 and lists[0].reference else None
