"""Where a run takes place: the target with what may be sent to it, the credentials, and what is sent in which order."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from conformance import targets
from conformance.config import Settings
from conformance.generate.case import Mode, authorized, basic
from conformance.generate.script import Script, Step
from conformance.generate.work import Engine, Work
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model import curl
from conformance.model.expectation import SENT_TO
from conformance.model.http import Exchange, Headers, Request, Response
from conformance.model.operation import Operation
from conformance.run.journal import Journal
from conformance.run.suite import Suite, compiler
from conformance.targets import Options, Target, credentials
from conformance.targets.safety import Guarded, Policy, are_test_credentials, is_twilio_host

MOCK: Final = "mock"
_LIVE: Final = ("http:", "https:")
_ACCOUNT: Final = re.compile(r"AC[0-9a-fA-F]{32}")
_MESSAGES: Final = "https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json?PageSize=1"


class Field:
    """The target, and the reference server where that is the target."""

    def __init__(
        self, made: Suite, *, dry: bool = False, journal: Journal | None = None, recorded: Mapping[str, Exchange] = {}
    ) -> None:
        """Open the target and find out whether it is there; a dry run does not ask.

        `journal` keeps what comes back, `recorded` is what an earlier one kept.

        Raises:
            TargetError: nothing is known by this name, or nobody is there.
            SettingsError: the credentials that the user keeps cannot be read.

        """
        settings = made.settings
        self.suite = made
        self.operations: tuple[Operation, ...] = made.operations
        self._is_mock = settings.target == MOCK
        self._keeps_host = self._is_mock or settings.keep_host
        self._mock = Mock(made.operations, compiler(), seed=settings.seed) if self._is_mock else None
        self._state = State()
        self._host = (urlsplit(settings.target).hostname or "") if settings.target.startswith(_LIVE) else ""
        self._user, self._authorization = self._credentials(settings)
        self._added = [
            (name.strip(), text.strip()) for name, _, text in (each.partition(":") for each in settings.header)
        ]
        self.target = self._guarded(settings, dry=dry)
        self._work = Work(
            operations=made.operations,
            seed=settings.seed,
            max_cases=settings.max_cases,
            context=self.known,
            dress=self.dressed,
            engine=Engine(settings.engine),
            recorded=recorded,
            keep=None if journal is None else journal.keep,
        )

    def _credentials(self, settings: Settings) -> tuple[str, str | None]:
        """Give the user and the Authorization header: of the option, of the environment, or of the netrc file."""
        if settings.auth is not None:
            user, _, password = settings.auth.partition(":")
            return user, basic(user, password)
        found = credentials.find(self._host) if self._host else None
        if found is not None:
            return found[0], basic(*found)
        return "", None if self._mock is None else self._mock.authorization

    def _guarded(self, settings: Settings, *, dry: bool) -> Guarded:
        servers = tuple(dict.fromkeys(server for operation in self.operations for server in operation.servers))
        opened = targets.open_target(
            settings.target,
            Options(
                servers=servers,
                mock=self._answer if self._is_mock else None,
                keep_host=self._keeps_host,
                workers=settings.workers,
                rate=settings.rate,
            ),
        )
        try:
            if not dry:
                opened.reach()
            for_tests = not dry and self._are_for_tests(settings, opened)
        except BaseException:
            opened.close()
            raise
        policy = Policy(
            writes=settings.allow_writes,
            costs=settings.allow_costs,
            test_credentials=for_tests,
            max_requests=settings.max_requests,
            dry=dry,
        )
        return Guarded(opened, policy, host=self._host)

    def _are_for_tests(self, settings: Settings, opened: Target) -> bool:
        """Ask Twilio whether the credentials are test credentials, where it matters."""
        if not (is_twilio_host(self._host) and settings.allow_writes and self._authorization) or settings.allow_costs:
            return False
        headers = Headers((("Accept", "application/json"), ("Authorization", self._authorization)))
        asked = Request(method="GET", url=_MESSAGES.format(account=self._user), headers=headers)
        return are_test_credentials(opened.send(asked))

    def _answer(self, sent: Request) -> Response:
        assert self._mock is not None  # noqa: S101 - only the mock target calls this
        response, self._state = self._mock.handle(sent, self._state)
        return response

    def known(self, operation: Operation) -> dict[str, str]:
        """Give path parameters that lead to something: in a fresh state of the reference server, or of the user."""
        if self._mock is None:
            return {"AccountSid": self._user} if _ACCOUNT.fullmatch(self._user) else {}
        self._state = State()
        return dict(self._mock.seeded(operation, self._state))

    def dressed(self, sent: Request) -> Request:
        """Give a request with the credentials and the header fields of the user."""
        if self._authorization is not None:
            sent = authorized(sent, self._authorization)
        if not self._added:
            return sent
        return Request(
            method=sent.method, url=sent.url, headers=Headers((*sent.headers.pairs, *self._added)), body=sent.body
        )

    def steps(self, operation: Operation, mode: Mode) -> Iterator[tuple[Step, ...]]:
        """Send the cases of a cell and give the steps of each."""
        return self.target.play(self._until_stopped(self._work.scripts(operation, mode)))

    def _until_stopped(self, scripts: Iterator[Script]) -> Iterator[Script]:
        for script in scripts:
            if self.target.stopped:
                return
            yield script

    def again(self, case_id: str) -> tuple[Operation, Mode, tuple[Step, ...]]:
        """Send one case, or the session that a step is part of, again; give its operation and mode with its steps.

        Raises:
            SettingsError: the id names nothing.

        """
        operation, mode, script = self._work.again(case_id)
        (steps,) = self.target.play([script])
        return operation, mode, steps

    def fresh(self, operation: Operation) -> Callable[[], object]:
        """Give what puts the reference server back into the state that a case of this operation meets."""
        return lambda: self.known(operation)

    def placed(self, exchange: Exchange) -> Exchange:
        """Give an exchange with where it went, if that is no documented server."""
        if not self._host:
            return exchange
        place = self.target.place(exchange.request.url)
        return replace(exchange, extra={**exchange.extra, SENT_TO: place})

    def evidence(self, exchange: Exchange) -> Mapping[str, Any]:
        """Give how the request of an exchange is sent again: by curl, and by this program."""
        url = exchange.request.url
        host = urlsplit(url).netloc if self._keeps_host else None
        return {
            "curl": curl.of_generated(exchange, url=self.target.place(url), host=host),
            "again": command(exchange.id, self.suite.settings),
        }

    def close(self) -> None:
        """Let go of the target."""
        self.target.close()


def command(case_id: str, settings: Settings) -> str:
    """Give the command line that sends a case again."""
    usual = Settings()
    pieces = ["conformance", "run", "--case", case_id]
    for name in ("target", "seed", "engine", "contract"):
        if getattr(settings, name) != getattr(usual, name):
            pieces += [f"--{name}", str(getattr(settings, name))]
    pieces += ["--keep-host"] if settings.keep_host else []
    for path in settings.specs:
        pieces += ["--specs", str(path)]
    return shlex.join(pieces)
