"""Recordings judged in parts and by several processes, by the command."""

from __future__ import annotations

import gzip
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import fsspec
import pytest
from click.testing import CliRunner, Result
from fsspec.spec import AbstractBufferedFile, AbstractFileSystem

from conformance.cli import main
from conformance.config import Settings
from conformance.model import parts
from conformance.model.finding import Finding, Suspect
from conformance.model.http import Source
from conformance.model.report import Cell, Place, Recurring, Sample, Tally
from conformance.model.rule import Problem, Severity, Side
from conformance.model.session import Met, Remembered
from conformance.recordings import ranges
from conformance.recordings.ranges import Part, Range
from conformance.run import pieces
from conformance.run.crew import Alone
from conformance.run.kept import FOLDER, Kept
from conformance.run.suite import suite

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


def line(number: int) -> str:
    """Sessions of three, each of which deletes a thing and still gets it; every third body is no object."""
    url = f"https://api.example.com/things/{number // 30}"
    request = {"method": "DELETE" if number % 30 < 10 else "GET", "url": url}
    body = "[]" if number % 3 == 0 else "{}"
    found = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    response = {"status": 204} if number % 30 < 10 else found
    session = f"s{number // 30}.{number % 10}"
    return json.dumps({"id": f"e{number}", "session": session, "request": request, "response": response}) + "\n"


@pytest.fixture
def traffic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("spec.yaml").write_text(SPEC, encoding="utf-8")
    path = Path("traffic.ndjson")
    path.write_text("".join(map(line, range(300))), encoding="utf-8")
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--quiet"])


def check(*arguments: str, output: str, exit_code: int = 1) -> dict[str, Any]:
    """Give results.json, read and as text without its timing, and the findings."""
    found = run("check", *arguments, "--specs", "spec.yaml", "--output", output, "--findings", f"{output}/all.ndjson")
    assert found.exit_code == exit_code, found.output
    results = json.loads(Path(output, "results.json").read_text(encoding="utf-8"))
    occurrences = Path(output, "all.ndjson").read_text(encoding="utf-8")
    return {**results, "timing": None, "text": untimed(output), "occurrences": occurrences}


def untimed(output: str) -> str:
    """Give results.json as text, without its timing."""
    lines = Path(output, "results.json").read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith('"timing"'))


def test_processes_find_what_one_process_finds(traffic: Path) -> None:
    whole = check("traffic.ndjson", output="whole")
    assert {finding["rule"] for finding in whole["findings"]} >= {"deleted-resource-answers", "type-mismatch"}
    assert check("traffic.ndjson", "--partition-size", "7000", output="alone") == whole
    assert check("traffic.ndjson", "--partition-size", "7k", "--workers", "2", output="both") == whole


def test_several_recordings_and_a_large_one(traffic: Path) -> None:
    for name in ("a.ndjson", "z.ndjson"):
        Path(name).write_text(line(12), encoding="utf-8")
    inputs = ["a.ndjson", "traffic.ndjson", "z.ndjson"]
    whole = check(*inputs, output="whole")
    assert check(*inputs, "--partition-size", "20K", "--workers", "2", output="both") == whole


