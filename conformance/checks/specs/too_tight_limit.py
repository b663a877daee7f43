"""The check `too-tight-limit`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Tally
from conformance.schemas.problems import IDENTIFIER, kind
from conformance.schemas.verdicts import is_placeholder, verdict

_KINDS: Final = frozenset({"bounds", "pattern", IDENTIFIER})
_SID: Final = thing(sid={"type": "string", "pattern": "^CA[0-9a-f]{4}$"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="a value that fits", document=_SID, exchanges=(seen({"sid": "CA01ab"}),))],
    objects_to=[
        DocumentExample(
            title="values with another prefix",
            document=_SID,
            exchanges=(seen({"sid": "SM01ab"}), seen({"sid": "SM02ab"}), seen({"sid": "SM03ab"})),
            at=(f"{THING}/properties/sid/pattern",),
        ),
        DocumentExample(
            title="a placeholder: the sample is wrong",
            document=_SID,
            exchanges=(seen({"sid": "CAXXXX"}),),
            at=(f"{THING}/properties/sid/pattern",),
        ),
    ],
)
def too_tight_limit(audited: Audited) -> Iterator[Problem] | None:
    """Values were seen that a pattern, a length or a bound of the schema excludes.

    A strict client refuses what the server really sends. A placeholder in a sample is the fault of the sample.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        if node is None:
            continue
        odd: dict[str, dict[Any, Tally]] = defaultdict(dict)
        for (_, value), tally in values.values.items():
            for problem in audited.objections(node, value):
                if kind(problem.keyword) in _KINDS:
                    odd["pattern" if problem.keyword == IDENTIFIER else problem.keyword][value] = tally
        for keyword, tallies in odd.items():
            yield _said(audited, node, keyword, tallies, values.count)


def _said(audited: Audited, node: Node, keyword: str, odd: dict[Any, Tally], total: int) -> Problem:
    view = audited.survey.view(node)
    owner = view.owner(keyword)
    together = Tally.of(odd.values())
    changed = [
        each
        for pointer in (owner.pointer, node.pointer)
        for each in audited.differing(pointer, f"{keyword.lower()}-changed", "max-length-changed", "min-length-changed")
    ]
    agreeing = [each for each in changed if each.change.new is None]
    placeholders = all(is_placeholder(value) for value in odd)
    blame, confidence = verdict(
        together,
        agreeing=agreeing,
        is_compared=node.pointer in audited.compared,
        is_odd=placeholders,
        total=total,
        different=len(odd),
    )
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            together.evidence(f"values outside {keyword} {view.get(keyword)}", of=total),
            *(each.evidence("another description has no such limit") for each in agreeing[:1]),
        ),
        cause=f"{owner.pointer} {keyword}",
    )
    shown = ", ".join(map(str, list(odd)[:2]))
    message = f"{together.count} of {total} values break {keyword} {view.get(keyword)}: {shown}"
    return flaw(owner, message, keyword=keyword, expected=view.get(keyword), actual=next(iter(odd)), grounds=grounds)
