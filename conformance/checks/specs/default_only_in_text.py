"""The check `default-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import QUERY, query, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Node
from conformance.openapi.stated_defaults import NO_DEFAULT, typed
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_SCHEMA = f"{QUERY}/schema"


def _body(template: str) -> dict[str, Any]:
    mode = {"type": "string", "description": "The mode. The default is `open`."}
    schema = {"type": "object", "properties": {"mode": mode}}
    operation = {"requestBody": {"content": {"application/json": {"schema": schema}}}, "responses": {}}
    return {"paths": {template: {"post": operation}}}


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=query("PageSize", {"type": "integer", "default": 50}, description="The default is 50."),
        ),
        DocumentExample(
            title="an answer has no defaults",
            document=thing(mode={"type": "string", "description": "The mode. The default is `open`."}),
        ),
        DocumentExample(title="an update that leaves a mode out changes none", document=_body("/things/{id}")),
    ],
    objects_to=[
        DocumentExample(
            title="a number",
            document=query("PageSize", {"type": "integer"}, description="How many. The default is 50."),
            at=(_SCHEMA,),
        ),
        DocumentExample(
            title="a member of an enum",
            document=query(
                "Mode", {"type": "string", "enum": ["open", "shut"]}, description="The default value is `open`."
            ),
            at=(_SCHEMA,),
        ),
        DocumentExample(
            title="a field that creation fills in",
            document=_body("/things"),
            at=("/paths/~1things/post/requestBody/content/application~1json/schema/properties/mode",),
        ),
    ],
)
def default_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description names a default that the schema does not have.

    Forms and clients that show or fill in defaults cannot know it. The body of an update is left out: what it does not
    name stays as it is, whatever the text says of creation.
    """
    survey = audited.survey
    for found in prose.described(survey):
        written = prose.default(found.text)
        view = survey.view(found.schema)
        if written is None or view.has("default") or Side.REQUEST not in survey.sides(found.owner):
            continue
        if _is_of_update(survey, found.schema):
            continue
        value = typed(written, view)
        if value is NO_DEFAULT or audited.objections(found.schema, value):
            continue
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=written),)),),
            cause=prose.cause(found, "default"),
            edits=(setting(found.schema, "default", value),) if not found.schema.reference else (),
            remedy=f"{found.name} is {value} where it is left out, as the text says.",
        )
        message = f"{found.name}: the text says that {written!r} is the default, the schema has none"
        yield flaw(found.schema, message, keyword="default", expected=value, grounds=grounds)


def _is_of_update(survey: Survey, node: Node) -> bool:
    """Tell whether a place is in the body of an update: of a request to one resource."""
    operation = survey.operation_at(node.pointer)
    is_instance = operation is not None and "}" in operation.path.rpartition("/")[2]
    return is_instance and "/requestBody/" in node.pointer
