"""The check `forgotten-session-state`."""

from __future__ import annotations

from msgspec.structs import replace

from conformance.model.operation import Operation
from conformance.model.rule import (
    Example,
    Matched,
    Problem,
    SessionInspector,
    SessionStart,
    Severity,
    Stage,
    check,
)
from conformance.model.session import Past

_URL = "https://api.example.com/things/{}"
_FETCH = Example(title="", operation={"responses": {"404": {"description": "None"}}}, url=_URL.format(2), status=404)
_DELETE = Example(
    title="",
    operation={"responses": {"204": {"description": "Done"}}},
    method="DELETE",
    url=_URL.format(1),
    status=204,
)


@check(
    severity=Severity.NOTE,
    stage=Stage.RELATION,
    good=[replace(_DELETE, title="a session that is remembered whole", before=(_FETCH, _DELETE))],
    bad=[
        replace(
            _DELETE,
            title="a session with more resources than are remembered",
            url=_URL.format(3),
            before=(_FETCH, _DELETE),
            remembers=1,
        )
    ],
)
def forgotten_session_state(operations: tuple[Operation, ...]) -> SessionStart:  # noqa: ARG001 - holds for all
    """Something of this session was forgotten, so faults across its exchanges may go unseen.

    What a session has created, deleted and shown page by page is remembered up to a bound, and so is the number of
    sessions that are followed at the same time. Beyond it the oldest is forgotten, and this note says so, once.
    """
    return _inspector


def _inspector(past: Past) -> SessionInspector:
    told = False

    def inspect(seen: Matched) -> list[Problem] | None:
        nonlocal told
        if told:
            return None
        if not past.forgotten:
            return []
        told = True
        return [
            Problem(
                message=f"more than {past.limit:,} things in one session, or too many sessions at once: the oldest was "
                "forgotten",
                spec_pointer=seen.operation.pointer,
                expected=f"at most {past.limit:,}",
                keyword="session",
            )
        ]

    return inspect
