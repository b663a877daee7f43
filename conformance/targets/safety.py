"""What may be sent where: nothing that changes anything leaves this machine unless the user says so."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from typing import Final

from conformance.model.http import Request
from conformance.model.value import Value
from conformance.targets.target import Dialogue, Failure, Outcome, Reason, T, Target

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, 9.2.1)."""
_TEST_CREDENTIALS_CODE: Final = b"20008"
"""The error code of resources that test credentials may not see (twilio.com/docs/api/errors/20008)."""


class Policy(Value, frozen=True, kw_only=True):
    """What the user has allowed."""

    writes: bool = False
    """`--allow-writes`: other methods than GET may go to hosts that are not loopback."""
    costs: bool = False
    """`--yes-this-costs-money`: they may go to Twilio too."""
    test_credentials: bool = False
    """The credentials were seen to be Twilio's test credentials, which cost nothing and reach nobody."""
    max_requests: int | None = None
    """Requests that may be sent in all."""
    dry: bool = False
    """`--dry-run`: nothing is sent."""


class Guarded:
    """A target behind a policy. What may not be sent comes back as a failure that says so."""

    def __init__(self, target: Target, policy: Policy, *, host: str = "") -> None:
        """Stand before a target; `host` is where it sends to."""
        self._target = target
        self._policy = policy
        self._host = host.lower()
        self.sent = 0
        """Requests that went through."""
        self.stopped = ""
        """Why nothing is sent any more; empty where that may be."""

    @property
    def name(self) -> str:
        """What the user called the target."""
        return self._target.name

    @property
    def local(self) -> bool:
        """Whether nothing leaves this machine."""
        return self._target.local

    def reach(self) -> None:
        """Find out whether anybody is there; a dry run does not ask.

        Raises:
            TargetError: nobody is.

        """
        if not self._policy.dry:
            self._target.reach()

    def place(self, url: str) -> str:
        """Give where a request with a documented URL goes."""
        return self._target.place(url)

    def stop(self, why: str) -> None:
        """Send nothing any more."""
        self.stopped = why

    def send(self, request: Request) -> Outcome:
        """Give the outcome of a request that may be sent."""
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        self.sent += 1
        return self._target.send(request)

    def play(self, dialogues: Iterable[Dialogue[T]]) -> Iterator[T]:
        """Hold dialogues; what may not be sent is answered here."""
        return self._target.play(self._guarded(dialogue) for dialogue in dialogues)

    def close(self) -> None:
        """Let go of the target."""
        self._target.close()

    def _guarded(self, dialogue: Dialogue[T]) -> Generator[Request, Outcome, T]:
        try:
            request = next(dialogue)
            while True:
                outcome: Outcome | None = self.refusal(request)
                if outcome is None:
                    self.sent += 1
                    outcome = yield request
                request = dialogue.send(outcome)
        except StopIteration as end:
            found: T = end.value
            return found

    def refusal(self, request: Request) -> Failure | None:
        """Say why a request may not be sent; None where it may."""
        why = self._why_not(request)
        return None if why is None else Failure(reason=Reason.WITHHELD, message=why)

    def would_refuse(self, request: Request) -> Failure | None:
        """Say why a request would not be sent if this were no dry run, and count it where it would."""
        why = self._forbidden(request)
        self.sent += why is None
        return None if why is None else Failure(reason=Reason.WITHHELD, message=why)

    def _why_not(self, request: Request) -> str | None:
        if self.stopped:
            return self.stopped
        return "nothing is sent in a dry run" if self._policy.dry else self._forbidden(request)

    def _forbidden(self, request: Request) -> str | None:
        policy = self._policy
        if policy.max_requests is not None and self.sent >= policy.max_requests:
            return f"the limit of {policy.max_requests} requests is reached"
        return self._dangerous(request)

    def forbids(self, request: Request) -> bool:
        """Tell whether a request may never be sent, however many may."""
        return self._dangerous(request) is not None

    def _dangerous(self, request: Request) -> str | None:
        policy = self._policy
        if self.local or request.method in SAFE:
            return None
        if not policy.writes:
            return f"{request.method} is not sent to {self._host or self.name} without --allow-writes"
        if is_twilio_host(self._host) and not (policy.costs or policy.test_credentials):
            return f"{request.method} to {self._host} may cost money: use test credentials or --yes-this-costs-money"
        return None


def is_twilio_host(host: str) -> bool:
    """Tell whether a host is Twilio's."""
    return host == "twilio.com" or host.endswith(".twilio.com")


def are_test_credentials(outcome: Outcome) -> bool:
    """Tell from the answer to a GET of messages or calls whether its credentials were test credentials.

    Test credentials may create messages and calls but see none of them: Twilio answers 403 with code 20008.
    """
    return not isinstance(outcome, Failure) and outcome.status == 403 and _TEST_CREDENTIALS_CODE in outcome.body  # noqa: PLR2004 - Forbidden
