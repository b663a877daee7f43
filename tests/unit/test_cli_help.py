"""The list of commands is read from their files, not imported; it says what each command says of itself."""

from __future__ import annotations

import subprocess
import sys

import click
from click.testing import CliRunner

from conformance.cli import main


def test_the_list_says_what_each_command_says_of_itself() -> None:
    assert isinstance(main, click.Group)
    context = click.Context(main)
    shown = CliRunner().invoke(main, ["--help"]).output
    listed = dict(line.split(maxsplit=1) for line in shown.partition("Commands:\n")[2].splitlines())
    assert list(listed) == main.list_commands(context)
    for name, said in listed.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200).startswith(said.removesuffix("..."))


def test_no_command_is_imported_for_the_list() -> None:
    program = (
        "import sys\nfrom conformance.cli import main\nmain(['--help'], standalone_mode=False)\n"
        "assert not [name for name in sys.modules if name.startswith('conformance.cli.')]"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)  # noqa: S603 - our own program
