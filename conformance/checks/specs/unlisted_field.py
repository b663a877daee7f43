"""The check `unlisted-field`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Blame, Confidence, Edit, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, seen, thing
from conformance.openapi.borrowed import borrowed, seen_schema
from conformance.openapi.document import escape
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited, Difference
from conformance.schemas.observed import Seen, Tally
from conformance.schemas.verdicts import is_misspelt, is_placeholder, verdict

_NAME = thing(name={"type": "string"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="declared fields only", document=_NAME, exchanges=(seen({"name": "Ada"}),)),
        DocumentExample(title="a free map", document=thing(a={"type": "object"}), exchanges=(seen({"a": {"b": 1}}),)),
    ],
    objects_to=[
        DocumentExample(
            title="a field that the schema does not declare",
            document=_NAME,
            exchanges=(seen({"name": "Ada", "age": 36}),),
            at=(f"{THING}/properties",),
        ),
    ],
)
def unlisted_field(audited: Audited) -> Iterator[Problem] | None:
    """A field was seen that the schema does not declare.

    A typed client drops it, and nobody knows that it is there. Objects that declare no fields at all are the matter of
    `untyped-map`.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    survey, observed = audited.survey, audited.observed
    for pointer, values in observed.seen.items() if observed else ():
        node = survey.node(pointer)
        declared = survey.properties(node) if node is not None else {}
        if node is None or not declared or survey.view(node).has("additionalProperties"):
            continue
        for name, tally in values.extra.items():
            yield _said(audited, node, name, tally, values)


def _said(audited: Audited, node: Node, name: str, tally: Tally, values: Seen) -> Problem:
    survey = audited.survey
    added = [
        each
        for part in survey.view(node).parts
        for each in audited.differing(part.pointer, "property-added")
        if each.change.new_pointer.endswith(f"/{escape(name)}")
    ]
    is_compared = node.pointer in audited.compared
    is_odd = is_misspelt(name, survey.properties(node)) and not added
    blame, confidence = verdict(tally, agreeing=added, is_compared=is_compared, is_odd=is_odd, total=values.objects)
    if not added:
        # An open schema forbids no field: recordings alone make it likely, not sure, that one belongs there.
        confidence = min(confidence, Confidence.MEDIUM, key=lambda each: each.rank)
    schema = _schema(audited, added, tally)
    edits = (Edit(pointer=f"{node.pointer}/properties/{escape(name)}", value=schema),) if node.has("properties") else ()
    grounds = Grounds(
        confidence=confidence,
        blame=blame,
        evidence=(
            tally.evidence(f"objects with {name}", of=values.objects),
            *(each.evidence("another description has it") for each in added[:1]),
        ),
        edits=edits if blame is not Blame.SAMPLE else (),
        remedy=f"There is a field {name}.",
    )
    message = f"{name} was seen in {tally.count} of {values.objects} objects, the schema does not declare it"
    place = f"{node.pointer}/properties" if node.has("properties") else node.pointer
    return flaw(place, message, keyword="field", actual=name, grounds=grounds)


def _fitting(audited: Audited, schema: dict[str, Any], tally: Tally) -> dict[str, Any]:
    """What another description says, without a format or pattern that the samples do not have; placeholders apart."""
    texts = [text for text in tally.texts if not is_placeholder(text)]
    name, pattern = schema.get("format"), schema.get("pattern")
    odd = set()
    if isinstance(name, str) and not (texts and all(audited.has_format(name, text) for text in texts)):
        odd.add("format")
    if isinstance(pattern, str) and not all(re.search(pattern, text) for text in texts):
        odd.add("pattern")
    return {keyword: value for keyword, value in schema.items() if keyword not in odd}


def _schema(audited: Audited, added: list[Difference], tally: Tally) -> dict[str, Any]:
    """What another description says of the field, else the types that were seen."""
    for each in added:
        model = each.survey.node(each.change.new_pointer)
        if model is not None:
            return _fitting(audited, borrowed(each.survey, model, audited.survey), tally)
    return seen_schema(sorted(tally.kinds), audited.survey)
