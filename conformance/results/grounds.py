"""What a finding of an audit says beyond the others: its evidence, its verdict and its remedy, as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from msgspec.structs import replace

from conformance.model import redact
from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Origin, Technique, Witness


def masked(grounds: Grounds) -> Grounds:
    """Give grounds whose samples hold no secret."""
    return replace(
        grounds,
        evidence=tuple(
            replace(each, samples=tuple(replace(one, value=redact.value(one.value)) for one in each.samples))
            for each in grounds.evidence
        ),
    )


def to_json(grounds: Grounds | None) -> dict[str, Any]:
    """Give the keys that grounds add to a finding; none where there are none."""
    if grounds is None:
        return {}
    return {
        "technique": grounds.technique and grounds.technique.value,
        "confidence": grounds.confidence.value,
        "verdict": grounds.blame.value,
        "evidence": [{**asdict(each), "origin": each.origin.value} for each in grounds.evidence],
        "cause": grounds.cause,
        "places": list(grounds.places),
        "remedy": grounds.remedy,
        "edits": [asdict(each) for each in grounds.edits],
    }


def from_json(item: Mapping[str, Any]) -> Grounds | None:
    """Read what `to_json` gives; None where the finding has no grounds."""
    if "verdict" not in item:
        return None
    return Grounds(
        technique=item["technique"] and Technique(item["technique"]),
        confidence=Confidence(item["confidence"]),
        blame=Blame(item["verdict"]),
        evidence=tuple(
            Evidence(
                **{
                    **each,
                    "samples": tuple(Witness(**one) for one in each["samples"]),
                    "origin": Origin(each["origin"]),
                }
            )
            for each in item["evidence"]
        ),
        cause=item["cause"],
        places=tuple(item["places"]),
        remedy=item["remedy"],
        edits=tuple(Edit(**each) for each in item["edits"]),
    )
