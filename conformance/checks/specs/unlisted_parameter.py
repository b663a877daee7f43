"""The check `unlisted-parameter`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import query, seen
from conformance.openapi.borrowed import borrowed, seen_schema
from conformance.openapi.flaws import appending, flaw
from conformance.schemas.audited import Audited
from conformance.schemas.verdicts import verdict


@audit(
    technique=Technique.EVIDENCE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="declared parameters only",
            document=query("Size", {"type": "integer"}),
            exchanges=(seen({}, query="?Size=5"),),
        ),
        DocumentExample(
            title="a request that was refused proves nothing",
            document=query("Size", {"type": "integer"}),
            exchanges=(seen({}, query="?Color=red", status=400),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a parameter that nobody declares",
            document=query("Size", {"type": "integer"}),
            exchanges=(seen({}, query="?Page=1"),),
            at=("/paths/~1things/get/parameters",),
        ),
    ],
)
def unlisted_parameter(audited: Audited) -> Iterator[Problem] | None:
    """A query parameter was accepted that the operation does not declare.

    Clients use it, and nobody promises that it works. Filters with `<` and `>` behind their name are parameters of
    their own.
    """
    return _found(audited) if audited.observed is not None else None


def _found(audited: Audited) -> Iterator[Problem]:
    observed = audited.observed
    for operation in audited.survey.operations:
        called = observed.called.get(operation.node.pointer) if observed else None
        for (location, name), tally in called.extra.items() if called else ():
            added = [
                each
                for each in audited.differing(operation.node.pointer, "parameter-added")
                if (model := each.survey.node(each.change.new_pointer)) is not None and model.get("name") == name
            ]
            blame, confidence = verdict(tally, agreeing=added, is_compared=False, total=called.count if called else 0)
            schema = seen_schema(["string"], audited.survey)
            for each in added[:1]:
                model = each.survey.node(each.change.new_pointer)
                inner = each.survey.schema(model) if model is not None else None
                schema = borrowed(each.survey, inner, audited.survey) if inner is not None else schema
            grounds = Grounds(
                confidence=confidence,
                blame=blame,
                evidence=(
                    tally.evidence(f"requests with {name}"),
                    *(each.evidence("another description has it") for each in added[:1]),
                ),
                edits=(appending(f"{operation.node.pointer}/parameters",
                                 {"name": name, "in": location, "schema": schema}),),
                remedy=f"There is a parameter {name}.",
            )  # fmt: skip
            place = operation.node.at("parameters")
            message = f"the {location} parameter {name} was accepted {tally.count} times, nobody declares it"
            yield flaw(place, message, keyword="parameter", actual=f"{location} {name}", grounds=grounds)
