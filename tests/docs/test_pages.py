"""The pages are right: what they show is what happens.

A page that starts with `<!-- tested -->` is run from top to bottom in an empty folder. Comments before a block say what
becomes of it: `<!-- file: NAME -->` writes it, `<!-- exit: 1 -->` is the exit code of its last command (0 without),
`<!-- skip: REASON -->` leaves it out. In a console block, lines behind `$ ` are commands; what follows is their output,
where `...` stands for anything, and alone on a line for any lines.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
import pytest

from conformance.cli import main

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.joinpath("docs").glob("*.md"), ROOT / "README.md"])
TESTED = [page for page in PAGES if page.read_text(encoding="utf-8").startswith("<!-- tested -->")]
_BLOCK = re.compile(
    r"(?ms)^(?:<!-- (?P<kind>file|exit|skip): (?P<value>[^\n]*?) -->\n)?```(?P<language>\w*)\n(?P<text>.*?)^```$"
)


@dataclass
class Command:
    """A command with the output that a page shows for it."""

    text: str
    lines: list[str] = field(default_factory=list)


def commands(text: str) -> Iterator[Command]:
    found: Command | None = None
    for line in text.splitlines():
        if line.startswith("$ "):
            if found is not None:
                yield found
            found = Command(line[2:])
        elif found is not None:
            found.lines.append(line)
    if found is not None:
        yield found


def fits(shown: list[str], output: str) -> bool:
    """Tell whether an output is what a page shows."""
    parts = [r"(?:[^\n]*\n)*?" if line == "..." else _line(line) for line in shown]
    return re.fullmatch("".join(parts), output) is not None


def _line(line: str) -> str:
    return r"[^\n]*?".join(map(re.escape, line.split("..."))) + r"\n"


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment in which `conformance` and `pytest` are those of this checkout."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, arguments in (("conformance", "-m conformance"), ("pytest", "-m pytest -p conformance.pytest_plugin")):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        script.chmod(0o755)
    paths = os.pathsep.join([str(bin_folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    return {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("CI", "CONFORMANCE", "PYTEST", "COV"))
        },
        "PATH": paths,
        "PYTHONPATH": os.pathsep.join([str(ROOT), "."]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


@pytest.mark.parametrize("page", TESTED, ids=lambda page: page.stem)
def test_page(page: Path, shell: dict[str, str], tmp_path: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash on this machine")
    folder = tmp_path / "work"
    folder.mkdir()
    for block in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        if block["kind"] == "skip":
            continue
        if block["kind"] == "file":
            file = folder / block["value"]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block["text"], encoding="utf-8")
        elif block["language"] == "console":
            expected = int(block["value"]) if block["kind"] == "exit" else 0
            _run(list(commands(block["text"])), expected, folder, shell)


def _run(found: list[Command], expected: int, folder: Path, shell: dict[str, str]) -> None:
    for command in found:
        done = subprocess.run(  # noqa: S603 - the commands of our own pages
            ["bash", "-c", command.text],  # noqa: S607 - found above
            cwd=folder,
            env=shell,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        wanted = expected if command is found[-1] else 0
        assert done.returncode == wanted, f"$ {command.text}\n{done.stdout}"
        assert fits(command.lines, done.stdout), f"$ {command.text}\n{done.stdout}"


def test_the_first_page_names_every_other() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in PAGES if page.name != "README.md" and f"({page.name})" not in index] == []


def test_the_tutorials_are_tested() -> None:
    assert {page.stem for page in TESTED} >= {
        "README",
        "tutorial-ci",
        "tutorial-sdk-or-mock",
        "tutorial-description",
        "pytest",
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text(encoding="utf-8"))
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    missing = [link for link in links if not (page.parent / link).exists()]
    assert not missing


_USED = re.compile(r"(?<![\\w./-])conformance ([a-z]+)((?: [^\n`|]*)?)")
_OPTION = re.compile(r"(?<=\s)(--?[a-z][a-z-]*)")


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.stem)
def test_commands_and_options_that_a_page_names_exist(page: Path) -> None:
    """Where a command is shown for reading, not for running."""
    code = re.findall(r"(?ms)^```.*?^```$|^    [^\n]*$|`[^`\n]+`", page.read_text(encoding="utf-8"))
    unknown = []
    for name, rest in _USED.findall("\n".join(code)):
        command = (
            main.get_command(click.Context(main), name) if name in main.list_commands(click.Context(main)) else None
        )
        if command is None:
            continue
        known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        own = rest.partition(" -- ")[0].partition(" && ")[0].partition(" > ")[0]
        unknown += [f"{name} {option}" for option in _OPTION.findall(own) if option not in known | {"--help", "-h"}]
    assert not unknown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_takes_from_the_program_is_fresh(page: Path) -> None:
    path = Path(__file__).parent / "refresh.py"
    specification = importlib.util.spec_from_file_location("refresh", path)
    assert specification is not None
    assert specification.loader is not None
    refresh = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(refresh)
    text = page.read_text(encoding="utf-8")
    assert refresh.refreshed(text) == text, "stale: run `python tests/docs/refresh.py`"
