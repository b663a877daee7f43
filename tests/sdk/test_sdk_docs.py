"""docs/sdk.md and docs/drivers.md say what is true: scripts run, tables and examples are those of the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from conformance.sdk.rules import RULES, table

ROOT: Final = Path(__file__).parents[2]
SDK: Final = ROOT / "docs" / "sdk.md"
DRIVERS: Final = ROOT / "docs" / "drivers.md"
SECTION: Final = re.compile(r"^### (?P<head>[\w-]+: .+?)\n(?P<text>.*?)(?=^##)", re.DOTALL | re.MULTILINE)
SCRIPT: Final = re.compile(r"```(?P<language>python|js)\n(?P<code>.*?)```\n\n```text\n(?P<output>.*?)```", re.DOTALL)
RULE_TABLE: Final = re.compile(r"(?<=<!-- rules -->\n).*?(?=\n<!-- end of rules -->)", re.DOTALL)
EXAMPLE: Final = re.compile(r"(?<=```python\n)\"\"\"Drives the `things` SDK.*?(?=```)", re.DOTALL)
REFRESH: Final = "REFRESH_DOCS=1 python -m pytest tests/sdk/test_sdk_docs.py refreshes it"


def sections() -> list[re.Match[str]]:
    return list(SECTION.finditer(SDK.read_text(encoding="utf-8")))


@pytest.mark.parametrize("section", sections(), ids=lambda section: section["head"])
def test_a_suspect_is_reproduced(section: re.Match[str]) -> None:
    scripts = list(SCRIPT.finditer(section["text"]))
    assert scripts
    assert section["text"].count("```") == 4 * len(scripts), "every script has its output, and nothing else is one"
    for script in scripts:
        assert len(script["code"].splitlines()) <= 5
        if script["language"] == "js":
            assert shutil.which("node"), "make test installs Node"
            command = ["node", "-e", script["code"]]
        else:
            command = [sys.executable, "-c", script["code"]]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)  # noqa: S603 - from our own documentation
        assert done.stdout == script["output"], done.stderr


def fresh(path: Path, pattern: re.Pattern[str], text: str) -> None:
    """Hold a part of a document against what it should be; write it where that is asked for."""
    document = path.read_text(encoding="utf-8")
    if os.environ.get("REFRESH_DOCS"):
        path.write_text(pattern.sub(lambda _: text, document), encoding="utf-8")
        return
    found = pattern.search(document)
    assert found is not None
    assert found[0] == text, REFRESH


def test_the_table_of_rules_is_that_of_the_code() -> None:
    fresh(SDK, RULE_TABLE, table())


def test_the_example_of_a_driver_is_the_one_that_is_tested() -> None:
    fresh(DRIVERS, EXAMPLE, (ROOT / "tests" / "sdk" / "toy" / "driver.py").read_text(encoding="utf-8"))


def test_every_rule_says_why_it_matters() -> None:
    for rule in RULES.values():
        assert rule.title.endswith(".")
        assert rule.why.endswith(".")
        assert rule.id in rule.explanation
