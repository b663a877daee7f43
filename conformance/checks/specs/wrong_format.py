"""The check `wrong-format`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.survey import View
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Tally
from conformance.schemas.verdicts import is_placeholder, verdict

_BORN: Final = thing(born={"type": "string", "format": "date-time"})
_STYLES: Final = ("date-time", "date-time-rfc-2822", "date", "time", "uri", "uri-reference", "email")
"""What a value may be instead, first come, first served."""


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="values of the format", document=_BORN, exchanges=(seen({"born": "2024-05-01T10:00:00Z"}),)
        ),
    ],
    objects_to=[
        DocumentExample(
            title="days in the place of points in time",
            document=_BORN,
            exchanges=(seen({"born": "2024-05-01"}), seen({"born": "2024-05-02"}), seen({"born": "2024-05-03"})),
            at=(f"{THING}/properties/born/format",),
        ),
    ],
)
def wrong_format(audited: Audited) -> Iterator[Problem] | None:
    """Values were seen that are not of the format of the schema.

    A client that parses by the format fails. Where all of them have another format, that is the correction.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        if node is None or not isinstance(survey.view(node).get("format"), str):
            continue
        odd = {
            text: tally
            for text, tally in values.strings.items()
            if any(problem.keyword == "format" for problem in audited.objections(node, text))
        }
        if odd:
            yield _said(audited, survey.view(node), odd, sum(tally.count for tally in values.strings.values()))


def _said(audited: Audited, view: View, odd: dict[str, Tally], total: int) -> Problem:
    owner, declared = view.owner("format"), view.get("format")
    together = Tally.of(odd.values())
    style = next(
        (name for name in _STYLES if name != declared and all(audited.has_format(name, text) for text in odd)), None
    )
    changed = audited.differing(view.node.pointer, "format-changed") or audited.differing(
        owner.pointer, "format-changed"
    )
    agreeing = [each for each in changed if each.change.new in {style, None}]
    compared = view.node.pointer in audited.compared
    placeholders = all(is_placeholder(text) for text in odd)
    blame, confidence = verdict(
        together, agreeing=agreeing, is_compared=compared, is_odd=placeholders, total=total, different=len(odd)
    )  # fmt: skip
    edits: tuple[Edit, ...] = (setting(owner, "format", style),) if style and together.count == total else ()
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            together.evidence(f"values that are no {declared}", of=total),
            *(each.evidence("another description says so") for each in agreeing[:1]),
        ),
        cause=f"{owner.pointer} format",
        edits=edits,
        remedy=f"The format is {style}.",
    )
    shown = ", ".join(list(odd)[:2])
    message = f"{together.count} of {total} values are no {declared}: {shown}"
    return flaw(owner, message, keyword="format", expected=style, actual=declared, grounds=grounds)
