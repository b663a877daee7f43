"""The check `untyped-value`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import ANSWER, THING, answering, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_SAYING: Final = (
    "$dynamicRef", "$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "if", "items", "not", "oneOf",
    "patternProperties", "prefixItems", "properties", "type",
)  # fmt: skip
_NAMES: Final = {"items": "items", "properties": "a property", "schema": "a schema"}


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="items of a type", document=thing(a={"type": "array", "items": {"type": "string"}})),
        DocumentExample(title="members that are meant to be free", document=thing(a={"additionalProperties": {}})),
    ],
    objects_to=[
        DocumentExample(
            title="items that may be anything",
            document=thing(a={"type": "array", "items": {}}),
            at=(f"{THING}/properties/a/items",),
        ),
        DocumentExample(
            title="an array that says nothing of its items",
            document=thing(a={"type": "array"}),
            at=(f"{THING}/properties/a",),
        ),
        DocumentExample(
            title="a property with a description only",
            document=thing(a={"description": "The size."}),
            at=(f"{THING}/properties/a",),
        ),
        DocumentExample(title="a body that may be anything", document=answering({}), at=(ANSWER,)),
    ],
)
def untyped_value(audited: Audited) -> Iterator[Problem]:
    """A schema accepts anything: it says nothing of the type.

    A typed client gets an unknown value, and nothing can be checked. Whoever means any value writes `true` (OpenAPI
    3.1) or says so in the description.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        if _says_nothing(survey, node) and node.field in _NAMES:
            name = f" {node.key}" if node.field == "properties" else ""
            yield flaw(node, f"{_NAMES[node.field]}{name} of any type", keyword="type")
        elif (
            node.get("type") == "array"
            and not survey.is_30
            and survey.items(node) is None
            and not node.has("prefixItems")
        ):
            yield flaw(node, "an array that says nothing of its items", keyword="items")


def _says_nothing(survey: Survey, node: Node) -> bool:
    if not isinstance(node.value, dict) or any(keyword in node.value for keyword in _SAYING):
        return False
    return not any(child.kind is Kind.SCHEMA for child in survey.children(node))
