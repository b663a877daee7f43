"""The events of schemathesis (`--report ndjson`): one JSON object a line, a scenario with all its interactions in one.

Its cassettes and archives are read by `vcr` and `har`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

from conformance.errors import RecordingError
from conformance.model.http import Source
from conformance.recordings import interaction
from conformance.recordings.entry import MAX_ENTRY, Entry
from conformance.recordings.json_items import decoded
from conformance.recordings.window import pass_line

_KIND: Final = "schemathesis"
_SHAPE: Final = "an event of schemathesis"
_START: Final = re.compile(rb'\s*\{\s*"Initialize"\s*:\s*\{')
_FINISHED: Final = ("ScenarioFinished", "FuzzScenarioFinished")


def recognizes(head: bytes, name: str) -> bool:  # noqa: ARG001 - content decides
    """Tell whether a file starts with the event that schemathesis starts with."""
    return _START.match(head) is not None


def read(file: BinaryIO, path: str) -> Iterator[Entry]:
    """Give the interactions of all scenarios in order; each scenario is a session."""
    index = number = 0
    while line := file.readline(MAX_ENTRY):
        number += 1
        for session, node in _interactions(line):
            source = Source(kind=_KIND, path=path, index=index, line=number)
            try:
                if isinstance(node, ValueError):
                    raise node
                yield interaction.exchange(node, source, session=f"{path}#{session}")
            except (ValueError, RecursionError) as error:
                what = str(error)
                yield RecordingError(path=path, index=index, line=number, what=what, expected=_SHAPE)
            index += 1
        pass_line(file, line)


def _interactions(line: bytes) -> list[tuple[str, Any]]:
    """Give the interactions that an event tells of, each with its scenario, or what is wrong with the event."""
    if line.isspace():
        return []
    if len(line) == MAX_ENTRY:
        return [("", ValueError(f"a line of {MAX_ENTRY:,} bytes or more"))]
    try:
        event = _object(decoded(line), "an event")
        scenarios = [_object(event[name], name) for name in _FINISHED if name in event]
        return [
            (str(scenario.get("id")), {"id": case, **_object(told, "an interaction")})
            for scenario in scenarios
            for recorder in [_object(scenario.get("recorder", {}), "recorder")]
            for case, told in _object(recorder.get("interactions", {}), "interactions").items()
        ]
    except ValueError as error:
        return [("", error)]


def _object(value: Any, what: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    message = f"{what} that is no object"
    raise ValueError(message)
