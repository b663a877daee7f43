"""The check `format-only-in-text`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.openapi.objects import Kind, Node
from conformance.schemas.audited import Audited

_PATTERNS: Final = {"phone-number": r"^\+[1-9]\d{1,14}$", "iso-country-code": "^[A-Z]{2}$"}
"""What says the same as a format that JSON Schema does not know."""
_LINK: Final = re.compile(r"ur[il]|link|href|callback|endpoint", re.IGNORECASE)
"""Where the name does not speak of a link, the text may be the wrong one."""


@audit(
    technique=Technique.TEXT,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="the schema says it too",
            document=thing(born={"type": "string", "format": "date", "description": "As YYYY-MM-DD."}),
        ),
        DocumentExample(
            title="a number", document=thing(at={"type": "integer", "description": "A timestamp of when."})
        ),
    ],
    objects_to=[
        DocumentExample(
            title="E.164",
            document=thing(number={"type": "string", "description": "The number in E.164 format."}),
            at=(f"{THING}/properties/number",),
        ),
        DocumentExample(
            title="the items of a list",
            document=thing(
                copies={"type": "array", "items": {"type": "string"}, "description": "Additional emails to copy."}
            ),
            at=(f"{THING}/properties/copies/items",),
        ),
    ],
)
def format_only_in_text(audited: Audited) -> Iterator[Problem]:
    """A description names a format that the schema does not have.

    E.164 numbers, ISO dates and country codes, URLs: the schema lets any text pass, and a generator makes any text.
    """
    survey = audited.survey
    for found in prose.described(survey):
        named = prose.named_format(found.text)
        if named is None:
            continue
        schema = found.schema
        if survey.view(schema).type == "array":
            schema = survey.items(schema) or schema
        view = survey.view(schema)
        if view.type == "string" and not any(view.has(name) for name in ("format", "pattern", "enum", "const")):
            evidence = Evidence(what="the text", samples=(Witness(source=found.pointer, value=named.phrase),))
            is_odd = named.format == "uri" and not _LINK.search(found.name)
            grounds = Grounds(
                confidence=Confidence.LOW if is_odd else Confidence.MEDIUM,
                blame=Blame.UNDECIDED if is_odd else Blame.SPEC,
                evidence=(evidence,),
                cause=prose.cause(found, "format"),
                edits=() if is_odd else (_edit(audited, schema, named.format),),
                remedy=f"{found.name} has the format {named.format}, as the text says.",
            )
            lacking = "neither its name nor the schema says so" if is_odd else "the schema has no format"
            message = f"{found.name}: the text says {named.phrase!r}, {lacking}"
            yield flaw(schema, message, keyword="format", expected=named.format, grounds=grounds)


def _edit(audited: Audited, schema: Node, name: str) -> Edit:
    """The format, where a document of the run has it or JSON Schema knows it, else the pattern."""
    known = {node.text("format") for survey in audited.crowd for node in survey.of(Kind.SCHEMA)}
    if name in _PATTERNS and name not in known:
        return setting(schema, "pattern", _PATTERNS[name])
    return setting(schema, "format", name)
