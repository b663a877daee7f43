"""The check `inconsistent-operation-id`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import OK
from conformance.openapi.flaws import flaw
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

_STYLES: Final = {
    "camelCase": re.compile(r"[a-z]+[a-z0-9]*(?:[A-Z][A-Za-z0-9]*)+"),
    "PascalCase": re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*"),
    "snake_case": re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)+"),
    "kebab-case": re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+"),
}


def _named(*names: str) -> dict[str, object]:
    return {"paths": {f"/{name}": {"get": {"operationId": name, "responses": OK}} for name in names}}


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.NOTE,
    accepts=[
        DocumentExample(
            title="one style everywhere",
            document=_named("listThings", "fetchThing", "fetch"),
            sisters=(_named("listOthers"),),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="one id in another style",
            document=_named("listThings", "fetchThing", "DeleteThing"),
            at=("/paths/~1DeleteThing/get/operationId",),
        ),
        DocumentExample(
            title="a document in another style than its sisters",
            document=_named("listThings"),
            sisters=(_named("ListParts"), _named("ListOthers")),
            at=("/paths/~1listThings/get/operationId",),
        ),
    ],
)
def inconsistent_operation_id(audited: Audited) -> Iterator[Problem]:
    """An operationId is written in another style than the rest.

    Generators make names of methods of it; a family of documents that mixes styles gives a client that does.
    """
    survey = audited.survey
    own = _usual(survey)
    if own is None:
        return
    for operation in survey.operations:
        style = _style(operation.operation_id)
        if style not in {None, own}:
            yield flaw(operation.node, f"{operation.operation_id!r} is {style}, the others are {own}",
                       keyword="operationId", expected=own, actual=style)  # fmt: skip
    others = {sister.name: style for sister in audited.sisters if (style := _usual(sister)) is not None}
    family = Counter([own, *others.values()]).most_common(1)
    if family and family[0][0] != own and family[0][1] > 1:
        usual = family[0][0]
        witnesses = tuple(Witness(source=name, value=style) for name, style in others.items() if style == usual)
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            cause="style of the document",
            evidence=(Evidence(what=f"sister documents with {usual}", count=len(witnesses), samples=witnesses[:3]),),
        )
        yield flaw(survey.operations[0].node, f"the operationIds are {own}, those of sister documents {usual}",
                   keyword="operationId", expected=usual, actual=own, grounds=grounds)  # fmt: skip


def _style(name: str | None) -> str | None:
    """The style of a name; None for a single word, which fits several."""
    return next((style for style, form in _STYLES.items() if name and form.fullmatch(name)), None)


def _usual(survey: Survey) -> str | None:
    counted = Counter(style for operation in survey.operations if (style := _style(operation.operation_id)))
    most = counted.most_common(1)
    return most[0][0] if most and most[0][1] * 2 > sum(counted.values()) else None
