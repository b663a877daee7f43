"""Who is wrong: only a second witness accuses an SDK."""

from __future__ import annotations

import pytest

from conformance.config import Settings
from conformance.model.finding import Suspect
from conformance.model.operation import Operation
from conformance.model.rule import Problem, Severity
from conformance.run import suite
from conformance.sdk.blame import CORRECTED, blame
from conformance.sdk.observation import DISCOVERY, Departure, Observation, SideResult
from conformance.sdk.protocol import About
from conformance.sdk.rules import RULES, SdkSide
from conformance.sdk.survey import Survey

CASE = "fetch, required only"


@pytest.fixture(scope="module")
def operation() -> Operation:
    return suite.load(Settings())[0]


def departure(rule: str = "sdk-lost-field", *, case: str = CASE, severity: Severity | None = None) -> Departure:
    known = RULES[rule]
    problem = Problem(message="", instance_pointer="/a", keyword="k")
    return Departure(rule=rule, side=known.side, severity=severity or known.severity, problem=problem, case=case)


def survey(operation: Operation, name: str, client: str, *found: Departure, cases: tuple[str, ...] = (CASE,)) -> Survey:
    side = found[0].side if found else SdkSide.RESPONSE
    result = SideResult(departures=list(found), cases=dict.fromkeys(cases, ""))
    observed = Observation(operation=operation, sides={side: result})
    about = About(sdk=f"sdk-{name}", version="1", runtime="", clients=(client,))
    return Survey(name=name, client=client, about=about, observations=[observed])


def suspect(operation: Operation, found: Departure, one: Survey, *others: Survey) -> Suspect:
    return blame(found, key=operation.key, survey=one, others=[one, *others]).suspect


def test_without_a_witness_it_is_a_disagreement(operation: Operation) -> None:
    found = departure()
    assert suspect(operation, found, survey(operation, "a", "sync", found)) is Suspect.DISAGREEMENT


def test_another_sdk_that_conforms_accuses_the_sdk(operation: Operation) -> None:
    found = departure()
    one, other = survey(operation, "a", "sync", found), survey(operation, "b", "sync")
    verdict = blame(found, key=operation.key, survey=one, others=[one, other])
    assert verdict.suspect is Suspect.SDK
    assert verdict.agree == ("sdk-b 1 (sync)",)


def test_another_sdk_that_does_the_same_accuses_the_description(operation: Operation) -> None:
    found = departure()
    one, other = survey(operation, "a", "sync", found), survey(operation, "b", "sync", found)
    assert suspect(operation, found, one, other) is Suspect.SPEC


def test_another_client_of_the_same_sdk_may_accuse_it_but_not_defend_it(operation: Operation) -> None:
    found = departure()
    one = survey(operation, "a", "async", found)
    assert suspect(operation, found, one, survey(operation, "a", "sync")) is Suspect.SDK
    assert suspect(operation, found, one, survey(operation, "a", "sync", found)) is Suspect.DISAGREEMENT


def test_witnesses_that_contradict_each_other_are_a_disagreement(operation: Operation) -> None:
    found = departure()
    one = survey(operation, "a", "sync", found)
    others = survey(operation, "b", "sync", found), survey(operation, "c", "sync")
    assert suspect(operation, found, one, *others) is Suspect.DISAGREEMENT


def test_who_did_not_come_to_the_case_is_no_witness(operation: Operation) -> None:
    found = departure()
    one = survey(operation, "a", "sync", found)
    elsewhere = survey(operation, "b", "sync", cases=("create, all fields",))
    unrun = survey(operation, "c", "sync")
    unrun.observations[0].sides[SdkSide.RESPONSE].not_run = "no call"
    assert suspect(operation, found, one, elsewhere, unrun) is Suspect.DISAGREEMENT
    general = departure(case=DISCOVERY)
    assert suspect(operation, general, survey(operation, "a", "sync", general), elsewhere) is Suspect.SDK


def test_other_documents_testify(operation: Operation) -> None:
    found = departure()
    one = survey(operation, "a", "sync", found)
    clear = Observation(operation=operation, sides={SdkSide.RESPONSE: SideResult()})
    same = Observation(operation=operation, sides={SdkSide.RESPONSE: SideResult(departures=[found])})
    one.testimony[operation.key] = {CORRECTED: clear}
    verdict = blame(found, key=operation.key, survey=one, others=[one])
    assert (verdict.suspect, verdict.contradict) == (Suspect.SPEC, (CORRECTED,))
    one.testimony[operation.key] = {"the official one": same}
    assert suspect(operation, found, one) is Suspect.SDK
    one.testimony[operation.key] = {"a": clear, "b": same}
    assert suspect(operation, found, one) is Suspect.DISAGREEMENT


def test_what_the_corrected_contract_allows_is_the_fault_of_the_description(operation: Operation) -> None:
    found = departure("sdk-intolerance")
    one, other = survey(operation, "a", "sync", found), survey(operation, "b", "sync")
    one.testimony[operation.key] = {CORRECTED: Observation(operation=operation, sides={SdkSide.RESPONSE: SideResult()})}
    assert suspect(operation, found, one, other) is Suspect.SPEC


def test_no_document_testifies_to_what_none_decides(operation: Operation) -> None:
    found = departure("sdk-unsteady-type")
    one = survey(operation, "a", "sync", found)
    same = Observation(operation=operation, sides={SdkSide.RESPONSE: SideResult(departures=[found])})
    one.testimony[operation.key] = {CORRECTED: same}
    assert suspect(operation, found, one) is Suspect.DISAGREEMENT
    assert suspect(operation, found, one, survey(operation, "b", "sync")) is Suspect.SDK


def test_sdks_are_named_with_the_clients_that_testify(operation: Operation) -> None:
    found = departure()
    one, twin = survey(operation, "a", "sync", found), survey(operation, "a", "async", found)
    others = survey(operation, "b", "sync"), survey(operation, "b", "async")
    verdict = blame(found, key=operation.key, survey=one, others=[one, twin, *others])
    assert (verdict.agree, verdict.alike) == (("sdk-b 1 (async, sync)",), ("async",))


def test_no_description_is_accused_of_what_none_decides(operation: Operation) -> None:
    for rule in ("sdk-endless-paging", "sdk-unsteady-type"):
        found = departure(rule)
        one, other = survey(operation, "a", "sync", found), survey(operation, "b", "sync", found)
        assert suspect(operation, found, one, other) is Suspect.DISAGREEMENT


def test_a_note_accuses_no_sdk(operation: Operation) -> None:
    found = departure("sdk-undocumented-attribute")
    assert found.severity is Severity.NOTE
    one, other = survey(operation, "a", "sync", found), survey(operation, "b", "sync")
    assert suspect(operation, found, one, other) is Suspect.DISAGREEMENT
