"""The check `dangling-reference`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import ANSWER, answering, component
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.ERROR,
    accepts=[DocumentExample(title="a reference to a component", document=component({"type": "string"}))],
    objects_to=[
        DocumentExample(
            title="a component that is not there",
            document=answering({"$ref": "#/components/schemas/Thing"}),
            at=(f"{ANSWER}/$ref",),
        ),
        DocumentExample(title="a reference that is no string", document=answering({"$ref": 1}), at=(f"{ANSWER}/$ref",)),
        DocumentExample(
            title="two references that lead to each other",
            document=answering(
                {"type": "string"},
                components={
                    "schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
                },
            ),
            at=("/components/schemas/A/$ref", "/components/schemas/B/$ref"),
        ),
    ],
)
def dangling_reference(audited: Audited) -> Iterator[Problem]:
    """A `$ref` leads nowhere.

    A tool that follows it stops, or drops what stands there. References into other files are not looked at.
    """
    survey = audited.survey
    for node in survey.referrers:
        reference = node.value["$ref"]
        if not isinstance(reference, str):
            yield flaw(node, f"the $ref {reference!r} is no string", keyword="$ref", actual=reference)
        elif reference.startswith("#") and survey.follow(node) is None:
            yield flaw(node, f"{reference!r} leads nowhere", keyword="$ref", actual=reference)
        elif reference.startswith("#") and survey.resolve(node) is None and survey.circles(node):
            yield flaw(node, f"{reference!r} leads in a circle", keyword="$ref", actual=reference)
