"""How problems become findings: one cause is one finding, with a lasting identity."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from conformance import checks
from conformance.checks.audit_trial import audited, document
from conformance.checks.auditor import audit, lasting
from conformance.model.audit import Blame, Confidence, Edit, Evidence, Grounds, Origin, Technique, Witness
from conformance.model.finding import Suspect
from conformance.model.rule import Check, DocumentExample, Problem, Severity, Subject
from conformance.model.specimen import THING, query, thing
from conformance.openapi.survey import Survey
from conformance.results.grounds import from_json, to_json
from conformance.schemas.audited import Audited

MODEL = next(check for check in checks.every() if check.subject is Subject.SPEC)
DOCUMENT = DocumentExample(title="two fields", document=thing(a={"type": "string"}, b={"type": "string"}))
A, B = f"{THING}/properties/a", f"{THING}/properties/b"


def rule(
    name: str,
    *problems: Problem,
    technique: Technique = Technique.STRUCTURE,
    severity: Severity = Severity.WARNING,
) -> Check:
    return replace(MODEL, id=name, technique=technique, severity=severity, plan=lambda _: list(problems))


def problem(pointer: str, keyword: str = "format", actual: Any = None, **grounds: Any) -> Problem:
    return Problem(
        message=f"{keyword} at {pointer}",
        spec_pointer=pointer,
        keyword=keyword,
        actual=actual,
        grounds=Grounds(**grounds),
    )


def test_places_with_one_cause_are_one_finding() -> None:
    first = problem(A, cause="copied", edits=(Edit(pointer=f"{A}/format", value="date"),))
    second = problem(B, cause="copied", edits=(Edit(pointer=f"{B}/format", value="date"),))
    (finding,) = audit(audited(DOCUMENT), checks=[rule("one", first, second, first)]).findings
    held = finding.problem.grounds
    assert held is not None
    assert held.places == (B,)
    assert [edit.pointer for edit in held.edits] == [f"{A}/format", f"{B}/format"]
    assert finding.problem.message.endswith("(and in 1 other place)")


def test_rules_about_one_keyword_of_one_place_are_one_finding_of_the_rule_that_needs_least() -> None:
    wire = problem(
        f"{A}/type",
        "type",
        confidence=Confidence.HIGH,
        blame=Blame.SPEC,
        edits=(Edit(pointer=f"{A}/type", value="integer"),),
        remedy="It is a number.",
        evidence=(Evidence(what="seen", origin=Origin.RECORDING, samples=(Witness(source="e1"),)),),
    )
    text = problem(A, "type", confidence=Confidence.LOW, blame=Blame.UNDECIDED)
    named = problem(A, "type")
    rules = [
        rule("wire", wire, technique=Technique.EVIDENCE, severity=Severity.ERROR),
        rule("text", text, technique=Technique.TEXT),
        rule("name", named, technique=Technique.CONVENTION),
    ]
    for order in (rules, rules[::-1]):
        (finding,) = audit(audited(DOCUMENT), checks=order).findings
        held = finding.problem.grounds
        assert held is not None
        assert (finding.rule_id, finding.severity, finding.suspect) == ("text", Severity.ERROR, Suspect.SPEC)
        assert (held.technique, held.confidence, held.remedy) == (Technique.TEXT, Confidence.HIGH, "It is a number.")
        assert [each.what for each in held.evidence] == ["name says so too", "seen"]


def test_another_keyword_or_another_value_is_another_finding() -> None:
    problems = [problem(A), problem(A, "pattern"), problem(A, "enum", "x"), problem(A, "enum", "y")]
    found = audit(audited(DOCUMENT), checks=[rule("one", *problems)])
    assert len({finding.fingerprint for finding in found.findings}) == len(problems)
    assert len(set(found.causes.values())) == len(problems)


@pytest.mark.parametrize(
    ("blame", "severity"),
    [(Blame.SPEC, Severity.ERROR), (Blame.UNDECIDED, Severity.WARNING), (Blame.SAMPLE, Severity.NOTE)],
)
def test_a_wrong_sample_does_not_make_a_document_worse(blame: Blame, severity: Severity) -> None:
    checked = rule("one", problem(A, blame=blame), severity=Severity.ERROR)
    (finding,) = audit(audited(DOCUMENT), checks=[checked]).findings
    assert finding.severity is severity
    (graded,) = audit(audited(DOCUMENT), checks=[checked], severities={"one": Severity.ERROR}).findings
    assert graded.severity is Severity.ERROR


def test_a_grade_of_the_user_holds_for_what_several_rules_say() -> None:
    rules = [rule("one", problem(A)), rule("two", problem(A), technique=Technique.TEXT, severity=Severity.ERROR)]
    (finding,) = audit(audited(DOCUMENT), checks=rules, severities={"one": Severity.NOTE}).findings
    assert (finding.rule_id, finding.severity) == ("one", Severity.NOTE)


def test_a_rule_that_crashes_is_named_and_the_others_go_on() -> None:
    def crash(_: Audited) -> Iterator[Problem]:
        raise KeyError(A)

    found = audit(audited(DOCUMENT), checks=[replace(MODEL, id="broken", plan=crash), rule("one", problem(A))])
    assert found.crashed == {"broken": f"KeyError: {A!r}"}
    assert [finding.rule_id for finding in found.findings] == ["one"]


def test_a_rule_without_its_evidence_neither_passed_nor_failed() -> None:
    silent = replace(MODEL, id="silent", plan=lambda _: None)
    found = audit(audited(DOCUMENT), checks=[silent, rule("content")])
    assert (found.passed, found.findings) == (("content",), ())


def test_a_finding_inside_of_an_operation_names_it() -> None:
    example = DocumentExample(title="", document=query("Size", {"type": "integer"}))
    pointer = "/paths/~1things/get/parameters/0"
    (finding,) = audit(audited(example), checks=[rule("one", problem(pointer))]).findings
    assert finding.operation == "example.GET /things"
    assert (finding.line, finding.spec) == (21, "example.json")


def test_indices_have_names_in_what_lasts() -> None:
    survey = Survey(
        document(
            {
                "servers": [{"url": "https://x.test"}],
                "tags": [{"name": "A"}],
                "paths": {
                    "/a": {"get": {"parameters": [{"name": "q", "in": "query"}, {"$ref": "#/x"}], "responses": {}}}
                },
                "components": {"schemas": {"S": {"enum": ["on"], "allOf": [{"type": "string"}]}}},
            }
        )
    )
    assert lasting(survey, "/servers/0") == "/servers/https:~1~1x.test"
    assert lasting(survey, "/tags/0/name") == "/tags/A/name"
    assert lasting(survey, "/paths/~1a/get/parameters/0/schema") == "/paths/~1a/get/parameters/query q/schema"
    assert lasting(survey, "/paths/~1a/get/parameters/1") == "/paths/~1a/get/parameters/#~1x"
    assert lasting(survey, "/components/schemas/S/enum/0") == "/components/schemas/S/enum/on"
    assert lasting(survey, "/components/schemas/S/allOf/0") == "/components/schemas/S/allOf/[]"


def test_grounds_survive_json() -> None:
    held = Grounds(
        technique=Technique.EVIDENCE,
        confidence=Confidence.LOW,
        blame=Blame.SAMPLE,
        cause="c",
        places=("/a",),
        remedy="r",
        edits=(Edit(pointer="/a", value={"b": [1]}), Edit(pointer="/c", is_removal=True)),
        evidence=(
            Evidence(what="w", count=3, of=9, origin=Origin.OTHER, samples=(Witness(source="s", value=[1, None]),)),
        ),
    )
    assert from_json(json.loads(json.dumps(to_json(held)))) == held
