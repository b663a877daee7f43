"""Older releases of the SDK for Python run too, each in an environment of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from conformance.config import Settings
from conformance.run.sdk import Wanted, sdk
from conformance.sdk.rules import SdkSide

INSTALLED: Final = Path(__file__).parents[2] / ".venv" / "older-sdks"
OPERATIONS: Final = ("twilio_voice.fetchCall", "twilio_messaging.createMessage", "twilio_proxy_v1.ListService")


@pytest.mark.parametrize(("version", "clients"), [("8.13.0", ("async", "sync")), ("7.17.0", ("sync",))])
def test_an_older_release_is_driven_on_all_sides(
    version: str, clients: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (INSTALLED / "sdk" / f"python-{version}").is_dir():
        pytest.skip(f"twilio {version} is not in {INSTALLED}: `make test` installs it where it can")
    monkeypatch.setenv("CONFORMANCE_CACHE", str(INSTALLED))
    report = sdk(Settings(operation=OPERATIONS), Wanted(drivers=("python",), version=version)).report
    assert {cell.facts["version"] for cell in report.cells.values()} == {version}
    assert report.cells.keys() - {f"sdk python {client}" for client in clients} == {
        f"sdk python {client} {key} {side.value}" for client in clients for key in OPERATIONS for side in SdkSide
    }
    assert all(
        not cell.not_run and tally.exchanges for cell in report.cells.values() for tally in cell.tallies.values()
    )
