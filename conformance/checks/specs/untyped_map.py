"""The check `untyped-map`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import BODY, THING, asking, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_SAYING: Final = (
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "enum", "if", "maxProperties", "oneOf",
    "patternProperties", "propertyNames", "unevaluatedProperties",
)  # fmt: skip


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="a map of text", document=thing(a={"type": "object", "additionalProperties": {"type": "string"}})
        ),
    ],
    objects_to=[
        DocumentExample(
            title="an object without a word about its members",
            document=thing(links={"type": "object"}),
            at=(f"{THING}/properties/links",),
        ),
        DocumentExample(
            title="a request that may be any object",
            document=asking({"type": "object", "properties": {}}),
            at=(f"{BODY}/properties",),
        ),
    ],
)
def untyped_map(audited: Audited) -> Iterator[Problem]:
    """An object says nothing of its members: no property, no type of further ones.

    `{}` fulfils it, and so does everything else. A request body like this hides what an operation takes.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        view = survey.view(node)
        if node.get("type") != "object" or survey.properties(node) or any(view.has(name) for name in _SAYING):
            continue
        what = "a body that may be any object" if node.field == "schema" else "an object of any members"
        yield flaw(node, what, keyword="properties", grounds=_grounds(node))


def _grounds(node: Node) -> Grounds:
    """The text may tell what the members are."""
    text = str(node.get("description") or "")
    if "map" not in str(node.get("format")) and not text.startswith(("The URLs", "URLs", "URIs", "The URIs")):
        return Grounds()
    member: dict[str, Any] = {"type": "string", "format": "uri"}
    if "uri" not in str(node.get("format")) and "URL" not in text:
        member = {"type": "string"}
    return Grounds(
        confidence=Confidence.MEDIUM,
        edits=(setting(node, "additionalProperties", member),),
        remedy="Its members are links.",
    )
