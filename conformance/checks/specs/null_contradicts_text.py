"""The check `null-contradicts-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.openapi.nullability import allowing_null
from conformance.schemas.audited import Audited

_TEXT = "The size. This field may be null if nobody knows."


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema allows null", document=thing(a={"type": ["integer", "null"], "description": _TEXT})
        ),
    ],
    objects_to=[
        DocumentExample(
            title="the schema forbids null",
            document=thing(a={"type": "integer", "description": _TEXT}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def null_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description says that the value may be null, the schema forbids it.

    A strict client fails on the first null.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        if prose.says_null(found.text) and not view.nullable:
            grounds = Grounds(
                evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=found.text),)),),
                edits=allowing_null(survey, found.schema),
                remedy=f"{found.name} may be null.",
            )
            message = f"{found.name}: null by the text, not by the schema"
            yield flaw(found.schema, message, keyword="nullable", expected="null", grounds=grounds)
