"""The check `unsatisfiable-schema`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind
from conformance.openapi.pattern_width import width
from conformance.openapi.survey import View
from conformance.schemas.audited import Audited

_PAIRS: Final = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
    ("exclusiveMinimum", "maximum"),
    ("minimum", "exclusiveMaximum"),
)


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(
            title="bounds that leave something",
            document=thing(sid={"type": "string", "pattern": "^AC[0-9a-f]{32}$", "minLength": 34, "maxLength": 34}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="the least is more than the most",
            document=thing(name={"type": "string", "minLength": 9, "maxLength": 5}),
            at=(f"{THING}/properties/name/minLength",),
        ),
        DocumentExample(
            title="a pattern of 34 characters in 32",
            document=thing(sid={"type": "string", "pattern": "^AC[0-9a-f]{32}$", "maxLength": 32}),
            at=(f"{THING}/properties/sid/maxLength",),
        ),
        DocumentExample(
            title="text that is a number as well",
            document=thing(size={"allOf": [{"type": "string"}, {"type": "integer"}]}),
            at=(f"{THING}/properties/size",),
        ),
        DocumentExample(
            title="no member fits the type",
            document=thing(size={"type": "integer", "enum": ["1", "2"]}),
            at=(f"{THING}/properties/size/enum",),
        ),
    ],
)
def unsatisfiable_schema(audited: Audited) -> Iterator[Problem]:
    """No value fulfils a schema: its constraints contradict one another.

    Every message with this part breaks the description, and a generator finds nothing to send.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        if isinstance(node.value, dict) and not node.reference:
            yield from _contradictions(audited, survey.view(node))


def _contradictions(audited: Audited, view: View) -> Iterator[Problem]:
    if view.types == frozenset() and not view.nullable:
        yield flaw(view.node, "the types of its parts exclude each other", keyword="type")
    for low, high in _PAIRS:
        least, most = _bound(view, low), _bound(view, high)
        if least is not None and most is not None and (least > most or (least == most and "exclusive" in low + high)):
            yield flaw(
                view.owner(low), f"{low} {least} excludes {high} {most}", keyword=low, expected=most, actual=least
            )
    yield from _lengths(view)
    members = view.enum
    if members and view.has("enum") and all(audited.objections(view.node, member) for member in members):
        yield flaw(view.owner("enum"), "no member of the enum fulfils the rest of the schema", keyword="enum",
                   expected=view.type, actual=list(members))  # fmt: skip


def _lengths(view: View) -> Iterator[Problem]:
    pattern = view.get("pattern")
    lengths = width(pattern) if isinstance(pattern, str) else None
    if lengths is None:
        return
    most, least = _bound(view, "maxLength"), _bound(view, "minLength")
    if most is not None and lengths[0] > most:
        message = f"the pattern asks for {lengths[0]:g} characters or more, maxLength allows {most}"
        yield flaw(view.owner("maxLength"), message, keyword="maxLength", expected=lengths[0], actual=most)
    if least is not None and lengths[1] < least:
        message = f"the pattern allows {lengths[1]:g} characters at most, minLength asks for {least}"
        yield flaw(view.owner("minLength"), message, keyword="minLength", expected=lengths[1], actual=least)


def _bound(view: View, keyword: str) -> Any:
    value = view.get(keyword)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
