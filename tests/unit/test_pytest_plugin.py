"""The pytest plugin, in a pytest of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
import vcr.stubs.aiohttp_stubs
from click.testing import CliRunner

import conformance.pytest_plugin.session
from conformance.cli import main

pytest_plugins = ["pytester"]

_LOADED = (aiohttp, httpx, requests, urllib3, vcr.stubs.aiohttp_stubs, conformance.pytest_plugin.session)
"""A pytest within this one forgets what it imported itself, and YAML's reader does not outlive that."""

SPEC = """
openapi: 3.1.0
info: {title: Things, version: '1'}
servers: [{url: '%s'}]
paths:
  /things/{Id}:
    parameters:
    - {name: Id, in: path, required: true, schema: {type: string}}
    get:
      operationId: fetchThing
      responses:
        '200':
          description: OK
          content:
            application/json:
              schema: {type: object, properties: {state: {type: string, enum: [open, closed]}}}
        '301': {description: Moved}
    post:
      operationId: changeThing
      requestBody:
        content:
          application/x-www-form-urlencoded:
            schema: {type: object, properties: {State: {type: string, enum: [open, closed]}}}
      responses: {'204': {description: Changed}}
"""


class Things(BaseHTTPRequestHandler):
    """Answers with the state that the path names."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        state = self.path.rpartition("/")[2]
        if state == "moved":
            self.send_response_only(301)
            self.send_header("Location", "/things/ajar")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = json.dumps({"state": state}).encode()
        self.send_response_only(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.send_response_only(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), Things)
    thread = threading.Thread(target=found.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()
    thread.join()


@pytest.fixture
def project(pytester: pytest.Pytester, server: str, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project with a description of the server."""
    pytester.path.joinpath("things.yaml").write_text(SPEC % server)
    pytester.makefile(".toml", conformance='specs = ["things.yaml"]')
    monkeypatch.setenv("SERVER", server)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return pytester


HEAD = "import os, pytest\nSERVER = os.environ['SERVER']\n"


