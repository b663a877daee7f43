"""What a command shows while it works and when it ends."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import click

from conformance.model.value import Value

if TYPE_CHECKING:
    from conformance.config import Settings
    from conformance.model.overview import Overview
    from conformance.run.suite import Outcome, Progress

_CHUNK = 1 << 22
INTERRUPTED = 130
"""The exit code where a user broke off and nothing had failed until then: what shells give for Ctrl-C."""
_PAUSE = 0.1
"""Seconds between two drawings of the progress: drawing costs more than judging."""


def expected(paths: Iterable[str]) -> int | None:
    """Give roughly how many exchanges recordings hold, for the time that is left; None where that is not known.

    Every format writes one key `request` for each exchange. Nothing is counted where nobody would see it.
    """
    if not sys.stderr.isatty():
        return None
    import re  # noqa: PLC0415 - see the package
    from pathlib import Path  # noqa: PLC0415 - see the package

    key = re.compile(rb'"request"\s*:|^\s*(?:- )?request:', re.MULTILINE)
    total = 0
    for path in map(Path, paths):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if not file.is_file():
                continue
            with file.open("rb") as stream:
                total += sum(len(key.findall(lines)) for lines in iter(partial(stream.read, _CHUNK), b""))
    return total or None


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Progress]:
    """Show progress with its rate, and the time left where the total is known, if standard error is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from datetime import timedelta  # noqa: PLC0415 - see the package

    from rich.console import Console  # noqa: PLC0415 - see the package
    from rich.progress import (  # noqa: PLC0415 - see the package
        BarColumn,
        Progress,
        ProgressColumn,
        SpinnerColumn,
        Task,
        TextColumn,
    )
    from rich.text import Text  # noqa: PLC0415 - see the package

    class Numbers(ProgressColumn):
        """How far, how fast, and how long still, or how long so far where the end is not known."""

        def render(self, task: Task) -> Text:
            far = f"{task.completed:,.0f}" + (f" of {task.total:,.0f}" if task.total is not None else "")
            left = task.time_remaining
            seconds, words = (task.elapsed or 0, "so far") if left is None else (left, "left")
            return Text(f"{far}, {task.speed or 0:,.0f}/s, {timedelta(seconds=int(seconds))} {words}")

    shape = SpinnerColumn() if total is None else BarColumn()
    columns = (TextColumn("{task.description}"), shape, Numbers())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=total)
        waiting, due = 0, 0.0

        def told(count: int) -> None:
            nonlocal waiting, due
            waiting += count
            now = time.monotonic()
            if now >= due:
                bar.advance(task, waiting)
                waiting, due = 0, now + _PAUSE

        yield told
        bar.advance(task, waiting)


class Own(Value, frozen=True, kw_only=True):
    """What a command shows in its own way."""

    file: str
    """The name of a file that it writes beside the results."""
    text: Callable[[Overview], str]
    """Gives what stands in it."""
    brief: Callable[[Overview], Iterable[str]]
    """Gives the lines that stand in the terminal for findings and operations, unless all of them are asked for."""


def finish(outcome: Outcome, settings: Settings, *, own: Own | None = None) -> None:
    """Write the results, show the report and end with the exit code.

    Raises:
        SystemExit: always.

    """
    from conformance import reports  # noqa: PLC0415 - see the package
    from conformance.reports import terminal  # noqa: PLC0415 - see the package
    from conformance.run import views  # noqa: PLC0415 - see the package

    found = views.shown(outcome, settings)
    made = views.write(found, settings, timing={"seconds": round(outcome.seconds, 3)})
    if own is not None:
        made.append(settings.output / own.file)
        made[-1].write_text(own.text(found), encoding="utf-8")
    quiet = settings.findings == "-"
    for name in settings.report:
        view = reports.view(name)
        if name != "terminal" and view.FILE is None:
            click.echo(view.render(found), err=quiet, nl=False)
    if "terminal" in settings.report:
        terminal.show(
            found,
            file=sys.stderr if quiet else sys.stdout,
            made=[str(path) for path in made],
            verbosity=settings.verbosity,
            colour=settings.colour,
            lead=list(own.brief(found)) if own is not None and settings.verbosity == 0 else None,
        )
    raise SystemExit(found.exit_code or (INTERRUPTED if outcome.interrupted else 0))
