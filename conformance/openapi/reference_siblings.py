"""What stands beside a `$ref` in OpenAPI 3.0, whose letter (4.7.23) tells readers to ignore it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Edit
from conformance.openapi.flaws import removal, setting
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey

_TEXTS: Final = frozenset({
    "$ref", "default", "description", "example", "examples", "externalDocs", "summary", "title"
})  # fmt: skip


def with_siblings(survey: Survey) -> Iterator[tuple[Node, list[str], list[str]]]:
    """Give the references with siblings: the schema, all their names, and those that constrain values.

    A sibling that says what the target says constrains nothing more; extensions do not count.
    """
    for node in survey.referrers if survey.is_30 else ():
        names = sorted(name for name in node.value.keys() - {"$ref"} if not name.startswith("x-"))
        if node.kind is Kind.SCHEMA and names:
            target = survey.follow(node)
            same = {name for name in names if target is not None and target.get(name) == node.value[name]}
            yield node, names, [name for name in names if name not in _TEXTS | same]


def wrapped(node: Node) -> tuple[Edit, ...]:
    """Give the edits that put a reference into `allOf`, where its siblings hold."""
    return (removal(f"{node.pointer}/$ref"), setting(node, "allOf", [{"$ref": node.value["$ref"]}]))
