"""The check `unstated-requirement`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, content
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey
from conformance.profiles.twilio.requirements import Requirement, stated
from conformance.profiles.twilio.surveys import is_twilios
from conformance.schemas.audited import Audited

_PATH: Final = "/Accounts/{AccountSid}/Calls.json"
_SCHEMA: Final = "/paths/~1Accounts~1{AccountSid}~1Calls.json/post/requestBody/content/application~1json/schema"


def _document(**more: Any) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in ("To", "Url", "Twiml", "ApplicationSid")}
    body = {"content": content({"type": "object", "properties": properties, **more})}
    return {
        "servers": [{"url": "https://api.twilio.com/2010-04-01"}],
        "paths": {_PATH: {"post": {"requestBody": body, "responses": OK}}},
    }


_ONE_OF: Final = [{"required": [name]} for name in ("Url", "Twiml", "ApplicationSid")]


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the schema asks for one of them", document=_document(anyOf=_ONE_OF))],
    objects_to=[DocumentExample(title="the schema asks for none of them", document=_document(), at=(_SCHEMA,))],
)
def unstated_requirement(audited: Audited) -> Iterator[Problem]:
    """A request needs one field of several, and the schema does not say so.

    Twilio refuses a call without instructions and a message without a sender or content. Its reference says so; the
    schema lets such requests pass.
    """
    survey = audited.survey
    for operation in survey.operations if is_twilios(survey) else ():
        for rule in stated(operation.method, operation.path):
            for schema in survey.bodies(operation.body).values():
                names = [name for name in rule.one_of if name in survey.properties(schema)]
                if rule.when is None and len(names) > 1 and not _says(survey, schema, names):
                    yield _said(survey.plain(schema), rule, names)


def _says(survey: Survey, schema: Node, names: list[str]) -> bool:
    if any(name in survey.required(schema) for name in names):
        return True
    branches = [
        branch
        for part in survey.view(schema).parts
        for branch in survey.children(part, "anyOf", "oneOf")
        if set(survey.required(branch)) & set(names)
    ]
    return bool(branches)


def _said(node: Node, rule: Requirement, names: list[str]) -> Problem:
    union = {"anyOf": [{"required": [name]} for name in names]}
    grounds = Grounds(
        confidence=Confidence.HIGH,
        evidence=(Evidence(what=rule.because, samples=(Witness(source=rule.source, value=names),)),),
        edits=(appending(f"{node.pointer}/allOf", union),),
        remedy=f"One of {', '.join(names)} is required.",
    )
    message = f"a request needs {' or '.join(names)}, the schema asks for none of them"
    return flaw(node, message, keyword="requirement", expected=names, actual=min(names), grounds=grounds)
