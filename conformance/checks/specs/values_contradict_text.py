"""The check `values-contradict-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="text and schema agree",
            document=thing(a={"type": "string", "enum": ["on", "off"], "description": "Can be `on` or `off`."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="the text has a value that the enum lacks",
            document=thing(a={"type": "string", "enum": ["on", "off"], "description": "Can be `on`, `off` or `idle`."}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def values_contradict_text(audited: Audited) -> Iterator[Problem]:
    """A description names a value that the enum does not have.

    A client that reads the text sends what the description forbids, or waits for what it cannot represent.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        values = prose.values(found.text)
        members = [member for member in view.enum or () if isinstance(member, str)]
        if values is None or not members:
            continue
        strange = [value for value in values.members if value not in members]
        if not strange or len(strange) == len(values.members):
            continue
        evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=list(values.members)),))
        other = [member for member in members if member not in values.members]
        also = f", and has {', '.join(other)}, which the text does not name" if other else ""
        message = f"{found.name}: the text allows {', '.join(strange)}, the enum does not{also}"
        grounds = Grounds(
            confidence=Confidence.HIGH, evidence=(evidence,), cause=f"{view.owner('enum').pointer} {', '.join(strange)}"
        )
        yield flaw(found.owner.pointer, message, keyword="values", expected=list(values.members), actual=members,
                   grounds=grounds)  # fmt: skip
