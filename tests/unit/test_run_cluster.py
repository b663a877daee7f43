"""Recordings judged by a real Dask cluster of this machine, while its workers come and go."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from conformance.cli import main
from conformance.config import Settings
from conformance.errors import TargetError
from conformance.run import check
from conformance.run.kept import FOLDER

distributed = pytest.importorskip("distributed", reason="the extra conformance[dask] is not installed")
pytestmark = [
    # Dask's own: what it leaves open where a process is killed, and what it says of the Python it runs on.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

SPEC = """
openapi: 3.1.0
servers: [{url: https://api.example.com}]
paths:
  /things/{ThingId}:
    parameters: [{name: ThingId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: fetchThing
      responses: {'200': {content: {application/json: {schema: {type: object}}}}}
    delete:
      operationId: deleteThing
      responses: {'204': {description: Done}}
"""
PART = 10_000


def line(number: int) -> str:
    """Ten sessions side by side, each of which deletes a thing and still gets it; every third body is no object."""
    url = f"https://api.example.com/things/{number % 10}"
    request = {"method": "DELETE" if number % 30 < 10 else "GET", "url": url}
    body = "[]" if number % 3 == 0 else "{}"
    found = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    response = {"status": 204} if number % 30 < 10 else found
    return json.dumps({"session": f"s{number // 70}.{number % 10}", "request": request, "response": response}) + "\n"


@pytest.fixture
def traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(SPEC, encoding="utf-8")
    path = Path("traffic.ndjson")
    path.write_text("".join(map(line, range(1_500))), encoding="utf-8")
    return path


@pytest.fixture
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, silence_logs=50
    ) as found:
        yield found


def run(*arguments: str, output: str) -> Result:
    given = ["check", "traffic.ndjson", "--specs", "spec.yaml", "--findings", f"{output}/all.ndjson", "--quiet"]
    return CliRunner().invoke(main, [*given, "--output", output, *arguments])


def written(output: str) -> dict[str, Any]:
    """Give results.json, read and as text without its timing, and the findings."""
    text = Path(output, "results.json").read_text(encoding="utf-8")
    kept = "".join(line for line in text.splitlines(keepends=True) if not line.startswith('"timing"'))
    occurrences = Path(output, "all.ndjson").read_text(encoding="utf-8")
    return {**json.loads(text), "timing": None, "text": kept, "occurrences": occurrences}


@pytest.fixture
def whole(traffic: Path) -> dict[str, Any]:
    """Give what one process finds."""
    assert run(output="whole").exit_code == 1
    found = written("whole")
    assert {finding["rule"] for finding in found["findings"]} >= {"deleted-resource-answers", "type-mismatch"}
    return found


def telling(monkeypatch: pytest.MonkeyPatch, part: int, act: Callable[[], None]) -> list[int]:
    """Do something when a number of parts are done; give how many exchanges each part had."""
    told: list[int] = []
    judged = check.check

    def progress(count: int) -> None:
        told.append(count)
        if len(told) == part:
            act()

    def checked(settings: Settings, inputs: tuple[str, ...], **_: Any) -> Any:
        return judged(settings, inputs, progress=progress)

    monkeypatch.setattr(check, "check", checked)
    return told


def test_a_killed_worker_changes_nothing(cluster: Any, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    with distributed.Client(cluster) as client:
        before = client.run(os.getpid)

        def kill() -> None:
            os.kill(next(iter(before.values())), signal.SIGKILL)

        told = telling(monkeypatch, 3, kill)
        found = run("--scheduler", cluster.scheduler_address, "--partition-size", str(PART), output="cluster")
        assert found.exit_code == 1, found.output
        assert len(told) > 20
        client.wait_for_workers(2, timeout=60)
        assert len(set(client.run(os.getpid).values()) - set(before.values())) == 1
    assert written("cluster") == whole
    assert not Path("cluster", FOLDER).exists()


def test_a_lost_scheduler_costs_nothing_that_was_done(
    cluster: Any, whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("conformance.run.cluster._PATIENCE", 3)
        telling(patched, 3, cluster.close)
        found = run("--scheduler", cluster.scheduler_address, "--partition-size", str(PART), output="resumed")
    assert found.exit_code == 2, found.output
    assert "what was done is kept: try --resume" in found.output
    parts = list(Path("resumed", FOLDER).iterdir())
    assert len(parts) >= 3
    times = {part: part.stat().st_mtime_ns for part in parts}
    seen: dict[Path, int] = {}
    with monkeypatch.context() as patched:
        telling(patched, 10, lambda: seen.update((part, part.stat().st_mtime_ns) for part in times))
        found = run("--partition-size", str(PART), "--resume", output="resumed")
    assert found.exit_code == 1, found.output
    assert seen == times
    assert written("resumed") == whole


def test_a_cluster_of_this_machine(whole: dict[str, Any]) -> None:
    found = run("--scheduler", "local", "--workers", "2", "--partition-size", "100K", output="local")
    assert found.exit_code == 1, found.output
    assert written("local") == whole


def test_a_scheduler_that_is_not_there(traffic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from conformance.run import cluster  # noqa: PLC0415 - the fixture has the name

    monkeypatch.setattr(cluster, "_PATIENCE", 0.1)
    found = run("--scheduler", "tcp://127.0.0.1:1", output="none")
    assert found.exit_code == 2
    assert "tcp://127.0.0.1:1: cannot be reached" in found.output


def test_without_dask(traffic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    found = run("--scheduler", "local", output="none")
    assert found.exit_code == 2
    assert "pip install 'conformance[dask]'" in found.output


def test_workers_of_another_version_are_refused() -> None:
    from conformance.run import guest  # noqa: PLC0415 - needs the extra

    with pytest.raises(RuntimeError, match=r"the check is made by 0\.0"):
        guest.Descriptions("x", "0.0", b"").setup(None)  # type: ignore[arg-type] # not looked at


def test_work_that_is_cancelled_is_an_error() -> None:
    from conformance.run import cluster  # noqa: PLC0415 - the fixture has the name

    class Client:
        def map(self, *_: object, **__: object) -> list[Any]:
            raise distributed.CancelledError

    with pytest.raises(TargetError, match=r"the work was not done \(CancelledError"):
        list(cluster.Cluster(Client(), "x").each(lambda *_: None, [1], told=lambda *_: None))
