"""Twilio's own descriptions, five times as large as ours, are served by the same rules."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random

import pytest

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.case import request
from conformance.generate.plan import plan
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation
from conformance.model.rule import Severity
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

OFFICIAL = Path(__file__).parents[3] / "shared" / "official"
SOURCE = Source(kind="test", path="test", index=0)

pytestmark = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official descriptions are not beside the repository")


@cache
def operations(name: str) -> tuple[Operation, ...]:
    return documents.read(OFFICIAL / f"{name}.json")


@pytest.mark.parametrize(
    "name", ["twilio_api_v2010", "twilio_messaging_v1", "twilio_numbers_v1", "twilio_proxy_v1", "twilio_routes_v2"]
)
def test_every_operation_answers_a_valid_request_without_an_error(name: str) -> None:
    known = operations(name)
    mock = Mock(known, compiler())
    judge = Judge(known, checks=checks.by_default(), compiler=compiler())
    for operation in known:
        state = State()
        case = plan(operation).positive(1, Random(1), mock.seeded(operation, state))
        sent = request(case)
        sent = replace(sent, headers=sent.headers.replace("Authorization", mock.authorization))
        response = mock.handle(sent, state)[0]
        judgement = judge.judge(
            Exchange(id=case.id, request=sent, response=response, source=SOURCE), operation=operation
        )
        assert [finding for finding in judgement.findings if finding.severity is Severity.ERROR] == []
        assert operation.answer(response.status) is not None
        assert response.status < 400, (operation, response)
