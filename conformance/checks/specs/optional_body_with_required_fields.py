"""The check `optional-body-with-required-fields`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import content, path
from conformance.openapi.flaws import flaw, setting
from conformance.schemas.audited import Audited


def _document(**body: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    return path(method="post", requestBody={**body, "content": content(schema)})


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the body is required", document=_document(required=True))],
    objects_to=[
        DocumentExample(
            title="the name is required, the body is not",
            document=_document(),
            at=("/paths/~1things/post/requestBody",),
        ),
    ],
)
def optional_body_with_required_fields(audited: Audited) -> Iterator[Problem]:
    """The request body may be left out, though its schema has required fields.

    `required` of a Request Body Object is false where it is not written (OpenAPI 3.1.1, 4.8.13), so a request without
    any body fulfils the description, and the required fields are required of nobody.
    """
    survey = audited.survey
    for operation in survey.operations:
        body = operation.body
        if body is None or body.get("required") is True:
            continue
        schemas = survey.bodies(body).values()
        required = sorted({name for schema in schemas for name in survey.required(schema)})
        if required and all(survey.required(schema) for schema in schemas):
            grounds = Grounds(edits=(setting(body, "required", value=True),), remedy="The body is required.")
            message = f"{', '.join(required)} must be sent, yet the body may be left out"
            yield flaw(body, message, keyword="required", expected=True, actual=body.get("required"), grounds=grounds)
