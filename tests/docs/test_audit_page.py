"""The review of the audit is about the audit as it is: counts, examples and shares of the page equal a run."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from conformance.cli import main

ROOT = Path(__file__).parents[2]
PAGE = ROOT.joinpath("docs", "audit.md").read_text(encoding="utf-8")
_ROW = re.compile(
    r"^\| \[(?P<rule>[a-z0-9-]+)\]\(checks/(?P=rule)\.md\) \| (?P<found>\d+) \| (?P<true>\d+) "
    r"\| `(?P<file>[\w.]+):(?P<line>\d+)` (?P<message>.*?) \| (?P<says>[^|]*) \|$",
    re.MULTILINE,
)
_SHARE = re.compile(
    r"^\| (?P<what>error and warning|note) \| (?P<found>\d+) \| (?P<true>\d+) \| (?P<share>[\d.]+) % \|$", re.MULTILINE
)
SECTIONS = {"Errors": "error", "Warnings": "warning", "Notes": "note"}


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("audit")
    found = folder / "findings.ndjson"
    arguments = ["audit", str(ROOT / "specs"), "--findings", str(found), "--output", str(folder), "--quiet"]
    CliRunner().invoke(main, arguments, catch_exceptions=False)
    return [json.loads(line) for line in found.read_text().splitlines()]


def rows() -> list[tuple[str, re.Match[str]]]:
    parts = re.split(r"^## (.+)$", PAGE, flags=re.MULTILINE)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    return [(SECTIONS[title], row) for title, text in titled if title in SECTIONS for row in _ROW.finditer(text)]


def test_every_rule_is_reviewed_with_its_count(findings: list[dict[str, Any]]) -> None:
    counts = Counter((finding["severity"], finding["rule"]) for finding in findings)
    reviewed = {(severity, row["rule"]): int(row["found"]) for severity, row in rows()}
    assert reviewed == dict(counts)


def test_every_example_is_a_finding(findings: list[dict[str, Any]]) -> None:
    for severity, row in rows():
        message = row["message"].replace("\\|", "|").removesuffix(" …")
        assert any(
            (finding["severity"], finding["rule"], finding["line"]) == (severity, row["rule"], int(row["line"]))
            and Path(finding["spec"]).name == row["file"]
            and finding["message"].startswith(message)
            for finding in findings
        ), row[0]


def test_shares_are_those_of_the_rows() -> None:
    totals: dict[str, list[int]] = {"error and warning": [0, 0], "note": [0, 0]}
    for severity, row in rows():
        assert int(row["true"]) <= int(row["found"])
        assert int(row["true"]) == int(row["found"]) or "False: " in row["says"], row[0]
        kind = totals["note" if severity == "note" else "error and warning"]
        kind[0] += int(row["found"])
        kind[1] += int(row["true"])
    told = {row["what"]: [int(row["found"]), int(row["true"])] for row in _SHARE.finditer(PAGE)}
    assert told == totals
    for row in _SHARE.finditer(PAGE):
        assert float(row["share"]) == pytest.approx(100 * int(row["true"]) / int(row["found"]), abs=0.05)


def test_nine_in_ten_hold_at_warning_and_above() -> None:
    (row,) = (row for row in _SHARE.finditer(PAGE) if row["what"] == "error and warning")
    assert int(row["true"]) / int(row["found"]) >= 0.9
