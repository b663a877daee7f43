"""The check `emptiness-contradicts-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_TEXT = "Always empty for things that were created."


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="any text", document=thing(a={"type": "string", "description": _TEXT})),
        DocumentExample(
            title="34 characters or null",
            document=thing(a={"type": ["string", "null"], "minLength": 34, "description": _TEXT}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="34 characters that are always empty",
            document=thing(a={"type": "string", "minLength": 34, "description": _TEXT}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def emptiness_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description says that the value is always empty, the schema does not allow an empty one.

    A value that may be null is empty where it is null.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        if prose.says_empty(found.text) and view.type == "string" and not view.nullable:
            problems = audited.objections(found.schema, "")
            if problems:
                evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=found.text),))
                grounds = Grounds(confidence=Confidence.LOW, blame=Blame.UNDECIDED, evidence=(evidence,))
                message = f"{found.name}: always empty by the text, but by the schema {problems[0].message}"
                yield flaw(found.schema, message, keyword="empty", grounds=grounds)
