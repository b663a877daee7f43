"""The conversation with a driver, and the ways in which it fails."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from conformance.model.http import Headers, Response
from conformance.sdk import drivers, environments
from conformance.sdk.protocol import Argument, Call, Driver, DriverFailed, Launch
from conformance.sdk.session import Session, always

URL: Final = "http://127.0.0.1:9"
ECHO: Final = """
import json, sys
for line in sys.stdin:
    command = json.loads(line)
    answers = {
        "describe": {"sdk": "echo"},
        "calls": {"calls": [{"call": "a.fetch"}], "broken": [{"call": "b", "error": "E"}]},
        "call": {"outcome": "raised", "error": {"type": "E", "message": f"at 0x7f00 {command.get('path')}"}},
    }
    print(json.dumps({"id": command["id"], **answers[command["do"]]}), flush=True)
"""


def launch(program: str) -> Launch:
    return Launch(name="test", command=(sys.executable, "-c", program))


@pytest.fixture
def echo() -> Iterator[Driver]:
    driver = Driver(launch(ECHO), URL)
    yield driver
    driver.close()


def test_what_a_driver_leaves_out_is_filled_in(echo: Driver) -> None:
    about = echo.about()
    assert (about.sdk, about.version, about.clients) == ("echo", "", ("default",))
    calls, broken = echo.calls("default")
    assert calls == (Call(name="a.fetch", kind="fetch", path=(), arguments=()),)
    assert broken == {"b": "E"}
    outcome = echo.call("default", calls[0], path=("x",), arguments={}, settings={})
    assert outcome.raised is not None
    assert str(outcome.raised) == "E: at 0x7f00 ['x']"
    assert (outcome.raised.own, outcome.raised.status) == (False, None)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('no such SDK')", r"ended \(no such SDK\)"),
        ("print('hello', flush=True); input(); input()", "which is not JSON"),
        ("input(); print('{\"id\": 7}', flush=True); input()", "answered something else than command 1"),
        ("input(); print('[]', flush=True); input()", "answered something else"),
        ('input(); print(\'{"id": 1, "error": "not me"}\', flush=True); input()', "cannot do 'describe': not me"),
    ],
)
def test_a_driver_that_fails_says_why(program: str, reason: str) -> None:
    driver = Driver(launch(program), URL)
    with pytest.raises(DriverFailed, match=reason):
        driver.about()
    driver.close()


def test_a_driver_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conformance.sdk.protocol.PATIENCE", 0.2)
    driver = Driver(launch("import time; time.sleep(60)"), URL)
    with pytest.raises(DriverFailed, match="said nothing"):
        driver.about()
    monkeypatch.setattr("conformance.sdk.protocol.GRACE", 0.1)
    driver.close()


def test_a_program_that_cannot_be_started_says_so() -> None:
    with pytest.raises(DriverFailed, match="cannot be started"):
        Driver(Launch(name="test", command=("/no/such/program",)), URL)


def test_no_proxy_of_the_user_comes_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    said = "{'id': 1, 'sdk': os.environ.get('HTTPS_PROXY', 'none')}"
    driver = Driver(launch(f"import json, os; input(); print(json.dumps({said}), flush=True)"), URL)
    assert driver.about().sdk == "none"
    driver.close()


def test_requests_between_calls_are_turned_away() -> None:
    import http.client  # noqa: PLC0415 - only here

    with Session(launch(ECHO), "default") as session:
        client = http.client.HTTPConnection("127.0.0.1", session.wire.port)
        client.request("GET", "/")
        assert client.getresponse().status == 503
        client.close()
        heard = session.make(session.driver.calls("default")[0][0], always(Response(status=200, headers=Headers())))
        assert heard.requests == ()
        assert heard.outcome.raised is not None
        assert heard.outcome.raised.message == "at 0x []", "what differs from run to run is left out"


def test_a_session_whose_driver_does_not_start_leaves_nothing_behind() -> None:
    with pytest.raises(DriverFailed), Session(launch("raise SystemExit('no')"), "default"):
        pass


# Which drivers there are


def test_drivers_ship_with_their_programs() -> None:
    assert drivers.names() == ("node", "python")
    for name in drivers.names():
        assert drivers.shipped(name).TITLE
        launched = drivers.shipped(name).launch(None)
        assert drivers.launch(drivers.shipped(name).SDK) == launched, "reports call it so"
        assert Path(launched.command[1]).is_file()
        assert drivers.state(name) == "ready"


def test_a_command_is_a_driver_too() -> None:
    assert drivers.launch(f"{sys.executable} -c pass").command == (sys.executable, "-c", "pass")
    with pytest.raises(DriverFailed, match="the drivers are node, python"):
        drivers.launch("nodde")
    with pytest.raises(DriverFailed, match="up to it"):
        drivers.launch(f"{sys.executable} -c pass", "1.0")


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DriverFailed, match="npm install twilio"):
        drivers.launch("node")
    assert drivers.state("node") == "missing"
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(DriverFailed, match="no `node`"):
        drivers.launch("node")
    with pytest.raises(DriverFailed, match="no npm"):
        environments.with_npm(tmp_path, "1.0.0")
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(DriverFailed, match=r"pip install 'conformance\[sdk\]'"):
        drivers.launch("python")


# Environments of their own


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_version_is_installed_once(cache: Path) -> None:
    installed: list[str] = []

    def install(folder: Path, version: str) -> None:
        installed.append(version)
        (folder / "packages").mkdir()

    for _ in range(2):
        made = environments.environment("toy", "1.2.3", install)
    assert installed == ["1.2.3"]
    assert made == cache / "sdk" / "toy-1.2.3"
    assert (made / "packages").is_dir()
    assert [each.name for each in made.parent.iterdir()] == ["toy-1.2.3"]


def test_an_installation_that_fails_leaves_nothing_and_says_why(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "import sys; sys.exit('npm error code E404\\nnpm error 404 no such version\\nnpm error A complete log')"
    monkeypatch.setattr(sys, "executable", sys.executable)

    def install(_: Path, version: str) -> None:
        environments.run([sys.executable, "-c", said], what=f"toy {version}")

    with pytest.raises(DriverFailed, match=r"toy 9 cannot be installed: npm error 404 no such version"):
        environments.environment("toy", "9", install)
    assert list((cache / "sdk").iterdir()) == []


@pytest.mark.parametrize("version", ["../up", "", "1 2", "-x", "$(id)"])
def test_only_versions_are_versions(cache: Path, version: str) -> None:
    with pytest.raises(DriverFailed, match="is no version"):
        environments.environment("toy", version, lambda _, __: None)
    assert not cache.exists()


def test_an_installation_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "PATIENCE", 0.1)
    with pytest.raises(DriverFailed, match="was not installed within"):
        environments.run([sys.executable, "-c", "import time; time.sleep(5)"], what="toy")


def test_installers_say_what_they_could_not_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(environments, "run", lambda command, *, what: commands.append([*command, what]))
    environments.with_pip(tmp_path, "8.13.0")
    environments.with_npm(tmp_path, "5.0.0")
    assert commands[0][-2:] == ["twilio==8.13.0", "twilio 8.13.0 for Python"]
    assert commands[1][-2:] == ["twilio@5.0.0", "twilio 5.0.0 for Node"]


def test_arguments_say_their_forms() -> None:
    assert Argument(name="body", required=True, type="body").forms == ("plain",)
