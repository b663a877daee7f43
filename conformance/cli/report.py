"""`conformance report`."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import writing
from conformance.cli.output import finish


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@writing
@click.option("--fail-on", type=click.Choice(["note", "warning", "error"]), default=None,
              help="The mildest severity that fails (default: error).")  # fmt: skip
def command(results: tuple[str, ...], **flags: Any) -> None:
    """Merge results files and render views."""
    from conformance.model.rule import Severity  # noqa: PLC0415 - see the package
    from conformance.run import suite  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    outcome = suite.Outcome(report=suite.merge(results), fail_on=Severity(settings.fail_on), seconds=0.0)
    finish(outcome, settings)