def test_a_recording_is_cut_where_it_is_worth_it(traffic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pieces.cut("traffic.ndjson", workers=2, size=None) == ()
    assert pieces.cut("nowhere.ndjson", workers=2, size=None) == ()
    assert pieces.cut("spec.yaml", workers=2, size=10) == ()
    assert pieces.cut("/dev/null", workers=2, size=10) == ()
    monkeypatch.setattr(pieces, "WORTHWHILE", 10)
    monkeypatch.setattr(pieces, "_FIRST", 10)
    cuts = pieces.cut("traffic.ndjson", workers=2, size=None)
    assert len(cuts) == 17
    assert cuts[0].stop == 10
    assert all(one.stop == other.start for one, other in pairwise(cuts))
    assert cuts[-1].stop == traffic.stat().st_size


@pytest.mark.parametrize("size", ["0", "x", "64T", ""])
def test_sizes_that_are_none(traffic: Path, size: str) -> None:
    found = run("check", "traffic.ndjson", "--partition-size", size)
    assert found.exit_code == 2
    assert "write a number of bytes, such as 64M" in found.output


def test_a_part_that_cannot_be_read_is_named_and_the_rest_is_checked(
    traffic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = ranges.survey

    def broken(part: Range) -> ranges.Survey:
        return (
            survey(Range(path="gone.ndjson", start=part.start, stop=part.stop))
            if part.start == 14_000
            else survey(part)
        )

    monkeypatch.setattr(ranges, "survey", broken)
    found = check("traffic.ndjson", "--partition-size", "7000", output="some", exit_code=2)
    (cell,) = found["cells"]
    assert cell["unreadable"] == ["gone.ndjson (bytes 14,000 to 21,000): cannot be read (No such file or directory)"]
    assert sum(tally["exchanges"] for tally in cell["tallies"].values()) > 200
    strict = run("check", "traffic.ndjson", "--specs", "spec.yaml", "--partition-size", "7000", "--strict-input")
    assert strict.exit_code == 2


def test_a_part_that_vanishes_is_named(traffic: Path) -> None:
    part = Part(range=Range(path="gone.ndjson", start=7, stop=9), spanning=frozenset({"s"}))
    held = suite(Settings(specs=(Path("spec.yaml"),)))
    done = pieces.judged_part(held, pieces.Assignment(part=part, before=Remembered(), findings=False))
    reason = "gone.ndjson (bytes 7 to 9): cannot be read (No such file or directory), expected a readable file"
    assert done.cell.unreadable == (reason,)
    assert done.cell.facts == {parts.LOST: [reason]}
    assert parts.added("x", [done.cell, done.cell]).facts == {parts.LOST: [reason, reason]}
    assert pieces.addressed(held, (part, part.spanning)) == []
    assert pieces.scouted(held, (part, Remembered())) == Remembered()


def test_inputs_in_a_store(traffic: Path) -> None:
    name = f"file://{traffic.resolve()}"
    whole = check(name, output="whole")
    assert check(name, "--partition-size", "7000", "--resume", output="parts") == whole
    assert not Path("parts", FOLDER).exists()


class ShelfFile(AbstractBufferedFile):  # type: ignore[misc] # fsspec has no types
    """A file as fsspec's drivers make it: it has no read1, and its readline knows no limit."""

    def _fetch_range(self, start: int, end: int) -> bytes:
        if self.path.endswith("torn.ndjson") and start > 0:
            raise Torn
        return Path(self.path).read_bytes()[start:end]


class Torn(Exception):
    """An error as drivers have them, which is none of a file."""


class Shelf(AbstractFileSystem):  # type: ignore[misc] # as above
    """A store whose files are those of the working directory."""

    protocol = "shelf"

    def ls(self, path: str, detail: bool = True, **_: Any) -> list[Any]:  # noqa: FBT002 - fsspec's signature
        if path == "locked":
            raise Torn
        found = [file for file in sorted(Path().glob("*.ndjson")) if path in {"", str(file)}]
        told = [{"name": str(file), "size": file.stat().st_size, "type": "file"} for file in found]
        return told if detail else [each["name"] for each in told]

    def _open(self, path: str, mode: str = "rb", **_: Any) -> ShelfFile:
        return ShelfFile(self, path, mode, block_size=4096, size=Path(path).stat().st_size)


fsspec.register_implementation("shelf", Shelf)


def test_files_of_a_store_have_no_more_than_reading_and_seeking(traffic: Path) -> None:
    whole = check(f"shelf://{traffic}", output="whole")
    assert check(f"shelf://{traffic}", "--partition-size", "7000", output="parts") == whole
    here = check(str(traffic), output="here")
    assert [each["fingerprint"] for each in whole["findings"]] == [each["fingerprint"] for each in here["findings"]]
    packed = gzip.compress(traffic.read_bytes())
    Path("packed.ndjson").write_bytes(packed)
    assert len(check("shelf://packed.ndjson", output="packed")["findings"]) == len(here["findings"])


def test_errors_of_a_driver_are_those_of_a_file(traffic: Path) -> None:
    Path("torn.ndjson").write_bytes(traffic.read_bytes())
    torn = check("shelf://torn.ndjson", output="torn")
    assert "Torn" in torn["cells"][0]["unreadable"][0]
    found = run("check", "shelf://locked", "--specs", "spec.yaml")
    assert found.exit_code == 2
    assert "cannot be listed (Torn" in found.output


def test_a_store_without_its_library(traffic: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    found = run("check", "s3://bucket/*.ndjson", "--specs", "spec.yaml")
    assert found.exit_code == 2
    assert "pip install 'conformance[dask]'" in found.output


def test_what_is_kept_needs_a_folder(traffic: Path) -> None:
    Path("taken").write_text("", encoding="utf-8")
    found = run("check", "traffic.ndjson", "--specs", "spec.yaml", "--workers", "2", "--resume", "--output", "taken/x")
    assert found.exit_code == 2
    assert "name a folder that can be written" in found.output


def test_what_json_cannot_hold_is_done_again(tmp_path: Path) -> None:
    memory = Kept(tmp_path / "kept")
    memory.start(resume=True)
    held = suite(Settings(specs=()))
    seen: list[object] = []

    def work(_: object, assignment: str) -> str:
        seen.append(assignment)
        return "\ud800" if assignment == "b" else assignment

    for _ in range(2):
        assert list(memory.each(Alone(held), work, ["a", "b"], str, told=lambda *_: None)) == ["a", "\ud800"]
    assert seen == ["a", "b", "b"]


def test_sessions_of_a_recording_that_vanishes_are_named(traffic: Path) -> None:
    held = suite(Settings(specs=(Path("spec.yaml"),)))
    place = ranges.Address(session="s", start=0, index=0, line=1, met=Met.FIRST)
    done = pieces.judged_spans(held, pieces.Spans(path="gone.ndjson", places=(place,), findings=True))
    (reason,) = done.cell.facts[parts.LOST]
    assert reason.startswith("gone.ndjson: sessions over several parts: ")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_shards_of_one_recording_merge_into_the_whole(traffic: Path, workers: str) -> None:
    Path("small.ndjson").write_text(line(12), encoding="utf-8")
    inputs = ["small.ndjson", "traffic.ndjson"]
    whole = check(*inputs, output="whole")
    options = ["--partition-size", "5000", "--workers", workers]
    for number in (1, 2, 3):
        check(*inputs, *options, "--shard", f"{number}/3", output=f"shard{number}")
    shards = [f"shard{number}/results.json" for number in (3, 1, 2)]
    assert run("report", *shards, "--output", "merged").exit_code == 1
    assert run("report", "merged/results.json", *shards[:2], "--output", "again").exit_code == 1
    for name in ("merged", "again"):
        text = Path(name, "results.json").read_text(encoding="utf-8")
        assert (
            "".join(each for each in text.splitlines(keepends=True) if not each.startswith('"timing"')) == whole["text"]
        )
    assert run("report", *shards[:2], "--output", "some").exit_code == 1
    cells = [cell["id"] for cell in json.loads(Path("some", "results.json").read_text(encoding="utf-8"))["cells"]]
    assert cells == [
        "recording small.ndjson", "recording traffic.ndjson (part 1 of 3)", "recording traffic.ndjson (part 3 of 3)",
    ]  # fmt: skip


def finding(index: int) -> Finding:
    return Finding(
        rule_id="rule",
        operation="o",
        severity=Severity.ERROR,
        side=Side.RESPONSE,
        suspect=Suspect.UNDECIDED,
        problem=Problem(message="wrong"),
        exchange_id=f"e{index}",
        source=Source(kind="ndjson", path="x", index=index, line=index),
        spec="",
        line=1,
        column=1,
        fingerprint="f",
    )


def recurring(*places: tuple[int, str]) -> Recurring:
    samples = [
        Sample(
            exchange="e", path="x", index=index, line=index, message="wrong", instance_pointer=pointer, actual=None,
            evidence=None,
        )
        for index, pointer in places
    ]  # fmt: skip
    last = Place(exchange="e", path="x", index=places[-1][0], line=None)
    return Recurring(finding=finding(places[0][0]), count=len(places) + 5, samples=tuple(samples[:3]), last=last)


def test_samples_are_the_first_ones_found_and_crashes_the_first_ones_met() -> None:
    one = Cell(
        id="x",
        tallies={"o": Tally(exchanges=2, crashed={"rule": "late"})},
        findings={"f": recurring((7, "/9"), (7, "/10"), (7, "/11"))},
        facts={parts.CRASHED: {"o": {"rule": 7}}},
    )
    other = Cell(
        id="x",
        tallies={"o": Tally(exchanges=1, crashed={"rule": "soon"}), "p": Tally(crashed={"rule": "else"})},
        findings={"f": recurring((3, "/z"))},
        facts={parts.CRASHED: {"o": {"rule": 3}, "p": {"rule": 9}}},
    )
    added = parts.added("x", [one, other])
    assert parts.added("x", [other, one]) == added
    assert added.facts == {parts.CRASHED: {"o": {"rule": 3}, "p": {"rule": 9}}}
    assert parts.added("x", [parts.added("x", [one]), other]) == added
    cell = parts.whole(added)
    assert cell.facts == {}
    assert cell.tallies["o"] == Tally(exchanges=3, crashed={"rule": "soon"})
    found = cell.findings["f"]
    assert found.finding == finding(3)
    assert found.count == 14
    assert found.last.index == 7
    assert [(sample.index, sample.instance_pointer) for sample in found.samples] == [(3, "/z"), (7, "/10"), (7, "/9")]
