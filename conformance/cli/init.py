"""`conformance init`."""

from __future__ import annotations

import click


@click.command()
@click.argument("folder", default=".", type=click.Path(file_okay=False))
@click.option("--no-workflow", is_flag=True, help="Only the configuration.")
@click.option("--force", is_flag=True, help="Overwrite what is there.")
def command(folder: str, *, no_workflow: bool, force: bool) -> None:
    """Write a commented conformance.toml and a workflow for GitHub Actions."""
    from pathlib import Path  # noqa: PLC0415 - see the package

    from conformance.run import init  # noqa: PLC0415 - see the package

    for path in init.write(Path(folder), workflow=not no_workflow, force=force):
        click.echo(path)
