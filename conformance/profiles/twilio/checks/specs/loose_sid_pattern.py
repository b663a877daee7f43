"""The check `loose-sid-pattern`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, setting
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.profiles.twilio.surveys import expected_prefixes, is_twilios, pattern_of, sids
from conformance.schemas.audited import Audited

_TWILIO: Final = {"servers": [{"url": "https://proxy.twilio.com/v1"}]}
_RESOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "Call": ("CA",),
    "Message": ("SM", "MM"),
    "Conference": ("CF",),
    "Recording": ("RE",),
    "Queue": ("QU",),
    "Application": ("AP",),
}
_LINKED: Final = re.compile(r"\[([A-Z]\w+)\]\(")
_ANY: Final = "^[a-zA-Z]{2}[0-9a-fA-F]{32}$"


def _document(pattern: str, description: str) -> dict[str, Any]:
    return {**thing(resource_sid={"type": "string", "pattern": pattern, "description": description}), **_TWILIO}


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="its prefix", document=_document("^CA[0-9a-fA-F]{32}$", "The SID of the call."))],
    objects_to=[
        DocumentExample(
            title="a call or a message, by the text, and anything by the pattern",
            document=_document(_ANY, "The SID of the [Call](https://x.test) or [Message](https://x.test)."),
            at=(f"{THING}/properties/resource_sid/pattern",),
        ),
        DocumentExample(
            title="less than 32 digits",
            document=_document("^CA[0-9a-fA-F]+$", "The SID of the call."),
            at=(f"{THING}/properties/resource_sid/pattern",),
        ),
    ],
)
def loose_sid_pattern(audited: Audited) -> Iterator[Problem]:
    """The pattern of a SID lets SIDs of every kind pass, or texts that are no SIDs.

    The text or the name says which resources are meant; their prefixes belong in the pattern.

    Source: https://www.twilio.com/docs/glossary/what-is-a-sid
    """
    survey = audited.survey
    for name, node in sids(survey) if is_twilios(survey) else ():
        view = survey.view(node)
        pattern = view.get("pattern")
        if not isinstance(pattern, str):
            continue
        prefixes = prefixes_of_pattern(pattern)
        told = _told(str(view.get("description") or "")) or expected_prefixes(name, audited.crowd)
        if prefixes:
            continue
        why = "lets SIDs of every kind pass" if prefixes == () else "lets texts pass that are no SIDs"
        text = view.get("description")
        samples = (Witness(source=view.at("description"), value=text),) if isinstance(text, str) else ()
        grounds = Grounds(
            confidence=Confidence.MEDIUM if told else Confidence.LOW,
            evidence=(Evidence(what="the text", samples=samples),) if samples else (),
            edits=(setting(view.owner("pattern"), "pattern", pattern_of(told)),) if told else (),
            remedy=f"{name} starts with {' or '.join(told)}.",
        )
        yield flaw(view.owner("pattern"), f"the pattern of {name} {why}", keyword="pattern", actual=pattern,
                   expected=pattern_of(told), grounds=grounds)  # fmt: skip


def _told(text: str) -> tuple[str, ...]:
    """The prefixes of the resources that a text links to; empty where one is not known here."""
    names = _LINKED.findall(text)
    if not names or any(name not in _RESOURCES for name in names):
        return ()
    return tuple(prefix for name in names for prefix in _RESOURCES[name])
