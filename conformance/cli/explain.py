"""`conformance explain`."""

from __future__ import annotations

import click

from conformance.cli.options import rules


@click.command()
@click.argument("rule", shell_complete=rules)
def command(rule: str) -> None:
    """Explain a check: what it finds, why that matters, and examples."""
    from conformance import checks  # noqa: PLC0415 - see the package
    from conformance.checks.explanation import explanation  # noqa: PLC0415 - see the package
    from conformance.errors import SettingsError  # noqa: PLC0415 - see the package
    from conformance.sdk.rules import RULES  # noqa: PLC0415 - see the package

    found = {each.id: each for each in checks.every()}
    if rule in RULES:
        click.echo(RULES[rule].explanation)
        return
    if rule not in found:
        from difflib import get_close_matches  # noqa: PLC0415 - only for this error

        near = get_close_matches(rule, [*found, *RULES], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "`conformance list checks` shows the names"
        raise SettingsError(where="explain", what=f"no check {rule!r}", hint=hint)
    click.echo(explanation(found[rule]))
