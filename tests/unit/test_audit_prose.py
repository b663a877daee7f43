"""What texts are understood to say, and what they are not."""

from __future__ import annotations

import pytest

from conformance.openapi import prose
from conformance.openapi.pattern_width import width
from conformance.openapi.spelling import breaks, slips


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("A name, up to 64 characters.", {"maxLength": 64}),
        ("This value must be 191 characters or fewer in length.", {"maxLength": 191}),
        ("Subject of the mail, maximum length of 5,000 characters.", {"maxLength": 5000}),
        ("Alphanumeric (max 11 characters)", {"maxLength": 11}),
        ("A 34 character string that identifies it.", {"minLength": 34, "maxLength": 34}),
        ("At least 8 characters.", {"minLength": 8}),
        ("8 characters or more", {"minLength": 8}),
        ("Exactly 5 characters.", {"minLength": 5, "maxLength": 5}),
        ("The default is 50, and the maximum is 1000.", {"most": 1000}),
        ("Number of records (max 1000)", {"most": 1000}),
        ("Maximum of 1,000 phone numbers per request.", {"most": 1000}),
        ("The minimum value is 5.", {"least": 5}),
        ("A minimum of 2 items.", {"least": 2}),
        ("Between 1 and 600.", {"least": 1, "most": 600}),
        ("Between 3 and 9 characters.", {"minLength": 3, "maxLength": 9}),
        ("Up to 10 URLs.", {"most": 10}),
        ("If it is a US number, up to 64 characters.", {}),
        ("This date must be at least 7 days in the future.", {}),
        ("Only required for mobile numbers, at most 12 characters.", {}),
        ("See RFC 2822.", {}),
        ("no number", {}),
    ],
)
def test_limits(text: str, limits: dict[str, int]) -> None:
    assert {limit.keyword: limit.value for limit in prose.limits(text)} == limits


@pytest.mark.parametrize(
    ("text", "default"),
    [
        ("The default is 50, and the maximum is 1000.", "50"),
        ("The default value is `country` and more.", "country"),
        ("Defaults to 'POST'.", "POST"),
        ("Default: true", "true"),
        ("The initial status. The default is `open` on create.", "open"),
        ("The default value of `0` indicates no limit.", "0"),
        ("You can override a Session's default TTL value by setting it.", None),
        ("The default is whatever the account says it is.", None),
    ],
)
def test_defaults(text: str, default: str | None) -> None:
    assert prose.default(text) == default


@pytest.mark.parametrize(
    ("text", "members"),
    [
        ("Can be: `a`, `b`, or `c`.", ("a", "b", "c")),
        ("One of `LOCAL`, `UNKNOWN`.", ("LOCAL", "UNKNOWN")),
        ("This can be: toll-free, local, mobile or unknown.", ("toll-free", "local", "mobile", "unknown")),
        ("The possible values are: In progress, Completed, and Canceled.", ("In progress", "Completed", "Canceled")),
        ("Can be [Call](https://x.test/c) or [Message](https://x.test/m).", ("Call", "Message")),
        ("This should either be: 'Individual' or 'Business'.", ("Individual", "Business")),
        ("This value is always `message`.", ("message",)),
        ("Can be `x`. Can be `null`.", ("x",)),
        ("Can be Local, Mobile, TollFree, etc.", None),
        ("Can be anything such as `a` or `b`.", None),
        ("It can be null.", None),
        ("The text may be long: it is not cut.", None),
    ],
)
def test_values(text: str, members: tuple[str, ...] | None) -> None:
    found = prose.values(text)
    assert (found.members if found else None) == members


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The phone number in E.164 format", "phone-number"),
        ("The ISO Country Code for the number.", "iso-country-code"),
        ("Expected format is ISO Offset Time.", "time"),
        ("Filter by date sent (YYYY-MM-DD)", "date"),
        ("The [ISO 8601](https://x.test) date when it ended.", "date-time"),
        ("The absolute URL of the resource.", "uri"),
        ("Additional emails to copy.", "email"),
        ("A UUID.", "uuid"),
        ("The name of the URL scheme.", None),
        ("What it is.", None),
    ],
)
def test_formats(text: str, name: str | None) -> None:
    found = prose.named_format(text)
    assert (found.format if found else None) == name


