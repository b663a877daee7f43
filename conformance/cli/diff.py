"""`conformance diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.options import failing

if TYPE_CHECKING:
    from conformance.model.rule import Severity


@click.command()
@click.argument("base", type=click.Path())
@click.argument("head", type=click.Path())
@failing
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(base: str, head: str, *, fail_on: str | None, as_json: bool) -> None:
    """Compare two results files: new, fixed and unchanged findings, verdicts, lost coverage.

    The exit code is 1 where HEAD has a finding at or above --fail-on that BASE does not have.
    """
    from conformance.model.rule import Severity  # noqa: PLC0415 - see the package
    from conformance.run import diff  # noqa: PLC0415 - see the package

    first, second = Path(base), Path(head)
    match diff.common(first, second):
        case diff.Kind.RESULTS:
            _results(first, second, Severity(fail_on or "error"), as_json=as_json)
        case diff.Kind.DOCUMENT:
            _documents(first, second)


def _results(base: Path, head: Path, fail_on: Severity, *, as_json: bool) -> None:
    from conformance.reports import json, terminal  # noqa: PLC0415 - see the package
    from conformance.results import text  # noqa: PLC0415 - see the package
    from conformance.run import diff  # noqa: PLC0415 - see the package

    changes = diff.reports(base, head, fail_on=fail_on)
    click.echo(text(json.changes(changes)) if as_json else "\n".join(terminal.differences(changes)))
    worse = any(recurring.finding.severity.rank >= fail_on.rank for recurring in changes.new)
    raise SystemExit(1 if worse else 0)


def _documents(base: Path, head: Path) -> None:
    from conformance.errors import SettingsError  # noqa: PLC0415 - see the package

    what = f"{base} and {head} are no results files"
    raise SettingsError(where="diff", what=what, hint="name two `results.json`")
