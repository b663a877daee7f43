"""How large the HTML report is and how soon it opens: 90 operations, 40 checks, 100,000 exchanges, all added up.

Run by hand: `python benchmarks/html_report.py [times]`. The worst report there can be: every operation that was called
breaks every check. Gives the bytes of the file, the seconds to draw it, and the seconds from the request for it until a
headless Chromium shows it and its script is ready, then until what is packed into it is unpacked.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "browser"))

from conftest import chromium
from test_html_report import EXCHANGES, RULES, large

from conformance.reports import html


def main(times: int) -> None:
    """Measure and print."""
    shown = large()
    started = time.perf_counter()
    text = html.render(shown)
    drawn = time.perf_counter() - started
    print(f"{len(shown.rows)} operations, {RULES} checks, {EXCHANGES:,} exchanges, {len(shown.findings):,} findings")
    print(f"{len(text.encode()):,} bytes, drawn in {drawn:.2f} s")
    with tempfile.TemporaryDirectory() as folder, chromium(Path(folder) / "browser") as page:
        path = Path(folder) / "report.html"
        path.write_text(text, encoding="utf-8")
        page.look(width=1280)
        ready, complete = [], []
        for _ in range(times):
            started = time.perf_counter()
            ready.append(page.open(path.as_uri()))
            page.wait("document.documentElement.dataset.complete !== undefined")
            complete.append(time.perf_counter() - started)
    for words, seconds in (("shown and ready", ready), ("unpacked", complete)):
        print(
            f"{words:16} median {statistics.median(seconds):.2f} s, best {min(seconds):.2f} s, worst {max(seconds):.2f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
