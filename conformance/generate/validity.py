"""Is a case what it is meant to be: its request, read back by the schemas and by the rules that stand in prose."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote

from conformance.generate import writing
from conformance.generate.case import Case, by_name, request
from conformance.model.http import Exchange, Response, Source
from conformance.model.operation import Api, Location, Operation
from conformance.model.rule import ABSENT, Problem
from conformance.profiles import twilio
from conformance.profiles.twilio.formats import FORMATS
from conformance.profiles.twilio.requirements import requirements
from conformance.schemas.compiler import Compiler, Validator
from conformance.schemas.formats import STANDARD
from conformance.schemas.reading import Reader

_ALL_FORMATS: Final = {**STANDARD, **FORMATS}
_RESPONSE: Final = Response(status=0)
_SOURCE: Final = Source(kind="run", path="", index=0)


def formats(api: Api) -> Mapping[str, Mapping[str, Any]]:
    """Give the formats that are written as schemas, for one description."""
    return _ALL_FORMATS if twilio.applies(api) else STANDARD


def compiler(api: Api) -> Compiler:
    """Give the compiler that asserts the formats of one description."""
    return _compiler(twilio=twilio.applies(api))


@lru_cache(maxsize=2)
def _compiler(*, twilio: bool) -> Compiler:
    return Compiler(formats=_ALL_FORMATS if twilio else STANDARD)


@lru_cache(maxsize=4096)
def _reader(operation: Operation) -> Reader:
    return Reader(operation, compiler(operation.api))


@lru_cache(maxsize=4096)
def _validator(operation: Operation, location: Location, name: str) -> Validator | None:
    found = by_name(operation, location).get(name)
    return None if found is None else compiler(operation.api).validator(found.schema, api=operation.api)


def fits(operation: Operation, location: Location, name: str, value: Any) -> bool:
    """Tell whether the schema of a parameter takes a value; one that is not declared takes all."""
    validator = _validator(operation, location, name)
    return validator is None or validator.is_valid(value)


def problems(case: Case) -> tuple[Problem, ...]:
    """Give what the schemas object to in the request of a case."""
    exchange = Exchange(id="", request=request(case), response=_RESPONSE, source=_SOURCE)
    texts = {
        parameter.name: unquote(writing.in_path(parameter, case.path[parameter.name]))
        for parameter in case.operation.parameters_in(Location.PATH)
    }
    reading = _reader(case.operation).read(exchange, texts).request
    return reading.problems if reading.body_error is None else (*reading.problems, reading.body_error)


def breaches(case: Case) -> frozenset[tuple[str, str]]:
    """Give everything that the request of a case breaks, as pairs of place and keyword or rule."""
    found = {(problem.instance_pointer, problem.keyword) for problem in problems(case)}
    declared = case.operation.request_body
    if declared is not None and declared.required and case.body is ABSENT and case.raw is None:
        found.add(("", "required"))
    names = case.body if isinstance(case.body, Mapping) else ()
    found |= {("", rule.because) for rule in requirements(case.operation) if not rule.met(names)}
    return frozenset(found)
