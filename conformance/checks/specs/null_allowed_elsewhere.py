"""The check `null-allowed-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.nullability import allowing_null
from conformance.schemas.audited import Audited

_PRICE = thing(price={"type": "string"})
_NULLABLE = thing(price={"type": ["string", "null"]})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="both forbid null", document=_PRICE, official=(_PRICE,)),
        DocumentExample(title="both allow null", document=_NULLABLE, official=(_NULLABLE,)),
    ],
    objects_to=[
        DocumentExample(
            title="the other one allows null",
            document=_PRICE,
            official=(_NULLABLE,),
            at=(f"{THING}/properties/price",),
        ),
    ],
)
def null_allowed_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API allows null where this one forbids it.

    Two witnesses disagree; where the other one is the maker's, it is probably right. Recordings decide.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        if each.change.kind == "null-allowed" and node is not None:
            witness = Witness(source=each.other, value=each.change.new_pointer)
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                blame=Blame.SPEC,
                evidence=(Evidence(what="another description allows null", samples=(witness,)),),
                edits=allowing_null(audited.survey, node),
                remedy="It may be null.",
            )
            yield flaw(node.pointer, f"{each.other} allows null here", keyword="nullable", grounds=grounds)
