"""Findings of an audit that somebody decided to live with: by rule and place, each with a reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

from conformance.errors import SettingsError
from conformance.model.finding import Finding
from conformance.model.value import Value

_KEY: Final = re.compile(r"(?P<rule>\S+)(?:\s+(?P<document>[^\s#]*)(?:#(?P<pointer>\S*))?)?")
_HINT: Final = 'write "RULE DOCUMENT#/pointer" = "reason"; globs are allowed, DOCUMENT is the name without its ending'


class Waiver(Value, frozen=True, kw_only=True):
    """A rule that says nothing of a place."""

    rule: str
    """A glob of rule ids."""
    document: str
    """A glob of document names, without their ending."""
    pointer: str
    """A glob of JSON Pointers; what stands below a place belongs to it."""
    reason: str
    key: str
    """As it was written."""

    def holds(self, finding: Finding, document: str) -> bool:
        """Tell whether a finding about a document is waived."""
        place = finding.problem.spec_pointer
        return (
            fnmatchcase(finding.rule_id, self.rule)
            and fnmatchcase(document, self.document)
            and (fnmatchcase(place, self.pointer) or fnmatchcase(place, f"{self.pointer}/*"))
        )


def waivers(written: Mapping[str, str]) -> tuple[Waiver, ...]:
    """Read waivers as settings have them: `RULE DOCUMENT#POINTER` to the reason.

    Raises:
        SettingsError: one has another form, or no reason.

    """
    return tuple(_waiver(key, reason) for key, reason in written.items())


def _waiver(key: str, reason: str) -> Waiver:
    found = _KEY.fullmatch(key.strip())
    if found is None:
        raise SettingsError(where=f"audit-ignore: {key}", what="no rule and place", hint=_HINT)
    if not reason.strip():
        raise SettingsError(where=f"audit-ignore: {key}", what="no reason", hint=_HINT)
    return Waiver(
        rule=found["rule"],
        document=found["document"] or "*",
        pointer=found["pointer"] if found["pointer"] is not None else "*",
        reason=reason,
        key=key,
    )


def idle(
    held: Iterable[Waiver],
    used: Iterable[Waiver],
    *,
    rules: Collection[str],
    left_out: Collection[str],
    documents: Collection[str],
) -> list[str]:
    """Give the keys of waivers that waived nothing, though one of their rules looked at one of their documents.

    A waiver of a rule that does not exist waives nothing either; one of a rule that was left out may waive tomorrow.
    """
    keys = {waiver.key for waiver in used}
    return [
        waiver.key
        for waiver in held
        if waiver.key not in keys
        and (_is_about(waiver, rules) or not _is_about(waiver, left_out))
        and any(fnmatchcase(document, waiver.document) for document in documents)
    ]


def _is_about(waiver: Waiver, rules: Iterable[str]) -> bool:
    return any(fnmatchcase(rule, waiver.rule) for rule in rules)
