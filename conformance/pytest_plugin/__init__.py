"""A pytest plugin: HTTP traffic that tests cause is held to its description, and operations become tests.

`pytest --conformance` checks what the tests send through requests, urllib3, httpx and aiohttp, or replay from vcrpy
cassettes, and fails the test that caused a finding. `pytest --conformance-spec FILE --conformance-target URL` makes a
test of every operation. Nothing is imported, patched or printed where neither is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.pytest_plugin.watch import Watch

_MARKER = (
    "conformance(enabled=True, ignore=[], operation=[], fail_on=None): how the HTTP traffic of a test is checked: "
    "whether it is, which rules and operations (globs) count, and the mildest severity that fails."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("conformance", "HTTP traffic against OpenAPI descriptions")
    group.addoption("--conformance", action="store_true", help="Check all HTTP traffic that the tests cause.")
    group.addoption(
        "--conformance-spec",
        action="append",
        default=[],
        metavar="PATH",
        help="OpenAPI documents: files or folders (default: [tool.conformance], else the five that ship).",
    )
    group.addoption(
        "--conformance-server",
        action="append",
        default=[],
        metavar="URL",
        help="Hold traffic to this server against the documented ones, such as http://testserver.",
    )
    group.addoption(
        "--conformance-target",
        metavar="URL",
        help="Make a test of every operation: send generated requests to this target (mock, http(s)://, asgi:, wsgi:).",
    )
    group.addoption("--conformance-contract", choices=["corrected", "as-written"], help="Which reading holds.")
    group.addoption(
        "--conformance-fail-on", choices=["note", "warning", "error"], help="The mildest severity that fails a test."
    )
    group.addoption("--conformance-baseline", metavar="FILE", help="Known findings, which fail no test.")
    group.addoption(
        "--conformance-output", metavar="DIR", help="Write results.json and the views of [tool.conformance] here."
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start watching, where that was asked for.

    Raises:
        UsageError: an option, the configuration or a description is wrong.

    """
    config.addinivalue_line("markers", _MARKER)
    if not (config.getoption("--conformance") or config.getoption("--conformance-target")):
        return
    from conformance.errors import ConformanceError  # noqa: PLC0415 - costs nothing where nobody asked
    from conformance.pytest_plugin.session import Session  # noqa: PLC0415 - the same

    try:
        session = Session(config)
    except ConformanceError as error:
        message = f"conformance: {error}"
        raise pytest.UsageError(message) from error
    config.pluginmanager.register(session, "conformance-session")


@pytest.fixture
def conformance(request: pytest.FixtureRequest) -> Watch:
    """Say how the HTTP traffic of this test is checked, and see what was found so far."""
    from conformance.pytest_plugin.watch import Watch  # noqa: PLC0415 - costs nothing where nobody asked

    return Watch(request.config.pluginmanager.get_plugin("conformance-session"), request.node)
