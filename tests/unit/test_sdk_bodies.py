"""Bodies that an SDK has to cope with: what the description promises is true to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from conformance.config import Settings
from conformance.model.operation import Operation
from conformance.profiles import twilio
from conformance.run import suite
from conformance.sdk.bodies import UNKNOWN_FIELD, UNKNOWN_MEMBER, Bodies, Variant, dated, json_content

COMPILER = suite.compiler()


@cache
def operations(contract: str) -> dict[str, Operation]:
    return {each.key: each for each in suite.load(Settings(contract=contract))}


def bodies(key: str, contract: str = "corrected") -> Bodies:
    operation = operations(contract)[key]
    content = json_content(operation)
    assert content is not None
    return Bodies(operation, content, COMPILER)


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_what_the_description_promises_is_true_to_it(contract: str) -> None:
    played = 0
    for operation in operations(contract).values():
        content = json_content(operation)
        if content is None or content.schema is None:
            continue
        validator = COMPILER.validator(content.schema, api=operation.api)
        for variant, body in Bodies(operation, content, COMPILER).all:
            if not variant.is_tolerance:
                played += 1
                assert validator.is_valid(body), (operation.key, variant, body)
    assert played > 300


def test_every_variant_differs_from_the_full_answer() -> None:
    for key in ("twilio_voice.fetchCall", "twilio_proxy_v1.ListSession", "twilio_numbers_v1.FetchPortingPortability"):
        made = bodies(key)
        assert made.all[0] == (Variant.FULL, made.full)
        assert all(body != made.full for _, body in made.all[1:])


def test_a_full_answer_has_no_null_but_for_pages_that_are_not_there() -> None:
    assert "null" not in json.dumps(bodies("twilio_voice.fetchCall").full)
    page = bodies("twilio_proxy_v1.ListSession").full
    assert page["meta"]["next_page_url"] is None
    assert page["meta"]["key"] == "sessions"
    assert len(page["sessions"]) == 1


def test_variants_are_what_they_are_called() -> None:
    call = bodies("twilio_voice.fetchCall")
    assert call.make(Variant.NULLS)["answered_by"] is None
    assert call.make(Variant.EXTRA)[UNKNOWN_FIELD]
    assert call.make(Variant.MEMBER)["status"] == UNKNOWN_MEMBER
    assert call.make(Variant.OTHER_DATES)["start_time"] == "2025-07-01T12:34:56Z"
    assert call.make(Variant.OFFSET)["start_time"] == "Tue, 01 Jul 2025 14:34:56 +0200"
    sessions = bodies("twilio_proxy_v1.ListSession")
    assert sessions.make(Variant.EMPTY)["sessions"] == []
    assert UNKNOWN_FIELD in sessions.make(Variant.AROUND)
    assert UNKNOWN_FIELD in sessions.make(Variant.EXTRA)["sessions"][0]
    assert sessions.make(Variant.GREATEST)["sessions"][0]["ttl"] == 2**31 - 1


def test_dates_are_one_moment_in_every_style() -> None:
    assert dated("date-time", Variant.FULL) == "2025-07-01T12:34:56Z"
    assert dated("date-time", Variant.FRACTION) == "2025-07-01T12:34:56.250Z"
    assert dated("date-time", Variant.OFFSET) == "2025-07-01T14:34:56+02:00"
    assert dated(twilio.DATE_TIME_2010, Variant.FULL) == dated("date-time", Variant.OTHER_DATES)


def test_pages_lead_on_as_they_do() -> None:
    flat = bodies("twilio_voice.listCalls")
    assert flat.has_relative_links
    assert flat.page(link="/next")["next_page_uri"] == "/next"
    linked = bodies("twilio_proxy_v1.ListSession")
    assert linked.page(link="https://a.example/next")["meta"]["next_page_url"] == "https://a.example/next"
    by_token = bodies("twilio_numbers_v1.ListPortInRequests")
    assert by_token.page(link="", token="PT2")["meta"]["next_token"] == "PT2"
    assert bodies("twilio_messaging.listPhoneNumbers").page(link="/next") is None


def test_the_records_of_an_answer_that_is_no_page() -> None:
    assert bodies("twilio_messaging.listPhoneNumbers").records == "phone_numbers"
    assert bodies("twilio_voice.fetchCall").records is None
    assert json_content(operations("corrected")["twilio_voice.deleteCall"]) is None
    assert isinstance(bodies("twilio_voice.fetchCall").full, Mapping)


def test_a_schema_without_words_gives_something() -> None:
    operation = operations("corrected")["twilio_voice.fetchCall"]
    content = json_content(operation)
    assert content is not None
    assert content.schema is not None
    schema = type(content.schema)(pointer="", make=lambda: True)
    from dataclasses import replace  # noqa: PLC0415

    made: Any = Bodies(operation, replace(content, schema=schema), COMPILER).full
    assert made is not None
