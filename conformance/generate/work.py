"""What there is to send: the scripts of an operation in a mode, and each of them again by its id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.errors import SettingsError
from conformance.generate.case import Mode, split
from conformance.generate.plan import Context, cases, nowhere, rebuild
from conformance.generate.script import STEP, Dress, Script, alone, as_it_is
from conformance.generate.sessions import SESSIONS, Session, sessions
from conformance.model.operation import Operation


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that decides which requests are made."""

    operations: Sequence[Operation]
    """All of them: sessions go across."""
    seed: int = 0
    max_cases: int | None = None
    """Cases, or sessions, of one operation in one mode at most."""
    context: Context = nowhere
    dress: Dress = as_it_is

    def scripts(self, operation: Operation, mode: Mode) -> Iterator[Script]:
        """Give the scripts of an operation in a mode: one for each case, or the sessions that it anchors."""
        if mode is Mode.STATEFUL:
            for session in self._sessions(operation):
                yield session.script(context=self.context, dress=self.dress)
            return
        for case in cases(operation, mode=mode, seed=self.seed, max_cases=self.max_cases, context=self.context):
            yield alone(case, dress=self.dress)

    def _sessions(self, operation: Operation) -> Iterator[Session]:
        limit = SESSIONS if self.max_cases is None else min(SESSIONS, self.max_cases)
        for session in sessions(self.operations, seed=self.seed, max_sessions=limit):
            if session.resource.anchor is operation:
                yield session

    def again(self, case_id: str) -> tuple[Operation, Mode, Script]:
        """Give one script again, with the operation and the mode of its cell; a step of a session gives all of it.

        Raises:
            SettingsError: the id names nothing that these operations have.

        """
        head, mark, tail = case_id.rpartition(f":{Mode.STATEFUL.value}:")
        whole = head + mark + tail.partition(STEP)[0] if mark else case_id
        key, mode, number = split(whole)
        if mode is not Mode.STATEFUL:
            case = rebuild(whole, self.operations, seed=self.seed, context=self.context)
            return case.operation, mode, alone(case, dress=self.dress)
        for session in sessions(self.operations, seed=self.seed, max_sessions=number + 1):
            if session.id == whole:
                anchor = session.resource.anchor
                return anchor, mode, session.script(context=self.context, dress=self.dress)
        hint = "sessions run in the name of the operation that creates a resource"
        raise SettingsError(where="--case", what=f"{key} anchors no session {number}", hint=hint)
