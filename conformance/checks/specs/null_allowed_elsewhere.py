"""The check `null-allowed-elsewhere`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.nullability import allowing_null
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited

_ENOUGH: Final = 5
_IDENTITY: Final = re.compile(r"^(?:sid|id|uid|uuid|account_sid|api_version|uri|url|date_created|date_updated|status)$")
"""What every resource has; makers who mark every field as nullable mark these, too."""
_PRICE = thing(price={"type": "string"})
_NULLABLE = thing(price={"type": ["string", "null"]})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="both forbid null", document=_PRICE, official=(_PRICE,)),
        DocumentExample(title="both allow null", document=_NULLABLE, official=(_NULLABLE,)),
        DocumentExample(
            title="many values were seen, none was null",
            document=_PRICE,
            official=(_NULLABLE,),
            exchanges=tuple(seen({"price": str(index)}) for index in range(5)),
        ),
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

    Two witnesses disagree; where the other one is the maker's, it is probably right. Recordings decide: where many
    values were seen and none was null, there is no finding. Nor is there one for what every resource has, its identity
    for example: makers who mark every field as nullable mark these, too.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        if each.change.kind == "null-allowed" and node is not None and not _is_settled(audited, node):
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                blame=each.blame,
                evidence=(each.evidence("another description allows null"),),
                edits=allowing_null(audited.survey, node),
                remedy="It may be null.",
            )
            yield flaw(node.pointer, f"{each.other} allows null here", keyword="nullable", grounds=grounds)


def _is_settled(audited: Audited, node: Node) -> bool:
    """Tell whether null is out of the question: an identity, or many values and none of them null."""
    values = audited.observed.seen.get(node.pointer) if audited.observed else None
    return _IDENTITY.search(node.key) is not None or (
        values is not None and values.count >= _ENOUGH and "null" not in values.types
    )
