"""The official `twilio` package for Node."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from conformance.sdk import environments
from conformance.sdk.drivers import program
from conformance.sdk.protocol import DriverFailed, Launch

SDK: Final = "twilio-node"
TITLE: Final = "the official twilio package for Node"
_PACKAGE: Final = Path("node_modules", "twilio", "package.json")


def launch(version: str | None) -> Launch:
    """Drive the package of this folder or one above it, or a version in an environment of its own.

    Raises:
        DriverFailed: there is no Node, no package, or it cannot be installed.

    """
    node = shutil.which("node")
    if node is None:
        message = "there is no `node` on this machine"
        raise DriverFailed(message)
    home = _here() if version is None else environments.environment("node", version, environments.with_npm)
    if home is None:
        message = (
            f"{Path.cwd()} and the folders above have no node_modules/twilio: npm install twilio, or --sdk-version"
        )
        raise DriverFailed(message)
    environment = {"CONFORMANCE_SDK_HOME": str(home)}
    return Launch(name="node", command=(node, program("twilio_node.js")), environment=environment)


def _here() -> Path | None:
    """Give the nearest folder that has the package."""
    return next((each for each in (Path.cwd(), *Path.cwd().parents) if (each / _PACKAGE).is_file()), None)
