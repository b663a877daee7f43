"""What became of a value on its way through an SDK."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model.rule import ABSENT
from conformance.sdk.comparison import Fate, attributes, fate, kind_of, moment, passages, plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_characters="$")), inner),
    max_leaves=10,
)
MOMENTS = st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001 - the bounds have to be naive
    lambda found: found.replace(microsecond=0)
)


@given(JSON)
def test_a_value_that_comes_out_as_it_went_in_is_the_same(value: Any) -> None:
    assert {each.fate for each in passages(value, value)} <= {Fate.SAME}


@given(MOMENTS, st.integers(-12, 12))
def test_a_date_is_the_same_moment_in_any_style_and_zone(found: datetime, hours: int) -> None:
    local = found.astimezone(timezone(timedelta(hours=hours)))
    for sent in (found.isoformat(), found.isoformat().replace("+00:00", "Z"), format_datetime(found)):
        assert fate(sent, {"$": "date-time", "value": local.isoformat()}) is Fate.CONVERTED
        later = (local + timedelta(seconds=1)).isoformat()
        assert fate(sent, {"$": "date-time", "value": later}) is Fate.CHANGED


@pytest.mark.parametrize(
    ("sent", "got", "expected"),
    [
        ("12", 12, Fate.CONVERTED),
        (12, "12", Fate.CONVERTED),
        (1, 1.0, Fate.SAME),
        ("-0.00750", {"$": "decimal", "value": "-0.0075"}, Fate.CONVERTED),
        ("-0.00750", {"$": "decimal", "value": "0.0075"}, Fate.CHANGED),
        (9007199254740993, 9007199254740992, Fate.CHANGED),
        ("a", "b", Fate.CHANGED),
        ("a", None, Fate.LOST),
        ("a", ABSENT, Fate.LOST),
        (None, ABSENT, Fate.SAME),
        (None, None, Fate.SAME),
        (None, "a", Fate.CHANGED),
        ("2025-07-01", {"$": "date", "value": "2025-07-01"}, Fate.CONVERTED),
        ("2025-07-01T12:00:00Z", {"$": "date", "value": "2025-07-01"}, Fate.CHANGED),
        ("2025-07-01", {"$": "date-time", "value": None}, Fate.CHANGED),
        ("x", {"$": "number", "value": "nan"}, Fate.CHANGED),
        (True, True, Fate.SAME),
        (["a"], ["a", "b"], Fate.CHANGED),
    ],
)
def test_fates(sent: Any, got: Any, expected: Fate) -> None:
    assert fate(sent, got) is expected


def test_names_are_compared_without_what_languages_do_to_them() -> None:
    got = {"$": "object", "class": "Call", "fields": {"from_": "a", "phoneNumber": "b", "lines": [{"Sid": 1}]}}
    sent = {"from": "a", "phone_number": "b", "lines": [{"sid": 1}], "gone": 2}
    fates = {each.pointer: each.fate for each in passages(sent, got)}
    assert fates == {"/from": Fate.SAME, "/phone_number": Fate.SAME, "/lines/-/sid": Fate.SAME, "/gone": Fate.LOST}
    assert attributes(got) == {"from", "phonenumber", "lines"}
    assert plain("accountSid") == plain("account_sid")


def test_kinds_and_moments() -> None:
    assert kind_of({"$": "date-time", "value": ""}) == "date-time"
    assert kind_of(ABSENT) == "nothing"
    assert kind_of({}) == "object"
    assert moment("Tue, 01 Jul 2025 14:34:56 +0200") == datetime(2025, 7, 1, 12, 34, 56, tzinfo=UTC)
    assert moment("2025-07-01") == datetime(2025, 7, 1, tzinfo=UTC)
    assert moment("no date") is None
    assert moment(3) is None
