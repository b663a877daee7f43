"""Every seeded defect is found, each planted alone, and the right server gives no finding."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.case import Mode
from conformance.generate.work import Work
from conformance.model.operation import Operation
from conformance.openapi.operations import read
from conformance.run.suite import compiler
from conformance.targets.wsgi import WsgiTarget

SEEDED = Path(__file__).parents[1] / "seeded"


def _server() -> Any:
    spec = spec_from_file_location("seeded_server", SEEDED / "server.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


server = _server()


@cache
def operations() -> tuple[Operation, ...]:
    return read(SEEDED / "openapi.json")


@cache
def judge() -> Judge:
    return Judge(operations(), checks=checks.by_default(), compiler=compiler())


def findings(*defects: str) -> Iterator[tuple[str, ...]]:
    """Give the rules that each answer breaks."""
    logging.getLogger("bookings").disabled = True
    target = WsgiTarget(server.create_app(*defects), name="bookings")
    work = Work(operations=operations())
    for mode in Mode:
        for operation in operations():
            for steps in target.play(work.scripts(operation, mode)):
                for step in steps:
                    assert step.exchange is not None, step.failure
                    judgement = judge().judge(step.exchange, operation=step.case.operation)
                    assert not judgement.crashed
                    yield tuple(finding.rule_id for finding in judgement.findings)


def test_the_right_server_gives_no_finding() -> None:
    found = list(findings())
    assert len(found) > 700
    assert not any(found)


@pytest.mark.parametrize("defect", server.DEFECTS)
def test_a_seeded_defect_is_found(defect: str) -> None:
    assert any(findings(defect))


def test_unknown_defects_are_refused() -> None:
    with pytest.raises(ValueError, match="typo"):
        server.create_app("typo")
