"""The check `requirement-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import BODY, QUERY, asking, query
from conformance.openapi import prose
from conformance.openapi.flaws import appending, flaw, setting
from conformance.openapi.objects import Kind
from conformance.openapi.prose import Described
from conformance.schemas.audited import Audited

_TEXT = "Required. The name of the thing."


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="it is required", document=query("Name", {"type": "string"}, required=True, description=_TEXT)
        ),
        DocumentExample(
            title="required for some",
            document=query("Name", {"type": "string"}, description="This field is required if the thing is new."),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a parameter", document=query("Name", {"type": "string"}, description=_TEXT), at=(QUERY,)
        ),
        DocumentExample(
            title="a field of a request",
            document=asking({"type": "object", "properties": {"name": {"type": "string", "description": _TEXT}}}),
            at=(f"{BODY}/properties/name",),
        ),
    ],
)
def requirement_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description says that a value is required, the schema lets requests leave it out.

    The server refuses what the description allows.
    """
    survey = audited.survey
    for found in prose.described(survey):
        if prose.says_required(found.text) and Side.RESPONSE not in survey.sides(found.owner):
            edit = _edit(found)
            if edit is not None:
                evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=found.text),))
                grounds = Grounds(
                    confidence=Confidence.MEDIUM,
                    evidence=(evidence,),
                    cause=prose.cause(found, "required"),
                    edits=(edit,),
                    remedy=f"{found.name} is required, as the text says.",
                )
                yield flaw(found.owner, f"{found.name}: required by the text, optional by the schema",
                           keyword="required", expected=True, grounds=grounds)  # fmt: skip


def _edit(found: Described) -> Edit | None:
    """What would make the value required; None where it is, or where nothing can."""
    owner = found.owner
    if owner.kind is Kind.PARAMETER:
        return None if owner.get("required") is True else setting(owner, "required", value=True)
    holder = owner.parent
    if owner.field != "properties" or holder is None:
        return None
    required = holder.get("required")
    is_listed = isinstance(required, list) and owner.key in required
    return None if is_listed else appending(f"{holder.pointer}/required", owner.key)
