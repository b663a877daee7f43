"""The check `format-contradicts-text`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from conformance.model.audit import Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw
from conformance.schemas.audited import Audited

_FITTING: Final[Mapping[str, frozenset[str]]] = {
    "date": frozenset({"date"}),
    "date-time": frozenset({"date", "date-time", "time"}),
    "email": frozenset({"email", "idn-email"}),
    "ipv4": frozenset({"ip", "ipv4"}),
    "iso-country-code": frozenset({"country", "country-code", "iso-country-code"}),
    "phone-number": frozenset({"e164", "phone", "phone-number", "tel"}),
    "time": frozenset({"date-time", "time"}),
    "uri": frozenset({"iri", "uri", "uri-reference", "uri-template", "url"}),
    "uuid": frozenset({"guid", "uuid"}),
}


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="text and schema agree",
            document=thing(born={"type": "string", "format": "date", "description": "As YYYY-MM-DD."}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a day in the text, a point in time in the schema",
            document=thing(born={"type": "string", "format": "date-time", "description": "As YYYY-MM-DD."}),
            at=(f"{THING}/properties/born/format",),
        ),
    ],
)
def format_contradicts_text(audited: Audited) -> Iterator[Problem]:
    """A description names another format than the schema has.

    What the text asks for breaks the schema, or the other way round.
    """
    survey = audited.survey
    for found in prose.described(survey):
        named = prose.named_format(found.text)
        view = survey.view(found.schema)
        declared = view.get("format")
        if named is None or view.type != "string" or not isinstance(declared, str):
            continue
        if declared not in _FITTING[named.format] and any(declared in fitting for fitting in _FITTING.values()):
            evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=named.phrase),))
            message = f"{found.name}: the text says {named.phrase!r}, the schema has the format {declared}"
            grounds = Grounds(evidence=(evidence,), cause=prose.cause(found, "format"))
            yield flaw(view.owner("format"), message, keyword="format", expected=named.format, actual=declared,
                       grounds=grounds)  # fmt: skip
