"""Writes anew what pages take from the program: `python tests/docs/refresh.py`.

A block behind `<!-- source: FILE -->` is that file; what stands between `<!-- keys -->` and `<!-- /keys -->` is the
table of configuration keys.
"""

from __future__ import annotations

import re
from pathlib import Path

from conformance.config import KEYS

ROOT = Path(__file__).parents[2]
_SOURCE = re.compile(r"(?ms)(<!-- source: (?P<file>[^\n]+?) -->\n```python\n).*?(^```$)")
_KEYS = re.compile(r"(?s)(<!-- keys -->\n).*?(<!-- /keys -->)")


def refreshed(page: str) -> str:
    """Give a page with everything it takes from the program as it is."""

    def source(found: re.Match[str]) -> str:
        return found[1] + (ROOT / found["file"]).read_text(encoding="utf-8") + found[3]

    return _KEYS.sub(lambda found: f"{found[1]}\n{_table()}\n{found[2]}", _SOURCE.sub(source, page))


def _table() -> str:
    lines = ["| key | decides | for example |", "|---|---|---|"]
    lines += [f"| `{name}` | {key.words} | `{key.example}` |" for name, key in KEYS.items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page of `docs/` anew."""
    for page in ROOT.joinpath("docs").glob("*.md"):
        page.write_text(refreshed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
