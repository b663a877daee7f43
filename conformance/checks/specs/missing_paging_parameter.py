"""The check `missing-paging-parameter`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import response
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.lists import Listing, is_plain_list, listings
from conformance.openapi.objects import Node
from conformance.schemas.audited import Audited

_SHARE: Final = 1 / 3
_FEW: Final = 2
_ITEM: Final = {"type": "object", "properties": {"sid": {"type": "string"}}}


def _document(*parameters: list[str]) -> dict[str, Any]:
    def operation(names: list[str]) -> dict[str, Any]:
        described = [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in names]
        body = response({"type": "object", "properties": {"things": {"type": "array", "items": _ITEM}}})
        return {"get": {"parameters": described, "responses": {"200": body}}}

    return {"paths": {f"/{index}": operation(names) for index, names in enumerate(parameters)}}


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="every list has the same", document=_document(["PageSize"], ["PageSize"], ["PageSize"])),
        DocumentExample(
            title="another way of paging", document=_document(["PageSize"], ["PageSize"], ["Size", "Token"])
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one list of three has no size of a page",
            document=_document(["PageSize"], ["PageSize"], []),
            at=("/paths/~12/get/parameters",),
        ),
        DocumentExample(
            title="the lists of a sister document have a page number",
            document=_document(["PageSize"]),
            sisters=(_document(["PageSize", "Page"], ["PageSize", "Page"]),),
            at=("/paths/~10/get/parameters",),
        ),
    ],
)
def missing_paging_parameter(audited: Audited) -> Iterator[Problem]:
    """A list lacks paging parameters that the other lists of the family have.

    Clients cannot ask for the second page, or take the first one for everything there is.
    """
    family = [listing for survey in audited.crowd for listing in listings(survey) if is_plain_list(listing)]
    counted = Counter(name for listing in family for name in listing.parameters)
    usual = {name: count for name, count in counted.items() if count >= max(_FEW, _SHARE * len(family))}
    for listing in listings(audited.survey):
        if is_plain_list(listing) and not set(listing.parameters) - set(usual):
            for name in usual:
                if name not in listing.parameters:
                    yield _said(listing, name, [other for other in family if name in other.parameters], len(family))


def _said(listing: Listing, name: str, having: list[Listing], total: int) -> Problem:
    samples = tuple(Witness(source=other.survey.name, value=other.operation.key) for other in having[:3])
    node = listing.operation.node
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        evidence=(Evidence(what=f"lists with {name}", count=len(having), of=total, samples=samples),),
        edits=(appending(f"{node.pointer}/parameters", _parameter(name, having[0].parameters[name])),),
        remedy=f"The list is read page by page, with {name}.",
    )
    message = f"the list has no parameter {name}, other lists have"
    return flaw(node.at("parameters"), message, keyword="parameter", actual=f"query {name}", grounds=grounds)


def _parameter(name: str, model: Node) -> dict[str, Any]:
    """A parameter as a sister has it, without its description."""
    schema = model.get("schema")
    plain = {} if not isinstance(schema, dict) or "$ref" in schema else schema
    return {"name": name, "in": "query", "schema": {key: plain[key] for key in plain if key != "description"}}
