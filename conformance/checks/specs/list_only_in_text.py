"""The check `list-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import QUERY, query
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind
from conformance.openapi.prose import Described
from conformance.schemas.audited import Audited

_TEXT = "Supports multiple values separated by comma."


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="a list that is written with commas",
            document=query("Sid", {"type": "array", "items": {"type": "string"}}, explode=False, description=_TEXT),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a list that is one text",
            document=query("Sid", {"type": "string"}, description=_TEXT),
            at=(f"{QUERY}/schema/type",),
        ),
    ],
)
def list_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description says that the value is a list separated by commas, the schema says that it is one text.

    OpenAPI can say it: an array with `style: form` and `explode: false`. As one text, no format or pattern holds for
    the items, and clients join them by hand.
    """
    survey = audited.survey
    for found in prose.described(survey):
        phrase = prose.separated(found.text)
        view = survey.view(found.schema)
        if phrase is not None and view.type == "string" and not view.has("pattern"):
            grounds = Grounds(
                confidence=Confidence.MEDIUM,
                evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=phrase),)),),
                cause=prose.cause(found, "list"),
                edits=_edits(found),
                remedy=f"{found.name} is a list, its items are separated by commas.",
            )
            message = f"{found.name}: the text says {phrase!r}, the schema one text"
            yield flaw(found.schema, message, keyword="type", expected="array", actual="string", grounds=grounds)


def _edits(found: Described) -> tuple[Edit, ...]:
    owner = found.owner
    if owner.kind is not Kind.PARAMETER or owner.get("in") != "query" or found.schema.reference:
        return ()
    items = {name: value for name, value in found.schema.value.items() if name not in {"description", "default"}}
    return (
        setting(owner, "style", "form"),
        setting(owner, "explode", value=False),
        setting(owner, "schema", {"type": "array", "items": items}),
    )
