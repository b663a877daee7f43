"""The state as readable JSON, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from conformance.errors import SettingsError
from conformance.mock.store import Resource, State

FORMAT: Final = 1


def dump(state: State) -> dict[str, Any]:
    """Give a state as JSON: its clock, its counters, and its resources by kind, oldest first."""
    resources: dict[str, list[dict[str, Any]]] = {}
    for place, collection in sorted(state.collections.items()):
        for each in collection:
            resources.setdefault(place[0], []).append(
                {
                    "id": each.id,
                    "below": list(place[1:]),
                    "number": each.number,
                    "created": each.created,
                    "stage": each.stage,
                    "values": each.values,
                }
            )
    return {
        "format": FORMAT,
        "clock": state.clock,
        "counter": state.counter,
        "requests": state.requests,
        "resources": resources,
        "deleted": [{"kind": place[0], "below": list(place[1:]), "id": key} for place, key in sorted(state.deleted)],
    }


def written(state: State) -> str:
    """Give a state as the text of a file."""
    return json.dumps(dump(state), indent=1, ensure_ascii=False) + "\n"


def read(text: str | bytes, *, path: str) -> State:
    """Read a state from the text of a file; `path` is its name.

    Raises:
        SettingsError: the text is no state.

    """
    try:
        return _load(json.loads(text))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        what = f"no state of the reference server ({type(error).__name__}: {error})"
        hint = "start from a file that it wrote, or from none"
        raise SettingsError(where=path, what=what, hint=hint) from error


def _load(data: Mapping[str, Any]) -> State:
    if data["format"] != FORMAT:
        message = f"its format is {data['format']}, not {FORMAT}"
        raise ValueError(message)
    state = State(clock=int(data["clock"]))
    state.counter = int(data["counter"])
    state.requests = int(data["requests"])
    found = [_resource(kind, entry) for kind, entries in data["resources"].items() for entry in entries]
    for resource in sorted(found, key=lambda each: each.number):
        state.put(resource)
    state.deleted = {((entry["kind"], *entry["below"]), entry["id"]) for entry in data.get("deleted", ())}
    return state


def _resource(kind: str, entry: Mapping[str, Any]) -> Resource:
    return Resource(
        id=str(entry["id"]),
        number=int(entry["number"]),
        place=(kind, *entry["below"]),
        created=int(entry["created"]),
        stage=int(entry["stage"]),
        values=dict(entry["values"]),
    )
