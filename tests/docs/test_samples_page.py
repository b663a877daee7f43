"""The page about the public samples lists every finding on them, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conformance.config import Settings
from conformance.model.finding import Finding
from conformance.run.recorder import recorded
from conformance.run.suite import suite

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "samples.md"
RECORDINGS = ROOT.parent / "shared" / "recordings"
FIVE, OTHER = RECORDINGS / "five_apis.ndjson", RECORDINGS / "other_apis.ndjson"
ROW = re.compile(
    r"\| \[(?P<rule>[a-z0-9-]+)\]\(checks/(?P=rule)\.md\) \| (?P<operation>\S+) \| (?P<place>\S+) \| (?P<times>\d+) "
    r"\| (?P<wrong>sample|document) \| (?P<because>[^|]{20,}) \|"
)
REASON = "the public samples are not part of the product"


def rows() -> list[re.Match[str]]:
    lines = PAGE.read_text(encoding="utf-8").partition("|---|---|---|---:|---|---|\n")[2].splitlines()
    found = [(line, ROW.fullmatch(line)) for line in lines if line]
    assert all(match is not None for _, match in found), [line for line, match in found if match is None]
    return [match for _, match in found if match is not None]


def findings(file: Path) -> list[Finding]:
    found: list[Finding] = []
    cell = recorded(str(file), suite(Settings()), found.append, lambda _: None)
    assert not cell.unreadable
    return found


def test_every_row_names_a_finding_once() -> None:
    places = [(row["rule"], row["operation"], row["place"]) for row in rows()]
    assert len(places) == len(set(places)) > 0


@pytest.mark.skipif(not FIVE.exists(), reason=REASON)
def test_the_table_is_what_a_run_finds() -> None:
    listed = {(row["rule"], row["operation"], row["place"]): int(row["times"]) for row in rows()}
    seen = Counter(
        (
            finding.rule_id,
            finding.operation or "(none)",
            f"`{place}`" if (place := re.sub(r"/\d+(?=/|$)", "/[]", finding.problem.instance_pointer)) else "(whole)",
        )
        for finding in findings(FIVE)
    )
    assert listed == dict(seen)


@pytest.mark.skipif(not OTHER.exists(), reason=REASON)
def test_requests_for_other_apis_belong_to_no_operation() -> None:
    found = findings(OTHER)
    assert found
    assert {finding.operation for finding in found} == {None}
    assert {finding.rule_id for finding in found} == {"unknown-host", "unknown-method", "unknown-path"}
