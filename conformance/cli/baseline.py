"""`conformance baseline`."""

from __future__ import annotations

import datetime as dt

import click


@click.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...", type=click.Path())
@click.option("--to", required=True, metavar="FILE", type=click.Path(dir_okay=False), help="The baseline to write.")
@click.option("--reason", metavar="TEXT", default=None, help="Why the findings that are added are accepted.")
@click.option("--expires", metavar="DATE", type=click.DateTime(["%Y-%m-%d"]), default=None,
              help="The last day on which the findings that are added are accepted, as 2030-12-31.")  # fmt: skip
def command(results: tuple[str, ...], to: str, reason: str | None, expires: dt.datetime | None) -> None:
    """Accept the findings of results files, so that later runs fail only on others.

    A baseline that is there keeps its reasons; what is fixed is taken out.
    """
    from pathlib import Path  # noqa: PLC0415 - see the package

    from conformance.model.wording import counted  # noqa: PLC0415 - see the package
    from conformance.run import baseline  # noqa: PLC0415 - see the package

    renewal = baseline.accept(results, Path(to), reason=reason, expires=expires.date() if expires else None)
    for entry in renewal.dropped:
        click.echo(f"taken out: {entry.rule}: {entry.operation or 'no operation'} {entry.place}")
    told = f"{renewal.added} added, {renewal.kept} kept, {len(renewal.dropped)} taken out"
    click.echo(f"{to}: {counted(len(renewal.entries), 'finding')} accepted ({told})")
