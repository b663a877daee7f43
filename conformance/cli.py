"""The command line: arguments become settings, settings a run, a run an exit code.

0: everything conforms. 1: findings at or above `--fail-on`, or a check of ours crashed. 2: wrong usage, unreadable
input, or nothing was checked at all.

Everything but click is imported when a command runs, so that `--help` stays quick.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.version import __version__

if TYPE_CHECKING:
    from conformance.config import Settings
    from conformance.run import Outcome, Progress

Command = Callable[..., Any]


class _Group(click.Group):
    """A group whose commands end in exit code 2 on errors of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        from conformance.errors import ConformanceError  # noqa: PLC0415 - see the module

        try:
            return super().invoke(ctx)
        except ConformanceError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="conformance")
def main() -> None:
    """Hold an API, its mocks and its SDKs to their OpenAPI descriptions."""


def _options(*options: Command) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_DESCRIPTIONS = _options(
    click.option("--specs", multiple=True, metavar="PATH", type=click.Path(path_type=Path),
                 help="Descriptions: files or folders (default: the five that ship)."),
    click.option("--contract", type=click.Choice(["corrected", "as-written"]), default=None,
                 help="With the overlays applied (default), or as the authors wrote them."),
    click.option("--allow-reference", "allow_references", multiple=True, metavar="FILE",
                 help="A file beside a description that its references may lead to."),
)  # fmt: skip
_JUDGING = _options(
    _DESCRIPTIONS,
    click.option("--operation", multiple=True, metavar="GLOB", help="Only operations whose key fits."),
    click.option("--select", multiple=True, metavar="RULES", help="Only these checks (names or globs, by comma)."),
    click.option("--ignore", multiple=True, metavar="RULES", help="Not these checks."),
    click.option("--severity", multiple=True, metavar="RULE=LEVEL", help="Re-grade a check: note, warning or error."),
    click.option("--fail-on", type=click.Choice(["note", "warning", "error"]), default=None,
                 help="The mildest severity that fails (default: error)."),
)  # fmt: skip
_WRITING = _options(
    click.option("--output", type=click.Path(path_type=Path, file_okay=False), default=None,
                 help="Where results.json and the views go (default: reports/)."),
    click.option("--report", multiple=True, metavar="VIEWS", help="Views, by comma (default: terminal,junit)."),
    click.option("--findings", metavar="FILE", default=None, help="Every occurrence as NDJSON; - for stdout."),
    click.option("--shard", metavar="I/N", default=None, help="Only this part of the work; `report` merges the parts."),
)  # fmt: skip


def _settings(flags: dict[str, Any]) -> Settings:
    from conformance import config  # noqa: PLC0415 - see the module

    for name in ("select", "ignore", "report", "modes"):
        if name in flags:
            flags[name] = tuple(item for text in flags[name] for item in text.split(",") if item)
    if "severity" in flags:
        flags["severity"] = dict(_grade(text) for text in flags["severity"]) or None
    if flags.get("shard") is not None:
        flags["shard"] = config.shard(flags["shard"])
    for name in ("strict", "strict_input"):
        flags[name] = flags.get(name) or None
    return config.settings(config.find(Path.cwd()), flags)


def _grade(text: str) -> tuple[str, str]:
    rule, _, level = text.partition("=")
    if level not in {"note", "warning", "error"}:
        message = f"{text!r} is not RULE=LEVEL with the level note, warning or error"
        raise click.BadParameter(message, param_hint="--severity")
    return rule, level


@contextmanager
def _progress(label: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress with its rate where standard error is a terminal, nothing where it is not."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - see the module
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


def _finish(outcome: Outcome, settings: Settings) -> None:
    from conformance import run  # noqa: PLC0415 - see the module
    from conformance.reports import terminal  # noqa: PLC0415 - see the module

    made = run.write(outcome, settings)
    if "terminal" in settings.report:
        quiet = settings.findings == "-"
        terminal.show(outcome.report, fail_on=outcome.fail_on, file=sys.stderr if quiet else sys.stdout)
        click.echo(f"Results: {', '.join(map(str, made))}", err=quiet)
    raise SystemExit(outcome.exit_code)


@main.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@_JUDGING
@_WRITING
@click.option("--strict-input", is_flag=True, help="Fail with exit code 2 if any entry cannot be read.")
def check(inputs: tuple[str, ...], **flags: Any) -> None:
    """Check recorded traffic: cassettes, exchange NDJSON, folders of them, or - for standard input."""
    from conformance import run  # noqa: PLC0415 - see the module

    settings = _settings(flags)
    with _progress("checking") as progress:
        outcome = run.check(settings, inputs, progress=progress)
    _finish(outcome, settings)


@main.command()
@click.argument("results", nargs=-1, required=True, metavar="RESULTS...")
@_WRITING
@click.option("--fail-on", type=click.Choice(["note", "warning", "error"]), default=None,
              help="The mildest severity that fails (default: error).")  # fmt: skip
def report(results: tuple[str, ...], **flags: Any) -> None:
    """Merge results files and render views."""
    from conformance import run  # noqa: PLC0415 - see the module
    from conformance.model.rule import Severity  # noqa: PLC0415 - see the module

    settings = _settings(flags)
    outcome = run.Outcome(report=run.merge(results), fail_on=Severity(settings.fail_on), seconds=0.0)
    _finish(outcome, settings)


@main.command(name="list")
@click.argument("what", type=click.Choice(["operations", "checks"]))
@_DESCRIPTIONS
def list_(what: str, **flags: Any) -> None:
    """List operations or checks, one a line, key first."""
    from conformance import checks, run  # noqa: PLC0415 - see the module

    if what == "operations":
        rows = [(each.key, each.method, each.path) for each in run.load(_settings(flags))]
    else:
        rows = [(each.id, each.severity.value, each.title) for each in checks.every()]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for first, second, third in rows:
        click.echo(f"{first.ljust(widths[0])}  {second.ljust(widths[1])}  {third}")


@main.command()
@click.argument("rule")
def explain(rule: str) -> None:
    """Explain a check: what it finds, why that matters, and examples."""
    from conformance import checks  # noqa: PLC0415 - see the module
    from conformance.checks.explanation import explanation  # noqa: PLC0415 - see the module
    from conformance.errors import SettingsError  # noqa: PLC0415 - see the module

    found = {each.id: each for each in checks.every()}
    if rule not in found:
        from difflib import get_close_matches  # noqa: PLC0415 - only for this error

        near = get_close_matches(rule, found, n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`conformance list checks` shows the names"
        raise SettingsError(where="explain", what=f"no check {rule!r}", hint=hint)
    click.echo(explanation(found[rule]))
