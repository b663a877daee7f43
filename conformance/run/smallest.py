"""The smallest request that brings a finding about."""

from __future__ import annotations

from collections.abc import Callable, Collection

from conformance.checks.judge import Judge
from conformance.generate.script import Dress, Step, as_it_is
from conformance.generate.shrink import BUDGET, Shrunk, shrinking
from conformance.model.http import Request
from conformance.targets import Target


def smallest(
    step: Step,
    fingerprints: Collection[str],
    *,
    judge: Judge,
    target: Target,
    dress: Dress = as_it_is,
    prepare: Callable[[], object] = lambda: None,
    budget: int = BUDGET,
) -> Shrunk:
    """Shrink the case of a step for as long as its answer gives a finding with one of the fingerprints.

    `prepare` is called before each request, to put a server back into the state that the first one met.
    """

    def same(lighter: Step) -> bool:
        if lighter.exchange is None:
            return False
        findings = judge.judge(lighter.exchange, operation=lighter.case.operation).findings
        return any(finding.fingerprint in fingerprints for finding in findings)

    def prepared(sent: Request) -> Request:
        prepare()
        return dress(sent)

    (found,) = target.play([shrinking(step.case, same=same, dress=prepared, budget=budget)])
    return found
