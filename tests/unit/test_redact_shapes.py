"""What redaction masks, and what it leaves to the reader."""

from __future__ import annotations

import base64
import json
import re
import time
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import redact
from conformance.model.http import Exchange, Headers, Request, Response, Source

SID = "AC" + "0123456789abcdef" * 2
SECRET = "visiblyfake5ecret0000000000000000"
BASIC = base64.b64encode(f"{SID}:{SECRET}".encode()).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"https://{SID}:{SECRET}@api.twilio.com/2010-04-01/Accounts.json",
        f"https:\\/\\/{SID}:{SECRET}@api.twilio.com\\/",
        f"https://user:{SECRET}@example.com/",
        f"https://{SECRET}@example.com/",
        f"StatusCallback={quote(f'https://user:{SECRET}@example.com/', safe='')}",
        f"curl -u {SID}:{SECRET} https://api.twilio.com",
        f"AuthToken={SECRET}",
        f"To=client%3Ajoe&AuthToken={SECRET}&From=x",
        f"authtoken={SECRET}&x=1",
        f"Auth%5FToken={SECRET}",
        f"binding[auth_token]={SECRET}",
        f"Binding%5BAuthToken%5D={SECRET}",
        f"PrimaryAuthToken={SECRET}?x",
        f"https://example.com/?api_key={SECRET}#top",
        f"https://example.com/?a=1&X-Amz-Security-Token={SECRET}",
        f"https://example.com/?sig={SECRET}",
        f"url=https://example.com/?secret={SECRET}",
        f"Url={quote(f'https://example.com/?a=b&password={SECRET}', safe='')}",
        f'{{"auth_token": "{SECRET}"}}',
        f'{{"authToken":"{SECRET}"}}',
        f'{{"Auth-Token" : "{SECRET}"}}',
        f'{{"secondary_auth_token": "{SECRET}\\" more {SECRET}"}}',
        f'{{"password": "{SECRET}',
        f'{{"apiKeys": 1, "api_key": "{SECRET}"}}',
        f'{{"client_secret": ["{SECRET}", "{SECRET}"]}}',
        json.dumps({"body": json.dumps({"auth_token": SECRET})}),
        json.dumps({"body": json.dumps({"inner": json.dumps({"auth_token": f'{SECRET}"{SECRET}'})})}),
        urlencode({"Payload": json.dumps({"auth_token": SECRET})}),
        f'cut off: \\"auth_token\\": \\"{SECRET} {SECRET}',
        f"{{'auth_token': '{SECRET}'}}",
        f"Authorization: Basic {BASIC}",
        f"authorization: basic {BASIC}",
        f"Bearer {SECRET}",
        f"eyJhbGciOiJub25lIn0.{SECRET}.x",
        f'--b\r\nContent-Disposition: form-data; name="AuthToken"\r\n\r\n{SECRET}\r\n{SECRET}\r\n--b--',
    ],
)
def test_credentials_never_stay(text: str) -> None:
    masked = redact.text(text)
    assert SECRET not in masked
    assert BASIC not in masked
    assert redact.MASK in masked
    assert (SID in text and BASIC not in text) == (SID in masked)


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Calls.json?PageSize=50&PageToken=PACA123",
        f'{{"sid": "{SID}", "next_page_token": "abc", "key": "services", "design": "x"}}',
        '{"has_password": true, "secret": null, "token": ""}',
        "Basic authentication is asked for, Bearer tokens are not",
        "Fri, 14 Oct 2016 21:56:34 +0000",
        "2016-10-14T21:56:34+02:00",
        f"{SID}:CA{'0' * 32}",
        "To=12345",
        "someone@example.com, //cdn.example.com/a@b",
        "price=-0.0075&count=15005550006",
    ],
)
def test_what_a_reader_needs_stays(text: str) -> None:
    assert redact.text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+15005550006", "+15•••06"),
        ("To=%2B15005550006&From=%2b4712345678", "To=%2B15•••06&From=%2b47•••78"),
        (r'{"to": "\u002B15005550006"}', r'{"to": "\u002B15•••06"}'),
        ("whatsapp:+15005550006", "whatsapp:+15•••06"),
        ("+1 (500) 555-0006", "+1 (500) •••06"),
        ("%2B1%20500%20555%200006", "%2B15•••06"),
        ("(500) 555-0006", "(500) •••06"),
        ("%28500%29+555-0006", "%28500%29+•••06"),
        ('{"phone_number": "5005550006"}', '{"phone_number": "50•••06"}'),
        ('{"to": 15005550006}', '{"to": "15•••06"}'),
        ("To=15005550006", "To=15•••06"),
        ("+1234567890123456", "+1234567890123456"),
        ("+123", "+123"),
    ],
)
def test_phone_numbers_keep_their_ends(text: str, shown: str) -> None:
    assert redact.text(text) == shown


def test_numbers_that_are_secrets_become_text_so_that_json_stays_json() -> None:
    masked = redact.text('{"password": 123456, "pwd": [1, "2"], "passphrase": -1.5e3}')
    assert json.loads(masked) == {"password": "•••", "pwd": ["•••", "•••"], "passphrase": "•••"}


