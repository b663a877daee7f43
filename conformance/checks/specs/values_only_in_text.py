"""The check `values-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=thing(a={"type": "string", "enum": ["on", "off"], "description": "Can be `on` or `off`."}),
        ),
        DocumentExample(
            title="a list that is not complete",
            document=thing(a={"type": "string", "description": "Can be: local, mobile, etc."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="two values",
            document=thing(a={"type": "string", "description": "The state. Can be `on` or `off`."}),
            at=(f"{THING}/properties/a",),
        ),
        DocumentExample(
            title="always the same",
            document=thing(a={"type": "string", "description": "The type. This value is always `Message`."}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def values_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description lists the values that the schema leaves open.

    A typed client gets text where it could get one of a few names, and a wrong name is not noticed.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        values = prose.values(found.text)
        if values is None or view.type != "string" or any(view.has(name) for name in ("enum", "const", "pattern")):
            continue
        if len(values.members) == 1 and not values.is_constant:
            continue
        members = [*values.members, None] if view.nullable and not survey.is_30 else list(values.members)
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=list(values.members)),)),),
            cause=prose.cause(found, "enum"),
            edits=(setting(found.schema, "enum", members),),
            remedy=f"{found.name} is one of the values of the text.",
        )
        shown = ", ".join(values.members)
        message = f"{found.name}: the text allows {shown} only, the schema any text"
        yield flaw(found.schema, message, keyword="enum", expected=list(values.members), grounds=grounds)
