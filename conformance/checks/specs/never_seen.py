"""The check `never-seen`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_ENOUGH: Final = 10
_BOTH: Final = thing(name={"type": "string"}, age={"type": "integer"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="too few to tell", document=_BOTH, exchanges=(seen({"name": "Ada"}),)),
        DocumentExample(
            title="all was seen",
            document=_BOTH,
            exchanges=tuple(seen({"name": str(index), "age": index}) for index in range(_ENOUGH)),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a field that ten answers do not have",
            document=_BOTH,
            exchanges=tuple(seen({"name": str(index)}) for index in range(_ENOUGH)),
            at=(f"{THING}/properties",),
        ),
    ],
)
def never_seen(audited: Audited) -> Iterator[Problem] | None:
    """A documented field, or a documented success, was never seen though there were many occasions.

    It may be rare, or gone, or never have been. Ten answers are the least to speak of.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        if node is None or values.objects < _ENOUGH or not _is_answered(audited, pointer):
            continue
        absent = [name for name in survey.properties(node) if name not in values.present]
        if absent:
            evidence = Evidence(what=f"objects without {', '.join(absent)}", count=values.objects, of=values.objects)
            grounds = Grounds(confidence=Confidence.LOW, blame=Blame.UNDECIDED, evidence=(evidence,))
            message = f"{', '.join(absent)}: in none of {values.objects} objects"
            yield flaw(node, message, keyword="properties", actual=absent, grounds=grounds)
    for operation in survey.operations:
        called = observed.called.get(operation.node.pointer) if observed else None
        for status, response in operation.successes.items() if called and called.count >= _ENOUGH else ():
            if called is not None and status.isdigit() and int(status) not in called.statuses:
                evidence = Evidence(what=f"answers without {status}", count=called.count, of=called.count)
                grounds = Grounds(confidence=Confidence.LOW, blame=Blame.UNDECIDED, evidence=(evidence,))
                message = f"{status} was not seen in {called.count} answers"
                yield flaw(response, message, keyword="status", actual=status, grounds=grounds)


def _is_answered(audited: Audited, pointer: str) -> bool:
    return all(side.value == "response" for _, side in audited.survey.uses.get(pointer, ()))
