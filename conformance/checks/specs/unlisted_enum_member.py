"""The check `unlisted-enum-member`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.survey import View
from conformance.schemas.audited import Audited, Difference
from conformance.schemas.observed import Tally
from conformance.schemas.verdicts import is_misspelt, is_placeholder, verdict

_STATUS = thing(status={"type": "string", "enum": ["in-progress", "completed"]})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="a member was seen", document=_STATUS, exchanges=(seen({"status": "completed"}),))],
    objects_to=[
        DocumentExample(
            title="another value was seen",
            document=_STATUS,
            exchanges=(seen({"status": "paused"}), seen({"status": "paused"}), seen({"status": "paused"})),
            at=(f"{THING}/properties/status/enum",),
        ),
        DocumentExample(
            title="a misspelt value was seen once: the sample is wrong",
            document=_STATUS,
            exchanges=(seen({"status": "in-progess"}),),
            at=(f"{THING}/properties/status/enum",),
        ),
    ],
)
def unlisted_enum_member(audited: Audited) -> Iterator[Problem] | None:
    """A value was seen that the enum does not list.

    A client that knows the listed values only fails on it, or takes it for an unknown one. A misspelt member in a
    sample is the fault of the sample.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        members = survey.view(node).enum if node is not None else None
        if node is None or members is None:
            continue
        view = survey.view(node)
        for (kind, value), tally in values.values.items():
            if kind in {"string", "integer", "number"} and value not in members:
                yield _said(audited, view, value, tally, members)


def _said(audited: Audited, view: View, value: Any, tally: Tally, members: tuple[Any, ...]) -> Problem:
    owner = view.owner("enum")
    listed = [each for each in audited.differing(owner.pointer, "enum-member-added") if each.change.new == value]
    freed = audited.differing(owner.pointer, "enum-removed")
    agreeing: list[Difference] = listed or freed
    texts = [member for member in members if isinstance(member, str)]
    is_odd = isinstance(value, str) and (is_misspelt(value, texts) or is_placeholder(value)) and not listed
    compared = owner.pointer in audited.compared or view.node.pointer in audited.compared
    blame, confidence = verdict(
        tally, agreeing=listed or ([] if is_odd else freed), is_compared=compared, is_odd=is_odd
    )
    edits: tuple[Edit, ...] = (appending(f"{owner.pointer}/enum", value),) if owner.has("enum") else ()
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            tally.evidence(f"{value!r} was seen"),
            *(each.evidence("another description allows it") for each in agreeing[:1]),
        ),
        cause=f"{owner.pointer} {value!r}",
        edits=edits,
        remedy=f"{value!r} is a value, too.",
    )
    message = f"{value!r} was seen {tally.times}, the enum does not list it"
    return flaw(owner, message, keyword="enum", expected=list(members), actual=value, grounds=grounds)
