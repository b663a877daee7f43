"""The check `needless-requirement`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component, seen
from conformance.openapi.flaws import flaw, removal
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Seen, Tally
from conformance.schemas.verdicts import verdict


def _document(*required: str) -> dict[str, Any]:
    properties = {"sid": {"type": "string"}, "name": {"type": "string"}}
    return component({"type": "object", "properties": properties, "required": list(required)})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="it was there", document=_document("sid"), exchanges=(seen({"sid": "1"}),))],
    objects_to=[
        DocumentExample(
            title="a required field was not there",
            document=_document("sid", "name"),
            exchanges=(seen({"sid": "1"}), seen({"sid": "2"}), seen({"sid": "3"})),
            at=(f"{THING}/required/1",),
        ),
    ],
)
def needless_requirement(audited: Audited) -> Iterator[Problem] | None:
    """A required field was missing in messages that were sent, or accepted.

    A strict client refuses such an answer, or sends what nobody needs. Where one schema serves creation and update,
    `update-requires-create-fields` says so instead.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        for name, tally in values.missing.items() if node is not None else ():
            if node is not None and not _is_shared(survey, node):
                yield _said(audited, node, name, tally, values)


def _is_shared(survey: Survey, node: Node) -> bool:
    """Tell whether several operations send the object, so that one of them may need the field."""
    return len({key for key, side in survey.uses.get(node.pointer, ()) if side.value == "request"}) > 1


def _said(audited: Audited, node: Node, name: str, tally: Tally, values: Seen) -> Problem:
    where = audited.survey.required(node)[name]
    child = audited.survey.properties(node).get(name)
    agreeing = audited.differing(child.pointer, "property-became-optional") if child is not None else []
    is_compared = node.pointer in audited.compared
    blame, confidence = verdict(tally, agreeing=agreeing, is_compared=is_compared, total=values.objects)
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            tally.evidence(f"objects without {name}", of=values.objects),
            *(each.evidence("another description says so") for each in agreeing[:1]),
        ),
        edits=(removal(where),),
        remedy=f"{name} may be missing.",
    )
    message = f"{name} was missing in {tally.count} of {values.objects} objects, the schema requires it"
    return flaw(where, message, keyword="requirement", actual=name, grounds=grounds)
