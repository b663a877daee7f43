"""The auditor: a description in, what every audit check says of it out.

Three things happen to problems before they are findings. Problems of one rule with one cause become one, with their
places. Problems of several rules about the same keyword of the same place become one, too: the finding of the
rule that needs least, with the evidence of all. And each gets an identity that outlives unrelated edits.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.audit import PLAIN, Blame, Edit, Evidence, Grounds, Origin, Technique, Witness
from conformance.model.finding import Finding, Suspect
from conformance.model.rule import Check, Problem, Severity, Side
from conformance.model.value import Value
from conformance.openapi.document import escape, tokens
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited

SAMPLES: Final = 3
_SUSPECTS: Final = {
    Blame.SPEC: Suspect.SPEC,
    Blame.SAMPLE: Suspect.IMPLEMENTATION,
    Blame.UNDECIDED: Suspect.UNDECIDED,
}
_BLAMES: Final = (Blame.SPEC, Blame.UNDECIDED, Blame.SAMPLE)
_HOLDERS: Final = {"field": "properties", "parameter": "parameters"}
"""The fields that hold what several rules miss in one object."""
BY_VALUE: Final = frozenset({"enum", "field", "limit", "parameter", "requirement", "status", "text"})
"""Keywords of which one place can have several: the value belongs to the identity."""


class Audit(Value, frozen=True, kw_only=True):
    """What was found in one description."""

    survey: Survey
    findings: tuple[Finding, ...]
    """By place."""
    passed: tuple[str, ...]
    """Rules that looked and had no objection."""
    crashed: Mapping[str, str]
    """Rules of ours that raised, with what."""
    causes: Mapping[str, str]
    """For each fingerprint, the place and keyword that it is about, whichever rule says it."""
    waived: tuple[Any, ...] = ()
    """What somebody decided to live with: a waiver for each finding that was taken out."""


class _Objection(Value, frozen=True, kw_only=True):
    check: Check
    problem: Problem

    @property
    def grounds(self) -> Grounds:
        return self.problem.grounds or PLAIN

    @property
    def technique(self) -> Technique:
        assert self.check.technique is not None  # noqa: S101 - only audit checks come here
        return self.check.technique


def audit(
    audited: Audited, *, checks: Iterable[Check], severities: Mapping[str, Severity] | None = None
) -> Audit:  # fmt: skip
    """Give what audit checks say of a description.

    `severities` re-grades rules by id.
    """
    graded = severities or {}
    objections: list[_Objection] = []
    passed: list[str] = []
    crashed: dict[str, str] = {}
    for check in checks:
        try:
            problems = check.plan(audited)
            found = None if problems is None else list(problems)
        except Exception as error:  # noqa: BLE001 - a check of ours that crashes is a result of its own
            crashed[check.id] = f"{type(error).__name__}: {error}"
            continue
        if found:
            objections += _by_cause([_Objection(check=check, problem=problem) for problem in found], audited.survey)
        elif found is not None:
            passed.append(check.id)
    survey = audited.survey
    merged = list(_by_place(objections, survey, graded))
    findings = sorted((_finding(each, survey, graded) for each in merged), key=_order)
    causes = {_fingerprint(each, survey): json.dumps(_facts(each, survey), default=str) for each in merged}
    return Audit(survey=survey, findings=tuple(findings), passed=tuple(passed), crashed=crashed, causes=causes)


def _order(finding: Finding) -> tuple[int, int, str, str, str]:
    return (finding.line, finding.column, finding.rule_id, str(finding.problem.actual), finding.fingerprint)


def _by_cause(objections: list[_Objection], survey: Survey) -> Iterator[_Objection]:
    groups: dict[str, list[_Objection]] = {}
    for each in objections:
        groups.setdefault(_identity(each, survey), []).append(each)
    for group in groups.values():
        yield group[0] if len(group) == 1 else _united(group)


def _united(group: list[_Objection]) -> _Objection:
    """One objection for several places with one cause: the first, with the others as its places."""
    first = group[0]
    places = tuple(dict.fromkeys(each.problem.spec_pointer for each in group[1:]))
    grounds = replace(
        first.grounds,
        places=tuple(place for place in places if place != first.problem.spec_pointer),
        edits=_distinct(edit for each in group for edit in each.grounds.edits),
    )
    many = len(grounds.places)
    message = first.problem.message
    if many:
        message += f" (and in {many} other place{'s' if many > 1 else ''})"
    return _Objection(check=first.check, problem=replace(first.problem, message=message, grounds=grounds))


def _distinct(edits: Iterable[Edit]) -> tuple[Edit, ...]:
    return tuple({json.dumps(asdict(edit), sort_keys=True, default=str): edit for edit in edits}.values())


def _identity(objection: _Objection, survey: Survey) -> str:
    problem, grounds = objection.problem, objection.grounds
    value = problem.actual if problem.keyword in BY_VALUE else ""
    place = grounds.cause or _node_pointer(problem, survey)
    return json.dumps([problem.keyword, place, value], sort_keys=True, default=str, ensure_ascii=False)


def _by_place(objections: list[_Objection], survey: Survey, severities: Mapping[str, Severity]) -> Iterator[_Objection]:
    groups: dict[tuple[str, str, str], list[_Objection]] = {}
    for each in objections:
        value = json.dumps(each.problem.actual, sort_keys=True, default=str) if each.problem.keyword in BY_VALUE else ""
        groups.setdefault((_node_pointer(each.problem, survey), each.problem.keyword, value), []).append(each)
    for group in groups.values():
        yield group[0] if len(group) == 1 else _corroborated(group, severities)


def _corroborated(group: list[_Objection], severities: Mapping[str, Severity]) -> _Objection:
    """One objection for what several rules say of one keyword of one place."""
    group = sorted(group, key=lambda each: (each.technique.rank, -each.check.severity.rank, each.check.id))
    first = group[0]
    blame = next(blame for blame in _BLAMES if any(each.grounds.blame is blame for each in group))
    witnesses = list(_witnesses(group))
    fixing = max(group, key=lambda each: (bool(each.grounds.edits), _is_witnessed(each), each.technique.rank))
    grounds = replace(
        first.grounds,
        confidence=max((each.grounds.confidence for each in group), key=lambda each: each.rank),
        blame=blame,
        evidence=tuple(witnesses),
        edits=fixing.grounds.edits,
        remedy=fixing.grounds.remedy,
    )
    strictest = max((severities.get(each.check.id, each.check.severity) for each in group), key=lambda each: each.rank)
    graded = first.check if first.check.id in severities else replace(first.check, severity=strictest)
    return _Objection(check=graded, problem=replace(first.problem, grounds=grounds))


def _is_witnessed(objection: _Objection) -> bool:
    return any(each.origin is Origin.RECORDING for each in objection.grounds.evidence)


def _witnesses(group: list[_Objection]) -> Iterator[Evidence]:
    """The evidence of all, each source once; a rule without any is a witness itself."""
    known: set[str] = set()
    for each in group:
        for evidence in each.grounds.evidence:
            sources = {witness.source for witness in evidence.samples}
            if each is group[0] or not sources or not sources <= known:
                yield evidence
            known |= sources
        if each is not group[0] and not each.grounds.evidence:
            told = Witness(source=each.check.id, value=each.problem.message)
            yield Evidence(what=f"{each.check.id} says so too", samples=(told,))


def _node_pointer(problem: Problem, survey: Survey) -> str:
    """The object that a problem is about, whether its pointer leads to the object or to the keyword in it."""
    pointer = problem.spec_pointer
    holder, _, last = pointer.rpartition("/")
    is_part = last == escape(problem.keyword) or last == _HOLDERS.get(problem.keyword)
    return holder if is_part and survey.node(pointer) is None else pointer


def _finding(objection: _Objection, survey: Survey, severities: Mapping[str, Severity]) -> Finding:
    problem, check = objection.problem, objection.check
    grounds = objection.grounds
    line, column = survey.position(problem.spec_pointer)
    operation = survey.operation_at(problem.spec_pointer)
    return Finding(
        rule_id=check.id,
        operation=operation.key if operation else None,
        severity=severities.get(check.id) or _severity(check.severity, grounds.blame),
        side=Side.SPEC,
        suspect=_SUSPECTS[grounds.blame],
        problem=replace(problem, grounds=replace(grounds, technique=check.technique)),
        exchange_id=None,
        source=None,
        spec=survey.document.path,
        line=line,
        column=column,
        fingerprint=_fingerprint(objection, survey),
    )


def _severity(severity: Severity, blame: Blame) -> Severity:
    """A document is not worse for a wrong sample, and at most suspicious where nobody can decide."""
    if blame is Blame.SAMPLE:
        return Severity.NOTE
    return min(severity, Severity.WARNING, key=lambda each: each.rank) if blame is Blame.UNDECIDED else severity


def _fingerprint(objection: _Objection, survey: Survey) -> str:
    """The identity of a finding: document, rule, keyword, and the cause or the place without indices."""
    place = objection.grounds.cause or lasting(survey, _node_pointer(objection.problem, survey))
    keyword, value = _facts(objection, survey)[1:]
    facts = [survey.name, Side.SPEC.value, objection.check.id, place, keyword, value]
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def _facts(objection: _Objection, survey: Survey) -> list[Any]:
    """What a finding is about: the place without indices, the keyword, and the value where it belongs to it."""
    problem = objection.problem
    value = problem.actual if problem.keyword in BY_VALUE else ""
    return [lasting(survey, _node_pointer(problem, survey)), problem.keyword, value]


def lasting(survey: Survey, pointer: str) -> str:
    """Give a pointer with the names of parameters, servers and tags in the place of their indices."""
    node: Any = survey.document.data
    made = ""
    for token in tokens(pointer):
        try:
            node = node[int(token)] if isinstance(node, list) else node[token]
        except (KeyError, IndexError, ValueError, TypeError):
            return f"{made}/{escape(token)}"
        made += f"/{escape(_named(node) if token.isdigit() else token)}"
    return made


def _named(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    for field in ("$ref", "url", "operationId"):
        if isinstance(item.get(field), str):
            return str(item[field])
    return f"{item.get('in', '')} {item.get('name', '')}".strip() or "[]"
