"""What the generator calls valid: the schemas accept it, the router finds it, and it can be made again."""

from __future__ import annotations

from functools import cache
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.generate.case import request
from conformance.generate.plan import cases, plan, rebuild
from conformance.generate.reach import unreached
from conformance.model.http import Exchange, Request, Response, Source
from conformance.model.operation import Contract, Location, Operation
from conformance.model.route import Match
from conformance.model.rule import Problem
from conformance.openapi.operations import find, read
from conformance.openapi.router import Router
from conformance.profiles.twilio.formats import FORMATS
from conformance.profiles.twilio.requirements import requirements
from conformance.profiles.twilio.samples import MAGIC
from conformance.schemas import coverage, forms
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.parameters import from_text
from conformance.schemas.reading import Reader

SPECS = Path(__file__).parents[2] / "specs"
COMPILER = Compiler(formats={**STANDARD, **FORMATS})


@cache
def operations(contract: Contract = Contract.CORRECTED) -> tuple[Operation, ...]:
    return tuple(operation for path in find((SPECS,)) for operation in read(path, contract=contract))


@cache
def router(contract: Contract = Contract.CORRECTED) -> Router:
    return Router(operations(contract), parameter_fits=fits)


def fits(operation: Operation, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN201 - the router says what it wants
    parameter = next(each for each in operation.parameters_in(Location.PATH) if each.name == name)
    validator = COMPILER.validator(parameter.schema, api=operation.api)
    return lambda text: validator.is_valid(from_text(text, parameter))


def problems(operation: Operation, sent: Request, path_parameters: dict[str, str]) -> tuple[Problem, ...]:
    exchange = Exchange(
        id="1", request=sent, response=Response(status=200), source=Source(kind="run", path="", index=0)
    )
    reading = Reader(operation, COMPILER).read(exchange, path_parameters).request
    return (*reading.problems, *((reading.body_error,) if reading.body_error else ()))


keys = st.sampled_from(sorted(operation.key for operation in operations()))
seeds = st.integers(min_value=0, max_value=2**32)


def by_key(key: str, contract: Contract = Contract.CORRECTED) -> Operation:
    return next(operation for operation in operations(contract) if operation.key == key)


@pytest.mark.parametrize("contract", Contract)
def test_every_positive_case_is_valid_and_belongs_to_its_operation(contract: Contract) -> None:
    for operation in operations(contract):
        assert not plan(operation).impossible
        assert not plan(operation).unreached
        for case in cases(operation, seed=7):
            sent = request(case)
            found = router(contract).match(sent.method, sent.url)
            assert isinstance(found, Match), case.id
            assert found.operation is operation, case.id
            assert not problems(operation, sent, dict(found.path_parameters)), (case.id, case.label)


@given(key=keys, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_any_seed_gives_valid_requests_and_gives_them_again(key: str, seed: int) -> None:
    operation = by_key(key)
    made = list(cases(operation, seed=seed))
    sent = [request(case) for case in made]
    assert sent == [request(case) for case in cases(operation, seed=seed)]
    for case, one in zip(made, sent, strict=True):
        assert request(rebuild(case.id, operations(), seed=seed)) == one
        found = router().match(one.method, one.url)
        assert isinstance(found, Match)
        assert not problems(operation, one, dict(found.path_parameters))


@given(key=keys, seed=seeds)
@settings(max_examples=60, deadline=None)
def test_cases_meet_the_prose_rules_carry_credentials_and_repeat_nothing(key: str, seed: int) -> None:
    operation = by_key(key)
    seen = set()
    for case in cases(operation, seed=seed):
        sent = request(case)
        fields = forms.fields(sent.body) if case.media_type and case.media_type.is_form else {}
        assert all(rule.met(fields) for rule in requirements(operation))
        assert (sent.headers.get("Authorization") or "").startswith("Basic ")
        assert not MAGIC & {*chain.from_iterable(fields.values()), *map(str, case.path.values())}
        assert sent not in seen
        seen.add(sent)


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.text(), st.lists(st.text(), min_size=2)), max_size=5))
def test_forms_are_read_as_they_were_written(value: dict[str, object]) -> None:
    assert forms.decode(forms.encode(value), {"type": "object"}) == value


def test_positive_cases_reach_everything_that_a_request_can_show() -> None:
    for operation in operations():
        seen: set[str] = set()
        for case in cases(operation, seed=3):
            sent = request(case)
            found = router().match(sent.method, sent.url)
            assert isinstance(found, Match)
            exchange = Exchange(
                id="1", request=sent, response=Response(status=0), source=Source(kind="run", path="", index=0)
            )
            seen |= coverage.seen(Reader(operation, COMPILER).read(exchange, dict(found.path_parameters)))
        assert [name for name, _ in unreached(operation, seen) if not name.startswith(("status", "2"))] == []
