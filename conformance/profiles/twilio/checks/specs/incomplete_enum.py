"""The check `incomplete-enum`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.audit import Confidence, Evidence, Grounds, Origin, Technique, Witness
from conformance.model.rule import DocumentExample, Problem, Severity, Side, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import appending, flaw
from conformance.openapi.objects import Kind
from conformance.profiles.twilio.surveys import is_twilios
from conformance.schemas.audited import Audited

_KNOWN: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "answered_by": (
        "twilio.com/docs/voice/answering-machine-detection",
        (
            "human", "machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", "fax", "unknown",
        ),
    ),
}  # fmt: skip
"""Values that Twilio's reference lists, by the name of the field."""


def _document(*members: str) -> dict[str, Any]:
    document = thing(answered_by={"type": "string", "enum": list(members)})
    return {**document, "servers": [{"url": "https://api.twilio.com/2010-04-01"}]}


@audit(
    technique=Technique.CONVENTION,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="all of them", document=_document(*_KNOWN["answered_by"][1]))],
    objects_to=[
        DocumentExample(
            title="one is missing",
            document=_document(*_KNOWN["answered_by"][1][:-1]),
            at=(f"{THING}/properties/answered_by/enum",),
        ),
    ],
)
def incomplete_enum(audited: Audited) -> Iterator[Problem]:
    """An enum lacks values that Twilio's reference lists.

    Answering machine detection tells machines apart, and may find a fax or nothing; a client that knows `human` and
    `machine` only fails on most answers.
    """
    survey = audited.survey
    for node in survey.of(Kind.SCHEMA) if is_twilios(survey) else ():
        source, members = _KNOWN.get(node.key, ("", ())) if node.field == "properties" else ("", ())
        listed = node.get("enum")
        if not isinstance(listed, list) or survey.sides(node) != {Side.RESPONSE}:
            continue
        for member in members:
            if member not in listed:
                witness = Witness(source=source, value=member)
                evidence = Evidence(what="the reference lists it", samples=(witness,), origin=Origin.REFERENCE)
                grounds = Grounds(
                    confidence=Confidence.HIGH,
                    evidence=(evidence,),
                    cause=f"{node.pointer} {member!r}",
                    edits=(appending(f"{node.pointer}/enum", member),),
                    remedy=f"{member!r} is a value, too.",
                )
                yield flaw(node, f"{member!r} is missing from the enum", keyword="enum", actual=member, grounds=grounds)
