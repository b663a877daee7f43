"""The check `parameter-elsewhere`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import path, query
from conformance.openapi.borrowed import borrowed
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.objects import Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_SIZE = query("Size", {"type": "integer"})


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="the same parameters", document=_SIZE, official=(_SIZE,))],
    objects_to=[
        DocumentExample(title="one parameter more", document=path(), official=(_SIZE,), at=("/paths/~1things/get",)),
    ],
)
def parameter_elsewhere(audited: Audited) -> Iterator[Problem] | None:
    """Another description of the same API declares a parameter that this operation lacks.

    Clients of this description cannot use it.
    """
    return _found(audited) if audited.differences is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    for each in audited.differences or ():
        node = audited.survey.node(each.change.old_pointer)
        model = each.survey.node(each.change.new_pointer)
        if each.change.kind != "parameter-added" or node is None or model is None or model.get("in") == "path":
            continue
        name, location = str(model.get("name")), str(model.get("in"))
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            blame=each.blame,
            evidence=(each.evidence("another description has it"),),
            edits=(appending(f"{node.pointer}/parameters", _parameter(each.survey, model, audited.survey)),),
            remedy=f"There is a parameter {name}.",
        )
        message = f"{each.other} declares the {location} parameter {name} here"
        yield flaw(node.at("parameters"), message, keyword="parameter", actual=f"{location} {name}", grounds=grounds)


def _parameter(source: Survey, model: Node, into: Survey) -> dict[str, Any]:
    schema = source.schema(model)
    made: dict[str, Any] = {"name": model.get("name"), "in": model.get("in")}
    made |= {name: model.get(name) for name in ("required", "style", "explode") if model.has(name)}
    return made | {"schema": borrowed(source, schema, into) if schema is not None else {}}
