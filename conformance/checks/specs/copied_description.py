"""The check `copied-description`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_LEAST = 16


@audit(
    technique=Technique.TEXT,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(
            title="two descriptions",
            document=thing(
                a={"type": "string", "description": "The name of the thing."},
                b={"type": "string", "description": "The name of its owner."},
            ),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="two fields with one description",
            document=thing(
                a={"type": "string", "description": "The name of the thing."},
                b={"type": "string", "description": "The name of the thing."},
            ),
            at=(f"{THING}/properties/b/description",),
        ),
    ],
)
def copied_description(audited: Audited) -> Iterator[Problem]:
    """Fields of one object have the same description, so that it can be right for one of them at most.

    A description that was copied and not changed says the wrong thing, or nothing that tells the fields apart.
    """
    survey = audited.survey
    for holder in survey.of(Kind.SCHEMA):
        by_text: dict[str, list[Node]] = defaultdict(list)
        for node in survey.children(holder, "properties"):
            text = node.get("description")
            if isinstance(text, str) and len(text.strip()) >= _LEAST:
                by_text[text.strip()].append(node)
        for text, nodes in by_text.items():
            if len(nodes) > 1:
                names = ", ".join(node.key for node in nodes)
                samples = tuple(Witness(source=node.pointer, value=text) for node in nodes[:3])
                evidence = Evidence(what="fields with this description", count=len(nodes), samples=samples)
                cause = f"{holder.pointer}: {text}"
                grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,), cause=cause)
                message = f"{names} have the same description"
                yield flaw(nodes[1], message, keyword="description", actual=text, grounds=grounds)
