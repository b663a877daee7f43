"""`conformance list`."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import descriptions


@click.command(name="list")
@click.argument("what", type=click.Choice(["operations", "checks", "drivers"]))
@descriptions
def command(what: str, **flags: Any) -> None:
    """List operations, checks or drivers of SDKs, one a line, key first."""
    from conformance import checks  # noqa: PLC0415 - see the package
    from conformance.run import suite  # noqa: PLC0415 - see the package
    from conformance.sdk import drivers  # noqa: PLC0415 - see the package

    if what == "operations":
        rows = [(each.key, each.method, each.path) for each in suite.load(options.settings(flags))]
    elif what == "drivers":
        rows = [(name, drivers.state(name), drivers.shipped(name).TITLE) for name in drivers.names()]
    else:
        rows = [(each.id, each.severity.value, each.title) for each in checks.every()]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for first, second, third in rows:
        click.echo(f"{first.ljust(widths[0])}  {second.ljust(widths[1])}  {third}")
