"""Conformant traffic for the benchmarks: positive cases of every operation, answered by the reference server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice

from conformance.generate import plan
from conformance.generate.case import request
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation
from conformance.run.suite import Suite, compiler

PER_OPERATION = 12


def exchanges(suite: Suite, *, per_operation: int = PER_OPERATION) -> Iterator[Exchange]:
    """Give some exchanges of every operation, each against a server of its own."""
    mock = Mock(suite.operations, compiler())
    index = 0
    for operation in suite.operations:
        state = State()

        def known(each: Operation) -> dict[str, str]:
            nonlocal state
            state = State()
            return dict(mock.seeded(each, state))

        for case in islice(plan.cases(operation, context=known), per_operation):
            sent = request(case)
            if "Authorization" in sent.headers:
                sent = replace(sent, headers=sent.headers.replace("Authorization", mock.authorization))
            source = Source(kind="benchmark", path="benchmark", index=index)
            yield Exchange(id=f"{case.id}", request=sent, response=mock.handle(sent, state)[0], source=source)
            index += 1


def many(suite: Suite, count: int) -> Iterator[Exchange]:
    """Give as many exchanges as asked for, the same ones again and again under other ids."""
    for index, exchange in enumerate(islice(cycle(list(exchanges(suite))), count)):
        yield replace(exchange, id=f"e{index}", source=replace(exchange.source, index=index))
