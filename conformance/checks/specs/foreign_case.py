"""The check `foreign-case`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_CASES: Final = {
    "snake_case": re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+"),
    "camelCase": re.compile(r"[a-z]+[a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+"),
    "PascalCase": re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*"),
    "kebab-case": re.compile(r"[A-Za-z][a-z0-9]*(?:-[A-Za-z0-9]+)+"),
}
_LEAST: Final = 8
_SHARE: Final = 0.5
_STRING: Final = {"type": "string"}
_NAMES: Final = ("date_created", "date_updated", "friendly_name", "account_sid", "voice_url", "phone_number", "x_y")


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="one case", document=thing(**dict.fromkeys((*_NAMES, "sms_url", "sid"), _STRING))),
        DocumentExample(title="too few to tell", document=thing(a_b=_STRING, cD=_STRING)),
    ],
    objects_to=[
        DocumentExample(
            title="one name among many",
            document=thing(**dict.fromkeys((*_NAMES, "sms_url", "smsMethod"), _STRING)),
            at=(f"{THING}/properties",),
        ),
    ],
)
def foreign_case(audited: Audited) -> Iterator[Problem]:
    """Fields of answers are named in another case than those of the rest of the document.

    Clients that turn names into the style of their language turn some of them wrong, and people misspell them.
    """
    survey = audited.survey
    properties = [node for node in survey.of(Kind.SCHEMA) if node.field == "properties" and _is_answered(survey, node)]
    counted = Counter(case for node in properties if (case := _case(node.key)))
    total = sum(counted.values())
    if total < _LEAST or counted.most_common(1)[0][1] < _SHARE * total:
        return
    usual = counted.most_common(1)[0][0]
    strangers: dict[str, list[Node]] = {}
    for node in properties:
        if node.parent is not None and _case(node.key) not in {None, usual}:
            strangers.setdefault(node.parent.pointer, []).append(node)
    for nodes in strangers.values():
        holder = nodes[0].parent
        if holder is not None:
            names = [node.key for node in nodes]
            evidence = Evidence(what=f"names in {usual}", count=counted[usual], of=total)
            grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,), cause=_component(holder))
            shown = f"{', '.join(names[:5])}{' and others' if len(names) > 5 else ''}"  # noqa: PLR2004 - a line
            message = f"{shown} in {_case(names[0])}, the other names are in {usual}"
            yield flaw(holder, message, keyword="properties", expected=usual, actual=names, grounds=grounds)


def _component(node: Node) -> str:
    """What was named by one hand: a component with all that stands in it."""
    chain = [node, *node.ancestors()]
    return next((each.pointer for each in chain if each.parent and each.parent.kind is Kind.COMPONENTS), node.pointer)


def _is_answered(survey: Survey, node: Node) -> bool:
    sides = survey.sides(node)
    return Side.RESPONSE in sides or not sides


def _case(name: str) -> str | None:
    """The case of a name; None for a single lower-case word, which fits several."""
    return next((case for case, form in _CASES.items() if form.fullmatch(name)), None)
