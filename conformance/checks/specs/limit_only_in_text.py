"""The check `limit-only-in-text`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import BODY, THING, asking, query, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.stated_limits import fulfilled, stated
from conformance.schemas.audited import Audited

_LIST: Final = {"type": "array", "items": {"type": "string"}}


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=thing(name={"type": "string", "maxLength": 64, "description": "A name, up to 64 characters."}),
        ),
        DocumentExample(
            title="a limit for some",
            document=thing(name={"type": "string", "description": "If it is a US name, up to 64 characters."}),
        ),
        DocumentExample(
            title="the pattern says it",
            document=thing(
                sid={"type": "string", "pattern": "^TH[0-9a-f]{32}$", "description": "A 34 character string."}
            ),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="characters",
            document=thing(name={"type": "string", "description": "A name, up to 64 characters."}),
            at=(f"{THING}/properties/name",),
        ),
        DocumentExample(
            title="a number",
            document=query("Size", {"type": "integer"}, description="How many; the maximum is 1,000."),
            at=("/paths/~1things/get/parameters/0/schema",),
        ),
        DocumentExample(
            title="a list",
            document=asking(
                {
                    "type": "object",
                    "properties": {"sids": {**_LIST, "description": "Documents. At least one document is required."}},
                }
            ),
            at=(f"{BODY}/properties/sids",),
        ),
    ],
)
def limit_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description names a limit that the schema does not have.

    People may read it, programs do not: a client sends too much and is refused, a generator never tries the limit.
    """
    survey = audited.survey
    for found in prose.described(survey):
        view = survey.view(found.schema)
        for keyword, value, phrase in stated(survey, found):
            if view.get(keyword) is None and not fulfilled(view, keyword, value):
                grounds = Grounds(
                    confidence=Confidence.MEDIUM,
                    evidence=(Evidence(what="the text", samples=(Witness(source=found.pointer, value=phrase),)),),
                    cause=prose.cause(found, keyword),
                    edits=(setting(found.schema, keyword, value),),
                    remedy=f"{found.name}: {keyword} {value}, as the text says.",
                )
                message = f"{found.name}: the text says {phrase!r}, the schema has no {keyword}"
                yield flaw(found.schema, message, keyword=keyword, expected=value, grounds=grounds)
