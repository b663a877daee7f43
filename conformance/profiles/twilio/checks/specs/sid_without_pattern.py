"""The check `sid-without-pattern`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.audit import Confidence, Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi import prose
from conformance.openapi.flaws import flaw, setting
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.profiles.twilio.surveys import expected_prefixes, is_twilios, pattern_of, sids
from conformance.schemas.audited import Audited
from conformance.schemas.observed import Tally

_TWILIO: Final = {"servers": [{"url": "https://api.twilio.com/2010-04-01"}]}
_STRING: Final = {"type": "string"}


def _document(**properties: Any) -> dict[str, Any]:
    return {**thing(**properties), **_TWILIO}


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(title="a pattern", document=_document(sid={**_STRING, "pattern": "^CA[0-9a-fA-F]{32}$"})),
        DocumentExample(title="another maker's API", document=thing(sid=_STRING)),
    ],
    objects_to=[
        DocumentExample(
            title="a SID that may be any text",
            document=_document(parent_call_sid=_STRING),
            at=(f"{THING}/properties/parent_call_sid",),
        ),
        DocumentExample(
            title="a list of SIDs, by its text",
            document=_document(documents={"type": "array", "items": _STRING, "description": "List of document SIDs."}),
            at=(f"{THING}/properties/documents/items",),
        ),
    ],
)
def sid_without_pattern(audited: Audited) -> Iterator[Problem]:
    """A SID has no pattern.

    A SID is two letters that name the kind of resource and 32 hexadecimal digits. Without a pattern the SID of a
    message passes for that of a call, and a generator sends what no server accepts.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid
    """
    survey = audited.survey
    if not is_twilios(survey):
        return
    for name, node in sids(survey):
        view = survey.view(node)
        if view.type != "string" or any(view.has(keyword) for keyword in ("pattern", "enum", "const")):
            continue
        told = [each for each in audited.differing(node.pointer, "pattern-changed") if each.change.old is None]
        stated = [prefixes_of_pattern(each.change.new) for each in told if isinstance(each.change.new, str)]
        prefixes = (stated[0] if stated else None) or expected_prefixes(name, audited.crowd)
        seen = audited.observed.seen.get(node.pointer) if audited.observed else None
        shown = ", ".join(sorted({value[:2] for value in seen.strings})) if seen else ""
        evidence = (
            (Tally.of(seen.strings.values()).evidence(f"SIDs that start with {shown} were seen"),)
            if seen and shown
            else ()
        )
        text = node.get("description") or (node.parent.get("description") if node.parent else None)
        is_list = isinstance(text, str) and prose.separated(text) is not None
        grounds = Grounds(
            confidence=Confidence.HIGH if prefixes else Confidence.MEDIUM,
            evidence=evidence,
            edits=() if is_list or node.reference else (setting(node, "pattern", pattern_of(prefixes)),),
            remedy=f"{name} is a SID{' that starts with ' + ' or '.join(prefixes) if prefixes else ''}.",
        )
        message = f"{name} has no pattern, any text passes"
        yield flaw(node, message, keyword="pattern", expected=pattern_of(prefixes), grounds=grounds)
