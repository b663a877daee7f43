"""Files, folders, standard input and output: recordings by their content."""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
import threading
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest
import zstandard

from conformance import recordings
from conformance.errors import RecordingError
from conformance.model.http import Exchange, Request, Response, Source

EXCHANGE = Exchange(
    id="x1",
    request=Request(method="GET", url="https://api.example.com/things"),
    response=Response(status=200, body=b"{}"),
    source=Source(kind="test", path="", index=0),
)


def written(path: Path, count: int = 2) -> Path:
    with recordings.writer(str(path)) as write:
        for _ in range(count):
            write(EXCHANGE)
    return path


def good(path: Path | str) -> list[Exchange]:
    return [entry for entry in recordings.read(str(path)) if isinstance(entry, Exchange)]


@pytest.mark.parametrize("suffix", [".ndjson", ".jsonl", ".har", ".yaml", ".YML"])
def test_what_is_written_is_read_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    path = written(tmp_path / f"x{suffix}")
    renamed = path.rename(tmp_path / "traffic")
    assert [entry.response.body for entry in good(renamed)] == [b"{}", b"{}"]


def test_formats_are_found_by_their_files() -> None:
    names = [form.__name__.rpartition(".")[2] for form in recordings.formats()]
    assert names == ["har", "ndjson", "schemathesis", "vcr"]


def test_a_folder_gives_every_recording_below_it(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    paths = [written(tmp_path / name) for name in ("b.har", "a.yaml", "inner/c.ndjson")]
    (tmp_path / "README.md").write_text("# no recording")
    (tmp_path / "spec.json").write_text('{"openapi": "3.0.1"}')
    (tmp_path / "empty").touch()
    expected = sorted(str(path) for path in paths)
    assert recordings.find([str(tmp_path)]) == expected
    assert recordings.find([str(paths[0]), "-", str(tmp_path)]) == [str(paths[0]), "-", *expected[:1], expected[2]]


def test_files_of_a_folder_that_cannot_be_read_are_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "x.har")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    assert recordings.find([str(tmp_path)]) == [str(path)]
    with pytest.raises(RecordingError, match=r"x\.har: cannot be read \(Permission denied\)"):
        good(path)


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no such file or folder"):
        recordings.find([str(tmp_path / "nothing")])
    with pytest.raises(
        RecordingError, match="no recording in this folder, expected one of har, ndjson, schemathesis, vcr"
    ):
        recordings.find([str(tmp_path)])
    with pytest.raises(RecordingError, match=r"cannot be read \(No such file or directory\)"):
        good(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"# prose", "of no format that is known here"),
        (b"\0" * 100, "of no format that is known here"),
        (gzip.compress(b"{}", mtime=0), "of no format that is known here"),
        (gzip.compress(b"{}" * 99, mtime=0)[:-9], "cannot be read (Compressed file ended before"),
        (b"\x1f\x8bgarbage" * 9, "cannot be read (Unknown compression method)"),
        (b"\x28\xb5\x2f\xfdgarbage", "cannot be read (zstd decompress error"),
        (b"PK\x03\x04", "a ZIP archive"),
        ("interactions:\n".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_files_of_no_format_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=re.escape(reason)):
        good(path)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
@pytest.mark.parametrize("suffix", [".ndjson", ".har", ".yaml"])
def test_compressed_files_are_read_like_others(tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]) -> None:
    content = written(tmp_path / f"x{suffix}").read_bytes()
    packed = tmp_path / "packed"
    packed.write_bytes(pack(content[:100]) + pack(content[100:]))
    assert [entry.response.body for entry in good(packed)] == [b"{}", b"{}"]
    assert recordings.find([str(tmp_path)]) == [str(packed), str(tmp_path / f"x{suffix}")]


def test_patterns_and_stores_give_their_files(tmp_path: Path) -> None:
    paths = [str(written(tmp_path / name)) for name in ("a.ndjson", "b.ndjson")]
    assert recordings.find([str(tmp_path / "*.ndjson")]) == paths
    for name in (f"file://{tmp_path}", f"file://{tmp_path}/*.ndjson"):
        assert recordings.find([name]) == [f"file://{path}" for path in paths]
    assert [entry.source.path for entry in good(f"file://{paths[0]}")] == [f"file://{paths[0]}"] * 2


@pytest.mark.parametrize(
    ("path", "reason"), [("nothing://x", "cannot be opened (Protocol not known"), ("file:///nowhere/x", "no such file")]
)
def test_stores_that_cannot_be_read(path: str, reason: str) -> None:
    with pytest.raises(RecordingError, match=re.escape(reason)):
        recordings.find([path])


@pytest.mark.parametrize("suffix", [".ndjson", ".har", ".yaml"])
def test_standard_input_needs_no_seeking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    content = written(tmp_path / f"x{suffix}", 400).read_bytes()
    read_end, write_end = os.pipe()

    def feed() -> None:
        with os.fdopen(write_end, "wb", buffering=0) as pipe:
            for start in range(0, len(content), 777):  # a pipe gives what it has
                pipe.write(content[start : start + 777])

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(read_end, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        found = good("-")
    thread.join()
    assert len(found) == 400
    assert {exchange.source.path for exchange in found} == {"<stdin>"}


def test_a_named_pipe_is_a_file_too(tmp_path: Path) -> None:
    content = written(tmp_path / "x.ndjson").read_bytes()
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    thread = threading.Thread(target=lambda: pipe.write_bytes(content))
    thread.start()
    assert recordings.find([str(pipe)]) == [str(pipe)]
    assert len(good(pipe)) == 2
    thread.join()


def test_standard_output_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    output = BytesIO()
    monkeypatch.setattr(sys, "stdout", TextIOWrapper(output))
    with recordings.writer("-") as write:
        write(EXCHANGE)
    assert json.loads(output.getvalue())["id"] == "x1"


def test_what_cannot_be_written_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(
            RecordingError, match=r"no format has this suffix, expected one of \.har, \.ndjson, \.jsonl, \.yaml"
        ),
        recordings.writer(str(tmp_path / "x.txt")),
    ):
        pass
    with (
        pytest.raises(RecordingError, match=r"cannot be written \(Is a directory\)"),
        recordings.writer(str(_folder(tmp_path / "x.har"))),
    ):
        pass


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
