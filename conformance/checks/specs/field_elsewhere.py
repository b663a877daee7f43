"""The check `field-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.borrowed import borrowed
from conformance.openapi.document import escape, unescape
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_NAME = thing(name={"type": "string"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the same fields", document=_NAME, official=(_NAME,))],
    objects_to=[
        DocumentExample(
            title="one field more",
            document=_NAME,
            official=(thing(name={"type": "string"}, age={"type": "integer"}),),
            at=(f"{THING}/properties",),
        ),
    ],
)
def field_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API declares a field that this one lacks.

    A typed client of this description drops it, or cannot send it.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        model = each.survey.node(each.change.new_pointer)
        if each.change.kind != "property-added" or node is None or model is None:
            continue
        name = unescape(each.change.new_pointer.rpartition("/")[2])
        pointer = f"{node.pointer}/properties/{escape(name)}"
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            blame=each.blame,
            evidence=(each.evidence("another description has it"),),
            edits=(Edit(pointer=pointer, value=borrowed(each.survey, model, audited.survey)),)
            if node.has("properties")
            else (),
            remedy=f"There is a field {name}.",
        )
        place = f"{node.pointer}/properties" if node.has("properties") else node.pointer
        yield flaw(place, f"{each.other} declares {name} here", keyword="field", actual=name, grounds=grounds)
