"""`conformance record`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import options
from conformance.cli.options import descriptions

if TYPE_CHECKING:
    from conformance.run.record import Endpoint


@click.command()
@descriptions
@click.option("--to", required=True, metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="The exchange NDJSON to write; credentials are left out.")  # fmt: skip
@click.option("--upstream", default=None, metavar="URL", help="The server to record (default: the reference server).")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Of the endpoint (default: any free one).")
@click.option("--seed", type=int, default=None, help="Of the reference server (default: 0).")
@click.argument("program", nargs=-1, metavar="[-- COMMAND...]")
def command(to: Path, *, upstream: str | None, port: int, program: tuple[str, ...], **flags: Any) -> None:
    """Record what a program says to a server, or to the reference server: a recording endpoint in front of it."""
    from conformance.run import record  # noqa: PLC0415 - see the package

    made = record.record(
        options.settings(flags), to, upstream=upstream, command=program, port=port, ready=_told, wait=_wait
    )  # fmt: skip
    click.echo(f"{made.count} exchange{'' if made.count == 1 else 's'} in {to}", err=True)
    if program and made.exit_code:
        click.echo(f"{program[0]} ended with {made.exit_code}", err=True)
    raise SystemExit(2 if made.count == 0 else 1 if made.exit_code else 0)


def _told(endpoint: Endpoint) -> None:
    click.echo(f"Recording on {endpoint.url} (also as a proxy)", err=True)
    if endpoint.limits:
        click.echo(f"No proxy for https: {endpoint.limits}", err=True)


def _wait() -> None:
    """Wait until somebody presses Ctrl-C or ends the process."""
    import signal  # noqa: PLC0415 - only where nobody else decides when to stop
    from threading import Event  # noqa: PLC0415 - see above

    over = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    while not over.wait(0.2):
        pass