def test_values_are_masked_by_their_names() -> None:
    value = {
        "AuthToken": SECRET,
        "nested": [{"apiKey": 1, "sid": SID, "to": 15005550006, "price": 15005550006}, (f"Bearer {SECRET}",)],
        "cookies": ["a=b"],
        "secret": {"password": SECRET, "is_password": False, "pwd": None},
        "body": f"AuthToken={SECRET}".encode(),
        1: None,
        "+15005550006": "x",
    }
    assert redact.value(value) == {
        "AuthToken": "•••",
        "nested": [{"apiKey": "•••", "sid": SID, "to": "15•••06", "price": 15005550006}, ["Bearer •••"]],
        "cookies": ["•••"],
        "secret": "•••",
        "body": "AuthToken=•••".encode(),
        1: None,
        "+15•••06": "x",
    }


def test_nesting_without_end_is_cut() -> None:
    value: list[object] = []
    for _ in range(100_000):
        value = [value]
    assert redact.value(value) == redact.TOO_DEEP


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", f"Basic {BASIC}", "Basic •••"),
        ("authorization", f"bearer {SECRET}", "bearer •••"),
        ("AUTHORIZATION", SECRET, "•••"),
        ("proxy-authorization", "Basic •••", "Basic •••"),
        ("Cookie", "session=1", "•••"),
        ("Set-Cookie", "session=1; Path=/", "•••"),
        ("X-Api-Key", SECRET, "•••"),
        ("X-Twilio-Signature", SECRET, "•••"),
        ("X-Amz-Security-Token", SECRET, "•••"),
        ("Location", f"https://user:{SECRET}@example.com/", "https://•••@example.com/"),
        ("Content-Type", "application/json", "application/json"),
    ],
)
def test_headers(name: str, value: str, shown: str) -> None:
    assert redact.headers(Headers(((name, value),))).pairs == ((name, shown),)


def test_every_part_of_an_exchange_is_masked() -> None:
    headers = Headers((("authorization", f"Basic {BASIC}"),))
    form = f"AuthToken={SECRET}".encode()
    exchange = Exchange(
        id="1",
        request=Request(method="POST", url=f"https://x:{SECRET}@example.com/", headers=headers, body=form + b"&n=\xff"),
        response=Response(status=200, headers=headers, body=form),
        source=Source(kind="", path="", index=0),
        extra={"remark": SECRET},
    )
    masked = redact.exchange(exchange)
    assert SECRET not in repr(masked)
    assert BASIC not in repr(masked)
    assert masked.request.body == "AuthToken=•••".encode() + b"&n=\xff"


NAMES = st.sampled_from(
    ["AuthToken", "auth_token", "Auth%5Ftoken", "password", "to", "From", "token", "page_token", "sid", "x"]
)
SCALARS = st.sampled_from(
    [SECRET, "15005550006", "+15005550006", "%2B15005550006", SID, "•••", "a:b@c", "", '\\"', "\\"]
)
PIECES = st.one_of(
    st.builds("{}={}".format, NAMES, SCALARS),
    st.builds('"{}": "{}"'.format, NAMES, SCALARS),
    st.builds('\\"{}\\": \\"{}\\"'.format, NAMES, SCALARS),
    st.builds("%22{}%22%3A%22{}%22".format, NAMES, SCALARS),
    st.builds("'{}': '{}'".format, NAMES, SCALARS),
    st.builds("https://{}:{}@host/".format, SCALARS, SCALARS),
    st.builds("%2F%2F{}%3A{}%40host".format, SCALARS, SCALARS),
    st.builds("{} {}".format, st.sampled_from(["Basic", "Bearer", "Digest"]), SCALARS),
    st.text(max_size=10),
    st.sampled_from(
        ["&", "?", "{", "}", "[", "]", '"', "'", "\\", "//", "@", ":", ", ", "\r\n", "+", "(500) 555-0006"]
    ),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@given(TEXTS)
def test_masking_twice_is_masking_once(text: str) -> None:
    masked = redact.text(text)
    assert redact.text(masked) == masked


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_masked_json_is_json_of_the_same_shape(value: object) -> None:
    def shape(item: object) -> object:
        if isinstance(item, dict):
            return {name: shape(content) for name, content in item.items()}
        return [shape(content) for content in item] if isinstance(item, list) else None

    for separators in ((", ", ": "), (",", ":")):
        masked = json.loads(redact.text(json.dumps(value, separators=separators, ensure_ascii=False)))
        assert len(re.findall("[{[]", json.dumps(shape(masked)))) == len(re.findall("[{[]", json.dumps(shape(value))))


@given(JSON)
def test_masking_a_value_twice_is_masking_it_once(value: object) -> None:
    masked = redact.value(value)
    assert redact.value(masked) == masked


@given(st.binary(max_size=200) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_no_body_is_too_odd(content: bytes) -> None:
    assert redact.body(redact.body(content)) == redact.body(content)


@pytest.mark.parametrize(
    "text",
    ['"' * 200_000, "=" * 200_000, '\\"' * 100_000, "%22" * 70_000, "+1" * 100_000, "a=" * 100_000, "//" * 100_000,
     "token" * 40_000, "token.%2D" * 20_000, '"token": "' * 20_000, "%2F%2F" * 30_000, f"{SID}:" * 5_000,
     'form-data name="token"' * 9_000, "'token': '" * 20_000, "(500) " * 30_000,
     "to=" * 70_000, "%3Fto%3D" * 20_000, "%3Fx%3D" * 20_000, 'form-data name="x"\r\n\r\n' * 9_000,
     '\\"to\\": \\"' * 20_000, "%22x%22:%22" * 20_000],
)  # fmt: skip
def test_nothing_takes_forever(text: str) -> None:
    start = time.process_time()
    redact.text(text + "token secret form-data %3d %22 =")
    assert time.process_time() - start < 10  # quadratic time would be minutes
