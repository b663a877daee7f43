"""The check `deprecation-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import query
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited

_KINDS = (Kind.OPERATION, Kind.PARAMETER, Kind.SCHEMA)


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(
            title="the document says it too",
            document=query("Size", {"type": "integer"}, deprecated=True, description="Deprecated. Use Limit."),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="only the text says it",
            document=query("Size", {"type": "integer"}, description="This parameter is deprecated. Use Limit."),
            at=("/paths/~1things/get/parameters/0",),
        ),
    ],
)
def deprecation_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description says that something is deprecated or not supported, and `deprecated` does not.

    Generators warn of what is marked, not of what is told.
    """
    for node in audited.survey.nodes:
        text = node.get("description") if node.kind in _KINDS else None
        if isinstance(text, str) and prose.says_deprecated(text) and node.get("deprecated") is not True:
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                evidence=(Evidence(what="the text", samples=(Witness(source=node.at("description"), value=text),)),),
                edits=(setting(node, "deprecated", value=True),),
                remedy="It is deprecated, as the text says.",
            )
            yield flaw(node, f"deprecated by the text only: {text!r}", keyword="deprecated", grounds=grounds)
