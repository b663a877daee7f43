"""The check `looser-than-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited, Difference

_KEYWORDS: Final[Mapping[str, str]] = {
    "default-changed": "default",
    "enum-added": "enum",
    "format-changed": "format",
    "max-items-changed": "maxItems",
    "max-length-changed": "maxLength",
    "maximum-changed": "maximum",
    "min-items-changed": "minItems",
    "min-length-changed": "minLength",
    "minimum-changed": "minimum",
    "null-forbidden": "nullable",
    "pattern-changed": "pattern",
}
_TEXT = thing(sid={"type": "string"})
_SID = thing(sid={"type": "string", "pattern": "^CA[0-9a-f]{32}$"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="the same pattern", document=_SID, official=(_SID,))],
    objects_to=[
        DocumentExample(
            title="a pattern there, any text here", document=_TEXT, official=(_SID,), at=(f"{THING}/properties/sid",)
        ),
    ],
)
def looser_than_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API says more about a value: a pattern, a format, an enum, a limit, a default.

    What this one lets pass, the server may refuse, or never send.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        keyword = _KEYWORDS.get(each.change.kind)
        node = audited.survey.node(each.change.old_pointer)
        if keyword is None or node is None or not _is_tighter(each):
            continue
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            blame=Blame.UNDECIDED,
            evidence=(each.evidence("another description says so", each.change.new),),
            edits=_edits(node, keyword, each.change.new),
            remedy=f"{keyword} is {each.change.new!r}, as in {each.other}.",
        )
        message = f"{each.other}: {each.change.message}"
        yield flaw(node, message, keyword=keyword, expected=each.change.new, actual=each.change.old, grounds=grounds)


def _is_tighter(each: Difference) -> bool:
    change = each.change
    if change.kind in {"enum-added", "null-forbidden"}:
        return True
    return change.old is None and change.new is not None and change.new not in {"int32", "int64", "float", "double"}


def _edits(node: Node, keyword: str, value: Any) -> tuple[Edit, ...]:
    return () if keyword == "nullable" or node.reference else (setting(node, keyword, value),)
