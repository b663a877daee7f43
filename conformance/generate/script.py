"""A script: requests that belong together, each made when the outcome of the one before is known."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, Protocol

from conformance.generate.case import Case, request
from conformance.model.expectation import Expectation
from conformance.model.http import Exchange, Request, Response, Source

STEP: Final = "/"
"""Between the id of a session and the number of a step."""


class Failed(Protocol):
    """Whatever came instead of a response."""

    @property
    def message(self) -> str:
        """Why."""


Outcome = Response | Failed
Dress = Callable[[Request], Request]
"""Changes a request before it is sent: real credentials, more headers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
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
    def exchange(self) -> Exchange | None:
        """The exchange, its expectation with it; None where no response came."""
        if not isinstance(self.outcome, Response):
            return None
        source = Source(kind="run", path=self.case.operation.key, index=self.case.index)
        return Exchange(
            id=self.expectation.case,
            request=self.request,
            response=self.outcome,
            source=source,
            session=self.session,
            extra=self.expectation.written(),
        )


Script = Generator[Request, Outcome, tuple[Step, ...]]
"""Gives requests, takes their outcomes, and ends with all steps."""


def as_it_is(sent: Request) -> Request:
    """Change nothing."""
    return sent


def alone(case: Case, *, dress: Dress = as_it_is) -> Script:
    """Give the script of one case."""
    sent = dress(request(case))
    outcome = yield sent
    return (Step(case=case, request=sent, outcome=outcome, expectation=case.expectation),)
