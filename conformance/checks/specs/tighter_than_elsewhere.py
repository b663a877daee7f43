"""The check `tighter-than-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited, Difference

_KEYWORDS: Final[Mapping[str, str]] = {
    "format-changed": "format",
    "max-items-changed": "maxItems",
    "max-length-changed": "maxLength",
    "maximum-changed": "maximum",
    "min-items-changed": "minItems",
    "min-length-changed": "minLength",
    "minimum-changed": "minimum",
    "parameter-became-optional": "required",
    "pattern-changed": "pattern",
    "property-became-optional": "required",
    "type-changed": "type",
}
_LEAST: Final = ("minItems", "minLength", "minimum")
_ISO = thing(born={"type": "string", "format": "date-time"})
_DAY = thing(born={"type": "string", "format": "date"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="the same format", document=_ISO, official=(_ISO,)),
        DocumentExample(
            title="a limit that the other one does not mention",
            document=thing(name={"type": "string", "maxLength": 5}),
            official=(thing(name={"type": "string"}),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="another format there", document=_ISO, official=(_DAY,), at=(f"{THING}/properties/born/format",)
        ),
        DocumentExample(
            title="a wider limit there",
            document=thing(name={"type": "string", "maxLength": 5}),
            official=(thing(name={"type": "string", "maxLength": 9}),),
            at=(f"{THING}/properties/name/maxLength",),
        ),
    ],
)
def tighter_than_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API allows what this one forbids: another type or format, a wider limit.

    What the server sends may break this description. A limit that the other one does not mention is no contradiction:
    it may just know less. Null, enum members and fields have rules of their own.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        keyword = _KEYWORDS.get(each.change.kind)
        node = audited.survey.node(each.change.old_pointer)
        if keyword is None or node is None or not _is_looser(each, keyword):
            continue
        if keyword == "required" and _is_shared(audited, node):
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


def _is_looser(each: Difference, keyword: str) -> bool:
    old, new = each.change.old, each.change.new
    if keyword == "required":
        return True
    if old in {None, "any"} or new in {None, "any"}:
        return False
    if isinstance(old, int | float) and isinstance(new, int | float):
        return new < old if keyword in _LEAST else new > old
    return True


def _is_shared(audited: Audited, node: Node) -> bool:
    """Tell whether several operations send the object of a field, so that one of them may require it."""
    holder = node.parent if node.field == "properties" else None
    uses = audited.survey.uses.get(holder.pointer, frozenset()) if holder is not None else frozenset()
    return len({key for key, side in uses if side is Side.REQUEST}) > 1


def _edits(node: Node, keyword: str, value: Any) -> tuple[Edit, ...]:
    is_plain = keyword not in {"required", "type"} and not node.reference and node.has(keyword)
    return (setting(node, keyword, value),) if is_plain else ()
