"""`conformance selftest`."""

from __future__ import annotations

import json
from typing import Any

import click

from conformance.cli import options
from conformance.cli.options import judging, writing
from conformance.cli.output import progress


@click.command()
@judging
@writing
@click.option("--seed", type=int, default=None, help="Of the generated requests (default: 0).")
def command(**flags: Any) -> None:
    """Plant every fault of every check into every operation and show that it is found."""
    from conformance.model.rule import Severity  # noqa: PLC0415 - see the package
    from conformance.run import selftest, suite, views  # noqa: PLC0415 - see the package

    settings = options.settings(flags)
    made = suite.suite(settings)
    with progress("planting") as told:
        matrix = selftest.selftest(made, progress=told)
    outcome = suite.Outcome(report=selftest.report(made, matrix), fail_on=Severity.ERROR, seconds=matrix.seconds)
    views.write(views.shown(outcome, settings), settings, timing={"seconds": round(matrix.seconds, 3)})
    text = json.dumps(selftest.to_json(matrix), indent=1, sort_keys=True)
    (settings.output / "selftest.json").write_text(text + "\n", encoding="utf-8")
    lines = list(selftest.lines(matrix))
    click.echo("\n".join(lines[-1:] if settings.verbosity < 0 else lines))
    raise SystemExit(0 if matrix.is_perfect else 1)
