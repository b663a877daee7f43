"""The check `default-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import QUERY, query, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.stated_defaults import NO_DEFAULT, typed
from conformance.schemas.audited import Audited

_SCHEMA = f"{QUERY}/schema"


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=query("PageSize", {"type": "integer", "default": 50}, description="The default is 50."),
        ),
        DocumentExample(
            title="an answer has no defaults",
            document=thing(mode={"type": "string", "description": "The mode. The default is `open`."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a number",
            document=query("PageSize", {"type": "integer"}, description="How many. The default is 50."),
            at=(_SCHEMA,),
        ),
        DocumentExample(
            title="a member of an enum",
            document=query(
                "Mode", {"type": "string", "enum": ["open", "shut"]}, description="The default value is `open`."
            ),
            at=(_SCHEMA,),
        ),
    ],
)
def default_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description names a default that the schema does not have.

    Forms and clients that show or fill in defaults cannot know it.
    """
    survey = audited.survey
    for found in prose.described(survey):
        written = prose.default(found.text)
        view = survey.view(found.schema)
        if written is None or view.has("default") or Side.REQUEST not in survey.sides(found.owner):
            continue
        value = typed(written, view)
        if value is NO_DEFAULT or audited.objections(found.schema, value):
            continue
        grounds = Grounds(
            confidence=Confidence.MEDIUM,
            evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=written),)),),
            cause=prose.cause(found, "default"),
            edits=(setting(found.schema, "default", value),) if not found.schema.reference else (),
            remedy=f"{found.name} is {value} where it is left out, as the text says.",
        )
        message = f"{found.name}: the text says that {written!r} is the default, the schema has none"
        yield flaw(found.schema, message, keyword="default", expected=value, grounds=grounds)
