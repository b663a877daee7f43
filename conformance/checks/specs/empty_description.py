"""The check `empty-description`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[DocumentExample(title="no description at all", document=path())],
    objects_to=[
        DocumentExample(
            title="a description without words",
            document=path(description=" "),
            at=("/paths/~1things/get/description",),
        ),
    ],
)
def empty_description(audited: Audited) -> Iterator[Problem]:
    """A description is there and says nothing.

    A linter that asks for descriptions is content, a reader is not. Empty descriptions of the same kind of object are
    one finding.
    """
    for node in audited.survey.nodes:
        for field in ("description", "summary"):
            text = node.get(field)
            if isinstance(text, str) and not text.strip():
                what = "property" if node.field == "properties" else node.kind.value
                message = f"the {field} of {'an' if what[0] in 'aeio' else 'a'} {what} is empty"
                yield flaw(node, message, keyword=field, grounds=Grounds(cause=f"empty {field} of a {what}"))
