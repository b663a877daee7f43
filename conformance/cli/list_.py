"""`conformance list`."""

from __future__ import annotations

from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import descriptions


@click.command(name="list")
@click.argument("what", type=click.Choice(["operations", "checks", "targets", "drivers"]))
@descriptions
def command(what: str, **flags: Any) -> None:
    """List operations, checks, targets or drivers of SDKs, one a line, key first."""
    rows = _rows(what, flags)
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(2)]
    for *first, last in rows:
        click.echo("  ".join([*(text.ljust(width) for text, width in zip(first, widths, strict=False)), last]))


def _rows(what: str, flags: dict[str, Any]) -> list[tuple[str, ...]]:
    if what == "operations":
        from conformance.run import suite  # noqa: PLC0415 - see the package

        return [(each.key, each.method, each.path) for each in suite.load(options.settings(flags))]
    if what == "targets":
        from conformance import targets  # noqa: PLC0415 - see the package

        return list(targets.descriptions())
    if what == "drivers":
        from conformance.sdk import drivers  # noqa: PLC0415 - see the package

        return [(name, drivers.state(name), drivers.shipped(name).TITLE) for name in drivers.names()]
    from conformance import checks  # noqa: PLC0415 - see the package

    return [(each.id, each.severity.value, each.title) for each in checks.every()]
