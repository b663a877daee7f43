"""Letting a schema allow null, in the dialect of its document."""

from __future__ import annotations

from conformance.model.audit import Edit
from conformance.openapi.flaws import setting
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey


def allowing_null(survey: Survey, node: Node) -> tuple[Edit, ...]:
    """Give the edits that let a schema allow null; nothing where the schema is too special for that.

    OpenAPI 3.0 has `nullable`; 3.1 has the type `null`, which an `enum` has to list, too.
    """
    if not isinstance(node.value, dict):
        return ()
    if survey.is_30:
        members = node.get("enum")
        also = (setting(node, "enum", [*members, None]),) if isinstance(members, list) and None not in members else ()
        return (setting(node, "nullable", value=True), *also) if node.has("type") else ()
    declared = node.get("type")
    if not isinstance(declared, str | list):
        return ()
    types = [declared] if isinstance(declared, str) else declared
    edits = [] if "null" in types else [setting(node, "type", [*types, "null"])]
    members = node.get("enum")
    if isinstance(members, list) and None not in members:
        edits.append(Edit(pointer=f"{node.pointer}/enum/-", value=None))
    return tuple(edits)
