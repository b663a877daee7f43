"""Corrections of descriptions: proposed by findings, offered only when they have proved themselves.

A correction is applied in memory, the description is audited again and every recorded exchange is judged again. It has
to remove its finding, add none (notes apart, which prove nothing), and give no exchange a disagreement that it did not
have: whatever was conformant stays so, and whatever was not gets no worse. A placeholder (`ACXXXX`) conforms to nothing
and so speaks against no correction.
Corrections are tried together; where together fails, those at fault are found by what they did, else by halves, and
tried once more beside those that hold.
A correction can bring more to light: an answer that has a schema at last shows fields that the schema lacks. So a
corrected description is audited for further corrections, until there are none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from conformance.checks.auditor import Audit
from conformance.checks.judge import Judge
from conformance.errors import DocumentError
from conformance.model.audit import PLAIN, Blame, Confidence, Edit, Grounds, Origin
from conformance.model.finding import Finding
from conformance.model.http import Exchange
from conformance.model.rule import Check, Severity
from conformance.model.value import Value
from conformance.openapi import operations as openapi
from conformance.openapi.document import Document
from conformance.openapi.edits import Inapplicable, edited, overlay_steps
from conformance.openapi.survey import Survey
from conformance.schemas.audited import title
from conformance.schemas.compiler import Compiler
from conformance.schemas.verdicts import is_placeholder

_ROUNDS: Final = 2
"""How often what failed is tried once more, beside what holds."""
_DEPTH: Final = 4
"""How often a corrected description is audited for what its corrections brought to light."""
_WITNESSES: Final = frozenset({Origin.RECORDING, Origin.OTHER, Origin.REFERENCE})

Auditor = Callable[[Survey], Audit]
"""Audits one description with all the evidence of the run."""
Chooser = Callable[[Audit], list[Finding]]
"""Gives the findings of an audit whose correction is wanted."""


class Offer(Value, frozen=True, kw_only=True):
    """The corrections of one description that have proved themselves."""

    survey: Survey
    findings: tuple[Finding, ...]
    """Those that a correction is offered for, by place."""
    rejected: tuple[tuple[Finding, str], ...]
    """Those whose correction failed, each with why."""

    @property
    def edits(self) -> tuple[Edit, ...]:
        """All steps of all corrections."""
        return tuple(edit for finding in self.findings for edit in grounds(finding).edits)


class _State(Value, frozen=True, kw_only=True):
    """What a description looks like to those who try corrections."""

    fingerprints: frozenset[str]
    causes: Mapping[str, Finding]
    """Findings by their cause, whichever rule says it."""
    broken: Mapping[str, tuple[str, ...]]
    """For each exchange, the pointers of what it breaks, placeholders apart; a conformant one breaks nothing."""


def grounds(finding: Finding) -> Grounds:
    """Give the grounds of a finding."""
    return finding.problem.grounds or PLAIN


def candidates(findings: Iterable[Finding], *, has_evidence: bool) -> list[Finding]:
    """Give the findings that have a correction worth trying: the document is wrong, and that is likely at least.

    With evidence, only what evidence speaks for: recordings, another description that is no version of this one, or
    the maker's reference; and that surely.
    """
    return [finding for finding in findings if _is_candidate(grounds(finding), has_evidence=has_evidence)]


def _is_candidate(held: Grounds, *, has_evidence: bool) -> bool:
    if not held.edits or held.blame is not Blame.SPEC or held.confidence is Confidence.LOW:
        return False
    if not has_evidence:
        return True
    is_backed = any(each.origin in _WITNESSES for each in held.evidence)
    return is_backed and held.confidence is Confidence.HIGH


class Trial:
    """Tries corrections of one description."""

    def __init__(
        self,
        survey: Survey,
        *,
        before: Audit,
        auditor: Auditor,
        chooser: Chooser,
        exchanges: Sequence[Exchange],
        judge: Callable[..., Judge],
    ) -> None:
        """Keep how the description is judged before any correction."""
        self._survey = survey
        self._auditor = auditor
        self._chooser = chooser
        self._exchanges = exchanges
        self._judge = judge
        self._before = self._state(survey, before)
        self._reasons: dict[str, str] = {}

    def _state(self, survey: Survey, audit: Audit) -> _State:
        return _State(
            fingerprints=frozenset(audit.causes),
            causes={audit.causes[finding.fingerprint]: finding for finding in audit.findings},
            broken=self._judged(survey.document) if self._exchanges else {},
        )

    def _judged(self, document: Document) -> dict[str, tuple[str, ...]]:
        judge = self._judge(openapi.build(document))
        found: dict[str, tuple[str, ...]] = {}
        for index, exchange in enumerate(self._exchanges):
            judgement = judge.judge(exchange)
            errors = [
                each
                for each in judgement.findings
                if each.severity is Severity.ERROR and not is_placeholder(each.problem.actual)
            ]
            found[f"{exchange.id} {index}"] = (
                tuple(each.problem.spec_pointer for each in errors)
                if judgement.operation is not None
                else ("/servers",)
            )
        return found

    def offer(self, findings: Sequence[Finding]) -> Offer:
        """Give the corrections that hold, all together, of findings and of what comes to light with them."""
        tried: list[Finding] = []
        accepted: list[Finding] = []
        fresh = list(findings)
        for _ in range(_DEPTH):
            held = self._held(fresh, accepted)
            tried += fresh
            accepted += held
            fresh = self._come_to_light(tried, accepted) if held else []
            if not fresh:
                break
        names = {finding.fingerprint for finding in accepted}
        return Offer(
            survey=self._survey,
            findings=tuple(accepted),
            rejected=tuple(
                (finding, self._reasons.get(finding.fingerprint, "it fails together with others"))
                for finding in tried
                if finding.fingerprint not in names
            ),
        )

    def _held(self, findings: list[Finding], accepted: list[Finding]) -> list[Finding]:
        """Those that hold beside what is accepted, in their order; what fails is tried again beside what holds."""
        held: list[Finding] = []
        for _ in range(1 + _ROUNDS):
            known = {finding.fingerprint for finding in held}
            left = [each for each in findings if each.fingerprint not in known]
            held += self._accepted(left, [*accepted, *held])
        return sorted(held, key=findings.index)

    def _come_to_light(self, tried: list[Finding], accepted: list[Finding]) -> list[Finding]:
        """What is wanted in the corrected description and was not tried."""
        known = {finding.fingerprint for finding in tried}
        after = self._auditor(Survey(self._corrected(accepted)))
        return [finding for finding in self._chooser(after) if finding.fingerprint not in known]

    def _corrected(self, findings: Iterable[Finding]) -> Document:
        return edited(self._survey.document, [edit for finding in findings for edit in grounds(finding).edits])

    def _accepted(self, batch: list[Finding], held: list[Finding]) -> list[Finding]:
        """Those of a batch that hold together with those that are held already."""
        while batch:
            faults = self._faults(batch, held)
            if faults is None:
                return batch
            if faults:
                batch = [finding for finding in batch if finding.fingerprint not in faults]
                continue
            if len(batch) == 1:
                return []
            middle = len(batch) // 2
            first = self._accepted(batch[:middle], held)
            return [*first, *self._accepted(batch[middle:], [*held, *first])]
        return []

    def _faults(self, batch: list[Finding], held: list[Finding]) -> set[str] | None:
        """The fingerprints of corrections that failed, empty where nobody can tell which; None where all is well."""
        tried = [*held, *batch]
        try:
            survey = Survey(self._corrected(tried))
            after = self._state(survey, self._auditor(survey))
        except Inapplicable as error:
            return self._blamed(batch, [error.edit.pointer], f"{error}")
        except DocumentError as error:
            return self._blamed(batch, [], f"it breaks the document: {error}")
        faults: set[str] = set()
        for finding in batch:
            if finding.fingerprint in after.fingerprints:
                faults.add(finding.fingerprint)
                self._reasons[finding.fingerprint] = "it does not remove its finding"
        added = [
            each
            for cause, each in after.causes.items()
            if cause not in self._before.causes and each.severity is not Severity.NOTE
        ]
        for each in added:
            faults |= self._blamed(
                batch, [each.problem.spec_pointer], f"it adds {each.rule_id}: {each.problem.message}"
            )
        broken = [
            pointer
            for name, pointers in after.broken.items()
            for pointer in pointers
            if pointer not in self._before.broken.get(name, ())
        ]
        faults |= self._blamed(batch, broken, "an exchange disagrees with it that did not before")
        if len(batch) == 1 and (added or broken):
            told = (
                f"it adds {added[0].rule_id}: {added[0].problem.message}"
                if added
                else "an exchange disagrees with it that did not before"
            )
            self._reasons.setdefault(batch[0].fingerprint, told)
        return faults if faults or added or broken else None

    def _blamed(self, batch: list[Finding], pointers: list[str], why: str) -> set[str]:
        """Those corrections that changed something at, around or inside of a place."""
        found = {
            finding.fingerprint
            for finding in batch
            for edit in grounds(finding).edits
            for pointer in pointers
            if _meets(edit.pointer.removesuffix("/-"), pointer)
        }
        for name in found:
            self._reasons.setdefault(name, why)
        return found


def _meets(edit: str, pointer: str) -> bool:
    holder = edit.rpartition("/")[0]
    return f"{pointer}/".startswith(f"{edit}/") or f"{edit}/".startswith(f"{pointer}/") or pointer == holder


def judging(checks: Sequence[Check], compiler: Compiler) -> Callable[..., Judge]:
    """Give what makes a judge of operations."""
    return lambda operations: Judge(operations, checks=checks, compiler=compiler)


def overlay(offer: Offer, *, extends: str, is_json: bool = False) -> str:
    """Give the corrections of a description as an Overlay 1.1 document, one action a finding.

    What an Overlay cannot replace is removed by an action of its own before.
    """
    name = title(offer.survey) or offer.survey.name
    made = {
        "overlay": "1.1.0",
        "info": {"title": f"Corrections to {name}", "version": "1.0.0"},
        "extends": extends,
        "actions": [action for finding in offer.findings for action in _actions(finding, offer.survey.document)],
    }
    if is_json:
        return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    text: str = yaml.dump(
        made, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    return text


def _actions(finding: Finding, document: Document) -> list[dict[str, Any]]:
    held = grounds(finding)
    steps = overlay_steps(document, held.edits)
    actions: list[dict[str, Any]] = []
    for position, step in enumerate(steps):
        is_last = position == len(steps) - 1
        made = step.to_json()
        reason = (
            held.remedy
            if is_last or not step.remove
            else f"{held.remedy} What stands here goes first: it cannot be merged."
        )
        action = {"target": made.pop("target"), "description": reason, **made}
        if is_last:
            action["x-evidence"] = _evidence(finding)
        actions.append(action)
    return actions


def _evidence(finding: Finding) -> dict[str, Any]:
    """Why a correction is right: facts, counts and names of samples."""
    held = grounds(finding)
    made: dict[str, Any] = {
        "rule": finding.rule_id,
        "finding": finding.problem.message,
        "confidence": held.confidence.value,
    }
    told = []
    for each in held.evidence:
        entry: dict[str, Any] = {"what": each.what, "from": each.origin.value}
        if each.count > 1 or each.of is not None:
            entry["count"] = each.count
        if each.of is not None:
            entry["of"] = each.of
        if each.samples:
            entry["samples"] = [witness.source for witness in each.samples]
        told.append(entry)
    return made | ({"evidence": told} if told else {})


class _Dumper(yaml.SafeDumper):
    """Writes every value out: equal values are no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature of the library
        return True


def _list(dumper: yaml.SafeDumper, data: list[Any]) -> yaml.Node:
    """A list of words on one line, everything else on lines of its own."""
    is_short = not any(isinstance(item, dict | list) for item in data)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=is_short)


_Dumper.add_representer(list, _list)


def relative(path: Path, start: Path) -> str:
    """Give the way from the folder of a file to another file, with slashes."""
    here, there = start.resolve().parent.parts, path.resolve().parts
    shared = 0
    while shared < min(len(here), len(there)) and here[shared] == there[shared]:
        shared += 1
    return "/".join([".."] * (len(here) - shared) + list(there[shared:]))
