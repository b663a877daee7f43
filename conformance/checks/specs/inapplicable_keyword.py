"""The check `inapplicable-keyword`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, removal
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited

_STRING: Final = frozenset({"string"})
_NUMBER: Final = frozenset({"integer", "number"})
_ARRAY: Final = frozenset({"array"})
_OBJECT: Final = frozenset({"object"})
_APPLIES: Final = {
    **dict.fromkeys(["contentEncoding", "contentMediaType", "maxLength", "minLength", "pattern"], _STRING),
    **dict.fromkeys(["exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf"], _NUMBER),
    **dict.fromkeys(
        ["contains", "items", "maxContains", "maxItems", "minContains", "minItems", "prefixItems", "uniqueItems"],
        _ARRAY,
    ),
    **dict.fromkeys(
        [
            "additionalProperties", "maxProperties", "minProperties", "patternProperties", "properties",
            "propertyNames", "required",
        ],
        _OBJECT,
    ),
}  # fmt: skip
_FORMATS: Final = {
    **dict.fromkeys(["int32", "int64"], _NUMBER | _STRING),
    **dict.fromkeys(["double", "float"], _NUMBER | _STRING),
    **dict.fromkeys(
        [
            "byte", "date", "date-time", "email", "hostname", "ipv4", "ipv6", "password", "time", "uri",
            "uri-reference", "uuid",
        ],
        _STRING,
    ),
}  # fmt: skip


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="a length of text", document=thing(a={"type": "string", "maxLength": 5})),
        DocumentExample(title="any type", document=thing(name={"maxLength": 5})),
    ],
    objects_to=[
        DocumentExample(
            title="a length of a number",
            document=thing(age={"type": "integer", "maxLength": 3}),
            at=(f"{THING}/properties/age/maxLength",),
        ),
        DocumentExample(
            title="a date that is a number",
            document=thing(born={"type": "integer", "format": "date-time"}),
            at=(f"{THING}/properties/born/format",),
        ),
    ],
)
def inapplicable_keyword(audited: Audited) -> Iterator[Problem]:
    """A keyword constrains values of a type that the schema does not allow.

    JSON Schema ignores it, so nothing holds the value to what the author meant. Type or keyword is wrong.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        types = survey.view(node).types if isinstance(node.value, dict) else None
        for keyword in node.value if types else ():
            wanted = _FORMATS.get(str(node.value[keyword])) if keyword == "format" else _APPLIES.get(keyword)
            if wanted is not None and types is not None and not wanted & types:
                shown = f"format {node.value[keyword]}" if keyword == "format" else keyword
                message = f"{shown} says nothing of a value that is {survey.view(node).type}"
                grounds = Grounds(edits=(removal(node.at(keyword)),), remedy=f"Remove {keyword}.")
                yield flaw(
                    node, message, keyword=keyword, expected=sorted(wanted), actual=sorted(types), grounds=grounds
                )
