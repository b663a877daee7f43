"""The driver for the `twilio` package, in this process: what it reads off the SDK, and how it writes results."""

from __future__ import annotations

import datetime as dt
import importlib.util
import io
import json
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from conformance.model.http import Headers, Response
from conformance.sdk import drivers
from conformance.sdk.wire import Captured, Reply, Wire, written

Say = Callable[..., dict[str, Any]]
CALL = "api.v2010.accounts(sid).calls"


@pytest.fixture(scope="module")
def driver() -> ModuleType:
    path = Path(drivers.program("twilio_python.py"))
    found = importlib.util.spec_from_file_location("twilio_python_driver", path)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "call", ["conversations.v2.configurations.create", "conversations.v2.configurations(id).update"]
)
def test_a_body_is_known_by_its_class_wherever_that_stands(say: Say, call: str) -> None:
    (found,) = [each for each in say("calls", client="sync")["calls"] if each["call"] == call]
    assert [each["forms"] for each in found["parameters"] if each["type"] == "body"] == [["model"]]


@pytest.fixture
def seen() -> list[Captured]:
    return []


@pytest.fixture
def say(driver: ModuleType, seen: list[Captured]) -> Iterator[Say]:
    page = b'{"calls": [{"sid": "CA1", "from": "+15005550006"}], "next_page_uri": null, "page": 0}'

    def answer(captured: Captured) -> Reply:
        seen.append(captured)
        status = 404 if "missing" in captured.request.url else 200
        headers = Headers((("Content-Type", "application/json"), ("Connection", "close")))
        said = page if captured.request.method == "GET" else b'{"sid": "CA1"}'
        if status != 200:
            said = b'{"code": 20404, "message": "gone", "status": 404}'
        return Reply(data=written(Response(status=status, headers=headers, body=said)))

    with Wire(answer) as wire:

        def ask(do: str, **rest: Any) -> dict[str, Any]:
            outcomes = io.StringIO()
            driver.main(io.StringIO(json.dumps({"id": 1, "do": do, **rest}) + "\n"), outcomes, wire.url)
            told: dict[str, Any] = json.loads(outcomes.getvalue())
            return told

        yield ask


def test_it_says_what_it_drives(say: Say) -> None:
    about = say("describe")
    assert about["sdk"] == "twilio-python"
    assert about["clients"] == ["sync", "async"]
    assert about["runtime"].startswith("Python 3.")
    assert say("dance") == {"id": 1, "error": "no command 'dance'"}


