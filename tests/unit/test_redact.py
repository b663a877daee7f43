"""Secrets never leave: every shape they had in public recordings, and every way out of the program."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.model import redact
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.redact import MASK

TOKEN = "t0ken-that-is-visibly-fake"
ACCOUNT = "AC" + "0" * 32


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        (f"https://{ACCOUNT}:{TOKEN}@api.twilio.com/x", f"https://{ACCOUNT}:{MASK}@api.twilio.com/x"),
        (f"https://{ACCOUNT}:{TOKEN}@at@api.twilio.com/x", f"https://{ACCOUNT}:{MASK}@api.twilio.com/x"),
        ("https://api.twilio.com/a@b", "https://api.twilio.com/a@b"),
        (f"AuthToken={TOKEN}&Name=x", f"AuthToken={MASK}&Name=x"),
        (f"a=1&authtoken={TOKEN}", f"a=1&authtoken={MASK}"),
        (f"https://h/a?api_key={TOKEN}#x", f"https://h/a?api_key={MASK}"),
        (f"Password={TOKEN}", f"Password={MASK}"),
        (f"SmsAuthToken={TOKEN}", f"SmsAuthToken={MASK}"),
        (f'{{"auth_token": "{TOKEN}"}}', f'{{"auth_token": "{MASK}"}}'),
        (f'{{"x-auth-token":"{TOKEN}"}}', f'{{"x-auth-token":"{MASK}"}}'),
        (f'{{"clientSecret" : "a\\"{TOKEN}"}}', f'{{"clientSecret" : "{MASK}"}}'),
        (f'cut off: {{"secret": "{TOKEN}', f'cut off: {{"secret": "{MASK}"'),
        (f"Basic {base64.b64encode(TOKEN.encode()).decode()}", f"Basic {MASK}"),
        (f"bearer {TOKEN}", f"bearer {MASK}"),
        ("+15005550006", f"+15{MASK}06"),
        ("To=%2B15005550006&x", f"To=%2B15{MASK}06&x"),
        ("%2b15005550006", f"%2b15{MASK}06"),
        ("+123456789012345", f"+12{MASK}45"),
        ("+1234567", f"+12{MASK}67"),
        ("whatsapp:+4915112345678.", f"whatsapp:+49{MASK}78."),
        ("2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00+02:00"),
        ("nothing to hide: token, basic, key=1", "nothing to hide: token, basic, key=1"),
        ("", ""),
    ],
)
def test_text_is_masked_where_it_holds_a_secret(written: str, masked: str) -> None:
    assert redact.text(written) == masked


def test_values_are_masked_by_their_names() -> None:
    value = {
        "auth_token": TOKEN,
        "authToken": 12345,
        "password": {"deep": TOKEN},
        "has_password": True,
        "secret": "",
        "api_key": None,
        "list": [{"Private-Key": TOKEN}, (f"Basic {'x1' * 10}",)],
        "from": "+15005550006",
        "n": 1.5,
    }
    assert redact.value(value) == {
        "auth_token": MASK,
        "authToken": MASK,
        "password": MASK,
        "has_password": True,
        "secret": "",
        "api_key": None,
        "list": [{"Private-Key": MASK}, [f"Basic {MASK}"]],
        "from": f"+15{MASK}06",
        "n": 1.5,
    }


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "AUTHORIZATION",
        "cookie",
        "Set-Cookie",
        "Proxy-Authorization",
        "X-Api-Key",
        "X-Auth-Token",
        "X-Twilio-Signature",
        "Api-Key",
        "X-Client-Secret",
    ],
)
def test_headers_are_masked_by_their_names(name: str) -> None:
    assert redact.headers(Headers(((name, TOKEN), ("X-Other", "x")))).pairs == ((name, MASK), ("X-Other", "x"))


def test_headers_are_masked_by_their_content() -> None:
    fields = Headers((("Location", f"https://a:{TOKEN}@h/"), ("X-Forwarded", f"Bearer {TOKEN}")))
    assert redact.headers(fields).pairs == (("Location", f"https://{MASK}@h/"), ("X-Forwarded", f"Bearer {MASK}"))


def exchange(body: bytes) -> Exchange:
    return Exchange(
        id="x",
        request=Request(
            method="POST",
            url=f"https://a:{TOKEN}@h/?AuthToken={TOKEN}",
            headers=Headers((("authorization", TOKEN),)),
            body=body,
        ),
        response=Response(status=200, headers=Headers((("set-cookie", TOKEN),)), body=body),
        source=Source(kind="test", path="", index=0),
    )


@pytest.mark.parametrize(
    "body",
    [
        f"AuthToken={TOKEN}".encode(),
        json.dumps({"auth_token": TOKEN}).encode(),
        b"\xff AuthToken=\xe9&" + f"x=1&password={TOKEN}".encode(),
    ],
)
def test_exchange_is_masked_everywhere(body: bytes) -> None:
    safe = redact.exchange(exchange(body))
    assert TOKEN not in repr(safe)
    assert TOKEN.encode() not in safe.request.body + safe.response.body
    assert redact.exchange(safe) == safe


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    binary = bytes(range(256))
    assert redact.exchange(exchange(binary)).request.body == binary


@pytest.mark.parametrize(
    ("pointer", "actual", "hidden"),
    [
        ("/auth_token", TOKEN, True),
        ("/accounts/0/auth_token", 12345, True),
        ("/header/X-Api-Key", TOKEN, True),
        ("/header/Authorization", TOKEN, True),
        ("/cookie/session", TOKEN, True),
        ("/query/AuthToken", TOKEN, True),
        ("/auth_token", None, False),
        ("/auth_token", False, False),
        ("/auth_token", "", False),
        ("/name", "x", False),
        ("", {"name": "x"}, False),
    ],
)
def test_problem_at_the_place_of_a_secret_does_not_say_it(pointer: str, actual: Any, hidden: bool) -> None:
    message, shown = redact.said(f"{actual} is wrong", actual, pointer)
    assert (str(actual) not in message) is hidden
    assert (shown == MASK) is hidden


def test_masking_takes_linear_time() -> None:
    started = time.process_time()
    redact.text(f'"{"a" * 300_000}": ' + '"a-' * 100_000 + "+" * 100_000)
    assert time.process_time() - started < 5


SPEC = {
    "openapi": "3.1.0",
    "servers": [{"url": "https://api.example.com"}],
    "paths": {
        "/a": {
            "post": {
                "operationId": "a",
                "parameters": [
                    {"name": "X-Api-Key", "in": "header", "schema": {"type": "integer"}},
                    {"name": "api_key", "in": "query", "schema": {"enum": ["x"]}},
                    {"name": "session", "in": "cookie", "schema": {"type": "integer"}},
                ],
                "requestBody": {
                    "content": {
                        "application/x-www-form-urlencoded": {
                            "schema": {"properties": {"AuthToken": {"type": "string", "maxLength": 3}}}
                        }
                    }
                },
                "responses": {
                    "200": {
                        "content": {
                            "application/json": {
                                "schema": {
                                    "properties": {"auth_token": {"pattern": "^[0-9]$"}},
                                    "not": {"required": ["again"]},
                                    "additionalProperties": {"format": "date"},
                                }
                            }
                        }
                    }
                },
            }
        }
    },
}


def test_nothing_that_a_run_writes_holds_a_secret(tmp_path: Path) -> None:
    """Findings at the secret, beside it and above it, in every file and on both streams."""
    (tmp_path / "spec.json").write_text(json.dumps(SPEC))
    answer = {"auth_token": TOKEN, "again": {"password": TOKEN}, "secret": TOKEN}
    recorded = {
        "request": {
            "method": "POST",
            "url": f"https://user:{TOKEN}@api.example.com/a?api_key={TOKEN}",
            "headers": {
                "X-Api-Key": TOKEN,
                "Authorization": f"Basic {TOKEN}",
                "Cookie": f"session={TOKEN}",
                "Content-Type": "application/x-www-form-urlencoded",
            },
            "body": f"AuthToken={TOKEN}",
        },
        "response": {"status": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(answer)},
    }
    elsewhere = json.loads(json.dumps(recorded).replace(".com/a", ".com/b"))
    (tmp_path / "traffic.ndjson").write_text(f"{json.dumps(recorded)}\n{json.dumps(elsewhere)}\n")
    arguments = ["--specs", f"{tmp_path}/spec.json", "--output", f"{tmp_path}/out"]
    for findings in ("-", f"{tmp_path}/out/findings.ndjson"):
        result = CliRunner().invoke(
            main,
            [
                "check",
                f"{tmp_path}/traffic.ndjson",
                *arguments,
                "--findings",
                findings,
                "--report",
                "terminal,junit,json",
            ],
        )
        assert result.exit_code == 1, result.output
        assert TOKEN not in result.output
    files = list((tmp_path / "out").iterdir())
    assert {file.name for file in files} >= {"results.json", "junit.xml", "findings.ndjson"}
    assert [file.name for file in files if TOKEN in file.read_text()] == []
    found = [json.loads(line) for line in (tmp_path / "out" / "findings.ndjson").read_text().splitlines()]
    assert {each["instance_pointer"] for each in found} >= {
        "/header/X-Api-Key", "/query/api_key", "/cookie/session", "/AuthToken", "/auth_token", "",
    }  # fmt: skip
