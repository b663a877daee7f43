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
@click.option("--against", multiple=True, metavar="OFFICIAL", type=_PATH,
              help="Other descriptions of the same APIs as evidence: files or folders.")  # fmt: skip
def command(documents: tuple[Path, ...], against: tuple[Path, ...], **flags: Any) -> None:
    """Audit descriptions: is the document itself right?

    SPEC names files or folders (default: the five that ship). Unlike the other commands, an audit looks at the
    documents as their authors wrote them; with --contract corrected it looks at what the overlays leave.
    """
    from conformance.run import audit  # noqa: PLC0415 - see the package

    flags["specs"] = (*documents, *flags["specs"])
    flags["contract"] = flags["contract"] or "as-written"
    settings = options.settings(flags)
    outcome = audit.audit(settings, against=against)
    finish(outcome, settings)
