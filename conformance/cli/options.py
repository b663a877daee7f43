"""Options that several commands share, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from conformance.config import Settings

Command = Callable[..., Any]


def combined(*options: Command) -> Callable[[Command], Command]:
    """Give one decorator for several options."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def rules(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a check, behind a comma too."""
    from conformance import checks  # noqa: PLC0415 - see the package

    before, comma, start = incomplete.rpartition(",")
    return [f"{before}{comma}{check.id}" for check in checks.every() if check.id.startswith(start)]


def views(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """Complete the name of a view, behind a comma too."""
    from conformance import reports  # noqa: PLC0415 - see the package

    before, comma, start = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in reports.names() if name.startswith(start)]


descriptions: Callable[[Command], Command] = combined(
    click.option("--specs", multiple=True, metavar="PATH", type=click.Path(),
                 help="Descriptions: files or folders (default: the five that ship)."),
    click.option("--contract", type=click.Choice(["corrected", "as-written"]), default=None,
                 help="With the overlays applied (default), or as the authors wrote them."),
    click.option("--allow-reference", "allow_references", multiple=True, metavar="FILE",
                 help="A file beside a description that its references may lead to."),
)  # fmt: skip
failing: Callable[[Command], Command] = combined(
    click.option("--fail-on", type=click.Choice(["note", "warning", "error"]), default=None,
                 help="The mildest severity that fails (default: error)."),
)  # fmt: skip
judging: Callable[[Command], Command] = combined(
    descriptions,
    click.option("--operation", multiple=True, metavar="GLOB", help="Only operations whose key fits."),
    click.option("--select", multiple=True, metavar="RULES", shell_complete=rules,
                 help="Only these checks (names or globs, by comma)."),
    click.option("--ignore", multiple=True, metavar="RULES", shell_complete=rules, help="Not these checks."),
    click.option("--severity", multiple=True, metavar="RULE=LEVEL", help="Re-grade a check: note, warning or error."),
    failing,
)  # fmt: skip
writing: Callable[[Command], Command] = combined(
    click.option("--output", type=click.Path(file_okay=False), default=None,
                 help="Where results.json and the views go (default: reports/)."),
    click.option("--report", multiple=True, metavar="VIEWS", shell_complete=views,
                 help="Views, by comma (default: terminal,junit)."),
    click.option("--findings", metavar="FILE", default=None, help="Every occurrence as NDJSON; - for stdout."),
    click.option("--shard", metavar="I/N", default=None, help="Only this part of the work; `report` merges the parts."),
    click.option("--baseline", metavar="FILE", type=click.Path(dir_okay=False), default=None,
                 help="Known findings, which do not fail; `conformance baseline` writes it."),
    click.option("--previous", metavar="RESULTS", type=click.Path(dir_okay=False), default=None,
                 help="The results to compare with (default: those of the run before in --output)."),
    click.option("-q", "--quiet", is_flag=True, help="Only the summary."),
    click.option("-v", "--verbose", is_flag=True, help="Every finding, and everything that was never seen."),
    click.option("--no-color", is_flag=True, help="No colour; NO_COLOR=1 says the same."),
)  # fmt: skip


def settings(flags: dict[str, Any]) -> Settings:
    """Give the settings of flags, in their strings, and of the nearest configuration file.

    The views are looked up and the baseline is read, so that a mistake is known before any work is done.

    Raises:
        SettingsError: a value is wrong.

    """
    from pathlib import Path  # noqa: PLC0415 - see the package

    from conformance import config  # noqa: PLC0415 - see the package

    if "specs" in flags:
        flags["specs"] = tuple(map(Path, flags["specs"]))
    for name in ("output", "baseline", "previous"):
        if flags.get(name) is not None:
            flags[name] = Path(flags[name])
    flags["verbosity"] = int(flags.pop("verbose", None) or 0) - int(flags.pop("quiet", None) or 0) or None
    flags["colour"] = False if flags.pop("no_color", None) else None
    flags |= {name: _listed(flags[name]) for name in ("select", "ignore", "report", "modes") if name in flags}
    if "severity" in flags:
        flags["severity"] = dict(_grade(text) for text in flags["severity"]) or None
    for name, reader in (("shard", config.shard), ("partition", config.size)):
        if flags.get(name) is not None:
            flags[name] = reader(flags[name])
    for name in ("resume", "strict", "strict_input"):
        flags[name] = flags.get(name) or None
    found = config.settings(config.find(Path.cwd()), flags)
    if "report" in flags:
        from conformance import reports  # noqa: PLC0415 - see the package

        for name in found.report:
            reports.view(name)
    if found.baseline is not None:
        from conformance import baseline  # noqa: PLC0415 - see the package

        baseline.read(found.baseline)
    return found


def _listed(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(item for text in texts for item in text.split(",") if item)


def _grade(text: str) -> tuple[str, str]:
    rule, _, level = text.partition("=")
    if level not in {"note", "warning", "error"}:
        message = f"{text!r} is not RULE=LEVEL with the level note, warning or error"
        raise click.BadParameter(message, param_hint="--severity")
    return rule, level
