"""A recording endpoint, and programs that are judged by what they send."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.sdk.wire import Reply, Wire

ROOT: Final = Path(__file__).parents[2]
ACCOUNT: Final = "AC00000000000000000000000000000000"
WITH_SDK: Final = f"""
from twilio.rest import Client
client = Client("{ACCOUNT}", "not-a-real-token")
message = client.messages.create(to="+15005550006", from_="+15005550010", body="Hello")
print(client.messages(message.sid).fetch().body)
"""
BY_ADDRESS: Final = f"""
import os, urllib.request
url = os.environ["CONFORMANCE_URL"] + "/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
headers = {{"Authorization": "Basic QUMwOnRva2VuLW9m", "Accept": "application/json"}}
opener.open(urllib.request.Request(url, headers=headers)).read()
"""
ELSEWHERE: Final = """
import urllib.request
try: urllib.request.urlopen("https://elsewhere.example/")
except OSError as error: print(error)
raise SystemExit(3)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def recorded(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def script(tmp_path: Path, text: str) -> str:
    file = tmp_path / "program.py"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_an_unmodified_sdk_is_recorded_through_the_proxy(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    result = run("record", "--to", str(file), "--", sys.executable, script(tmp_path, WITH_SDK))
    assert result.exit_code == 0, result.output
    assert "2 exchanges" in result.output
    sent = recorded(file)
    assert [each["request"]["method"] for each in sent] == ["POST", "GET"]
    assert all(each["request"]["url"].startswith("https://api.twilio.com/2010-04-01/Accounts/") for each in sent)
    assert "not-a-real-token" not in file.read_text(encoding="utf-8")
    assert ["Authorization", "Basic ***"] in sent[0]["request"]["headers"]
    assert run("check", str(file), "--output", str(tmp_path), "--report", "junit").exit_code == 0


def test_a_node_program_is_recorded_through_the_proxy(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    code = f'require("twilio")("{ACCOUNT}", "not-a-real-token").calls.list({{limit: 1}})'
    result = run("record", "--to", str(file), "--", "node", "-e", code)
    assert result.exit_code == 0, result.output
    assert [each["request"]["url"].partition("?")[0] for each in recorded(file)] == [
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json"
    ]


def test_a_program_that_knows_the_address_is_recorded_under_the_documented_url(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    result = run("record", "--to", str(file), "--", sys.executable, script(tmp_path, BY_ADDRESS))
    assert result.exit_code == 0, result.output
    assert recorded(file)[0]["request"]["url"] == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Calls.json"


def test_another_server_can_be_recorded(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    said = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{"calls":[]}'
    with Wire(lambda _: Reply(data=said)) as upstream:
        program = script(tmp_path, BY_ADDRESS)
        result = run("record", "--to", str(file), "--upstream", upstream.url, "--", sys.executable, program)
    assert result.exit_code == 0, result.output
    assert recorded(file)[0]["response"]["body"] == '{"calls":[]}'


def test_a_server_that_is_not_there_is_a_502(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    program = script(tmp_path, BY_ADDRESS)
    result = run("record", "--to", str(file), "--upstream", f"http://127.0.0.1:{port}", "--", sys.executable, program)
    assert result.exit_code in {1, 2}, "the program fails, or the server is missed at once"
    if result.exit_code == 1:
        assert recorded(file)[0]["response"]["status"] == 502


def test_other_hosts_are_refused_and_a_program_that_fails_is_said(tmp_path: Path) -> None:
    file = tmp_path / "traffic.ndjson"
    result = run("record", "--to", str(file), "--", sys.executable, script(tmp_path, ELSEWHERE))
    assert result.exit_code == 2, "nothing was recorded"
    assert "ended with 3" in result.output
    assert file.read_bytes() == b""


def test_exec_judges_what_a_program_sends(tmp_path: Path) -> None:
    program = f"{sys.executable} {script(tmp_path, WITH_SDK)}"
    result = run("sdk", "--exec", program, "--output", str(tmp_path), "--report", "json")
    assert result.exit_code == 0, result.output
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    called = {each["key"] for each in results["operations"] if each["exchanges"]}
    assert called == {"twilio_messaging.createMessage", "twilio_messaging.fetchMessage"}


def test_exec_fails_with_its_program(tmp_path: Path) -> None:
    program = f"{sys.executable} {script(tmp_path, BY_ADDRESS + 'raise SystemExit(7)')}"
    assert run("sdk", "--exec", program, "--output", str(tmp_path), "--report", "json").exit_code == 1


@pytest.mark.parametrize(
    ("program", "reason"), [("true", "sent nothing"), ("no-such-program", "can be started"), ("", "write it")]
)
def test_exec_says_why_nothing_was_judged(tmp_path: Path, program: str, reason: str) -> None:
    result = run("sdk", "--exec", program, "--output", str(tmp_path))
    assert result.exit_code == 2
    assert reason in result.output


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    result = run("record", "--to", str(tmp_path / "missing" / "file.ndjson"), "--", "true")
    assert result.exit_code == 2
    assert "--to" in result.output
