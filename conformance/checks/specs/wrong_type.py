"""The check `wrong-type`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw, setting
from conformance.schemas.audited import Audited
from conformance.schemas.verdicts import verdict

_SIZE = thing(size={"type": "integer"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(title="an integer was seen", document=_SIZE, exchanges=(seen({"size": 1}),)),
        DocumentExample(
            title="an integer is a number", document=thing(size={"type": "number"}), exchanges=(seen({"size": 1}),)
        ),
    ],
    objects_to=[
        DocumentExample(
            title="text was seen",
            document=_SIZE,
            exchanges=(seen({"size": "1"}), seen({"size": "2"}), seen({"size": "3"})),
            at=(f"{THING}/properties/size/type",),
        ),
    ],
)
def wrong_type(audited: Audited) -> Iterator[Problem] | None:
    """Values of another type than that of the schema were seen.

    A typed client fails on them, or changes them. Null is the matter of `forbidden-null`.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        if node is None or not survey.view(node).types:
            continue
        view = survey.view(node)
        allowed = (view.types or frozenset()) | ({"integer"} if "number" in (view.types or ()) else set()) | {"null"}
        for kind, tally in values.types.items():
            if kind in allowed:
                continue
            agreeing = [
                each
                for each in audited.differing(view.owner("type").pointer, "type-changed")
                if kind in str(each.change.new).split(" or ")
            ]
            compared = pointer in audited.compared
            blame, confidence = verdict(tally, agreeing=agreeing, is_compared=compared, total=values.count)
            grounds = Grounds(
                confidence=confidence,
                blame=blame,
                evidence=(
                    tally.evidence(f"{kind} was seen", of=values.count),
                    *(each.evidence("another description says so") for each in agreeing[:1]),
                ),
                edits=(setting(view.owner("type"), "type", kind),) if tally.count == values.count else (),
                remedy=f"It is {kind}.",
                cause=f"{view.owner('type').pointer} {kind}",
            )
            message = f"{kind} was seen {tally.times} in {values.count} values, the schema says {view.type}"
            yield flaw(view.owner("type"), message, keyword="type", expected=view.type, actual=kind, grounds=grounds)