def run(project: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    project.makepyfile(HEAD + source)
    return start(project, "--conformance", *arguments)


def start(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    """Run pytest with the plugins that are needed and no other: some take seconds to load."""
    plugins = ["-p", "conformance.pytest_plugin", "-p", "xdist", "-p", "no:cacheprovider"]
    if "-n" in arguments:  # workers of a pytest within a pytest do not always end
        return project.runpytest_subprocess(*plugins, *arguments)
    return project.runpytest_inprocess(*plugins, *arguments)


CLIENTS = {
    "requests": "import requests\ndef send(url):\n    requests.get(url)\n",
    "a requests session with redirects": "import requests\ndef send(url):\n    requests.Session().get(url)\n",
    "a requests stream": (
        "import requests\ndef send(url):\n    with requests.get(url, stream=True) as found:\n"
        "        list(found.iter_content(4))\n"
    ),
    "urllib3": "import urllib3\ndef send(url):\n    urllib3.PoolManager().request('GET', url)\n",
    "a urllib3 stream": (
        "import urllib3\ndef send(url):\n    found = urllib3.PoolManager().request('GET', url, preload_content=False)\n"
        "    while found.read(4): pass\n    found.release_conn()\n"
    ),
    "httpx": "import httpx\ndef send(url):\n    httpx.get(url, follow_redirects=True)\n",
    "an httpx stream": (
        "import httpx\ndef send(url):\n    with httpx.stream('GET', url, follow_redirects=True) as found:\n"
        "        list(found.iter_bytes())\n"
    ),
    "asynchronous httpx": (
        "import asyncio, httpx\nasync def get(url):\n"
        "    async with httpx.AsyncClient(follow_redirects=True) as client:\n"
        "        await client.get(url)\ndef send(url):\n    asyncio.run(get(url))\n"
    ),
    "an asynchronous httpx stream": (
        "import asyncio, httpx\nasync def get(url):\n"
        "    async with httpx.AsyncClient(follow_redirects=True) as client:\n"
        "        async with client.stream('GET', url) as found:\n            await found.aread()\n"
        "def send(url):\n    asyncio.run(get(url))\n"
    ),
    "aiohttp": (
        "import aiohttp, asyncio\nasync def get(url):\n    async with aiohttp.ClientSession() as session:\n"
        "        async with session.get(url) as found:\n            await found.json()\n"
        "def send(url):\n    asyncio.run(get(url))\n"
    ),
}


@pytest.mark.parametrize("client", CLIENTS)
def test_the_test_that_caused_a_finding_fails_and_no_other(project: pytest.Pytester, client: str) -> None:
    result = run(
        project,
        CLIENTS[client]
        + """
def test_good():
    send(SERVER + "/things/open")

def test_bad():
    send(SERVER + "/things/ajar")

def test_led_on():
    send(SERVER + "/things/moved")
""",
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "*_ test_bad _*",
            "conformance: 1 finding in the HTTP traffic of this test",
            "error: unknown-enum-value: things.fetchThing: response /state",
            '*"ajar" is not one of "open", "closed"',
            '  > *"state": "ajar"',
            "  things.yaml:*:* says (/paths/~1things~1{Id}/get/responses/200*",
            "  curl *",
            "*= conformance =*",
            "things.fetchThing * fail *",
            "things.changeThing * untested *",
            "* exchanges; 2 operations: 1 fail, 1 untested; findings: 1 error*",
        ]
    )


CASSETTE = """\
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: https://api.example.com/things/7
  response:
    body: {string: '{"state": "ajar"}'}
    headers: {Content-Type: [application/json]}
    status: {code: 200, message: OK}
version: 1
"""


@pytest.mark.parametrize("client", ["requests", "urllib3", "httpx", "asynchronous httpx", "aiohttp"])
def test_what_a_cassette_replays_is_checked(project: pytest.Pytester, client: str) -> None:
    project.path.joinpath("things.yaml").write_text(SPEC % "https://api.example.com")
    project.path.joinpath("tape.yaml").write_text(CASSETTE)
    result = run(
        project,
        CLIENTS[client]
        + """
import vcr

@vcr.use_cassette("tape.yaml", record_mode="none")
def test_replayed():
    send("https://api.example.com/things/7")
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["1 exchange; 2 operations: 1 fail*"])


def test_without_the_option_nothing_is_watched(project: pytest.Pytester) -> None:
    project.makepyfile(
        HEAD
        + """
import requests

def test_bad(conformance):
    requests.get(SERVER + "/things/ajar")
    with conformance.ignore("x"), conformance.pause():
        assert not conformance.is_active
    assert (conformance.findings, conformance.exchanges) == ((), ())
"""
    )
    result = start(project)
    result.assert_outcomes(passed=1)
    assert "= conformance =" not in result.stdout.str()


def test_a_request_is_checked_as_well(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
import aiohttp, asyncio, httpx, requests

def test_requests():
    requests.post(SERVER + "/things/1", data={"State": "ajar"})

def test_httpx():
    httpx.post(SERVER + "/things/1", data={"State": "ajar"})

def test_aiohttp():
    async def send():
        async with aiohttp.ClientSession() as session:
            await session.post(SERVER + "/things/1", data={"State": "ajar"})
    asyncio.run(send())
""",
    )
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(["error: unknown-enum-value: things.changeThing: request /State"] * 3)


def test_fixtures_cause_findings_in_their_own_phase(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
import requests

@pytest.fixture
def before():
    requests.get(SERVER + "/things/before")

@pytest.fixture
def after():
    yield
    requests.get(SERVER + "/things/after")

def test_before(before): pass
def test_after(after): pass
""",
    )
    result.assert_outcomes(passed=1, errors=2)


def test_a_test_that_fails_by_itself_shows_its_findings_beside(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
import requests

def test_both():
    requests.get(SERVER + "/things/ajar")
    assert 1 == 2
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *assert 1 == 2", "*- Captured conformance call -*", "conformance: 1 finding in *"])


def test_markers_and_the_fixture_make_exceptions(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
import requests

def bad():
    requests.get(SERVER + "/things/ajar")

@pytest.mark.conformance(enabled=False)
def test_unwatched(): bad()

@pytest.mark.conformance(ignore=["unknown-enum-*"])
def test_ignored(): bad()

@pytest.mark.conformance(ignore="unknown-enum-value")
def test_ignored_by_name(): bad()

@pytest.mark.conformance(operation=["*.changeThing"])
def test_of_another_operation(): bad()

def test_ignored_for_a_while(conformance):
    with conformance.ignore("unknown-enum-value"):
        bad()

def test_paused(conformance):
    with conformance.pause():
        bad()
    assert conformance.exchanges == ()

def test_asked(conformance):
    assert conformance.is_active
    with conformance.ignore("*"):
        bad()
    assert [each.rule_id for each in conformance.findings] == ["unknown-enum-value"]
    assert conformance.exchanges[0].response.status == 200
""",
    )
    result.assert_outcomes(passed=7)
    result.stdout.fnmatch_lines(["* 1 accepted by the baseline*"])


def test_a_marker_that_is_wrong_is_an_error_of_usage(project: pytest.Pytester) -> None:
    result = run(project, "@pytest.mark.conformance(only='this')\ndef test_misspelled(): pass\n")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*the marker conformance knows enabled, ignore, operation and fail_on only*"])


def test_severity_and_baseline(project: pytest.Pytester) -> None:
    project.path.joinpath("conformance.toml").write_text(
        'specs = ["things.yaml"]\n[severity]\nunknown-enum-value = "warning"\n'
    )
    source = """
import requests

@pytest.mark.conformance(fail_on="warning")
def test_strict():
    requests.get(SERVER + "/things/ajar")

def test_lenient():
    requests.get(SERVER + "/things/ajar")
"""
    result = run(project, source, "--conformance-output", "out")
    result.assert_outcomes(passed=1, failed=1)
    assert run(project, source, "--conformance-fail-on", "warning").ret == 1
    assert json.loads(project.path.joinpath("out/results.json").read_text())["findings"][0]["count"] == 2
    accepted = CliRunner().invoke(main, ["baseline", "out/results.json", "--to", "known.toml"])
    assert accepted.exit_code == 0
    result = run(project, source, "--conformance-baseline", "known.toml")
    result.assert_outcomes(passed=2)


def test_a_server_may_stand_for_the_documented_one(project: pytest.Pytester) -> None:
    project.path.joinpath("things.yaml").write_text(SPEC % "https://api.example.com/v1")
    source = """
import requests

def test_bad():
    requests.get(SERVER + "/things/ajar?x=1")
"""
    result = run(project, source, "--conformance-server", os.environ["SERVER"])
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["error: unknown-enum-value: things.fetchThing: response /state"])


