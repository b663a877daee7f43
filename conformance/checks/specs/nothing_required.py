"""The check `nothing-required`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Confidence, Evidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, component
from conformance.openapi.flaws import flaw
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited


def _document(**more: Any) -> dict[str, Any]:
    return component({"type": "object", "properties": {"sid": {"type": "string"}}, **more})


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="an answer has a sid", document=_document(required=["sid"]))],
    objects_to=[DocumentExample(title="an answer may be empty", document=_document(), at=(THING,))],
)
def nothing_required(audited: Audited) -> Iterator[Problem]:
    """`{}` fulfils the schemas of answers: they require no field.

    An answer that lost all its fields conforms, and a typed client has to treat every field as missing. It is said once
    for all the schemas of a document.
    """
    survey = audited.survey
    answers = list({node.pointer: node for node in _answers(survey)}.values())
    bare = [node for node in answers if not survey.required(node)]
    for node in bare:
        evidence = Evidence(what="schemas of answers that require nothing", count=len(bare), of=len(answers))
        grounds = Grounds(confidence=Confidence.MEDIUM, evidence=(evidence,), cause="answers that require nothing")
        yield flaw(node, f"{{}} fulfils {_name(node)}", keyword="required", grounds=grounds)


def _answers(survey: Survey) -> Iterator[Node]:
    """The objects that successful answers consist of: bodies, and the items of lists in them."""
    for operation in survey.operations:
        for response in operation.successes.values():
            for schema in survey.bodies(response).values():
                yield from _objects(survey, survey.plain(schema))


def _objects(survey: Survey, node: Node) -> Iterator[Node]:
    if survey.properties(node):
        yield node
        for child in survey.properties(node).values():
            inner = survey.items(child)
            if inner is not None and survey.properties(inner):
                yield survey.plain(inner)


def _name(node: Node) -> str:
    return node.key if node.pointer.startswith("/components/schemas/") else str(node.get("title") or "the body")
