"""Options of the test suite."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--refresh-scenarios",
        action="store_true",
        help="Write what the program says into tests/scenarios/*.txt; review the difference.",
    )
