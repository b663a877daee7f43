"""Boundary, negative and header cases: what they break is what they say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.generate.case import Case, Mode, request
from conformance.generate.plan import cases, rebuild
from conformance.model.expectation import Expect
from conformance.model.http import Exchange, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.rule import Problem
from conformance.openapi.operations import find, read
from conformance.profiles.twilio.formats import FORMATS
from conformance.profiles.twilio.requirements import requirements
from conformance.schemas import forms
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.reading import Reader

SPECS = Path(__file__).parents[2] / "specs"
COMPILER = Compiler(formats={**STANDARD, **FORMATS})
MODES = (Mode.BOUNDARY, Mode.NEGATIVE, Mode.HEADERS)


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(operation for path in find((SPECS,)) for operation in read(path))


def problems(case: Case, sent: Request) -> tuple[Problem, ...]:
    exchange = Exchange(
        id="1", request=sent, response=Response(status=200), source=Source(kind="run", path="", index=0)
    )
    values = {name: forms.text(case.path[name]) for name in case.path}
    reading = Reader(case.operation, COMPILER).read(exchange, values).request
    return (*reading.problems, *((reading.body_error,) if reading.body_error else ()))


@pytest.mark.parametrize("mode", [Mode.BOUNDARY, Mode.NEGATIVE])
def test_every_case_breaks_exactly_what_it_says(mode: Mode) -> None:
    for operation in operations():
        for case in cases(operation, mode=mode, seed=5):
            breaks_what_it_says(case)


@given(
    key=st.sampled_from(sorted(operation.key for operation in operations())),
    mode=st.sampled_from([Mode.BOUNDARY, Mode.NEGATIVE]),
    seed=st.integers(0, 2**64),
)
@settings(max_examples=60, deadline=None)
def test_every_case_of_any_seed_breaks_exactly_what_it_says(key: str, mode: Mode, seed: int) -> None:
    operation = next(each for each in operations() if each.key == key)
    for case in cases(operation, mode=mode, seed=seed):
        breaks_what_it_says(case)


def breaks_what_it_says(case: Case) -> None:
    found = problems(case, request(case))
    match case.expect:
        case Expect.ACCEPT:
            assert not found, case.label
            assert case.breaks is None
        case Expect.REFUSE:
            assert case.breaks is not None, case.label
            if found:
                assert [each.keyword for each in found] == [case.breaks.keyword], case.label
                assert [each.instance_pointer for each in found] == [case.breaks.instance_pointer]
            else:
                assert unreadable(case), case.label
        case _:
            assert case.breaks is None


def unreadable(case: Case) -> bool:
    """Tell whether no schema can say what is wrong: there is nothing to read, or the rule stands in prose."""
    assert case.breaks is not None
    return case.breaks.keyword == "one-of" or (request(case).body == b"" and "body" in case.label)


def test_each_prose_rule_is_broken_alone() -> None:
    broken = 0
    for operation in operations():
        rules = requirements(operation)
        for case in cases(operation, mode=Mode.NEGATIVE):
            if case.breaks is not None and case.breaks.keyword == "one-of":
                names = forms.fields(request(case).body)
                unmet = [rule for rule in rules if not rule.met(names)]
                assert [rule.because for rule in unmet] == [case.breaks.message]
                broken += 1
    assert broken == 8


def test_every_constraint_of_a_parameter_is_broken() -> None:
    operation = next(each for each in operations() if each.key == "twilio_voice.listCalls")
    broken = {
        (case.breaks.instance_pointer, case.breaks.keyword)
        for case in cases(operation, mode=Mode.NEGATIVE)
        if case.breaks is not None
    }
    assert broken == {
        ("/path/AccountSid", "pattern"),
        ("/query/Status", "enum"),
        ("/query/StartTime", "anyOf"),
        ("/query/EndTime", "anyOf"),
        ("/query/PageSize", "type"),
        ("/query/PageSize", "minimum"),
        ("/query/PageSize", "maximum"),
    }


def test_header_cases_change_headers_alone() -> None:
    operation = next(each for each in operations() if each.key == "twilio_voice.createCall")
    found = list(cases(operation, mode=Mode.HEADERS))
    assert all(not problems(case, request(case)) or "Content-Type" in case.label for case in found)
    anonymous = request(found[0])
    assert found[0].expect is Expect.CHALLENGE
    assert "Authorization" not in anonymous.headers
    expected = {case.label: case.expect for case in found}
    assert expected["Content-Type: text/plain"] is Expect.REFUSE
    assert expected["Accept: */*"] is Expect.ACCEPT
    assert all(len(request(case).headers.get_all("Accept")) == 1 for case in found)


@given(
    key=st.sampled_from(sorted(operation.key for operation in operations())),
    mode=st.sampled_from(MODES),
    seed=st.integers(0, 2**32),
    limit=st.integers(0, 40),
)
@settings(max_examples=60, deadline=None)
def test_any_case_can_be_made_again_alone(key: str, mode: Mode, seed: int, limit: int) -> None:
    operation = next(each for each in operations() if each.key == key)
    made = list(cases(operation, mode=mode, seed=seed, max_cases=limit))
    assert len(made) <= limit
    for case in made:
        assert request(rebuild(case.id, operations(), seed=seed)) == request(case)
    assert len({(request(case).url, request(case).body, request(case).headers) for case in made}) == len(made)
