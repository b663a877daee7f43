"""The check `forbidden-null`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.nullability import allowing_null
from conformance.schemas.audited import Audited
from conformance.schemas.verdicts import verdict

_PRICE = thing(price={"type": "string"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(title="text was seen", document=_PRICE, exchanges=(seen({"price": "1"}),)),
        DocumentExample(
            title="null is allowed",
            document=thing(price={"type": ["string", "null"]}),
            exchanges=(seen({"price": None}),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="null was seen, null is not allowed",
            document=_PRICE,
            exchanges=(seen({"price": None}), seen({"price": None}), seen({"price": None})),
            at=(f"{THING}/properties/price",),
        ),
    ],
)
def forbidden_null(audited: Audited) -> Iterator[Problem] | None:
    """Null was seen where the schema forbids it.

    Every strict client fails on such an answer.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        nulls, node = values.types.get("null"), survey.node(pointer)
        if nulls is None or node is None or survey.view(node).nullable:
            continue
        agreeing = audited.differing(pointer, "null-allowed")
        blame, confidence = verdict(
            nulls, agreeing=agreeing, is_compared=pointer in audited.compared, total=values.count
        )  # fmt: skip
        grounds = Grounds(
            confidence=confidence,
            blame=blame,
            evidence=(
                nulls.evidence("null was seen", of=values.count),
                *(each.evidence("another description allows null") for each in agreeing[:1]),
            ),
            edits=allowing_null(survey, node),
            remedy="It may be null.",
        )
        message = f"null was seen {nulls.times} in {values.count} values, the schema forbids it"
        yield flaw(node.pointer, message, keyword="nullable", expected=survey.view(node).type, grounds=grounds)
