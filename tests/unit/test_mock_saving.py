"""The state of the reference server, written and read."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import SettingsError
from conformance.mock import saving
from conformance.mock.handler import Mock
from conformance.mock.store import Collection, Resource, State
from conformance.model.http import Headers, Request
from conformance.model.operation import Operation
from conformance.openapi import operations as documents
from conformance.run.suite import compiler


@cache
def operations() -> tuple[Operation, ...]:
    specs = Path(__file__).parents[2] / "specs"
    return tuple(each for path in documents.find((specs,)) for each in documents.read(path))


def test_a_state_that_was_saved_and_loaded_answers_as_before() -> None:
    mock, state = Mock(operations(), compiler()), State()
    for operation in mock.operations:
        mock.seeded(operation, state)
    removed = Request(
        method="GET",
        url="https://routes.twilio.com/v2/Trunks/example.pstn.twilio.com",
        headers=Headers.of({"Authorization": mock.authorization}),
    )
    mock.handle(removed, state)
    state.deleted.add((("kind", "below"), "gone"))
    text = saving.written(state)
    again = saving.read(text, path="state.json")
    assert saving.dump(again) == saving.dump(state)
    lists = Request(
        method="GET",
        url=f"https://api.twilio.com/2010-04-01/Accounts/{mock.account}/Calls.json",
        headers=Headers.of({"Authorization": mock.authorization}),
    )
    assert mock.handle(lists, state)[0] == mock.handle(lists, again)[0]
    assert json.loads(text)["resources"]["twilio_proxy_v1 /v1/Services"][0]["values"]["unique_name"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "clock": "x", "counter": 0, "requests": 0, "resources": {}}',
        '{"format": 1, "clock": 0, "counter": 0, "requests": 0, "resources": {"a": [1]}}',
        b"\xff",
    ],
)
def test_what_is_no_state_is_refused(text: Any) -> None:
    with pytest.raises(SettingsError, match=r"state\.json: no state of the reference server"):
        saving.read(text, path="state.json")


def resource(number: int) -> Resource:
    return Resource(id=str(number), number=number, place=("kind", ""), created=0)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 300)), max_size=400))
def test_a_collection_is_an_ordered_mapping(steps: list[tuple[bool, int]]) -> None:
    collection, model, number = Collection(), dict[str, int](), 0
    for adds, key in steps:
        if adds:
            number += 1
            collection.remove(str(key))
            collection.add(Resource(id=str(key), number=number, place=("kind", ""), created=0))
            model.pop(str(key), None)
            model[str(key)] = number
        else:
            assert (collection.remove(str(key)) is None) == (model.pop(str(key), None) is None)
    assert [each.id for each in collection] == list(model)
    assert [each.id for each in collection.newest()] == list(model)[::-1]
    assert len(collection) == len(model)
    middle = number // 2
    assert [each.id for each in collection.newest(before=middle)] == [
        key for key, made in reversed(model.items()) if made < middle
    ]


def test_what_is_removed_leaves_no_trace() -> None:
    state = State()
    for number in range(1, 500):
        state.put(resource(number))
    for number in range(1, 500):
        state.remove(resource(number))
    assert not state.collections
