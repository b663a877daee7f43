"""Which call makes which operation: the wire tells, and where calls go that make none."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.config import Settings
from conformance.model.http import Request
from conformance.model.operation import Operation
from conformance.run import suite
from conformance.sdk.discovery import (
    Binding,
    Shape,
    Sighting,
    mark,
    pairs_of,
    path_mark,
    shape_of,
    shapes,
    sort_out,
    template_names,
)
from conformance.sdk.protocol import Argument, Call
from conformance.sdk.sides import reach


@pytest.fixture(scope="module")
def operations() -> dict[str, Operation]:
    return {operation.key: operation for operation in suite.load(Settings())}


def sighting(name: str, shape: Shape | None, *, kind: str = "fetch") -> Sighting:
    holes = 0 if shape is None else shape[2].count("{}")
    call = Call(name=name, kind=kind, path=tuple("abc"[:holes]), arguments=())
    return Sighting(call=call, shape=shape, order=tuple(range(holes)))


def test_a_request_made_with_marks_has_the_shape_of_its_template(operations: dict[str, Operation]) -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{path_mark(1)}/Calls/{path_mark(0)}.json?a=b"
    shape, order = shape_of(Request(method="GET", url=url), 2)
    assert shape in set(shapes(operations["twilio_voice.fetchCall"]))
    assert order == (1, 0)
    assert template_names("/A/{B}/C{D}.json") == ["B", "D"]


def test_path_arguments_go_where_their_marks_went(operations: dict[str, Operation]) -> None:
    call = Call(name="x", kind="fetch", path=("call", "account"), arguments=())
    binding = Binding(operation=operations["twilio_voice.fetchCall"], call=call, order=(1, 0))
    assert binding.path({"AccountSid": "AC1", "CallSid": "CA1"}) == ("CA1", "AC1")


def test_what_a_request_says_is_read_from_its_bytes() -> None:
    url = "https://a.example/?x=1&x=2"
    assert pairs_of(Request(method="GET", url=url)) == [(("query", "x"), "1"), (("query", "x"), "2")]
    assert pairs_of(Request(method="POST", url="https://a.example/", body=b"A=1&B=")) == [
        (("body", "A"), "1"),
        (("body", "B"), ""),
    ]
    told = pairs_of(Request(method="POST", url="https://a.example/", body=b'{"a": "x", "b": [1]}'))
    assert told == [(("body", "a"), "x"), (("body", "b"), "[1]")]
    for body in (b"[1]", b"{no json"):
        assert pairs_of(Request(method="POST", url="https://a.example/", body=body)) == []


@pytest.mark.parametrize("kind", ["boolean", "integer", "number", "date", "date-time", "array", "object", "body", "x"])
def test_marks_differ(kind: str) -> None:
    marks: list[Any] = [mark(number, kind) for number in range(3)]
    assert len({str(each) for each in marks}) == (1 if kind == "boolean" else 3)


def test_calls_are_sorted_out(operations: dict[str, Operation]) -> None:
    fetch, create, route = (
        operations[key] for key in ("twilio_voice.fetchCall", "twilio_voice.createCall", "twilio_routes_v2.FetchTrunks")
    )
    path = "/2010-04-01/Accounts/{}/Calls/{}.json"
    found = sort_out(
        operations.values(),
        [
            sighting("calls(sid).fetch", ("GET", "api.twilio.com", path)),
            sighting("client.calls(sid).fetch", ("GET", "api.twilio.com", path)),
            sighting("calls.make", ("PUT", "api.twilio.com", "/2010-04-01/Accounts/{}/Calls.json"), kind="make"),
            sighting("trunks(x).fetch", ("GET", "trunks.example", "/v2/Trunks/{}")),
            sighting("nothing", None),
        ],
    )
    assert [each.call.name for each in found.reaching[fetch]] == ["calls(sid).fetch", "client.calls(sid).fetch"]
    assert [each.call.name for each in found.elsewhere[create]] == ["calls.make"]
    assert [each.call.name for each in found.elsewhere[route]] == ["trunks(x).fetch"]
    assert [each.call.name for each in found.unsent] == ["nothing"]
    assert found.count == 5


def test_a_host_of_another_description_is_not_where_a_call_belongs(operations: dict[str, Operation]) -> None:
    shape = ("GET", "messaging.twilio.com", "/v1/Services/{}/ShortCodes/{}")
    found = sort_out(operations.values(), [sighting("messaging.short_codes(sid).fetch", shape)])
    assert found.elsewhere == {}


@pytest.mark.parametrize(
    ("path", "is_near"),
    [
        ("/v1/Porting/PortIn", True),
        ("/v2/Porting/PortIn", True),
        ("/v1/Porting/PortIns", True),
        ("/v1/Porting/Portability", False),
        ("/v1/Porting/{}", False),
        ("/v1/Porting", False),
        ("/v2/Porting/PortIns", False),
    ],
)
def test_a_call_belongs_nearby_where_one_word_is_spelt_alike(
    operations: dict[str, Operation], path: str, *, is_near: bool
) -> None:
    operation = operations["twilio_numbers_v1.CreatePortingPortIn"]
    found = sort_out([operation], [sighting("x.create", ("POST", "numbers.twilio.com", path), kind="create")])
    assert bool(found.reaching or found.elsewhere) is is_near


@pytest.mark.parametrize(
    ("shape", "rule"),
    [
        (("GET", "other.example", "/v2/Trunks/{}"), "sdk-other-host"),
        (("POST", "routes.twilio.com", "/v2/Trunks/{}"), "sdk-other-method"),
        (("GET", "routes.twilio.com", "/v2/Trunk/{}"), "sdk-other-path"),
    ],
)
def test_where_a_call_goes_instead_is_said(operations: dict[str, Operation], shape: Shape, rule: str) -> None:
    operation = operations["twilio_routes_v2.FetchTrunks"]
    found = sort_out([operation], [sighting("trunks(x).fetch", shape)])
    result = reach.examine(operation, found.elsewhere[operation])
    assert [each.rule for each in result.departures] == [rule]
    assert reach.examine(operation, ()).not_run == "the SDK has no call for it"


def test_an_argument_is_found_by_where_it_goes(operations: dict[str, Operation]) -> None:
    first = Argument(name="to", required=True, type="string")
    call = Call(name="x", kind="create", path=(), arguments=(first,))
    binding = Binding(
        operation=operations["twilio_voice.createCall"], call=call, order=(), wires={"to": ("body", "To")}
    )
    assert binding.argument(("body", "To")) is first
    assert binding.argument(("body", "From")) is None
