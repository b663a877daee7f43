"""The check `requirement-contradicts-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import BODY, QUERY, asking, query
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_TEXT = "Optional. The name of the thing."


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="it is optional", document=query("Name", {"type": "string"}, description=_TEXT))],
    objects_to=[
        DocumentExample(
            title="a parameter",
            document=query("Name", {"type": "string"}, required=True, description=_TEXT),
            at=(f"{QUERY}/required",),
        ),
        DocumentExample(
            title="a field of a request",
            document=asking(
                {
                    "type": "object",
                    "required": ["name"],
                    "properties": {"name": {"type": "string", "description": _TEXT}},
                }
            ),
            at=(f"{BODY}/properties/name",),
        ),
    ],
)
def requirement_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description says that a value is optional, the schema requires it.

    Clients leave out what the description demands, or send what nobody needs.
    """
    survey = audited.survey
    for found in prose.described(survey):
        if (
            prose.says_optional(found.text)
            and _is_required(found.owner)
            and Side.RESPONSE not in survey.sides(found.owner)
        ):
            evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=found.text),))
            grounds = Grounds(
                confidence=Confidence.MEDIUM, evidence=(evidence,), cause=prose.cause(found, "required")
            )  # fmt: skip
            yield flaw(found.owner, f"{found.name}: optional by the text, required by the schema", keyword="required",
                       expected=False, actual=True, grounds=grounds)  # fmt: skip


def _is_required(owner: Node) -> bool:
    if owner.kind is Kind.PARAMETER:
        return owner.get("required") is True and owner.get("in") != "path"
    holder = owner.parent
    required = holder.get("required") if holder is not None and owner.field == "properties" else None
    return isinstance(required, list) and owner.key in required
