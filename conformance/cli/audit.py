"""`conformance audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import judging, writing
from conformance.cli.output import finish

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("documents", nargs=-1, metavar="[SPEC]...", type=_PATH)
@judging
@writing
@click.option("--recordings", multiple=True, metavar="PATH", help="Recorded traffic as evidence: files or folders.")
@click.option(
    "--against",
    multiple=True,
    metavar="OFFICIAL",
    type=_PATH,
    help="Other descriptions of the same APIs as evidence: files or folders.",
)
@click.option(
    "--overlay",
    metavar="FILE",
    type=_PATH,
    default=None,
    help="Write the corrections that hold as an OpenAPI Overlay; into a folder, a file for each description.",
)
@click.option("--apply", "applies", is_flag=True,
              help="Write corrected copies, formatted as before, to corrected/ in the output folder.")  # fmt: skip
def command(
    documents: tuple[Path, ...], against: tuple[Path, ...], overlay: Path | None, *, applies: bool, **flags: Any
) -> None:
    """Audit descriptions: is the document itself right?

    SPEC names files or folders (default: the five that ship). Unlike the other commands, an audit looks at the
    documents as their authors wrote them; with --contract corrected it looks at what the overlays leave.

    Corrections are tried before they are offered: each has to remove its finding, add none and break no recorded
    exchange. With --recordings or --against, only those are offered that such evidence speaks for.
    """
    from conformance.errors import SettingsError  # noqa: PLC0415 - see the package
    from conformance.run import audit  # noqa: PLC0415 - see the package

    flags["specs"] = (*documents, *flags["specs"])
    flags["contract"] = flags["contract"] or "as-written"
    settings = options.settings(flags)
    if applies and settings.contract == "corrected":
        hint = "leave --contract corrected out"
        raise SettingsError(where="--apply", what="only documents as written can be edited in place", hint=hint)
    outcome = audit.audit(settings, against=against, corrects=overlay is not None or applies)
    holding = tuple(offer for offer in outcome.offers if offer.findings)
    made = audit.write_overlays(holding, overlay) if overlay is not None else []
    made += audit.write_corrected(holding, settings.output / "corrected") if applies else []
    for line in audit.tried(outcome.offers):
        click.echo(line, err=True)
    if outcome.waived:
        told = "1 finding is" if outcome.waived == 1 else f"{outcome.waived} findings are"
        click.echo(f"{told} waived by audit-ignore.", err=True)
    for key in outcome.idle:
        click.echo(f"audit-ignore: {key} waives nothing.", err=True)
    if made:
        click.echo(f"Written: {', '.join(map(str, made))}", err=True)
    elif overlay is not None or applies:
        click.echo("No corrections.", err=True)
    finish(outcome, settings)
