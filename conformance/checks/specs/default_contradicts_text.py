"""The check `default-contradicts-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import QUERY, query
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.openapi.stated_defaults import NO_DEFAULT, typed
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="text and schema agree",
            document=query("PageSize", {"type": "integer", "default": 50}, description="The default is 50."),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="50 in the text, 20 in the schema",
            document=query("PageSize", {"type": "integer", "default": 20}, description="The default is 50."),
            at=(f"{QUERY}/schema/default",),
        ),
        DocumentExample(
            title="a default that the schema forbids",
            document=query("Mode", {"type": "string", "enum": ["a", "b"]}, description="The default is `open`."),
            at=(f"{QUERY}/schema/enum",),
        ),
    ],
)
def default_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description names another default than the schema has, or one that the schema forbids.

    Whoever leaves the value out gets something else than expected.
    """
    survey = audited.survey
    for found in prose.described(survey):
        written = prose.default(found.text)
        view = survey.view(found.schema)
        value = NO_DEFAULT if written is None else typed(written, view)
        if value is NO_DEFAULT:
            continue
        evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=written),))
        grounds = Grounds(evidence=(evidence,), cause=prose.cause(found, "default"))
        declared = view.get("default")
        if view.has("default") and declared != value:
            message = f"{found.name}: the text says that {written!r} is the default, the schema says {declared!r}"
            yield flaw(
                view.owner("default"), message, keyword="default", expected=value, actual=declared, grounds=grounds
            )
        elif view.has("enum") and audited.objections(found.schema, value):
            message = f"{found.name}: the text says that {written!r} is the default, the enum does not have it"
            yield flaw(view.owner("enum"), message, keyword="enum", expected=value, actual=value, grounds=grounds)