def test_what_was_not_read_to_its_end_is_not_judged_and_counted(project: pytest.Pytester) -> None:
    result = run(
        project,
        """
import requests

def test_half():
    with requests.get(SERVER + "/things/ajar", stream=True) as found:
        found.raw.read(4)

def test_upload():
    requests.post(SERVER + "/things/1", data=(part for part in [b"State=ajar"]))
""",
    )
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["2 exchanges were not judged: their bodies were streamed"])


def test_a_run_without_traffic_says_so(project: pytest.Pytester) -> None:
    result = run(project, "def test_nothing(): pass\n", "-q")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["no HTTP traffic was seen, so nothing was checked"])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--conformance-spec", "gone.yaml"], "*gone.yaml*"),
        (["--conformance-baseline", "gone.toml"], "*gone.toml: cannot be read*"),
    ],
)
def test_what_is_wrong_with_an_option_is_an_error_of_usage(
    project: pytest.Pytester, arguments: list[str], reason: str
) -> None:
    result = run(project, "def test_nothing(): pass\n", *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([reason])


WORKERS = """
import requests

@pytest.mark.parametrize("state", ["open", "ajar", "closed", "shut", "lost", "open"])
def test_state(state):
    requests.get(SERVER + "/things/" + state)

@pytest.mark.conformance(ignore=["*"])
def test_ignored():
    requests.get(SERVER + "/things/ignored")
"""


def test_workers_find_what_one_process_finds(project: pytest.Pytester) -> None:
    alone = run(project, WORKERS, "--conformance-output", "alone")
    alone.assert_outcomes(passed=4, failed=3)
    together = run(project, WORKERS, "--conformance-output", "together", "-n", "2")
    together.assert_outcomes(passed=4, failed=3)
    one, two = (
        {**json.loads(project.path.joinpath(name, "results.json").read_text()), "timing": None}
        for name in ("alone", "together")
    )
    assert one == two
    together.stdout.fnmatch_lines(["7 exchanges; 2 operations: 1 fail, 1 untested; findings: 3 errors; 1 accepted*"])


def test_operations_become_tests(project: pytest.Pytester, server: str) -> None:
    project.makepyfile("def test_own(): pass\n")
    arguments = ["--conformance-spec", "things.yaml", "--conformance-target", server]
    result = start(project, *arguments, "-v")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "things.yaml::fetchThing FAILED*",
            "things.yaml::changeThing PASSED*",
            "error: *: things.fetchThing: *",
            "things.fetchThing * fail *",
        ]
    )
    split = start(project, *arguments, "-n", "2")
    split.assert_outcomes(passed=2, failed=1)
    chosen = start(project, *arguments, "-k", "changeThing")
    chosen.assert_outcomes(passed=1, deselected=2)


def test_a_target_that_is_not_there_fails_its_tests_with_one_sentence(project: pytest.Pytester) -> None:
    result = start(project, "--conformance-spec", "things.yaml", "--conformance-target", "http://127.0.0.1:1")
    result.assert_outcomes(failed=2)
    assert "Traceback" not in result.stdout.str()
    result.stdout.fnmatch_lines(["conformance: *http://127.0.0.1:1*"])


def test_tests_cost_nothing_where_nobody_asked() -> None:
    code = "import conformance.pytest_plugin, sys; print([each for each in sys.modules if 'conformance.' in each])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - own code
    assert found.stdout.strip() == "['conformance.version', 'conformance.pytest_plugin']"
