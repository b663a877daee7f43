"""`conformance serve`: the reference server as a command."""

import http.client
import json
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance import checks, recordings
from conformance.checks.judge import Judge
from conformance.cli import main
from conformance.generate.case import request
from conformance.generate.plan import cases
from conformance.mock.credentials import basic
from conformance.mock.faults import Fault
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation
from conformance.openapi import operations as documents
from conformance.run.serve import plants
from conformance.run.suite import compiler
from conformance.sdk.certificate import certificate

ROOT = Path(__file__).parents[2]
SID, TOKEN = "AC0123456789abcdef0123456789abcdef", "fake-token"


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def ask(url: str, method: str, path: str, form: str | None = None, token: str = TOKEN) -> tuple[int, Any]:
    host, _, port = url.removeprefix("http://").partition(":")
    headers = {"Authorization": basic(SID, token), "Host": "proxy.twilio.com"}
    if form is not None:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with closing(http.client.HTTPConnection(host, int(port), timeout=10)) as connection:
        connection.request(method, path, body=form, headers=headers)
        response = connection.getresponse()
        content = response.read()
    return response.status, json.loads(content) if content else None


def test_what_was_created_is_there_after_a_restart(tmp_path: Path) -> None:
    state, record = tmp_path / "state.json", tmp_path / "traffic.ndjson"
    files = ("--state", str(state), "--record", str(record))
    with serving(*files) as (url, process):
        assert process.stdout is not None
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert "90 operations of 5 descriptions, open to this machine only" in process.stdout.readline()
        status, made = ask(url, "POST", "/v1/Services", "UniqueName=one")
        assert status == 201
    with serving(*files) as (url, _):
        assert ask(url, "GET", f"/v1/Services/{made['sid']}") == (200, made)
    seen = [each for each in recordings.read(str(record)) if isinstance(each, Exchange)]
    assert [each.response.status for each in seen] == [201, 200]
    assert TOKEN not in record.read_text(encoding="utf-8")
    assert basic(SID, TOKEN) not in record.read_text(encoding="utf-8")


def test_with_a_certificate_it_speaks_tls_and_links_lead_there(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    made = certificate(tmp_path, ())
    trusting = ssl.create_default_context(cafile=made.file)
    both = tmp_path / "both.pem"
    both.write_bytes(made.file.read_bytes() + made.key.read_bytes())
    with serving("--certificate", str(both)) as (url, _):
        assert re.fullmatch(r"https://127\.0\.0\.1:\d+", url)
        headers = {"Authorization": basic(SID, TOKEN), "Content-Type": "application/x-www-form-urlencoded"}
        with closing(http.client.HTTPSConnection(url.removeprefix("https://"), timeout=10, context=trusting)) as line:
            line.request("POST", "/v1/Services", "FriendlyName=one", headers)
            with closing(line.getresponse()) as response:
                service = json.load(response)
    assert service["url"] == f"{url}/v1/Services/{service['sid']}"


def test_accounts_faults_and_latency_are_taken_from_the_command_line() -> None:
    with serving("--account", f"{SID}:{TOKEN}", "--faults", "status:503@*.ListService", "--latency", "1ms") as (url, _):
        assert ask(url, "GET", "/v1/Services", token="other")[0] == 401
        assert ask(url, "GET", "/v1/Services")[0] == 503
        assert ask(url, "POST", "/v1/Services", "UniqueName=one")[0] == 201


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--faults", "nothing"], "there is no fault 'nothing'"),
        (["--faults", "truncate=2"], "'truncate=2' is no fault"),
        (["--faults", "truncate@ListService"], "'ListService' names no operation"),
        (["--latency", "soon"], "'soon' is no time"),
        (["--state", "{folder}/nowhere/state.json"], "No such file or directory"),
        (["--account", "me"], "is not SID:TOKEN"),
        (["--state", "{folder}/broken.json"], "no state of the reference server"),
        (["--record", "{folder}/nowhere/traffic.ndjson"], "No such file or directory"),
        (["--host", "192.0.2.1"], "choose another port"),
        (["--certificate", "{folder}/none.pem"], "No such file or directory"),
        (["--certificate", "{folder}/broken.json"], "a certificate and its key in PEM form"),
    ],
)
def test_wrong_wishes_end_in_an_error(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "broken.json").write_text("{}", encoding="utf-8")
    filled = [each.replace("{folder}", str(tmp_path)) for each in arguments]
    result = CliRunner().invoke(main, ["serve", "--port", "0", *filled])
    assert result.exit_code == 2
    assert message in result.output


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = CliRunner().invoke(main, ["serve", "--port", str(taken.getsockname()[1])])
    assert result.exit_code == 2
    assert "Address already in use" in result.output


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(each for path in documents.find((ROOT / "specs",)) for each in documents.read(path))


@cache
def judge() -> Judge:
    return Judge(operations(), checks=checks.by_default(), compiler=compiler())


NOWHERE = {"pattern-mismatch", "structure-mismatch"}
"""No answer of the five descriptions has a place for these: every pattern is a SID's, no object is closed."""


def struck(rule: str, operation: Operation) -> Iterator[set[str]]:
    """What the judge says of answers into which the server planted a fault."""
    mock = Mock(operations(), compiler(), faults=[Fault(name=rule)], plants=plants(checks.by_default()))
    state = State()
    for case in islice(cases(operation, context=lambda each: mock.seeded(each, state)), 2 if rule in NOWHERE else 20):
        sent = request(case)
        sent = replace(sent, headers=sent.headers.replace("Authorization", mock.authorization))
        source = Source(kind="run", path="", index=0)
        exchange = Exchange(id=case.id, request=sent, response=mock.handle(sent, state)[0], source=source)
        yield {finding.rule_id for finding in judge().judge(exchange, operation=operation).findings}


@pytest.mark.parametrize("rule", sorted(plants(checks.by_default())))
def test_a_planted_check_is_found_by_that_check_and_no_other(rule: str) -> None:
    answers = (names for operation in operations() for names in struck(rule, operation))
    assert next(filter(None, answers), set()) == (set() if rule in NOWHERE else {rule})
