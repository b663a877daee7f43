"""The check `tighter-than-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, removal, setting
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited, Difference

_KEYWORDS: Final[Mapping[str, str]] = {
    "enum-removed": "enum",
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
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the same format", document=_ISO, official=(_ISO,))],
    objects_to=[
        DocumentExample(
            title="another format there", document=_ISO, official=(_DAY,), at=(f"{THING}/properties/born/format",)
        ),
        DocumentExample(
            title="a limit that the other one does not have",
            document=thing(name={"type": "string", "maxLength": 5}),
            official=(thing(name={"type": "string"}),),
            at=(f"{THING}/properties/name/maxLength",),
        ),
    ],
)
def tighter_than_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API allows what this one forbids: another type or format, a wider limit.

    What the server sends may break this description. Null, enum members and fields have rules of their own.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        keyword = _KEYWORDS.get(each.change.kind)
        node = audited.survey.node(each.change.old_pointer)
        if keyword is None or node is None or not _is_looser(each, keyword):
            continue
        witness = Witness(source=each.other, value=each.change.new)
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            blame=Blame.UNDECIDED if keyword in {"enum", "required"} else Blame.SPEC,
            evidence=(Evidence(what="another description says so", samples=(witness,)),),
            edits=_edits(node, keyword, each.change.new),
            remedy=f"{keyword} is {each.change.new!r}, as in {each.other}.",
        )
        message = f"{each.other}: {each.change.message}"
        yield flaw(node, message, keyword=keyword, expected=each.change.new, actual=each.change.old, grounds=grounds)


def _is_looser(each: Difference, keyword: str) -> bool:
    old, new = each.change.old, each.change.new
    if keyword in {"enum", "required"}:
        return True
    if old is None or (keyword == "type" and old == "any"):
        return False
    if new is None:
        return keyword != "format" or old not in {"int32", "int64", "float", "double"}
    if isinstance(old, int | float) and isinstance(new, int | float):
        return new < old if keyword in _LEAST else new > old
    return True


def _edits(node: Node, keyword: str, value: Any) -> tuple[Edit, ...]:
    if keyword in {"required", "type", "enum"} or node.reference or not node.has(keyword):
        return ()
    return (removal(f"{node.pointer}/{keyword}"),) if value is None else (setting(node, keyword, value),)
