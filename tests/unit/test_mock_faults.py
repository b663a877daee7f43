"""Lies on purpose: which requests they strike, and what they make of a response."""

import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from conformance.errors import SettingsError
from conformance.mock.faults import Ending, Fault, parse
from conformance.mock.handler import Answered, Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Headers, Request
from conformance.model.operation import Operation
from conformance.model.rule import Matched
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

URL = "https://proxy.twilio.com/v1/Services"


@cache
def operations() -> tuple[Operation, ...]:
    specs = Path(__file__).parents[2] / "specs"
    return tuple(each for path in documents.find((specs,)) for each in documents.read(path))


def louder(seen: Matched) -> Iterator[Exchange]:
    """A plant: the same exchange first, then one with another request, then one with another body."""
    yield seen.exchange
    yield replace(seen.exchange, request=replace(seen.exchange.request, method="PUT"))
    yield replace(seen.exchange, response=replace(seen.exchange.response, body=seen.exchange.response.body.upper()))


def silent(_: Matched) -> Iterator[Exchange]:
    return iter(())


PLANTS = {"loud": louder, "silent": silent}


def ask(*faults: str, prefer: str = "", method: str = "GET", seed: int = 0, state: State | None = None) -> Answered:
    mock = Mock(operations(), compiler(), faults=[parse(each) for each in faults], plants=PLANTS, seed=seed)
    headers = Headers.of({"Authorization": mock.authorization, **({"Prefer": prefer} if prefer else {})})
    body = b""
    if method == "POST":
        headers = headers.replace("Content-Type", "application/x-www-form-urlencoded")
        body = b"UniqueName=one"
    return mock.answer(Request(method=method, url=URL, headers=headers, body=body), state or State())


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("truncate", Fault(name="truncate")),
        ("status:429@twilio_voice.*=0.1", Fault(name="status:429", operations="twilio_voice.*", rate=0.1)),
        ("unknown-enum-value=0.5", Fault(name="unknown-enum-value", rate=0.5)),
        ("latency:2s@*.list*", Fault(name="latency:2s", operations="*.list*")),
    ],
)
def test_a_fault_is_read_as_it_is_written(written: str, fault: Fault) -> None:
    assert parse(written) == fault


@pytest.mark.parametrize("written", ["", "a b", "truncate=2", "truncate=.", "=1"])
def test_what_is_no_fault_is_refused(written: str) -> None:
    with pytest.raises(SettingsError, match="is no fault"):
        parse(written)


def test_a_fault_that_nobody_can_plant_is_refused() -> None:
    with pytest.raises(SettingsError, match="there is no fault 'status:999'"):
        ask("status:999")


def test_latencies_are_seconds_or_milliseconds() -> None:
    assert parse("latency:2s").delay == 2.0
    assert parse("latency:250ms").delay == 0.25
    assert ask("latency:1s", "latency:500ms").delay == 1.5


def test_a_status_that_is_no_success_keeps_anything_from_being_done() -> None:
    state = State()
    answered = ask("status:429", method="POST", state=state)
    assert answered.response.status == 429
    assert json.loads(answered.response.body)["code"] == 20429
    assert state.counter == 0
    assert ask("status:202", method="POST", state=state).response.status == 202
    assert state.counter == 1


def test_a_fault_strikes_the_operations_that_its_glob_names() -> None:
    assert ask("status:500@*.CreateService").response.status == 200
    assert ask("status:500@*.ListService").response.status == 500


def test_a_rate_strikes_so_many_requests_and_always_the_same_ones() -> None:
    def struck(seed: int) -> list[int]:
        state = State()
        mock = Mock(operations(), compiler(), faults=[parse("status:503=0.25")], seed=seed)
        request = Request(method="GET", url=URL, headers=Headers.of({"Authorization": mock.authorization}))
        return [mock.answer(request, state).response.status for _ in range(400)]

    first = struck(1)
    assert 60 < first.count(503) < 140
    assert first == struck(1)
    assert first != struck(2)


def test_broken_answers_are_told_apart() -> None:
    whole = ask()
    assert whole.ending is Ending.WHOLE
    assert whole.faults == ()
    assert ask("truncate").ending is Ending.TRUNCATED
    assert ask("reset").ending is Ending.RESET
    for method in ("GET", "POST"):
        with pytest.raises(json.JSONDecodeError):
            json.loads(ask("malformed", method=method).response.body)


def test_a_check_plants_into_the_response_only() -> None:
    assert ask("loud").response.body == ask().response.body.upper()
    assert ask("silent").response == ask().response


def test_a_request_may_ask_for_a_status_or_a_fault() -> None:
    answered = ask(prefer="status=404")
    assert answered.response.status == 404
    assert answered.response.headers.get("Preference-Applied") == "status=404"
    assert ask(prefer='fault="loud"').response.body == ask().response.body.upper()
    assert ask(prefer="fault=reset, respond-async").ending is Ending.RESET
    both = ask(prefer="status=500, fault=latency:1s")
    assert (both.response.status, both.delay) == (500, 1.0)
    assert both.response.headers.get("Preference-Applied") == "status=500, fault=latency:1s"


@pytest.mark.parametrize("prefer", ["status=999", "fault=nothing", "wait=10", "status"])
def test_preferences_that_mean_nothing_here_are_ignored(prefer: str) -> None:
    answered = ask(prefer=prefer)
    assert answered.response.status == 200
    assert "Preference-Applied" not in answered.response.headers
