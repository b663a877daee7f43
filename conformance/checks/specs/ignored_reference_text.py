"""The check `ignored-reference-text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.flaws import flaw
from conformance.openapi.reference_siblings import with_siblings, wrapped
from conformance.schemas.audited import Audited


def _document(**beside: Any) -> dict[str, Any]:
    status = {"$ref": "#/components/schemas/Status", **beside}
    schema = {"type": "object", "properties": {"status": status}}
    return {"openapi": "3.0.3", **component(schema, Status={"type": "string", "enum": ["on", "off"]})}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="a reference by itself", document=_document())],
    objects_to=[
        DocumentExample(
            title="a description that a strict reader never shows",
            document=_document(description="On while it runs."),
            at=(f"{THING}/properties/status",),
        ),
    ],
)
def ignored_reference_text(audited: Audited) -> Iterator[Problem]:
    """A description or default beside a `$ref`, which OpenAPI 3.0 tells readers to ignore.

    Nothing on the wire changes, but strict tools drop the text. Where constraints stand beside the reference, too,
    `ignored-reference-sibling` says so instead.
    """
    for node, names, constraints in with_siblings(audited.survey):
        if not constraints:
            message = f"a strict reader of OpenAPI 3.0 ignores {', '.join(names)} beside the $ref"
            grounds = Grounds(edits=wrapped(node), remedy="Put the reference into `allOf`.")
            yield flaw(node, message, keyword="siblings", actual=names, grounds=grounds)
