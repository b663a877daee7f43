"""The check `operation-unknown-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK, path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_TWO = {"paths": {"/things": {"get": {"responses": OK}}, "/parts": {"get": {"responses": OK}}}}


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="the same operations", document=_TWO, official=(_TWO,)),
        DocumentExample(title="more operations there", document=path(), official=(_TWO,)),
    ],
    objects_to=[
        DocumentExample(
            title="an operation that is not there", document=_TWO, official=(path(),), at=("/paths/~1parts/get",)
        ),
    ],
)
def operation_unknown_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Other descriptions of the same API do not have an operation of this one.

    It may have been removed, or belong to another API, or never have been.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    others = sorted({each.other for each in audited.differences or ()} | set(audited.others))
    removed: dict[str, set[str]] = {}
    for each in audited.differences or ():
        if each.change.kind == "operation-removed":
            removed.setdefault(each.change.old_pointer, set()).add(each.other)
    for pointer, where in removed.items():
        node = audited.survey.node(pointer)
        if node is not None and where == set(others):
            evidence = Evidence(what="descriptions without it", count=len(where), of=len(others),
                                samples=tuple(Witness(source=name) for name in sorted(where)[:3]))  # fmt: skip
            grounds = Grounds(confidence=Confidence.MEDIUM, blame=Blame.UNDECIDED, evidence=(evidence,))
            yield flaw(node, f"{', '.join(sorted(where))} has no such operation", keyword="operation", grounds=grounds)
