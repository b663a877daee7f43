"""`conformance run` as a whole: what is sent, sent again, resumed, planned and told."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner, Result

from conformance import targets
from conformance.cli import main
from conformance.config import Settings
from conformance.generate.case import Mode
from conformance.model.http import Request, Response
from conformance.run.field import Field
from conformance.run.suite import suite
from conformance.targets import in_turn

THING = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}, "name": {"type": "string"}}}


def answer(status: int, *more: int) -> dict[str, Any]:
    content = {"application/json": {"schema": THING}}
    return {str(each): {"description": "", "content": content} for each in (status, *more)}


DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Things", "version": "1"},
    "servers": [{"url": "https://things.example.com/v1"}],
    "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}},
    "security": [{"basic": []}],
    "paths": {
        "/things": {
            "get": {
                "operationId": "list",
                "parameters": [
                    {"name": "size", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 50}},
                    {"name": "q", "in": "query", "schema": {"type": "string", "maxLength": 40}},
                ],
                "responses": {**answer(200), "400": {"description": ""}, "401": {"description": ""}},
            },
            "post": {
                "operationId": "make",
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "type": "object",
                                "required": ["name"],
                                "properties": {"name": {"type": "string"}, "note": {"type": "string"}},
                            }
                        }
                    },
                },
                "responses": {**answer(201), "400": {"description": ""}},
            },
        },
        "/things/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"operationId": "fetch", "responses": answer(200)},
        },
    },
}


class Server:
    """Things, with a fault: a size above 9 gives a thing without an id."""

    def __init__(self, port: int, seen: list[tuple[str, str, dict[str, str], bytes]]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.seen = seen

    @property
    def lines(self) -> list[tuple[str, str, bytes]]:
        return [(method, path, body) for method, path, _, body in self.seen]


@contextmanager
def serving(*, stop_after: int | None = None, pid: list[int] | None = None) -> Iterator[Server]:
    """Serve; after some requests the process in `pid` is killed, and nobody is answered."""
    seen: list[tuple[str, str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((self.command, self.path, dict(self.headers), body))
            if stop_after is not None and pid and len(seen) == stop_after:
                os.kill(pid[0], signal.SIGKILL)
                return
            status, found = self.answer(body)
            content = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def answer(self, body: bytes) -> tuple[int, dict[str, Any]]:
            if urlsplit(self.path).path.count("/") == 3:
                return 404, {}
            if self.command == "POST":
                return 201, {"id": "1", "name": json.loads(body)["name"] if body else ""}
            size = next((each[5:] for each in urlsplit(self.path).query.split("&") if each.startswith("size=")), "1")
            return 200, {} if size.isdigit() and int(size) > 9 else {"id": "1"}

        do_GET = do_POST = do  # noqa: N815 - the names are http.server's

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield Server(server.server_port, seen)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "things.json").write_text(json.dumps(DOCUMENT))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.delenv("CONFORMANCE_AUTH", raising=False)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["run", "--specs", "things.json", *arguments])


def results(path: str = "reports") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(path, "results.json").read_text())
    return found


def finding(document: dict[str, Any], rule: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["findings"] if each["rule"] == rule)
    return found


@pytest.mark.usefixtures("folder")
def test_a_finding_is_sent_again_by_its_case_and_by_its_curl_line() -> None:
    with serving() as server:
        done = run(
            "--target", server.url, "--operation", "*.list", "--auth", "me:mine-and-secret", "--report", "terminal,json"
        )
        assert done.exit_code == 1, done.output
        found = finding(results(), "missing-required-field")
        evidence = found["samples"][0]["evidence"]
        assert evidence["curl"] in done.output
        assert evidence["again"] in done.output
        assert json.loads(Path("reports/report.json").read_text())["findings"][0]["curl"]
        size = urlsplit(evidence["request"]["url"]).query
        sent = len(server.seen)
        again = CliRunner().invoke(
            main, [*shlex.split(evidence["again"])[1:], "--auth", "me:mine-and-secret", "--output", "again"]
        )
        assert again.exit_code == 1, again.output
        assert (server.seen[sent][0], urlsplit(server.seen[sent][1]).query) == ("GET", size)
        assert finding(results("again"), "missing-required-field")["fingerprint"] == found["fingerprint"]
        assert [cell["id"] for cell in results("again")["cells"]] == [f"things.list positive {found['exchange']}"]
        sent = len(server.seen)
        subprocess.run(["sh", "-c", evidence["curl"]], check=True, capture_output=True,  # noqa: S603, S607 - our own line
                       env={**os.environ, "CONFORMANCE_AUTH": "me:mine-and-secret"})  # fmt: skip
        by_curl, by_us = server.seen[sent][2], server.seen[0][2]
        assert (server.seen[sent][0], urlsplit(server.seen[sent][1]).query) == ("GET", size)
        assert by_curl == by_us
        written = "".join(file.read_text() for file in Path().rglob("*") if file.is_file())
        assert "mine-and-secret" not in written + done.output + again.output
        assert base64.b64encode(b"me:mine-and-secret").decode() not in written


@pytest.mark.usefixtures("folder")
def test_the_smallest_request_that_fails_is_found() -> None:
    with serving() as server:
        run("--target", server.url, "--operation", "*.list")
        smallest = finding(results(), "missing-required-field")["samples"][0]["evidence"]["smallest"]
        assert re.fullmatch(r"https://things.example.com/v1/things\?size=\d\d", smallest["request"]["url"])
        assert f"{server.url}/v1/things?size=" in smallest["curl"]
        run("--target", server.url, "--operation", "*.list", "--no-shrink", "--output", "plain")
        assert "smallest" not in finding(results("plain"), "missing-required-field")["samples"][0]["evidence"]


@pytest.mark.usefixtures("folder")
def test_a_case_that_fails_is_saved_as_a_cassette_that_fails() -> None:
    with serving() as server:
        run("--target", server.url, "--operation", "*.list", "--failing", "failing", "--auth", "me:mine-and-secret")
    (file,) = Path("failing").iterdir()
    assert file.name.startswith("things.list-positive-")
    assert "mine-and-secret" not in file.read_text()
    checked = CliRunner().invoke(main, ["check", "--specs", "things.json", "--output", "checked", str(file)])
    assert checked.exit_code == 1, checked.output
    expected = finding(results(), "missing-required-field")["fingerprint"]
    assert finding(results("checked"), "missing-required-field")["fingerprint"] == expected


@pytest.mark.usefixtures("folder")
def test_where_failing_cases_cannot_be_saved_the_option_says_so() -> None:
    Path("taken").write_text("")
    with serving() as server:
        done = run("--target", server.url, "--operation", "*.list", "--failing", "taken/inside")
    assert done.exit_code == 2
    assert "--failing: taken/inside" in done.output


@pytest.mark.usefixtures("folder")
def test_the_bytes_on_the_wire_do_not_depend_on_the_workers() -> None:
    sent = []
    for workers in ("1", "4"):
        with serving() as server:
            run(
                "--target",
                server.url,
                "--modes",
                "positive,boundary,negative,headers",
                "--workers",
                workers,
                "--no-shrink",
            )
            sent.append(sorted(server.lines))
    assert sent[0] == sent[1]
    assert len(sent[0]) > 60


@pytest.mark.parametrize("target", ["mock", "wsgi:small:app"])
@pytest.mark.parametrize("engine", ["fast", "hypothesis"])
def test_shards_add_up_to_the_whole(folder: Path, target: str, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(folder))
    (folder / "small.py").write_text(
        textwrap.dedent("""
        def app(environment, start_response):
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b"{}"]
    """)
    )
    plan = ["--target", target, "--modes", "positive,boundary,negative,headers,stateful", "--engine", engine]
    plan += ["--max-cases", "6", "--seed", "3"]
    run(*plan, "--output", "whole")
    for number in (1, 2, 3):
        run(*plan, "--output", f"part{number}", "--shard", f"{number}/3")
    parts = [results(f"part{number}")["cells"] for number in (1, 2, 3)]
    names = [cell["id"] for cells in parts for cell in cells]
    assert len(names) == len(set(names)) == 15
    merged = CliRunner().invoke(main, ["report", *(f"part{n}/results.json" for n in (3, 1, 2)), "--output", "merged"])
    assert merged.exit_code in {0, 1}, merged.output
    whole, added = results("whole"), results("merged")
    whole["timing"] = added["timing"] = None
    assert json.dumps(added) == json.dumps(whole)
    texts = [
        [line for line in Path(name, "results.json").read_text().splitlines() if not line.startswith('"timing"')]
        for name in ("whole", "merged")
    ]
    assert texts[0] == texts[1]


@pytest.mark.usefixtures("folder")
def test_a_dry_run_prints_the_plan_and_sends_nothing() -> None:
    with serving() as server:
        done = run("--target", server.url, "--dry-run", "--modes", "positive,stateful", "--operation", "*.list")
        assert server.seen == []
    assert done.exit_code == 0, done.output
    *lines, last = done.output.splitlines()
    assert lines[0] == f"things.list:positive:0  GET {server.url}/v1/things  required only"
    assert last == f"{len(lines)} requests"
    assert not Path("reports").exists()


@pytest.mark.usefixtures("folder")
def test_a_dry_run_says_what_would_not_be_sent() -> None:
    done = run("--target", "https://things.example.com", "--dry-run")
    assert "(not sent: POST is not sent to things.example.com without --allow-writes)" in done.output
    assert " would not be sent" in done.output.splitlines()[-1]
    limited = run("--dry-run", "--max-requests", "2", "--operation", "*.list")
    assert "(not sent: the limit of 2 requests is reached)" in limited.output
    one = run("--dry-run", "--case", "things.list:positive:0")
    assert one.output.splitlines() == [
        "things.list:positive:0  GET http://127.0.0.1:4010/v1/things  required only",
        "1 requests",
    ]


@pytest.mark.usefixtures("folder")
def test_what_is_not_sent_is_named_with_its_reason() -> None:
    with serving() as server:
        done = run("--target", server.url, "--max-requests", "3", "--no-shrink")
        assert len(server.seen) == 3
    assert "not reached: 3 operations: the limit of 3 requests is reached" in done.output
    assert {key: why for cell in results()["cells"] for key, why in cell["not_run"].items()}.keys() == {
        "things.fetch",
        "things.list",
        "things.make",
    }
    assert all(not cell["unreadable"] for cell in results()["cells"])
    assert Path("reports/exchanges.ndjson").exists()


@pytest.mark.usefixtures("folder")
def test_made_up_paths_may_lead_nowhere_yet_that_is_no_pass() -> None:
    with serving() as server:
        done = run("--target", server.url, "--operation", "*.fetch")
        assert done.exit_code == 0, done.output
        assert "not reached: things.fetch: what their requests name does not exist there" in done.output
        assert results()["operations"][0]["verdict"] == "untested"
        both = run("--target", server.url, "--operation", "*.list", "--operation", "*.make", "--max-cases", "2")
        assert "does not exist there" not in both.output
        assert "pass" in {each["verdict"] for each in results()["operations"]}


@pytest.mark.usefixtures("folder")
def test_what_was_never_seen_has_its_reason() -> None:
    with serving() as server:
        done = run("--target", server.url, "--operation", "*.list", "-v")
    assert "    status 400, status 401: no mode was run that breaks requests" in done.output


def test_credentials_come_from_the_environment_and_from_netrc(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "netrc").write_text("machine 127.0.0.1 login kept password in-a-file\n")
    with serving() as server:
        run("--target", server.url, "--operation", "*.list", "--max-cases", "1")
        monkeypatch.setenv("CONFORMANCE_AUTH", "me:from-the-environment")
        run("--target", server.url, "--operation", "*.list", "--max-cases", "1")
        run("--target", server.url, "--operation", "*.list", "--max-cases", "1", "--auth", "me:by-option")
        sent = [base64.b64decode(headers["Authorization"].removeprefix("Basic ")) for _, _, headers, _ in server.seen]
    assert sent == [b"kept:in-a-file", b"me:from-the-environment", b"me:by-option"]


@pytest.mark.usefixtures("folder")
def test_header_fields_of_the_user_are_sent_and_secret_ones_kept_back() -> None:
    with serving() as server:
        run(
            "--target", server.url, "--operation", "*.list", "--header", "X-Api-Key: s3cr3t-value", "--header", "X-A: b"
        )
        assert {(headers["X-Api-Key"], headers["X-A"]) for _, _, headers, _ in server.seen} == {("s3cr3t-value", "b")}
    text = Path("reports/results.json").read_text()
    assert "s3cr3t-value" not in text
    assert (
        '"X-Api-Key: $SECRET"'
        in json.loads(json.dumps(finding(results(), "missing-required-field")["samples"][0]))["evidence"]["curl"]
    )


COMMAND = [sys.executable, "-m", "conformance", "run", "--specs", "things.json", "--modes", "positive,negative"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.mark.usefixtures("folder")
def test_a_run_that_was_killed_goes_on_where_it_was() -> None:
    with serving() as server:
        run("--target", server.url, "--modes", "positive,negative", "--no-shrink", "--output", "whole")
        whole = server.lines
    pid: list[int] = []
    with serving(stop_after=20, pid=pid) as server:
        arguments = [*COMMAND, "--target", server.url, "--no-shrink"]
        with subprocess.Popen(arguments, env=_environment(), stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own program
            pid.append(process.pid)
            assert process.wait(120) == -signal.SIGKILL
        journal = Path("reports/exchanges.ndjson")
        assert len(journal.read_text().splitlines()) == 19
        assert journal.stat().st_mode & 0o077 == 0
        with journal.open("a") as file:
            file.write('{"id": "things.list:positive:0/0", "requ')
        other = run("--target", server.url, "--modes", "positive,negative", "--resume", "--seed", "9")
        assert other.exit_code == 2
        assert "--resume: reports/exchanges.ndjson was kept by a run of other" in other.output
        done = run("--target", server.url, "--modes", "positive,negative", "--no-shrink", "--resume")
        assert done.exit_code == 1, done.output
        assert server.lines[:19] + server.lines[20:] == whole
        assert not journal.exists()
    one, two = results("whole"), results()
    assert [each["fingerprint"] for each in one["findings"]] == [each["fingerprint"] for each in two["findings"]]
    assert [each["exchanges"] for each in one["operations"]] == [each["exchanges"] for each in two["operations"]]


@pytest.mark.usefixtures("folder")
def test_there_may_be_nothing_to_resume() -> None:
    with serving() as server:
        assert run("--target", server.url, "--operation", "*.make", "--resume").exit_code == 0
        assert len(server.seen) > 1
    assert run("--operation", "*.make", "--resume").exit_code == 0


def test_a_journal_that_cannot_be_kept_is_refused(folder: Path) -> None:
    (folder / "taken").write_text("")
    (folder / "odd" / "exchanges.ndjson").mkdir(parents=True)
    with serving() as server:
        for output in ("taken/inside", "odd"):
            done = run("--target", server.url, "--operation", "*.make", "--output", output)
            assert done.exit_code == 2
            assert f"--output: {output}/exchanges.ndjson" in done.output
        read = run("--target", server.url, "--operation", "*.make", "--output", "odd", "--resume")
        assert "--output: odd/exchanges.ndjson" in read.output


@pytest.mark.usefixtures("folder")
def test_an_interrupted_run_ends_with_a_report_of_what_was_seen() -> None:
    with serving() as server:
        arguments = [*COMMAND, "--target", server.url, "--operation", "*.make", "--rate", "30"]
        arguments += ["--modes", "positive,negative,boundary,headers"]
        with subprocess.Popen(arguments, env=_environment(), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
            while not server.seen:
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=60)
            assert process.returncode in {1, 130}, output
    assert "not reached: things.make: the run was interrupted" in output
    assert results()["operations"][0]["exchanges"] == len(server.seen) > 0
    assert Path("reports/exchanges.ndjson").exists()


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("nonsense", "'nonsense' is no case"),
        ("things.nothing:positive:0", "there is no operation"),
        ("things.list:negative:99999", "has no negative case 99999"),
        ("things.list:stateful:7", "anchors no session"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_case_that_does_not_exist_is_refused(case: str, message: str) -> None:
    done = run("--case", case)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.usefixtures("folder")
def test_a_step_of_a_session_sends_all_of_it() -> None:
    with serving() as server:
        done = run("--target", server.url, "--case", "things.make:stateful:0/1")
        assert [method for method, _, _ in server.lines][:2] == ["POST", "GET"]
        assert "things.make:stateful:0/1 (fetch): GET" in done.output
        assert [cell["id"] for cell in results()["cells"]] == ["things.make stateful things.make:stateful:0/1"]


@pytest.mark.usefixtures("folder")
def test_a_run_that_nobody_answers_is_no_success() -> None:
    done = run("--target", "https://things.example.invalid", "--operation", "*.make")
    assert done.exit_code == 2
    with serving() as server:
        none = run("--target", server.url, "--operation", "*.make", "--modes", "nonsense")
    assert "no mode 'nonsense'" in none.output


class _Twilio:
    """Answers as Twilio does where it is asked with test credentials."""

    name, local = "https://api.twilio.com", False

    def __init__(self, answer: Response) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    def reach(self) -> None:
        return

    def place(self, url: str) -> str:
        return url

    def send(self, request: Request) -> Response:
        self.asked.append(request)
        return self.answer

    def play(self, dialogues: Any) -> Any:
        return in_turn(self.send, dialogues)

    def close(self) -> None:
        return


ACCOUNT = "AC" + "0" * 32


@pytest.mark.parametrize(
    ("status", "body", "sent"), [(403, b'{"code": 20008}', ["GET", "POST"]), (200, b"{}", ["GET"])]
)
def test_twilio_is_asked_whether_credentials_are_for_tests(
    status: int, body: bytes, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    twilio = _Twilio(Response(status=status, body=body))
    monkeypatch.setattr(targets, "open_target", lambda *_: twilio)
    settings = Settings(target=twilio.name, auth=f"{ACCOUNT}:not-a-real-token", allow_writes=True)
    made = suite(replace(settings, operation=("twilio_voice.createCall",)))
    with closing(Field(made)) as field:
        asked = twilio.asked[0]
        assert asked.url.endswith(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1")
        (operation,) = made.chosen
        list(field.steps(operation, Mode.POSITIVE))
    assert sorted({each.method for each in twilio.asked}) == sent
    assert all(f"/Accounts/{ACCOUNT}/" in each.url for each in twilio.asked)


@pytest.mark.usefixtures("folder")
def test_recordings_are_judged_beside_what_is_sent() -> None:
    request = {"method": "GET", "url": "https://things.example.com/v1/things", "headers": {"Authorization": "Basic x"}}
    line = {"id": "kept", "request": request, "response": {"status": 418}}
    Path("kept.ndjson").write_text(json.dumps(line))
    done = run("--operation", "*.list", "--recordings", "kept.ndjson")
    assert done.exit_code == 1, done.output
    assert "again: " not in done.output
    assert [cell["id"] for cell in results()["cells"]] == ["recording kept.ndjson", "things.list positive"]
    assert "curl" not in finding(results(), "undocumented-status")["samples"][0]["evidence"]


def test_an_operation_without_a_valid_request_is_named(folder: Path) -> None:
    schema = {"type": "string", "pattern": r"(a)\1"}
    impossible = {"name": "odd", "in": "query", "required": True, "schema": schema}
    operation = {"operationId": "odd", "parameters": [impossible], "responses": answer(200)}
    paths = {"/things": DOCUMENT["paths"]["/things"], "/odd": {"get": operation}}
    (folder / "things.json").write_text(json.dumps({**DOCUMENT, "paths": paths}))
    done = run("--target", "mock", "--max-cases", "2")
    assert "not reached: things.odd: no valid request can be made" in done.output


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("keeps", [True, False])
def test_a_target_is_sent_the_documented_host_where_that_is_wanted(keeps: bool) -> None:
    with serving() as server:
        done = run("--target", server.url, "--operation", "*.list", *(["--keep-host"] if keeps else []))
        sent = {headers["Host"] for _, _, headers, _ in server.seen}
    assert done.exit_code == 1, done.output
    evidence = finding(results(), "missing-required-field")["samples"][0]["evidence"]
    assert sent == {"things.example.com" if keeps else server.url.removeprefix("http://")}
    assert ("--keep-host" in evidence["again"]) is keeps
    assert ("Host: things.example.com" in evidence["curl"]) is keeps
