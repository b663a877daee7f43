"""The check `update-requires-create-fields`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, content
from conformance.openapi.flaws import flaw, removal, setting
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey
from conformance.schemas.audited import Audited

_UPDATES = frozenset({"PATCH", "POST"})


def _document(update: str, required: list[str]) -> dict[str, Any]:
    body = {"required": True, "content": content({"$ref": "#/components/schemas/CreateThing"})}
    other = {"required": True, "content": content({"$ref": f"#/components/schemas/{update}"})}
    properties = {"name": {"type": "string"}, "size": {"type": "integer"}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "paths": {
            "/things": {"post": {"requestBody": body, "responses": OK}},
            "/things/{id}": {"parameters": [parameter], "post": {"requestBody": other, "responses": OK}},
        },
        "components": {
            "schemas": {
                "CreateThing": {"type": "object", "required": required, "properties": properties},
                "UpdateThing": {"type": "object", "properties": properties},
            }
        },
    }


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="a schema of its own", document=_document("UpdateThing", ["name"])),
        DocumentExample(title="a shared schema that requires nothing", document=_document("CreateThing", [])),
    ],
    objects_to=[
        DocumentExample(
            title="whoever changes the size has to send the name again",
            document=_document("CreateThing", ["name"]),
            at=("/paths/~1things~1{id}/post/requestBody/content/application~1json/schema",),
        ),
    ],
)
def update_requires_create_fields(audited: Audited) -> Iterator[Problem]:
    """The body of a partial update uses the schema of creation, with the fields that creation requires.

    Who wants to change one field has to send the required ones too, or breaks the contract with a request that the
    server accepts. `PUT` is left alone: it replaces the whole.
    """
    survey = audited.survey
    creators: dict[str, tuple[OperationNode, Node]] = {}
    for operation in survey.operations:
        if operation.method in {"POST", "PUT"} and not operation.path.rstrip("/").endswith(("}", "}.json")):
            creators.update({target: (operation, schema) for target, schema in _bodies(survey, operation)})
    for operation in survey.operations:
        if operation.method in _UPDATES and operation.path.rstrip("/").endswith(("}", "}.json")):
            for target, schema in _bodies(survey, operation):
                required = sorted(survey.required(schema))
                if target in creators and required:
                    yield _said(audited, schema, *creators[target], required)


def _bodies(survey: Survey, operation: OperationNode) -> Iterator[tuple[str, Node]]:
    """The request schemas that are references: where they lead, and themselves."""
    for schema in survey.bodies(operation.body).values():
        target = survey.resolve(schema)
        if target is not None and target is not schema:
            yield target.pointer, schema


def _said(audited: Audited, schema: Node, creator: OperationNode, model: Node, required: list[str]) -> Problem:
    survey = audited.survey
    seen = audited.observed.seen.get(survey.plain(schema).pointer) if audited.observed else None
    left_out = [tally.evidence(f"accepted without {name}") for name, tally in seen.missing.items()] if seen else []
    witness = Witness(source=creator.node.pointer, value=f"{creator.method} {creator.path}")
    grounds = Grounds(
        confidence=Confidence.HIGH if left_out else Confidence.MEDIUM,
        evidence=(Evidence(what="the schema is that of creation", samples=(witness,)), *left_out),
        edits=(
            *(removal(f"{part.pointer}/required") for part in survey.view(schema).parts if part.has("required")),
            removal(f"{model.pointer}/$ref"),
            setting(model, "allOf", [{"$ref": model.reference}, {"required": required}]),
        ),
        remedy=f"An update may leave out {', '.join(required)}, creation may not.",
    )
    message = f"an update has to send {', '.join(required)}, as creation has: both use {schema.reference}"
    return flaw(schema, message, keyword="required", actual=required, grounds=grounds)