@pytest.mark.parametrize(
    ("says", "yes", "no"),
    [
        (prose.says_null, "This field may be null if it is not known.", "Nullable types are hard."),
        (prose.says_null, "The reason, `null` otherwise.", "The null hypothesis."),
        (prose.says_required, "Required. The name.", "This field is required if it is new."),
        (prose.says_required, "This field is required.", "A field only required for Japan."),
        (prose.says_optional, "Optional. The name.", "The options."),
        (prose.says_deprecated, "This field is deprecated.", "The deprecation policy."),
        (prose.says_deprecated, "Reserved. Not currently supported.", "Supported."),
        (prose.says_empty, "Always empty for these.", "Never empty."),
        (prose.says_at_least_one, "At least one document is required.", "At least one of them fails."),
        (prose.separated, "Values separated by comma", "Commas are allowed."),
    ],
)
def test_what_a_text_says(says: object, yes: str, no: str) -> None:
    assert callable(says)
    assert says(yes)
    assert not says(no)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A number (e.g. +16175551212).", ("+16175551212",)),
        ("Currency unit (e.g., USD)", ("USD",)),
        ("The country, ex: USA.", ("USA",)),
        ("For example, +14155551234.", ("+14155551234",)),
        ("Expected format, example: \u20182011-12-03`.", ("2011-12-03",)),
        ("It is possible, for example, to play a message.", ()),
        ('A JSON string (e.g. `{"body": "hello"}`)', ('{"body": "hello"}',)),
    ],
)
def test_examples(text: str, shown: tuple[str, ...]) -> None:
    assert prose.examples(text) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Create the the thing.", ["the the"]),
        ("The adress of the reciever.", ["adress"]),
        ("If this is value is present, it wins.", ["this is value is"]),
        ("The of the webhook type.", ["The of the"]),
        ("Resources related the participant.", ["related the"]),
        ("Allows to create a thing.", ["Allows to create"]),
        ("Allows the client to create a thing.", []),
        ("The number of open session assigned.", ["number of open session"]),
        ("A SID, an SMS, a unique one, an hour, a user, a URL.", []),
        ("An thing and a example.", ["a example", "An thing"]),
        ("Called `the the` in [the docs](https://x.test/the the).", []),
        ("a , b", ["a , "]),
        ("That that fails had had its time.", []),
    ],
)
def test_slips(text: str, found: list[str]) -> None:
    assert sorted(slip.found for slip in slips(text)) == sorted(found)


@pytest.mark.parametrize(
    ("text", "is_broken"),
    [
        ("See [the guide](https://x.test/a).", False),
        ("See [the guide](https://x.test/a.", True),
        ("See [the guide](https://x.test/a)).", True),
        ("Like \u20182011-12-03`.", True),
        ("Like \u20182011-12-03\u2019.", False),
        ("One `open backtick.", True),
        ("First: a) this b) that", False),
    ],
)
def test_breaks(text: str, is_broken: bool) -> None:
    assert bool(breaks(text)) == is_broken


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("^AC[0-9a-fA-F]{32}$", (34, 34)),
        ("^(SM|MM)[0-9a-f]{32}$", (34, 34)),
        (r"^\+[1-9]\d{1,14}$", (3, 16)),
        ("^a?b*$", (0, float("inf"))),
        ("^(?:ab|c){2,}$", (2, float("inf"))),
        ("^[]a]{3}$", (3, 3)),
        (r"^\u{41}\x42$", (2, 2)),
        ("^(?<year>[0-9]{4})$", (4, 4)),
        (r"^\bab$", (2, 2)),
        ("ab", None),
        ("^a|b$", None),
        ("^(a)\\1$", None),
        ("^(?=a)b$", None),
        ("^(a$", None),
        ("^a)$", None),
    ],
)
def test_lengths_of_patterns(pattern: str, lengths: tuple[float, float] | None) -> None:
    assert width(pattern) == lengths
