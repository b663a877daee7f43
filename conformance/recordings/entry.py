"""What recordings consist of: entries, each an exchange or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conformance.errors import RecordingError
from conformance.model.http import Exchange

Entry = Exchange | RecordingError
"""An exchange, or why there is none."""

Write = Callable[[Exchange], None]
"""Writes one exchange to a recording."""

MAX_ENTRY: Final = 32 * 1024 * 1024
"""Bytes that one entry, and one unpacked body, may have."""


def recorded_status(status: int) -> int:
    """Give a status code.

    Raises:
        ValueError: it is none; recorders write 0 where no response came back.

    """
    if 100 <= status <= 999:  # noqa: PLR2004 - RFC 9110, 15: three digits
        return status
    message = "no response was recorded (status 0)" if status == 0 else f"the status {status}, not three digits"
    raise ValueError(message)
