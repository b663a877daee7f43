"""What there is to send: the scripts of an operation in a mode, and each of them again by its id."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from importlib import import_module
from types import ModuleType

from msgspec import field

from conformance.errors import SettingsError
from conformance.generate.case import Case, Mode, split
from conformance.generate.plan import Context, cases, nowhere, rebuild
from conformance.generate.script import STEP, Dress, Keep, Script, alone, as_it_is, recalling
from conformance.generate.sessions import SESSIONS, Session, sessions
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.value import Value


class Engine(Enum):
    """What makes the requests."""

    FAST = "fast"
    """Our sampler, our enumerated edges, our sessions."""
    HYPOTHESIS = "hypothesis"
    """schemathesis: its strategies for valid and invalid requests, its state machine for sessions."""


class Work(Value, frozen=True, kw_only=True):
    """Everything that decides which requests are made."""

    operations: Sequence[Operation]
    """All of them: sessions go across."""
    seed: int = 0
    max_cases: int | None = None
    """Cases, or sessions, of one operation in one mode at most."""
    context: Context = nowhere
    dress: Dress = as_it_is
    engine: Engine = Engine.FAST
    recorded: Mapping[str, Exchange] = field(default_factory=dict)
    """Exchanges of an earlier run by their ids; what they answer is not sent again."""
    keep: Keep | None = None
    """Told each response as it comes."""

    def scripts(self, operation: Operation, mode: Mode) -> Iterator[Script]:
        """Give the scripts of an operation in a mode: one for each case, or the sessions that it anchors."""
        if mode is not Mode.STATEFUL:
            for case in self._cases(operation, mode):
                yield self._recalled(alone(case, dress=self.dress), case.id)
        elif self.engine is Engine.FAST:
            for session in self._sessions(operation):
                script = session.script(context=self.context, dress=self.dress)
                yield self._recalled(script, session.id)
        elif operation is self._siblings(operation)[0]:
            yield self._recalled(self._walks(operation), f"{operation.key}:{Mode.STATEFUL.value}")

    def _recalled(self, script: Script, name: str) -> Script:
        if not self.recorded and self.keep is None:
            return script
        return recalling(script, self.recorded, name=name, keep=self.keep or (lambda *_: None))

    def again(self, case_id: str) -> tuple[Operation, Mode, Script]:
        """Give one script again, with the operation and the mode of its cell; a step of a session gives all of it.

        Raises:
            SettingsError: the id names nothing that these operations have.

        """
        head, mark, tail = case_id.rpartition(f":{Mode.STATEFUL.value}:")
        whole = head + mark + tail.partition(STEP)[0] if mark else case_id
        key, mode, number = split(whole)
        if mode is Mode.STATEFUL:
            return self._session_again(key, number)
        case = self._case_again(whole, key, mode, number)
        return case.operation, mode, alone(case, dress=self.dress)

    def _cases(self, operation: Operation, mode: Mode) -> Iterator[Case]:
        if self._is_deep(mode):
            yield from _deep().cases(
                operation, mode=mode, seed=self.seed, max_cases=self.max_cases, context=self.context
            )
        else:
            yield from cases(operation, mode=mode, seed=self.seed, max_cases=self.max_cases, context=self.context)

    def _is_deep(self, mode: Mode) -> bool:
        return self.engine is Engine.HYPOTHESIS and mode in _deep().modes()

    def _sessions(self, operation: Operation) -> Iterator[Session]:
        limit = SESSIONS if self.max_cases is None else min(SESSIONS, self.max_cases)
        for session in sessions(self.operations, seed=self.seed, max_sessions=limit):
            if session.resource.anchor is operation:
                yield session

    def _siblings(self, operation: Operation) -> tuple[Operation, ...]:
        """Give all operations of the same description."""
        return tuple(each for each in self.operations if each.api is operation.api)

    def _walks(self, operation: Operation) -> Script:
        """Give the walks through all operations of a description, in the name of its first one."""
        limit = _deep().WALKS if self.max_cases is None else min(_deep().WALKS, self.max_cases)
        found: Script = _deep().walks(
            self._siblings(operation), seed=self.seed, max_walks=limit, context=self.context, dress=self.dress
        )
        return found

    def _case_again(self, whole: str, key: str, mode: Mode, number: int) -> Case:
        operation = next((each for each in self.operations if each.key == key), None)
        if operation is None or not self._is_deep(mode):
            return rebuild(whole, self.operations, seed=self.seed, context=self.context)
        case: Case | None = _deep().rebuild(operation, mode, number, seed=self.seed, context=self.context)
        if case is None:
            what = f"{key} has no {mode.value} case {number}"
            raise SettingsError(where="--case", what=what, hint="give the --seed of the report that names it")
        return case

    def _session_again(self, key: str, number: int) -> tuple[Operation, Mode, Script]:
        anchor = next((each for each in self.operations if each.key == key), None)
        if anchor is not None and self.engine is Engine.HYPOTHESIS and anchor is self._siblings(anchor)[0]:
            return anchor, Mode.STATEFUL, self._walks(anchor)
        if anchor is not None and self.engine is Engine.FAST:
            for session in sessions(self.operations, seed=self.seed, max_sessions=number + 1):
                if session.resource.anchor is anchor and session.number == number:
                    return anchor, Mode.STATEFUL, session.script(context=self.context, dress=self.dress)
        hint = "sessions run in the name of the operation that creates a resource"
        raise SettingsError(where="--case", what=f"{key} anchors no session {number}", hint=hint)


def _deep() -> ModuleType:
    """Give the other engine; schemathesis is not read before somebody asks for it."""
    return import_module("conformance.generate.deep")
