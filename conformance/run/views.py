"""What every pipeline ends with: a report added up, and its files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance import baseline, reports, results
from conformance.config import Settings
from conformance.errors import ResultsError, SettingsError
from conformance.model.changes import Changes, compare
from conformance.model.overview import Overview, overview
from conformance.model.report import Report
from conformance.model.rule import Severity
from conformance.run.suite import Outcome


def shown(outcome: Outcome, settings: Settings) -> Overview:
    """Add up what a command made, with the baseline and the run before.

    Raises:
        ConformanceError: the baseline or the results to compare with cannot be read.

    """
    part = settings.shard.count > 1
    standing = None
    if settings.baseline is not None:
        today = dt.datetime.now(tz=dt.UTC).date()
        entries = baseline.read(settings.baseline)
        standing = baseline.standing(outcome.report, entries, today=today, part=part)
    changes = None if part else _changes(outcome.report, outcome.fail_on, settings)
    return overview(outcome.report, fail_on=outcome.fail_on, standing=standing, changes=changes)


def _changes(report: Report, fail_on: Severity, settings: Settings) -> Changes | None:
    """Give what differs from the run before; None where that was about something else or is not there."""
    if settings.previous is not None:
        return compare(results.read(settings.previous), report, fail_on=fail_on)
    try:
        before = results.read(settings.output / "results.json")
    except ResultsError:
        return None
    same = (
        before.subject.contract == report.subject.contract
        and before.subject.settings == report.subject.settings
        and [api.name for api in before.subject.apis] == [api.name for api in report.subject.apis]
        and not before.cells.keys().isdisjoint(report.cells)
    )
    return compare(before, report, fail_on=fail_on) if same else None


def write(found: Overview, settings: Settings, *, timing: Mapping[str, Any]) -> list[Path]:
    """Write results.json and the views that were asked for, and give their paths.

    Raises:
        SettingsError: a view does not exist, or the folder cannot be written.

    """
    views = [reports.view(name) for name in settings.report]
    made = [settings.output / "results.json"]
    try:
        results.write(found, made[0], timing=timing)
        for view in views:
            if view.FILE is not None:
                path = settings.output / view.FILE
                path.write_text(view.render(found), encoding="utf-8", errors="replace")
                made.append(path)
    except OSError as error:
        hint = "name a folder that can be written"
        raise SettingsError(where="--output", what=f"{error.filename}: {error.strerror}", hint=hint) from error
    return made
