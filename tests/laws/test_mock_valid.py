"""Whatever valid requests a client sends, in whatever order, every answer keeps the contract."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.mock.handler import Mock
from conformance.mock.store import EPOCH, Draw, State
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.http import Exchange, Headers, Request, Source
from conformance.model.operation import Contract, Location, Operation, Schema
from conformance.openapi import operations as documents
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas import forms
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.reading import Reader
from conformance.schemas.walk import required

SPECS = Path(__file__).parents[2] / "specs"
SOURCE = Source(kind="test", path="test", index=0)
ACCOUNT = "AC0123456789abcdef0123456789abcdef"


@cache
def operations(contract: Contract) -> tuple[Operation, ...]:
    paths = sorted(path for path in SPECS.iterdir() if path.suffix in documents.SUFFIXES)
    return tuple(operation for path in paths for operation in documents.read(path, contract=contract))


@cache
def compiler() -> Compiler:
    return Compiler(formats={**STANDARD, **FORMATS})


@cache
def server(contract: Contract, seed: int) -> Mock:
    return Mock(operations(contract), compiler(), seed=seed)


@cache
def reader(operation: Operation) -> Reader:
    return Reader(operation, compiler())


@cache
def maker(operation: Operation, schema: Schema, name: str) -> Maker:
    root = schema.json_schema
    return Synthesizer(root, api=operation.api, compiler=compiler()).maker(root, name, must=True)


def body_of(operation: Operation, key: str, kept: int) -> tuple[str, bytes] | None:
    """A valid body: all required fields, and of the others those that the bits of a number choose."""
    if operation.request_body is None:
        return None
    media_type = operation.request_body.content[0]
    assert media_type.schema is not None
    root = media_type.schema.json_schema
    value = maker(operation, media_type.schema, "body")(Draw(key=key, now=EPOCH, account=ACCOUNT))
    needed = required(root, root)
    chosen = {
        name: each for index, (name, each) in enumerate(value.items()) if name in needed or kept >> index % 16 & 1
    }
    return media_type.name, forms.encode(chosen) if media_type.is_form else msgspec.json.encode(chosen)


def request_of(mock: Mock, state: State, operation: Operation, key: str, kept: int) -> tuple[Request, dict[str, str]]:
    path, named = operation.path, mock.seeded(operation, state)
    for name, text in named.items():
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    query: dict[str, Any] = {}
    for index, parameter in enumerate(operation.parameters_in(Location.QUERY)):
        if parameter.required or kept >> index & 1:
            value = maker(operation, parameter.schema, parameter.name)(Draw(key=key, now=EPOCH, account=ACCOUNT))
            query[parameter.name] = forms.text(value)
    headers = [("Authorization", mock.authorization)]
    body = body_of(operation, key, kept)
    if body is not None:
        headers.append(("Content-Type", body[0]))
    url = operation.servers[0].url + path + (f"?{urlencode(query)}" if query else "")
    request = Request(
        method=operation.method, url=url, headers=Headers(tuple(headers)), body=body[1] if body is not None else b""
    )
    return request, named


STEPS = st.lists(
    st.tuples(st.integers(0, 89), st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1)), min_size=1, max_size=12
)


@pytest.mark.parametrize("contract", Contract, ids=lambda contract: contract.value)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS, seed=st.integers(0, 3))
def test_answers_to_valid_requests_are_documented_and_valid(
    contract: Contract, steps: list[tuple[int, int, int]], seed: int
) -> None:
    known = operations(contract)
    mock, state = server(contract, seed), State()
    for index, key, kept in steps:
        operation = known[index % len(known)]
        request, named = request_of(mock, state, operation, str(key), kept)
        answered = mock.answer(request, state)
        exchange = Exchange(id="1", request=request, response=answered.response, source=SOURCE)
        seen = reader(operation).read(exchange, named)
        assert answered.operation is operation
        assert answered.problems == ()
        assert seen.request.problems == ()
        assert seen.answer is operation.success, answered.response
        assert seen.response.body_error is None
        assert seen.response.problems == ()
