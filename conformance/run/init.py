"""The pipeline of `conformance init`: a commented configuration and a workflow for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from conformance.config import KEYS
from conformance.errors import SettingsError

CONFIGURATION: Final = Path("conformance.toml")
WORKFLOW: Final = Path(".github/workflows/conformance.yml")

_HEAD: Final = """\
# What `conformance` does here. Every key may be left out, and options of the command line come first. The same keys may
# stand in pyproject.toml below [tool.conformance] instead.
"""
_WORKFLOW: Final = """\
# Fails on every departure from the descriptions that conformance-baseline.toml does not accept.
# `conformance baseline reports/results.json --to conformance-baseline.toml` accepts today's.
name: conformance

on: [push, pull_request]

permissions:
  contents: read

jobs:
  conformance:
    runs-on: ubuntu-24.04
    timeout-minutes: 15
    steps:
      # Actions are pinned to commits, since a tag can be moved: `git ls-remote https://github.com/OWNER/NAME TAG` gives
      # the commit of a tag.
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          python-version: "3.12"
      # However your project installs its tools: conformance has to be among them.
      - run: python -m pip install -r requirements-dev.txt
      # Recorded traffic. `conformance run --target http://127.0.0.1:8000` generates requests instead,
      # `pytest --conformance` checks the traffic of your tests.
      - name: Check
        run: conformance check cassettes --report terminal,github,markdown,html,junit
      - name: Summary
        if: always()
        run: cat reports/report.md >> "$GITHUB_STEP_SUMMARY"
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        if: always()
        with:
          name: conformance
          path: reports/
      # For code scanning add `sarif` to --report, `security-events: write` to permissions, and
      # github/codeql-action/upload-sarif, pinned as above, with `sarif_file: reports/report.sarif`.
"""


def configuration() -> str:
    """Give a configuration in which every key is commented out."""
    blocks = [f"# {key.words}\n# {name} = {key.example}\n" for name, key in KEYS.items()]
    return "\n".join([_HEAD, *blocks])


def write(folder: Path, *, workflow: bool, force: bool) -> list[Path]:
    """Write the files and give their paths.

    Raises:
        SettingsError: one is there already, or cannot be written.

    """
    texts = {folder / CONFIGURATION: configuration()}
    if workflow:
        texts[folder / WORKFLOW] = _WORKFLOW
    for path in texts:
        if path.exists() and not force:
            raise SettingsError(where=str(path), what="is there already", hint="remove it, or give --force")
    for path, text in texts.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            hint = "name a folder that can be written"
            raise SettingsError(where=str(path), what=str(error.strerror), hint=hint) from error
    return list(texts)
