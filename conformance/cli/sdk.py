"""`conformance sdk`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import judging, writing
from conformance.cli.output import Own, finish, progress


@click.command()
@click.argument("drivers", nargs=-1, metavar="[DRIVER]...")
@judging
@writing
@click.option("--sdk-version", default=None, metavar="VERSION", help="Another release, in an environment of its own.")
@click.option("--side", "sides", multiple=True, metavar="SIDES",
              help="Only these sides, by comma: reach, request, response, failure.")  # fmt: skip
@click.option("--against", multiple=True, metavar="PATH", type=click.Path(exists=True, path_type=Path),
              help="Descriptions that testify as second witnesses, such as the official ones.")  # fmt: skip
@click.option("--seed", type=int, default=None, help="The same seed sends the same values (default: 0).")
@click.option("--exec", "program", default=None, metavar="COMMAND",
              help="Run a program of yours against the reference server, and judge whatever it sends.")  # fmt: skip
def command(
    drivers: tuple[str, ...],
    *,
    sdk_version: str | None,
    sides: tuple[str, ...],
    against: tuple[Path, ...],
    program: str | None,
    **flags: Any,
) -> None:
    """Drive real SDKs and judge them, operation by operation: reach, request, response, failure."""
    from conformance.run import record, sdk  # noqa: PLC0415 - see the package
    from conformance.sdk import summary  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    if program is not None:
        with progress("listening") as told:
            outcome = record.listen(settings, program, progress=told)
        failed = any(cell.facts["exit_code"] for cell in outcome.report.cells.values())
        try:
            finish(outcome, settings)
        except SystemExit as end:
            raise SystemExit(end.code or int(failed)) from None
    chosen = frozenset(sdk.side_of(name) for text in sides for name in text.split(",") if name)
    wanted = sdk.Wanted(
        drivers=drivers, version=sdk_version, sides=chosen or sdk.EVERY_SIDE, against=tuple(against)
    )  # fmt: skip
    with progress("finding calls, then driving") as told:
        outcome = sdk.sdk(settings, wanted, progress=told)
    finish(outcome, settings, own=Own(file=summary.FILE, text=summary.render, brief=summary.brief))
