"""The sample of a report is one that this version reads, and shows what its page says."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from conformance import reports, results
from conformance.cli import main
from conformance.model.overview import overview
from conformance.model.rule import Severity

SAMPLE = Path(__file__).parents[2] / "reports" / "sample"


def test_the_sample_can_be_read_and_drawn() -> None:
    shown = overview(results.read(SAMPLE / "results.json"), fail_on=Severity.ERROR)
    assert shown.findings
    for name in reports.names():
        view = reports.view(name)
        assert view.render(shown)
        assert view.FILE is None or (SAMPLE / view.FILE).exists()


def test_the_sample_is_what_its_command_gives(tmp_path: Path) -> None:
    """Up to what a later check adds: the findings that are there are found again."""
    arguments = [
        "check",
        str(SAMPLE / "orders.ndjson"),
        "--specs",
        str(SAMPLE / "shop.yaml"),
        "--output",
        str(tmp_path),
    ]
    assert CliRunner().invoke(main, [*arguments, "-q"]).exit_code == 1
    kept, made = (
        {each["fingerprint"] for each in json.loads((folder / "results.json").read_text())["findings"]}
        for folder in (SAMPLE, tmp_path)
    )
    assert kept <= made, "stale: cd reports/sample, and the command in docs/reading-a-report.md"
