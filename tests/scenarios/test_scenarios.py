"""The whole program on small input: one text file a case.

A file starts with a sentence that says what it shows. Then come sections, each with a line that starts with `===`:

    === file NAME       a file of the folder in which the commands run
    === stdin           what the next command reads from its standard input
    === $ conformance   a command, as typed
    === exit N          its exit code
    === stdout          what it writes
    === stderr
    === made NAME       a file that it made

`pytest tests/scenarios --refresh-scenarios` writes the last four anew; review the difference before you commit it.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.cli import main

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*.txt"))
_LAST_NEWLINE_MISSING = "(no newline at the end)\n"


@dataclass
class Section:
    head: str
    body: str = ""

    def __str__(self) -> str:
        return f"=== {self.head}\n{self.body}"

    @property
    def is_given(self) -> bool:
        """Whether it stands as written; the other sections are what the program says."""
        return self.head.startswith(("file ", "stdin", "$ "))


def sections(text: str) -> Iterator[Section]:
    current = Section("")
    for line in text.splitlines(keepends=True):
        if line.startswith("=== "):
            yield current
            current = Section(line.removeprefix("=== ").rstrip("\n"))
        else:
            current.body += line
    yield current


def written(section: Section) -> None:
    path = Path(section.head.removeprefix("file "))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(section.body, encoding="utf-8")


def said(command: Section, *, stdin: str, made: list[str]) -> list[Section]:
    """Run a command in the current folder, and give what it says."""
    program, *arguments = shlex.split(command.head.removeprefix("$ "))
    assert program == "conformance"
    result = CliRunner().invoke(main, arguments, input=stdin, prog_name="conformance")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    streams = [Section(name, ended(text)) for name, text in (("stdout", result.stdout), ("stderr", result.stderr))]
    files = [Section(f"made {name}", ended(Path(name).read_text(encoding="utf-8"))) for name in made]
    return [Section(f"exit {result.exit_code}"), *(each for each in streams if each.body), *files]


def ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n{_LAST_NEWLINE_MISSING}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_scenario(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.chdir(tmp_path)
    refresh = request.config.getoption("--refresh-scenarios")
    told, *rest = sections(file.read_text(encoding="utf-8"))
    assert told.body.strip().endswith("."), "a scenario starts with a sentence that says what it shows"
    kept = [told.body]
    stdin = ""
    for position, section in enumerate(rest):
        if not section.is_given:
            continue
        kept.append(str(section))
        if section.head.startswith("file "):
            written(section)
        elif section.head == "stdin":
            stdin = section.body
        else:
            expected = list(takewhile(lambda each: not each.is_given, rest[position + 1 :]))
            made = [each.head.removeprefix("made ") for each in expected if each.head.startswith("made ")]
            found = said(section, stdin=stdin, made=made)
            assert refresh or "".join(map(str, found)) == "".join(map(str, expected)), section.head
            kept += map(str, found)
            stdin = ""
    assert any(section.head.startswith("$ ") for section in rest), "a scenario has a command"
    if refresh:
        file.write_text("".join(kept), encoding="utf-8")
