"""The command line: arguments become settings, settings a run, a run an exit code.

0: everything conforms. 1: findings at or above `--fail-on`, or a check of ours crashed. 2: wrong usage, unreadable
input, or nothing was checked at all.

A command is one file of this folder with a `command`. Everything but click is imported when a command runs, so that
`--help` stays quick.
"""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from typing import Any

import click

from conformance.version import __version__


class _Commands(click.Group):
    """The commands of this folder; errors of ours end in exit code 2."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Give the names of all commands."""
        names = {file.partition(".")[0] for file in os.listdir(__path__[0])}  # noqa: PTH208 - pathlib costs 5 ms
        return sorted(name.rstrip("_") for name in names - _SHARED)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a command by its name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{__name__}.{_module(cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the names of all commands, each with what it does: read from its file, which is not imported."""
        names = self.list_commands(ctx)
        room = formatter.width - 6 - max(map(len, names))
        with formatter.section("Commands"):
            formatter.write_dl(
                [(name, click.Command(name, help=_help(name)).get_short_help_str(room)) for name in names]
            )

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        from conformance.errors import ConformanceError  # noqa: PLC0415 - see the package

        try:
            return super().invoke(ctx)
        except ConformanceError as error:
            click.echo(f"error: {error}", err=True)
            ctx.exit(2)


def _module(name: str) -> str:
    return f"{name}_" if name in _KEYWORDS else name


def _help(name: str) -> str:
    with open(f"{__path__[0]}/{_module(name)}.py", encoding="utf-8") as file:  # noqa: PTH123 - pathlib costs 5 ms
        return file.read().partition("\ndef command(")[2].split('"""')[1]


_SHARED = frozenset({"__init__", "__pycache__", "options", "output"})
_KEYWORDS = frozenset({"list"})
"""Commands whose name is taken in Python; their file has an underscore behind it."""


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, package_name="conformance")
def main() -> None:
    """Hold an API, its mocks and its SDKs to their OpenAPI descriptions."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # no locale is a reason to lose a report
