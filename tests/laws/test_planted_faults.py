"""One planted fault, exactly the named check reports it: over all operations, and for any fault of any check."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.config import Settings
from conformance.model.operation import Operation
from conformance.model.rule import Check, Matched, Side
from conformance.run import selftest
from conformance.run.suite import Suite, suite

CONTRACTS = ("corrected", "as-written")


@cache
def held(contract: str) -> Suite:
    return suite(Settings(contract=contract))


@cache
def exchanges(contract: str) -> dict[Operation, list[Matched]]:
    made = held(contract)
    return {operation: list(selftest._conformant(made, operation)) for operation in made.chosen}


@cache
def others(contract: str) -> dict[Operation, Matched]:
    return {operation: seen[0] for operation, seen in exchanges(contract).items()}


@cache
def cells(contract: str) -> tuple[tuple[Check, Side, Operation], ...]:
    """Every check with every side and operation that it looks at."""
    made = held(contract)
    return tuple(
        (check, side, operation)
        for operation in made.chosen
        for check in made.judge.checks
        for side in selftest.SIDES.get(check.subject, ())
        if check.plant is not None and selftest._is_planned(made, check, side, operation)
    )


@pytest.mark.parametrize("contract", CONTRACTS)
def test_conformant_exchanges_give_no_findings(contract: str) -> None:
    made = held(contract)
    for seen in exchanges(contract).values():
        assert seen
        for matched in seen:
            judgement = made.judge.judge(matched.exchange)
            assert not judgement.findings
            assert not judgement.crashed


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_first_faults_of_every_check_are_found_by_it_alone_in_every_operation(contract: str) -> None:
    made = held(contract)
    outcomes: Counter[str] = Counter()
    for check, side, operation in cells(contract):
        trial = selftest._trial(made, check, side, operation, exchanges(contract)[operation], others(contract))
        assert not trial.missed
        outcomes[trial.outcome] += 1
        if trial.outcome == "not applicable":
            takes_the_rest = check.id == "structure-mismatch"  # whatever no other check is planned for
            assert side is Side.SESSION or takes_the_rest, f"{check.id}: {side.value} of {operation.key}"
            assert check.needs
    assert outcomes["detected"] > 2900


@pytest.mark.parametrize("contract", CONTRACTS)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_fault_is_found_by_its_check_alone(contract: str, data: st.DataObject) -> None:
    made = held(contract)
    check, side, operation = data.draw(st.sampled_from(cells(contract)))
    matched = data.draw(st.sampled_from(exchanges(contract)[operation]))
    faults = list(selftest._plants(check, side, matched, others(contract)))
    if faults:
        session = data.draw(st.sampled_from(faults))
        assert selftest._verdict(made, check, side, session) == ""


def test_what_a_check_needs_is_said_where_it_may_not_apply() -> None:
    made = held("corrected")
    for check in made.judge.checks:
        sides = selftest.SIDES.get(check.subject, ())
        planned = [selftest._is_planned(made, check, side, operation) for side in sides for operation in made.chosen]
        assert all(planned) or check.needs, check.id
