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
    """Compare two results files, or two OpenAPI documents; their content tells which.

    Results: new, fixed and unchanged findings, verdicts, lost coverage; the exit code is 1 where HEAD has a finding at
    or above --fail-on that BASE does not have. Documents: every change, and whether it breaks clients or servers; the
    exit code is 1 where one does.
    """
    from conformance.model.rule import Severity  # noqa: PLC0415 - see the package
    from conformance.run import diff  # noqa: PLC0415 - see the package

    first, second = Path(base), Path(head)
    match diff.common(first, second):
        case diff.Kind.RESULTS:
            _results(first, second, Severity(fail_on or "error"), as_json=as_json)
        case diff.Kind.DOCUMENT:
            _documents(first, second, as_json=as_json)


def _results(base: Path, head: Path, fail_on: Severity, *, as_json: bool) -> None:
    from conformance.reports import json, terminal  # noqa: PLC0415 - see the package
    from conformance.results import text  # noqa: PLC0415 - see the package
    from conformance.run import diff  # noqa: PLC0415 - see the package

    changes = diff.reports(base, head, fail_on=fail_on)
    click.echo(text(json.changes(changes)) if as_json else "\n".join(terminal.differences(changes)))
    worse = any(recurring.finding.severity.rank >= fail_on.rank for recurring in changes.new)
    raise SystemExit(1 if worse else 0)


def _documents(base: Path, head: Path, *, as_json: bool) -> None:
    from conformance.results import text  # noqa: PLC0415 - see the package
    from conformance.run import document_diff  # noqa: PLC0415 - see the package

    found = document_diff.difference(base, head)
    click.echo(text(found.to_json()) if as_json else document_diff.render(found))
    raise SystemExit(found.exit_code)
