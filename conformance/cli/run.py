"""`conformance run`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import judging, writing
from conformance.cli.output import finish, progress


@click.command()
@judging
@writing
@click.option(
    "--target",
    metavar="TARGET",
    default=None,
    help="mock (default), http(s)://host, asgi:module:app or wsgi:module:app.",
)
@click.option("--keep-host", is_flag=True, default=None, help="Send the documented Host, not the target's own.")
@click.option("--recordings", multiple=True, metavar="PATH", help="Recordings to add (default: cassettes/).")
@click.option("--no-recordings", is_flag=True, help="Add no recordings.")
@click.option("--modes", multiple=True, metavar="MODES", help="Modes of generation, by comma (default: positive).")
@click.option("--max-cases", type=click.IntRange(min=1), default=None, help="For each operation and mode.")
@click.option("--seed", type=int, default=None, help="The same seed sends the same bytes (default: 0).")
@click.option("--engine", type=click.Choice(["fast", "hypothesis"]), default=None, help="What makes the requests.")
@click.option("--workers", type=click.IntRange(min=1), default=None, help="Conversations at the same time.")
@click.option("--rate", type=click.FloatRange(min=0, min_open=True), default=None, help="Requests a second at most.")
@click.option("--max-requests", type=click.IntRange(min=1), default=None, help="Requests in all, at most.")
@click.option("--allow-writes", is_flag=True, default=None, help="Send more than GET beyond this machine.")
@click.option("--yes-this-costs-money", "allow_costs", is_flag=True, default=None, help="To Twilio's hosts, too.")
@click.option(
    "--auth",
    metavar="USER:PASSWORD",
    default=None,
    envvar="CONFORMANCE_AUTH",
    help="Credentials for the target (or CONFORMANCE_AUTH, Twilio's own variables, netrc); never written anywhere.",
)
@click.option("--case", metavar="ID", default=None, help="Send this one again; a step of a session sends all of it.")
@click.option("--resume", is_flag=True, help="Go on where a run with this --output was killed.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
@click.option("--shrink/--no-shrink", default=True, help="Look for the smallest request that fails (default: yes).")
@click.option(
    "--failing",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Save each case that fails as a cassette.",
)
@click.option("--header", multiple=True, metavar="K:V", help="A header to send with every request.")
def command(
    *,
    no_recordings: bool,
    case: str | None,
    resume: bool,
    dry_run: bool,
    shrink: bool,
    failing: Path | None,
    **flags: Any,
) -> None:
    """Generate requests for every operation, send them to a target and check the answers."""
    from conformance.run import generate  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    if no_recordings:
        settings = replace(settings, recordings=())
    wishes = generate.Wishes(case=case, resume=resume, failing=failing, shrink=shrink)
    if dry_run:
        for line in generate.lines(settings, wishes):
            click.echo(line)
        return
    with progress("running") as told:
        outcome = generate.run(settings, wishes, progress=told, say=lambda line: click.echo(line, err=True))
    finish(outcome, settings)
