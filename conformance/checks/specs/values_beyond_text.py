"""The check `values-beyond-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(
            title="text and schema agree",
            document=thing(a={"type": "string", "enum": ["on", "off"], "description": "Can be `on` or `off`."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="the enum has a value that the text does not name",
            document=thing(a={"type": "string", "enum": ["on", "off", "idle"], "description": "Can be `on` or `off`."}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def values_beyond_text(audited: Audited) -> Iterator[Problem]:
    """The enum has values that the description, which lists them, does not name.

    Here only some of the values make sense, or the text is out of date. Where the text names others, too,
    `values-contradict-text` says so.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        values = prose.values(found.text)
        members = [member for member in view.enum or () if isinstance(member, str)]
        if values is None or not members or not set(values.members) < set(members):
            continue
        other = [member for member in members if member not in values.members]
        evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=list(values.members)),))
        grounds = Grounds(confidence=Confidence.LOW, blame=Blame.UNDECIDED, evidence=(evidence,))
        message = f"{found.name}: the enum has {', '.join(other)}, the text does not name it"
        yield flaw(found.owner.pointer, message, keyword="values", expected=list(values.members), actual=members,
                   grounds=grounds)  # fmt: skip
