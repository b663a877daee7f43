"""A script: requests that belong together, each made when the outcome of the one before is known."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from enum import Enum
from itertools import count
from typing import Final, Protocol

from msgspec.structs import replace

from conformance.generate.case import Case, request
from conformance.model.expectation import Expectation
from conformance.model.http import Exchange, Request, Response, Source
from conformance.model.value import Value

WITHHELD: Final = "withheld"
STEP: Final = "/"
"""Between the id of a session and the number of a step."""


class Failed(Protocol):
    """Whatever came instead of a response."""

    @property
    def reason(self) -> Enum:
        """Of which kind it is; `withheld` where the request was not sent at all."""

    @property
    def message(self) -> str:
        """Why, in words."""

    @property
    def elapsed(self) -> float | None:
        """Seconds until then."""


Outcome = Response | Failed
Dress = Callable[[Request], Request]
"""Changes a request before it is sent: real credentials, more headers."""


class Step(Value, frozen=True, kw_only=True):
    """One request of a script with what came back."""

    case: Case
    request: Request
    """As it was sent."""
    outcome: Outcome
    expectation: Expectation
    session: str | None = None
    """The id of the session that it is part of."""

    @property
    def failure(self) -> str:
        """Why no response came; empty where one did."""
        return "" if isinstance(self.outcome, Response) else self.outcome.message

    @property
    def withheld(self) -> bool:
        """Whether the request was not sent."""
        return not isinstance(self.outcome, Response) and self.outcome.reason.value == WITHHELD

    @property
    def exchange(self) -> Exchange | None:
        """The exchange, its expectation with it; None where the request was not sent.

        Where no response came, its place is taken by one of status 0, and the expectation says what came instead.
        """
        if self.withheld:
            return None
        expected, response = self.expectation, self.outcome
        if not isinstance(response, Response):
            expected = replace(expected, failure=f"{response.reason.value}: {response.message}")
            response = Response(status=0, reason=response.reason.value, elapsed=response.elapsed)
        source = Source(kind="run", path=self.case.operation.key, index=self.case.index)
        return Exchange(
            id=expected.case,
            request=self.request,
            response=response,
            source=source,
            session=self.session,
            extra=expected.written(),
        )


Script = Generator[Request, Outcome, tuple[Step, ...]]
"""Gives requests, takes their outcomes, and ends with all steps."""


def as_it_is(sent: Request) -> Request:
    """Change nothing."""
    return sent


Keep = Callable[[str, Request, Response], None]
"""Told each response as it comes, with the id by which `recalling` finds it again."""


def recalling(script: Script, recorded: Mapping[str, Exchange], *, name: str, keep: Keep = lambda *_: None) -> Script:
    """Give a script that sends nothing again for which an answer was recorded, and has `keep` record the others.

    Answers are found by the id of their exchange: `name` for a single case, `name/step` for a session. The same seed
    and the same documents make the same requests, so the id is enough.
    """
    try:
        sent = next(script)
        for number in count():
            known = recorded.get(f"{name}{STEP}{number}") or recorded.get(name)
            if known is not None and known.response.status:
                outcome: Outcome = known.response
            else:
                outcome = yield sent
                if isinstance(outcome, Response):
                    keep(f"{name}{STEP}{number}", sent, outcome)
            sent = script.send(outcome)
    except StopIteration as end:
        steps: tuple[Step, ...] = end.value
        return steps
    return ()


def alone(case: Case, *, dress: Dress = as_it_is) -> Script:
    """Give the script of one case."""
    sent = dress(request(case))
    outcome = yield sent
    return (Step(case=case, request=sent, outcome=outcome, expectation=case.expectation),)
