"""The official `twilio` package for Python."""

from __future__ import annotations

import importlib.util
import sys
from typing import Final

from conformance.sdk import environments
from conformance.sdk.drivers import program
from conformance.sdk.protocol import DriverFailed, Launch

SDK: Final = "twilio-python"
TITLE: Final = "the official twilio package for Python, synchronous and asynchronous"


def launch(version: str | None) -> Launch:
    """Drive the package of this interpreter, or a version in an environment of its own.

    Raises:
        DriverFailed: it is not there, or cannot be installed.

    """
    command = (sys.executable, program("twilio_python.py"))
    if version is not None:
        folder = environments.environment("python", version, environments.with_pip)
        return Launch(name="python", command=command, environment={"PYTHONPATH": str(folder / "packages")})
    if importlib.util.find_spec("twilio") is None:
        message = f"{sys.executable} has no package `twilio`: pip install 'conformance[sdk]', or give --sdk-version"
        raise DriverFailed(message)
    return Launch(name="python", command=command)
