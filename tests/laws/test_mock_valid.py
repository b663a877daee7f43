"""Whatever a client sends, in whatever order, every answer of the reference server passes every check."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.checks.succession import Sessions
from conformance.generate.case import Mode, authorized
from conformance.generate.plan import cases
from conformance.generate.script import Script, Step, alone
from conformance.generate.sessions import Session, sessions
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.operation import Contract, Operation
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

SPECS = Path(__file__).parents[2] / "specs"
CASES = (Mode.POSITIVE, Mode.BOUNDARY, Mode.NEGATIVE, Mode.HEADERS)


@cache
def operations(contract: Contract) -> tuple[Operation, ...]:
    return tuple(each for path in documents.find((SPECS,)) for each in documents.read(path, contract=contract))


@cache
def lives(contract: Contract) -> tuple[Session, ...]:
    return tuple(sessions(operations(contract)))


@cache
def server(contract: Contract, seed: int) -> Mock:
    return Mock(operations(contract), compiler(), seed=seed)


@cache
def judge(contract: Contract) -> Judge:
    return Judge(operations(contract), checks=checks.of_traffic(), compiler=compiler())


NUMBERS = st.integers(0, 2**16)
ACTS = st.one_of(
    st.tuples(st.integers(0, 89), st.sampled_from(CASES), NUMBERS),
    st.tuples(NUMBERS, st.just(Mode.STATEFUL), st.just(0)),
)
"""Which operation or session, and which case of it."""


def scripts(contract: Contract, mock: Mock, state: State, acts: list[tuple[int, Mode, int]]) -> Iterator[Script]:
    def known(operation: Operation) -> dict[str, str]:
        return mock.seeded(operation, state)

    dress = partial(authorized, authorization=mock.authorization)
    for index, mode, number in acts:
        if mode is Mode.STATEFUL:
            life = lives(contract)[index % len(lives(contract))]
            yield life.script(context=known, dress=dress)
        else:
            operation = operations(contract)[index]
            found = cases(operation, mode=mode, seed=number >> 6, context=known)
            yield from (alone(case, dress=dress) for case in islice(found, number % 64, number % 64 + 1))


def played(mock: Mock, state: State, script: Script) -> tuple[Step, ...]:
    try:
        sent = next(script)
        while True:
            sent = script.send(mock.handle(sent, state)[0])
    except StopIteration as end:
        steps: tuple[Step, ...] = end.value
        return steps


@pytest.mark.parametrize("contract", Contract, ids=lambda contract: contract.value)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(acts=st.lists(ACTS, min_size=1, max_size=20), seed=st.integers(0, 3))
def test_every_answer_passes_every_check(contract: Contract, acts: list[tuple[int, Mode, int]], seed: int) -> None:
    """By itself, as the answer to what was sent; and as one long recording, in which what follows has to fit too."""
    mock, state = server(contract, seed), State()
    following = Sessions(judge(contract))
    for script in scripts(contract, mock, state, acts):
        for step in played(mock, state, script):
            assert step.exchange is not None
            judgement = judge(contract).judge(step.exchange, operation=step.case.operation)
            assert judgement.crashed == {}
            assert judgement.findings == ()
            recorded = judge(contract).judge(replace(step.exchange, extra={}, session="one"))
            if recorded.matched is not None:
                assert following.judge(recorded).findings == recorded.findings
