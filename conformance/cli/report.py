"""`conformance report`."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import failing, writing
from conformance.cli.output import finish


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", type=click.Path())
@failing
@writing
def command(results: tuple[str, ...], **flags: Any) -> None:
    """Merge results files and render views."""
    from conformance.run import report  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    finish(report.report(settings, results), settings)
