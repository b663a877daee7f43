"""`conformance serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import descriptions


@click.command()
@descriptions
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=4010, show_default=True, help="0 picks a free one.")
@click.option("--seed", type=int, default=None, help="The same seed and requests give the same bytes (default: 0).")
@click.option(
    "--faults",
    multiple=True,
    metavar="FAULTS",
    help="Faults to plant, by comma: NAME@GLOB=RATE, where NAME is a check, status:429, latency:2s, truncate, reset "
    "or malformed.",
)
@click.option("--latency", metavar="TIME", default=None, help="How long every answer waits: 2s, 250ms.")
@click.option("--state", type=click.Path(dir_okay=False), default=None, help="Load the state from a file, and save it.")
@click.option("--record", type=click.Path(dir_okay=False), default=None, help="Add every exchange to a file (NDJSON).")
@click.option(
    "--certificate",
    type=click.Path(dir_okay=False),
    default=None,
    help="Speak TLS, with the certificate and its key in a file (PEM).",
)
@click.option(
    "--account",
    "accounts",
    multiple=True,
    metavar="SID:TOKEN",
    help="Let in only this user, and others named so (default: everybody with a password).",
)
def command(
    *,
    host: str,
    port: int,
    faults: tuple[str, ...],
    latency: str | None,
    state: str | None,
    record: str | None,
    certificate: str | None,
    accounts: tuple[str, ...],
    **flags: Any,
) -> None:
    """Serve the reference server: all APIs on one port, with a state, strict, and able to lie on purpose."""
    from conformance.run import serve  # noqa: PLC0415 - see the package

    wishes = serve.Wishes(
        host=host,
        port=port,
        faults=tuple(item for text in faults for item in text.split(",") if item),
        latency=latency,
        state=None if state is None else Path(state),
        record=None if record is None else Path(record),
        certificate=None if certificate is None else Path(certificate),
        accounts=dict(_account(text) for text in accounts) or None,
    )
    serve.serve(options.settings(flags), wishes, say=click.echo)


def _account(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not (user and colon and password):
        message = f"{text!r} is not SID:TOKEN"
        raise click.BadParameter(message, param_hint="--account")
    return user, password
