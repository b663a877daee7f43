"""Environments of their own for SDKs: installed once for each version, in the user's cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from conformance.sdk.protocol import DriverFailed

_VERSION: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+-]*")
PATIENCE: Final = 600
"""Seconds that an installation may take."""


def cache() -> Path:
    """Give the folder where environments are kept: `CONFORMANCE_CACHE`, or below the user's cache."""
    own = os.environ.get("CONFORMANCE_CACHE")
    return Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "conformance"


def environment(name: str, version: str, install: Callable[[Path, str], None]) -> Path:
    """Give the folder of an SDK in a version, installing it where it is not there.

    Raises:
        DriverFailed: it cannot be installed.

    """
    if not _VERSION.fullmatch(version):
        message = f"{version!r} is no version"
        raise DriverFailed(message)
    made = cache() / "sdk" / f"{name}-{version}"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=made.parent, prefix=f".{name}-") as folder:
            unfinished = Path(folder) / "environment"
            unfinished.mkdir()
            install(unfinished, version)
            shutil.move(unfinished, made)
    return made


def with_pip(folder: Path, version: str) -> None:
    """Install the `twilio` package for Python into a folder, away from everything else.

    Raises:
        DriverFailed: it cannot be installed.

    """
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    run([*command, str(folder / "packages"), f"twilio=={version}"], what=f"twilio {version} for Python")


def with_npm(folder: Path, version: str) -> None:
    """Install the `twilio` package for Node into a folder.

    Raises:
        DriverFailed: it cannot be installed.

    """
    npm = shutil.which("npm")
    if npm is None:
        message = "there is no npm on this machine to install it with"
        raise DriverFailed(message)
    command = [npm, "install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", str(folder)]
    run([*command, f"twilio@{version}"], what=f"twilio {version} for Node")


def run(command: list[str], *, what: str) -> None:
    """Run an installer.

    Raises:
        DriverFailed: it fails, or takes too long.

    """
    try:
        done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE)  # noqa: S603 - ours
    except subprocess.TimeoutExpired as error:
        message = f"{what} was not installed within {PATIENCE} s"
        raise DriverFailed(message) from error
    if done.returncode:
        message = f"{what} cannot be installed: {_telling(done.stderr.decode('utf-8', 'replace'))}"
        raise DriverFailed(message)


def _telling(said: str) -> str:
    """Give the line of a complaint that says why."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for word in ("no matching", "error", ""):
        for line in lines:
            if word in line.lower() and not line.startswith("npm error code"):
                return line
    return "no reason was given"
