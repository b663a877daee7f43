"""Whatever valid requests a client sends, in whatever order, every answer passes every check."""

from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.case import request
from conformance.generate.plan import plan
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Source
from conformance.model.operation import Contract, Operation
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

SPECS = Path(__file__).parents[2] / "specs"
SOURCE = Source(kind="test", path="test", index=0)


@cache
def operations(contract: Contract) -> tuple[Operation, ...]:
    return tuple(each for path in documents.find((SPECS,)) for each in documents.read(path, contract=contract))


@cache
def server(contract: Contract, seed: int) -> Mock:
    return Mock(operations(contract), compiler(), seed=seed)


@cache
def judge(contract: Contract) -> Judge:
    usual = [check for check in checks.every() if not check.strict]
    return Judge(operations(contract), checks=usual, compiler=compiler())


STEPS = st.lists(st.tuples(st.integers(0, 89), st.integers(0, 99), st.integers(0, 2**32)), min_size=1, max_size=20)


@pytest.mark.parametrize("contract", Contract, ids=lambda contract: contract.value)
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 3))
def test_answers_to_valid_requests_pass_every_check(
    contract: Contract, steps: list[tuple[int, int, int]], seed: int
) -> None:
    mock, state = server(contract, seed), State()
    for index, number, randomness in steps:
        operation = operations(contract)[index]
        case = plan(operation).positive(number, Random(randomness), mock.seeded(operation, state))
        sent = request(case)
        sent = type(sent)(
            method=sent.method,
            url=sent.url,
            headers=sent.headers.replace("Authorization", mock.authorization),
            body=sent.body,
        )
        answered = mock.answer(sent, state)
        assert answered.operation is operation
        assert answered.problems == ()
        if operation.answer(answered.response.status) is not operation.success:
            assert b'"code":21710' in answered.response.body, "only what is there already may be refused"
        exchange = Exchange(id=case.id, request=sent, response=answered.response, source=SOURCE)
        judgement = judge(contract).judge(exchange, operation=operation)
        assert judgement.crashed == {}
        assert judgement.findings == ()
