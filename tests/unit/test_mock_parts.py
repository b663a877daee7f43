"""The reference server at its edges: descriptions that know only part of a family, and answers that need mending."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import pytest

from conformance.mock import paging
from conformance.mock.handler import Answered, Mock
from conformance.mock.store import EPOCH, Collection, Draw, Resource, State
from conformance.model.http import Headers, Request
from conformance.openapi.document import Document
from conformance.openapi.operations import build
from conformance.profiles.twilio import dates
from conformance.profiles.twilio.numbers import formatted, is_recipient, is_sender
from conformance.run.suite import compiler

ANY = {"type": "string"}


def described(paths: Mapping[str, Any], server: str) -> Mock:
    data = {"openapi": "3.1.0", "info": {"title": "", "version": ""}, "servers": [{"url": server}], "paths": paths}
    document = Document(path="part.json", text=json.dumps(data).encode(), data=data, is_json=True)
    return Mock(build(document), compiler())


def answers(schema: Any, status: str = "200") -> dict[str, Any]:
    return {"responses": {status: {"description": "", "content": {"application/json": {"schema": schema}}}}}


def record(**fields: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"sid": ANY, **fields}}


def collection(path: str, resource: Any) -> dict[str, Any]:
    """A collection that creates and lists, with the parameters of its path."""
    names = [part[1:].partition("}")[0] for part in path.split("/") if part.startswith("{")]
    items = {"type": "object", "properties": {"things": {"type": "array", "items": resource}, "total_kept": ANY}}
    return {
        path: {
            "parameters": [{"name": name, "in": "path", "required": True, "schema": ANY} for name in names],
            "get": answers(items),
            "post": {
                "requestBody": {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}},
                **answers(resource, "201"),
            },
        }
    }


def ask(mock: Mock, method: str, url: str, state: State, form: Mapping[str, Any] | None = None) -> Answered:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
    body = urlencode(form or {}, doseq=True).encode()
    return mock.answer(Request(method=method, url=url, headers=Headers.of(headers), body=body), state)


API_2010 = "https://api.twilio.com/2010-04-01"
PARTS = [
    (API_2010, "/Accounts/{AccountSid}/Messages.json", {"Body": "x", "MediaUrl": ["https://example.com"]}),
    (API_2010, "/Accounts/{AccountSid}/Recordings.json", {"RecordingChannels": "mono"}),
    (API_2010, "/Accounts/{AccountSid}/Conferences/{ConferenceSid}/Participants.json", {"To": "+15558675310"}),
    ("https://proxy.twilio.com", "/v1/Services/{ServiceSid}/Sessions", {"Participants": ["{}", "[]"]}),
    (
        "https://proxy.twilio.com",
        "/v1/Services/{A}/Sessions/{B}/Participants/{C}/MessageInteractions",
        {"Body": "x"},
    ),
    ("https://numbers.twilio.com", "/v1/Porting/PortIn", {"phone_numbers": ["+15558675310"]}),
    ("https://numbers.twilio.com", "/v1/HostedNumber/Eligibility/Bulk", {"phone_numbers": "none"}),
]


@pytest.mark.parametrize(("server", "path", "form"), PARTS, ids=lambda part: str(part)[-30:])
def test_a_description_that_knows_only_part_of_a_family_is_served(
    server: str, path: str, form: Mapping[str, Any]
) -> None:
    status = {"status": ANY, "call_sid": ANY, "data": ANY, "phone_numbers": {"type": "array"}}
    mock, state = described(collection(path, record(**status)), server), State()
    url = server + path.replace("{AccountSid}", mock.account)
    made = ask(mock, "POST", url, state, form)
    assert made.response.status == 201
    listed = json.loads(ask(mock, "GET", url, state).response.body)
    assert [each["sid"] for each in listed["things"]] == [json.loads(made.response.body)["sid"]]
    assert isinstance(listed["total_kept"], str)


def test_a_conference_that_waits_begins_with_its_first_participant() -> None:
    account = {"name": "AccountSid", "in": "path", "required": True, "schema": ANY}
    conference = {**account, "name": "ConferenceSid", "schema": {"type": "string", "pattern": "^CF[0-9a-f]{32}$"}}
    shown = record(
        sid={"type": "string", "pattern": "^CF[0-9a-f]{32}$"},
        status={"type": "string", "enum": ["init", "in-progress"]},
    )
    base = "/Accounts/{AccountSid}/Conferences"
    paths = {
        f"{base}/{{ConferenceSid}}.json": {"parameters": [account, conference], "get": answers(shown)},
        **collection(f"{base}/{{ConferenceSid}}/Participants.json", record(call_sid=ANY)),
    }
    mock, state = described(paths, API_2010), State()
    named = mock.seeded(mock.operations[0], state)
    found = next(each for every in state.collections.values() for each in every)
    found.values["status"] = "init"
    url = f"{API_2010}/Accounts/{named['AccountSid']}/Conferences/{named['ConferenceSid']}"
    assert ask(mock, "POST", f"{url}/Participants.json", state, {"To": "+15558675310"}).response.status == 201
    assert json.loads(ask(mock, "GET", f"{url}.json", state).response.body)["status"] == "in-progress"


def test_what_the_fields_alone_do_not_show_to_be_wrong_is_mended() -> None:
    together = {
        **record(size={"type": "integer"}, name=ANY, kind={"enum": ["a"]}, code=ANY),
        "required": ["kind"],
        "dependentSchemas": {"name": {"properties": {"size": {"minimum": 1000}, "kind": {"type": "string"}}}},
        "not": {"properties": {"code": {"pattern": "^forbidden"}}, "required": ["code"]},
        "propertyNames": {"maxLength": 10},
    }
    mock, state = described(collection("/things", together), "https://example.com"), State()
    for form in ({"code": "forbidden one", "name": "x", "size": "7"}, {"kind": "a"}):
        made = json.loads(ask(mock, "POST", "https://example.com/things", state, form).response.body)
        assert "code" not in made or not made["code"].startswith("forbidden")
        assert made.get("size", 1000) >= 1000
        assert made["kind"] == "a"


def test_a_list_may_be_cut_by_offsets_and_by_tokens_of_ours_only() -> None:
    kept = Collection()
    for number in range(1, 8):
        kept.add(Resource(id=str(number), number=number, place=("things", ""), created=EPOCH))

    def ids(**said: str) -> list[str]:
        return [each.id for each in paging.cut(kept, said, None, 2).items]

    assert ids() == ["7", "6"]
    assert ids(page="1") == ["5", "4"]
    assert ids(offset="3") == ["4", "3"]
    assert ids(Page="x", offset="-1") == ["7", "6"]
    assert ids(PageToken="PT5") == ["4", "3"]
    for token in ("PTx", "other"):
        assert ids(PageToken=token) == ["7", "6"]
    assert paging.cut(kept, {}, lambda resource: resource.number % 2 == 0, 2).next_token == "PT4"


def test_an_envelope_shows_whatever_fields_it_has() -> None:
    fields = {
        "things": {"type": "array", "items": record()},
        "total": {"type": ["integer", "null"]},
        "meta": {"type": "object", "properties": {"next_token": ANY, "page": {"type": "integer"}, "other": ANY}},
        "note": ANY,
        "page": {"type": "integer"},
    }
    paths = {"/things": {"get": answers({"type": "object", "properties": fields})}}
    mock = described(paths, "https://example.com")
    body = json.loads(ask(mock, "GET", "https://example.com/things", State()).response.body)
    assert len(body["things"]) == 1
    assert (body["total"], body["meta"], body["page"]) == (None, {"page": 0}, 0)
    assert body["note"]


def test_a_path_parameter_that_nobody_declares_may_be_anything() -> None:
    mock, state = described({"/things/{id}": {"get": answers(record())}}, "https://example.com"), State()
    assert ask(mock, "GET", "https://example.com/things/7", state).response.status == 200
    assert mock.seeded(mock.operations[0], state)["id"]


def test_an_error_is_as_its_schema_says_even_at_twilio() -> None:
    error = {"type": "object", "required": ["reason"], "properties": {"reason": ANY}}
    paths = {
        "/v9/Things/{Sid}": {
            "parameters": [
                {"name": "Sid", "in": "path", "required": True, "schema": {"pattern": "^TH[0-9a-f]{32}$", **ANY}}
            ],
            "get": {"responses": {**answers(record())["responses"], **answers(error, "404")["responses"]}},
        }
    }
    mock = described(paths, "https://api.twilio.com")
    answered = ask(mock, "GET", f"https://api.twilio.com/v9/Things/TH{'0' * 32}", State())
    assert answered.response.status == 404
    assert json.loads(answered.response.body).keys() == {"reason"}


def test_a_body_without_a_schema_may_have_any_fields() -> None:
    content: dict[str, Any] = {"application/x-www-form-urlencoded": {}}
    paths = {"/things": {"post": {"requestBody": {"content": content}, **answers(record(), "201")}}}
    mock = described(paths, "https://example.com")
    assert ask(mock, "POST", "https://example.com/things", State(), {"any": "1"}).response.status == 201


# The profile


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2016-10-14T21:56:34Z", 1476482194),
        ("Fri, 14 Oct 2016 21:56:34 +0000", 1476482194),
        ("2016-10-14", 1476403200),
        ("soon", None),
        ("9999999-01-01", None),
        (None, None),
        (7, None),
    ],
)
def test_dates_of_both_styles_are_read(text: Any, seconds: int | None) -> None:
    assert dates.seconds(text) == seconds


def test_dates_are_written_in_both_styles() -> None:
    assert dates.iso_8601(1476482194) == "2016-10-14T21:56:34Z"
    assert dates.rfc_2822(1476482194) == "Fri, 14 Oct 2016 21:56:34 +0000"
    assert dates.day(1476482194) == "2016-10-14"


def test_numbers_are_told_from_what_looks_like_them() -> None:
    assert formatted("+14158675308") == "(415) 867-5308"
    assert formatted("+442079460018") == "+442079460018"
    assert [text for text in ("+15558675310", "12345", "sip:a@b", "Ada", "+0", "") if is_recipient(text)] == [
        "+15558675310",
        "12345",
        "sip:a@b",
    ]
    assert [text for text in ("Example Co", "123", "Far Too Long A Name", "!") if is_sender(text)] == [
        "Example Co",
        "123",
    ]


def test_equal_draws_give_equal_values() -> None:
    assert Draw(key="a", now=0).hex("b") == Draw(key="a", now=1).hex("b")
    assert Draw(key="a", now=0).integer("b", 10) < 10
