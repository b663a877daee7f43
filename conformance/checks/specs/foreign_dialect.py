"""The check `foreign-dialect`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, removal, setting
from conformance.openapi.keywords import OPENAPI_30, SCHEMA_2020
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="nullable in OpenAPI 3.0",
            document={"openapi": "3.0.3", **thing(name={"type": "string", "nullable": True})},
        ),
        DocumentExample(title="two types in OpenAPI 3.1", document=thing(name={"type": ["string", "null"]})),
    ],
    objects_to=[
        DocumentExample(
            title="nullable in OpenAPI 3.1, where it means nothing",
            document=thing(name={"type": "string", "nullable": True}),
            at=(f"{THING}/properties/name/nullable",),
        ),
        DocumentExample(
            title="two types in OpenAPI 3.0",
            document={"openapi": "3.0.3", **thing(name={"type": ["string", "null"]})},
            at=(f"{THING}/properties/name/type",),
        ),
        DocumentExample(
            title="const in OpenAPI 3.0",
            document={"openapi": "3.0.3", **thing(name={"const": "x"})},
            at=(f"{THING}/properties/name/const",),
        ),
        DocumentExample(
            title="a bound that is true in OpenAPI 3.1",
            document=thing(size={"type": "integer", "minimum": 0, "exclusiveMinimum": True}),
            at=(f"{THING}/properties/size/exclusiveMinimum",),
        ),
    ],
)
def foreign_dialect(audited: Audited) -> Iterator[Problem]:
    """A schema uses a keyword, or a form of one, that belongs to another version of OpenAPI.

    Tools ignore it or fail: `nullable` means nothing in 3.1, lists of types, `const` and numeric exclusive bounds mean
    nothing in 3.0.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA):
        if isinstance(node.value, dict):
            yield from _of_31(node) if survey.is_30 else _of_30(node)


def _of_31(node: Node) -> Iterator[Problem]:
    for keyword in node.value:
        if keyword in SCHEMA_2020 and keyword not in OPENAPI_30:
            yield flaw(node, f"OpenAPI 3.0 has no {keyword}", keyword=keyword, grounds=_remedy(node, keyword))
    declared = node.get("type")
    if isinstance(declared, list) or declared == "null":
        yield flaw(node, f"OpenAPI 3.0 has no type {declared!r}", keyword="type", actual=declared)
    for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(node.get(keyword), int | float) and not isinstance(node.get(keyword), bool):
            yield flaw(node, f"{keyword} is true or false in OpenAPI 3.0", keyword=keyword)


def _of_30(node: Node) -> Iterator[Problem]:
    if node.has("nullable"):
        message = (
            "OpenAPI 3.1 has no nullable, so null is not allowed" if node.get("nullable") else "no nullable in 3.1"
        )
        yield flaw(node, message, keyword="nullable", grounds=_remedy(node, "nullable"))
    for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(node.get(keyword), bool):
            yield flaw(node, f"{keyword} is a number in OpenAPI 3.1", keyword=keyword)


def _remedy(node: Node, keyword: str) -> Grounds:
    edits: list[Edit] = [removal(f"{node.pointer}/{keyword}")]
    declared: Any = node.get("type")
    if keyword == "nullable" and node.get("nullable") is True:
        if not isinstance(declared, str):
            return Grounds()
        edits.append(setting(node, "type", [declared, "null"]))
        if isinstance(node.get("enum"), list) and None not in node.value["enum"]:
            edits.append(setting(node, "enum", [*node.value["enum"], None]))
    elif keyword == "const":
        edits.append(setting(node, "enum", [node.value["const"]]))
    elif keyword != "nullable":
        return Grounds()
    return Grounds(edits=tuple(edits), remedy="Say it in the dialect of the document.")
