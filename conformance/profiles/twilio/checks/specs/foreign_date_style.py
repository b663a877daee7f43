"""The check `foreign-date-style`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind
from conformance.profiles.twilio import DATE_TIME_2010
from conformance.profiles.twilio.surveys import is_twilios, never_2010, only_2010
from conformance.schemas.audited import Audited


def _document(url: str, name: str) -> dict[str, Any]:
    return {**thing(date_created={"type": "string", "format": name}), "servers": [{"url": url}]}


_OLD: Final = "https://api.twilio.com/2010-04-01"
_NEW: Final = "https://proxy.twilio.com/v1"


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.ERROR,
    accepts=[
        DocumentExample(title="RFC 2822 in the 2010 API", document=_document(_OLD, DATE_TIME_2010)),
        DocumentExample(title="ISO 8601 elsewhere", document=_document(_NEW, "date-time")),
    ],
    objects_to=[
        DocumentExample(
            title="ISO 8601 in the 2010 API",
            document=_document(_OLD, "date-time"),
            at=(f"{THING}/properties/date_created/format",),
        ),
        DocumentExample(
            title="RFC 2822 elsewhere",
            document=_document(_NEW, DATE_TIME_2010),
            at=(f"{THING}/properties/date_created/format",),
        ),
    ],
)
def foreign_date_style(audited: Audited) -> Iterator[Problem]:
    """A date in an answer is described in the style of another Twilio API.

    api.twilio.com/2010-04-01 sends RFC 2822 (`Fri, 14 Oct 2016 21:56:34 +0000`), every other host ISO 8601. A client
    that parses by the description fails on every date.
    """
    survey = audited.survey
    if not is_twilios(survey):
        return
    for node in survey.of(Kind.SCHEMA):
        declared = node.text("format")
        wanted = DATE_TIME_2010 if node.pointer in only_2010(survey) else "date-time"
        decided = node.pointer in only_2010(survey) or node.pointer in never_2010(survey)
        if declared in {"date-time", DATE_TIME_2010} and declared != wanted and decided:
            style = "RFC 2822" if wanted == DATE_TIME_2010 else "ISO 8601"
            grounds = Grounds(
                confidence=Confidence.HIGH,
                edits=(setting(node, "format", wanted),),
                remedy=f"This API sends {style} dates.",
            )
            yield flaw(node, f"the format is {declared}, this API sends {style}", keyword="format", expected=wanted,
                       actual=declared, grounds=grounds)  # fmt: skip
