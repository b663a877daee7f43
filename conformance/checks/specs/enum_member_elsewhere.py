"""The check `enum-member-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import appending, flaw
from conformance.schemas.audited import Audited

_TWO = thing(status={"type": "string", "enum": ["on", "off"]})
_THREE = thing(status={"type": "string", "enum": ["on", "off", "idle"]})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the same members", document=_TWO, official=(_TWO,))],
    objects_to=[
        DocumentExample(
            title="one member more", document=_TWO, official=(_THREE,), at=(f"{THING}/properties/status/enum",)
        ),
    ],
)
def enum_member_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API lists a value that this enum does not have.

    A client of this description does not expect it.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        if each.change.kind == "enum-member-added" and node is not None:
            value = each.change.new
            grounds = Grounds(
                confidence=Confidence.HIGH,
                blame=each.blame,
                evidence=(each.evidence("another description lists it"),),
                cause=f"{node.pointer} {value!r}",
                edits=(appending(f"{node.pointer}/enum", value),),
                remedy=f"{value!r} is a value, too.",
            )
            yield flaw(node, f"{each.other} lists {value!r} here", keyword="enum", actual=value, grounds=grounds)