def test_calls_are_read_off_the_sdk(say: Say) -> None:
    found = {each["call"]: each for each in say("calls", client="sync")["calls"]}
    create = found[f"{CALL}.create"]
    assert create["kind"] == "create"
    assert create["path"] == ["sid"]
    types = {each["name"]: each["type"] for each in create["parameters"]}
    assert types["to"] == "string"
    assert types["record"] == "boolean"
    assert types["time_limit"] == "integer"
    assert types["status_callback_event"] == "array"
    assert {each["name"] for each in create["parameters"] if each["required"]} == {"to", "from_"}
    listed = {each["name"]: each["type"] for each in found[f"{CALL}.list"]["parameters"]}
    assert listed["start_time_before"] == "date-time"
    body = found["numbers.v1.porting_port_ins.create"]["parameters"][0]
    assert body["type"] == "body"
    assert body["forms"] == ["model"]
    assert not any("with_http_info" in name or name.endswith("_async") for name in found)
    assert all(name.endswith("_async") for name in (each["call"] for each in say("calls", client="async")["calls"]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of aiohttp, to the SDK
@pytest.mark.parametrize(("client", "suffix"), [("sync", ""), ("async", "_async")])
def test_calls_are_made_and_told(say: Say, seen: list[Captured], client: str, suffix: str) -> None:
    given = {"to": "+15005550006", "from_": "+15005550010", "url": "https://example.com/"}
    told = say("call", client=client, call=f"{CALL}.create{suffix}", path=["AC1"], parameters=given, settings={})
    assert told["outcome"] == "returned", told
    assert told["value"]["class"] == "CallInstance"
    assert told["value"]["fields"]["sid"] == "CA1"
    assert seen[0].request.url == "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json"
    assert b"To=%2B15005550006" in seen[0].request.body
    listed = say("call", client=client, call=f"{CALL}.list{suffix}", path=["AC1"], parameters={}, settings={})
    assert [each["fields"]["sid"] for each in listed["value"]] == ["CA1"]
    streamed = say("call", client=client, call=f"{CALL}.stream{suffix}", path=["AC1"], parameters={}, settings={})
    assert len(streamed["value"]) == 1
    raised = say("call", client=client, call=f"{CALL}(sid).fetch{suffix}", path=["AC1", "missing"], parameters={})
    assert raised["error"] == {
        "type": "TwilioRestException",
        "module": "twilio.base.exceptions",
        "own": True,
        "status": 404,
        "code": 20404,
        "message": "Unable to fetch record: gone",
    }


def test_values_are_what_the_language_has(say: Say, seen: list[Captured]) -> None:
    given = {
        "start_time": {"$": "date-time", "value": "2025-07-01T00:00:00+00:00"},
        "status": ["x", {"$": "date", "value": "2025-07-01"}],
        "parent_call_sid": {"key": "value"},
    }
    settings = {"timeout": 5, "retries": 1}
    told = say("call", client="sync", call=f"{CALL}.list", path=["AC1"], parameters=given, settings=settings)
    assert told["outcome"] == "returned"
    assert "StartTime=2025-07-01T00%3A00%3A00Z" in seen[0].request.url


@pytest.mark.parametrize(
    ("call", "form", "is_sent"),
    [
        ("numbers.v1.porting_port_ins.create", "model", True),
        ("numbers.v1.eligibilities.create", "to_dict", True),
        ("numbers.v1.eligibilities.create", "plain", False),
    ],
)
def test_bodies_are_given_in_their_forms(say: Say, seen: list[Captured], call: str, form: str, is_sent: bool) -> None:
    name = "numbers_v1_porting_port_in_create" if form == "model" else "body"
    body = {"$": "body", "form": form, "value": {"account_sid": "AC1"}}
    told = say("call", client="sync", call=call, path=[], parameters={name: body}, settings={})
    assert bool(seen) is is_sent
    assert told["outcome"] == ("returned" if is_sent else "raised")
    if is_sent:
        assert json.loads(seen[0].request.body)["account_sid"] == "AC1"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("1.50"), {"$": "decimal", "value": "1.50"}),
        (dt.date(2025, 7, 1), {"$": "date", "value": "2025-07-01"}),
        (float("inf"), {"$": "number", "value": "inf"}),
        (float("nan"), {"$": "number", "value": "nan"}),
        ((1, [None, True]), [1, [None, True]]),
        ({"a": 0.5}, {"a": 0.5}),
    ],
)
def test_what_json_has_no_word_for_is_tagged(driver: ModuleType, value: Any, expected: Any) -> None:
    assert driver.written(value) == expected


def test_what_never_ends_is_cut(driver: ModuleType) -> None:
    knot: list[Any] = []
    knot.append(knot)
    assert '"deep"' in json.dumps(driver.written(knot))


@pytest.mark.parametrize(
    ("annotation", "word", "expected"),
    [
        (object, "", "body"),
        (dict, "", "object"),
        (float, "", "number"),
        ("CallInstance.Status", "", "string"),
    ],
)
def test_types_are_told_in_the_words_of_json(driver: ModuleType, annotation: Any, word: str, expected: str) -> None:
    assert driver._type(annotation, word)["type"] == expected


def test_older_releases_have_their_types_in_the_docstrings(driver: ModuleType) -> None:
    def create(self: Any, to, start=None, other=None) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001 - that is the point
        """Make it.

        :param unicode to: who
        :param datetime start: when
        """

    told = {each["name"]: each["type"] for each in driver._parameters(create)}
    assert told == {"to": "string", "start": "date-time", "other": "unknown"}


def test_the_module_is_not_left_in_the_way() -> None:
    assert "twilio_python_driver" not in sys.modules
