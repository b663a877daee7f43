"""The check `text-example-outside-schema`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Blame, Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="an example that fits",
            document=thing(a={"type": "string", "enum": ["USD"], "description": "The currency (e.g. USD)."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="three letters in the text, two in the pattern",
            document=thing(a={"type": "string", "pattern": "^[A-Z]{2}$", "description": "The country, ex: USA."}),
            at=(f"{THING}/properties/a",),
        ),
    ],
)
def text_example_outside_schema(audited: Audited) -> Iterator[Problem]:
    """A description shows an example that the schema forbids.

    Whoever follows the example breaks the schema.
    """
    survey = audited.survey
    for found in prose.described(survey):
        if survey.view(found.schema).type != "string":
            continue
        for example in prose.examples(found.text):
            for problem in audited.objections(found.schema, example):
                evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=example),))
                grounds = Grounds(
                    confidence=Confidence.MEDIUM,
                    blame=Blame.UNDECIDED,
                    evidence=(evidence,),
                    cause=prose.cause(found, example),
                )
                message = f"{found.name}: the example of the text breaks the schema: {problem.message}"
                yield flaw(found.owner.pointer, message, keyword="text", actual=example, grounds=grounds)
