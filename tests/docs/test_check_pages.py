"""Every check has its page, made of what it says of itself."""

from __future__ import annotations

import re
from pathlib import Path

from conformance import checks
from conformance.checks import pages

FOLDER = Path(__file__).parents[2] / "docs" / "checks"
REFRESH = "stale: run `python -m conformance.checks.pages docs/checks`"


def test_pages_are_those_of_the_checks() -> None:
    made = pages.pages()
    kept = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.md")}
    assert kept.keys() == made.keys(), REFRESH
    stale = [name for name in made if made[name] != kept[name]]
    assert not stale, f"{REFRESH} ({', '.join(stale[:5])})"


def test_the_index_has_every_check_once() -> None:
    links = re.findall(r"\]\((.+?)\.md\)", pages.pages()[pages.INDEX])
    assert sorted(links) == sorted(check.id for check in checks.every())


def test_no_example_leaves_its_fence() -> None:
    for name, text in pages.pages().items():
        assert len(re.findall(r"(?m)^````?\w*$", text)) % 2 == 0, name


def test_writing_removes_pages_of_checks_that_are_no_more(tmp_path: Path) -> None:
    (tmp_path / "gone.md").write_text("")
    pages.write(tmp_path)
    assert not (tmp_path / "gone.md").exists()
    assert (tmp_path / "unknown-enum-value.md").exists()
