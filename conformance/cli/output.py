"""What a command shows while it works and when it ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from conformance.config import Settings
    from conformance.run.suite import Outcome, Progress


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress with its rate where standard error is a terminal, nothing where it is not."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


def finish(outcome: Outcome, settings: Settings) -> None:
    """Write the results, show the report and end with the exit code.

    Raises:
        SystemExit: always.

    """
    from conformance.reports import terminal  # noqa: PLC0415 - see the package
    from conformance.run import suite  # noqa: PLC0415 - see the package

    made = suite.write(outcome, settings)
    if "terminal" in settings.report:
        quiet = settings.findings == "-"
        terminal.show(outcome.report, fail_on=outcome.fail_on, file=sys.stderr if quiet else sys.stdout)
        click.echo(f"Results: {', '.join(map(str, made))}", err=quiet)
    raise SystemExit(outcome.exit_code)
