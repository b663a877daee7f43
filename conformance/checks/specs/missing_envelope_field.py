"""The check `missing-envelope-field`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import response
from conformance.openapi.document import escape
from conformance.openapi.flaws import flaw
from conformance.openapi.lists import Listing, is_plain_list, listings
from conformance.schemas.audited import Audited

_SHARE: Final = 1 / 4
_FEW: Final = 2
_ITEM: Final = {"type": "object", "properties": {"sid": {"type": "string"}}}


def _document(*fields: list[str]) -> dict[str, Any]:
    def operation(names: list[str]) -> dict[str, Any]:
        properties: dict[str, Any] = {name: {"type": "string"} for name in names}
        properties["things"] = {"type": "array", "items": _ITEM}
        return {"get": {"responses": {"200": response({"type": "object", "properties": properties})}}}

    return {"paths": {f"/{index}": operation(names) for index, names in enumerate(fields)}}


def _schema(index: int) -> str:
    return f"/paths/~1{index}/get/responses/200/content/application~1json/schema"


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="every list has the same", document=_document(*[["page", "uri"]] * 3)),
        DocumentExample(title="an API without envelopes", document=_document([], [], [])),
    ],
    objects_to=[
        DocumentExample(
            title="one list of three does not say where it goes on",
            document=_document(["page", "next_page_uri"], ["page", "next_page_uri"], ["page"]),
            at=(f"{_schema(2)}/properties",),
        ),
        DocumentExample(
            title="one list has no envelope at all",
            document=_document(["meta"], ["meta"], []),
            at=(f"{_schema(2)}/properties",),
        ),
    ],
)
def missing_envelope_field(audited: Audited) -> Iterator[Problem]:
    """The answer of a list lacks fields of the envelope that the other lists of the family have.

    A typed client cannot read where the list goes on. Lists with their envelope in one field are compared with each
    other, and those with it beside the list.
    """
    family = [listing for survey in audited.crowd for listing in listings(survey) if is_plain_list(listing)]
    by_style: dict[str, list[Listing]] = defaultdict(list)
    for listing in family:
        by_style[_style(listing, family)].append(listing)
    done: set[str] = set()
    for lists in by_style.values():
        bodies = {(each.survey.name, each.body.pointer): each for each in lists}
        counted = Counter(name for each in bodies.values() for name in each.envelope)
        usual = {name: count for name, count in counted.items() if count >= max(_FEW, _SHARE * len(bodies))}
        for listing in lists:
            missing = [name for name in usual if name not in listing.envelope]
            if listing.survey is audited.survey and listing.body.pointer not in done:
                done.add(listing.body.pointer)
                for name in missing:
                    yield _said(listing, name, list(bodies.values()), usual[name])


def _style(listing: Listing, family: list[Listing]) -> str:
    """Whether the envelope stands in one field or beside the list; a bare list has the style of its neighbours."""
    if "meta" in listing.envelope:
        return "nested"
    if listing.envelope:
        return "flat"
    first = listing.operation.path.split("/")[1]
    near = [other for other in family if other.envelope and other.survey is listing.survey]
    nearer = [other for other in near if other.operation.path.split("/")[1] == first] or near or family
    nested = sum("meta" in other.envelope for other in nearer)
    return "nested" if nested * 2 > len([other for other in nearer if other.envelope]) else "flat"


def _said(listing: Listing, name: str, family: list[Listing], count: int) -> Problem:
    having = [other for other in family if name in other.envelope]
    near = next((other for other in having if other.survey is listing.survey), None)
    samples = tuple(Witness(source=other.survey.name, value=other.operation.key) for other in having[:3])
    edits = (
        (Edit(pointer=f"{listing.body.pointer}/properties/{escape(name)}", value=near.envelope[name].value),)
        if near
        else ()
    )
    grounds = Grounds(
        confidence=Confidence.MEDIUM,
        evidence=(Evidence(what=f"lists with {name}", count=count, of=len(family), samples=samples),),
        edits=edits,
        remedy=f"The envelope has {name}.",
    )
    place = f"{listing.body.pointer}/properties"
    message = f"the envelope of {listing.items_name} has no {name}, that of other lists has"
    return flaw(place, message, keyword="field", actual=name, grounds=grounds)
