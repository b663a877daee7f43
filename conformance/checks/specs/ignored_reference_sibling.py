"""The check `ignored-reference-sibling`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.flaws import flaw
from conformance.openapi.reference_siblings import with_siblings, wrapped
from conformance.schemas.audited import Audited


def _document(version: str, **siblings: Any) -> dict[str, Any]:
    status = {"$ref": "#/components/schemas/Status", **siblings}
    schema = {"type": "object", "properties": {"status": status}}
    return {"openapi": version, **component(schema, Status={"type": "string", "enum": ["on", "off"]})}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="OpenAPI 3.1 reads the siblings", document=_document("3.1.0", maxLength=2)),
        DocumentExample(title="the type of the target once more", document=_document("3.0.3", type="string")),
    ],
    objects_to=[
        DocumentExample(
            title="null that only a lenient reader allows",
            document=_document("3.0.3", nullable=True),
            at=(f"{THING}/properties/status",),
        ),
    ],
)
def ignored_reference_sibling(audited: Audited) -> Iterator[Problem]:
    """Constraints beside a `$ref`, which OpenAPI 3.0 tells readers to ignore.

    OpenAPI 3.0 (4.7.23) ignores every member beside a `$ref`. Some tools read them anyway, so the same document allows
    null to one client and forbids it to another. OpenAPI 3.1 reads them. `allOf` with the reference in it says the same
    to everybody, null apart, which the target itself has to allow.
    """
    for node, _, constraints in with_siblings(audited.survey):
        if constraints:
            edits = () if "nullable" in constraints else wrapped(node)
            message = f"a strict reader of OpenAPI 3.0 ignores {', '.join(constraints)} beside the $ref"
            grounds = Grounds(edits=edits, remedy="Put the reference into `allOf`.")
            yield flaw(node, message, keyword="siblings", actual=constraints, grounds=grounds)
