"""Shrinking keeps the failure and what the case breaks, makes it lighter, and ends."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.case import Case, Mode, request
from conformance.generate.plan import cases
from conformance.generate.script import Step, alone
from conformance.generate.shrink import BUDGET, shrinking, weight
from conformance.generate.validity import breaches
from conformance.model.expectation import Expect
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Operation
from conformance.openapi.operations import find, read
from conformance.run.smallest import smallest
from conformance.run.suite import compiler
from conformance.targets import hold
from conformance.targets.mock import MockTarget

SPECS = Path(__file__).parents[2] / "specs"


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(operation for path in find((SPECS,)) for operation in read(path))


def by_id(name: str) -> Operation:
    return next(operation for operation in operations() if operation.key == name)


def fails_on(needle: bytes):  # type: ignore[no-untyped-def]  # noqa: ANN201 - a server
    def answer(sent: Request) -> Response:
        return Response(status=500 if needle in sent.body or needle.decode() in sent.url else 200)

    return answer


def is_500(step: Step) -> bool:
    return isinstance(step.outcome, Response) and step.outcome.status == 500


def all_fields(operation: Operation) -> Case:
    return next(case for case in cases(operation) if case.label.startswith("all fields"))


@pytest.mark.parametrize(
    ("key", "needle", "expected"),
    [
        ("twilio_voice.createCall", b"MachineDetection", {"To", "From", "Url", "MachineDetection"}),
        ("twilio_messaging.createMessage", b"SendAt", {"To", "Body", "SendAt", "MessagingServiceSid", "ScheduleType"}),
        ("twilio_proxy_v1.CreateSession", b"Mode", {"Mode"}),
    ],
)
def test_what_does_not_matter_is_taken_away(key: str, needle: bytes, expected: set[str]) -> None:
    case = all_fields(by_id(key))
    shrunk = hold(fails_on(needle), shrinking(case, same=is_500))
    assert shrunk.step is not None
    body = shrunk.step.case.body
    assert len(body) == len(expected)
    assert needle.decode() in body
    assert weight(shrunk.step.case) < weight(case)
    assert shrunk.attempts <= BUDGET


def test_values_shrink_within_what_is_valid() -> None:
    case = all_fields(by_id("twilio_numbers_v1.CreatePortingPortIn"))
    shrunk = hold(fails_on(b'"customer_type"'), shrinking(case, same=is_500))
    assert shrunk.step is not None
    lightest = shrunk.step.case
    assert lightest.expect is Expect.ACCEPT
    assert not breaches(lightest)
    assert set(lightest.body) == {"account_sid", "documents", "losing_carrier_information"}
    assert lightest.body["documents"] == []
    assert lightest.body["losing_carrier_information"]["customer_name"] == ""


def test_negative_cases_keep_to_their_constraint() -> None:
    operation = by_id("twilio_numbers_v1.CreatePortingPortIn")
    negative = next(
        case for case in cases(operation, mode=Mode.NEGATIVE) if case.breaks and case.breaks.keyword == "minItems"
    )
    shrunk = hold(lambda _: Response(status=500), shrinking(negative, same=is_500))
    assert shrunk.step is not None
    assert shrunk.step.case.body["phone_numbers"] == []
    assert breaches(shrunk.step.case) == breaches(negative)


def test_what_cannot_be_lighter_stays() -> None:
    case = next(cases(by_id("twilio_voice.listQueues")))
    shrunk = hold(lambda _: Response(status=200), shrinking(case, same=is_500))
    assert shrunk.step is None


def test_the_budget_is_kept() -> None:
    case = all_fields(by_id("twilio_voice.createCall"))
    shrunk = hold(lambda _: Response(status=200), shrinking(case, same=is_500, budget=7))
    assert shrunk.attempts == 7
    assert hold(lambda _: Response(status=500), shrinking(case, same=is_500, budget=1)).attempts == 1


@given(
    key=st.sampled_from(sorted(operation.key for operation in operations())),
    mode=st.sampled_from([Mode.POSITIVE, Mode.BOUNDARY, Mode.NEGATIVE, Mode.HEADERS]),
    seed=st.integers(0, 2**32),
    pick=st.integers(0, 30),
    salt=st.integers(0, 255),
)
@settings(max_examples=60, deadline=None)
def test_shrinking_keeps_the_failure_and_ends(key: str, mode: Mode, seed: int, pick: int, salt: int) -> None:
    made = list(cases(by_id(key), mode=mode, seed=seed, max_cases=pick + 1))
    if not made:
        return
    case = made[-1]

    def erratic(sent: Request) -> Response:
        return Response(status=500 if (len(sent.body) + len(sent.url) + salt) % 3 else 200)

    shrunk = hold(erratic, shrinking(case, same=is_500))
    assert shrunk.attempts <= BUDGET
    if shrunk.step is not None:
        assert erratic(request(shrunk.step.case)).status == 500
        assert breaches(shrunk.step.case) == breaches(case)
        assert weight(shrunk.step.case) < weight(case)


@cache
def judge() -> Judge:
    return Judge(operations(), checks=checks.by_default(), compiler=compiler())


@given(
    key=st.sampled_from(sorted(operation.key for operation in operations())),
    mode=st.sampled_from([Mode.POSITIVE, Mode.NEGATIVE]),
    seed=st.integers(0, 2**32),
    pick=st.integers(0, 20),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_the_smallest_request_keeps_the_fingerprint(
    key: str, mode: Mode, seed: int, pick: int, data: st.DataObject
) -> None:
    operation = by_id(key)
    made = list(cases(operation, mode=mode, seed=seed, max_cases=pick + 1))
    if not made:
        return
    case = made[-1]
    names = [*case.query, *(case.body if isinstance(case.body, dict) else ()), operation.method]
    needle = data.draw(st.sampled_from(names))

    def stumbling(sent: Request) -> Response:
        crashes = needle in f"{sent.method} {sent.url} {sent.body!r}"
        body = b'{"code": 20500, "message": "x", "more_info": "x", "status": 500}' if crashes else b""
        headers = Headers.of({"Content-Type": "application/json"})
        return Response(status=500 if crashes else 404, headers=headers, body=body)

    target = MockTarget(stumbling)
    (steps,) = target.play([alone(case)])
    assert steps[0].exchange is not None
    for finding in judge().judge(steps[0].exchange, operation=operation).findings:
        found = smallest(steps[0], {finding.fingerprint}, judge=judge(), target=target)
        assert found.attempts <= BUDGET
        if found.step is not None:
            assert found.step.exchange is not None
            again = judge().judge(found.step.exchange, operation=operation).findings
            assert finding.fingerprint in {each.fingerprint for each in again}
            assert weight(found.step.case) < weight(case)
            assert breaches(found.step.case) == breaches(case)
