"""The check `misspelt-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.spelling import slips, texts
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(title="good prose", document=path(description="Create a thing. That that fails is rare."))
    ],
    objects_to=[
        DocumentExample(
            title="a word twice",
            document=path(description="Create the the thing."),
            at=("/paths/~1things/get/description",),
        ),
        DocumentExample(
            title="a common misspelling",
            document=thing(a={"type": "string", "description": "The adress that recieves it."}),
            at=("/components/schemas/Thing/properties/a/description",),
        ),
    ],
)
def misspelt_text(audited: Audited) -> Iterator[Problem]:
    """A description has a typing error: a word twice, a word missing, a common misspelling.

    Readers stumble, and searches miss the place. The same slip in copies of one text is one finding.
    """
    for node, field, text in texts(audited.survey):
        found = slips(text)
        if found:
            shown = "; ".join(f"{slip.found!r}, {slip.advice}" for slip in found)
            evidence = Evidence(
                what="the text", count=len(found), samples=(Witness(source=node.at(field), value=text),)
            )
            cause = "; ".join(slip.found for slip in found)
            grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,), cause=f"slip: {cause}")
            yield flaw(node.at(field), shown, keyword="spelling", actual=cause, grounds=grounds)
