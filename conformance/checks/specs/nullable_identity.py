"""The check `nullable-identity`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Edit, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, removal, setting
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_NAMES: Final = frozenset({"id", "sid", "uid", "uuid"})
_SAYS_SO: Final = re.compile(r"\buniquely identif|\bunique (?:string|identifier)\b", re.IGNORECASE)
_OF_ANOTHER: Final = re.compile(r"\bassociated\b|\bbelongs\b|\bparent\b", re.IGNORECASE)


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="an identity", document=thing(sid={"type": "string"})),
        DocumentExample(
            title="the identity of something else", document=thing(parent_sid={"type": ["string", "null"]})
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a thing that may have no identity",
            document=thing(sid={"type": ["string", "null"]}),
            at=(f"{THING}/properties/sid",),
        ),
    ],
)
def nullable_identity(audited: Audited) -> Iterator[Problem]:
    """The identity of a resource may be null.

    Every resource that can be answered has one. A typed client has to handle a case that cannot happen, and a mock
    plays it.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        view = survey.view(node)
        if node.field != "properties" or not _is_identity(node) or not view.nullable or not view.types:
            continue
        seen = audited.observed.seen.get(node.pointer) if audited.observed else None
        if survey.sides(node) != {Side.RESPONSE} or (seen is not None and "null" in seen.types):
            continue
        count = seen.count if seen else 0
        grounds = Grounds(
            confidence=Confidence.HIGH if count else Confidence.MEDIUM,
            evidence=(Evidence(what="values, none of them null", count=count),) if count else (),
            edits=_edits(survey, node),
            remedy=f"{node.key} is never null.",
        )
        message = f"{node.key} identifies the resource, yet it may be null"
        yield flaw(node, message, keyword="nullable", grounds=grounds)


def _is_identity(node: Node) -> bool:
    if node.key in _NAMES:
        return True
    holder = node.parent
    properties = holder.get("properties") if holder is not None else None
    named = properties if isinstance(properties, dict) else {}
    telling = [name for name, schema in named.items() if _is_told(name, schema)]
    return telling == [node.key] and not _NAMES & named.keys()


def _is_told(name: str, schema: Any) -> bool:
    """Tell whether a text calls a field with a longer name the identity of its own object."""
    text = schema.get("description") if isinstance(schema, dict) else None
    if not isinstance(text, str) or not name.endswith(("_sid", "_id")):
        return False
    return _SAYS_SO.search(text) is not None and _OF_ANOTHER.search(text) is None


def _edits(survey: Survey, node: Node) -> tuple[Edit, ...]:
    if survey.is_30:
        return (removal(f"{node.pointer}/nullable"),) if node.has("nullable") else ()
    declared: Any = node.get("type")
    types = [name for name in declared if name != "null"] if isinstance(declared, list) else []
    return (setting(node, "type", types[0] if len(types) == 1 else types),) if types else ()
