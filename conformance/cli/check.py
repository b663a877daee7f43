"""`conformance check`."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import judging, writing
from conformance.cli.output import expected, finish, progress


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@judging
@writing
@click.option("--workers", type=click.IntRange(min=1), default=None, help="Processes that judge (default: 1).")
@click.option(
    "--partition-size",
    "partition",
    metavar="BYTES",
    default=None,
    help="Cut NDJSON into parts of this size, such as 64M (default: to suit the workers).",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    default=None,
    help="Let a Dask cluster judge: tcp://HOST:8786, or local for one on this machine.",
)
@click.option("--resume", is_flag=True, help="Go on where a check with this --output was broken off.")
@click.option("--strict", is_flag=True, help="Also say which documented fields are missing that the API always sends.")
@click.option("--strict-input", is_flag=True, help="Fail with exit code 2 if any entry cannot be read.")
def command(inputs: tuple[str, ...], **flags: Any) -> None:
    """Check recorded traffic: cassettes, exchange NDJSON, folders of them, or - for standard input."""
    from conformance.run import check  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    with progress("checking", expected(inputs)) as told:
        outcome = check.check(settings, inputs, progress=told)
    finish(outcome, settings)
