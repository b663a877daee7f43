"""The conversation with a driver: one JSON object a line, commands on its standard input, outcomes on its output.

docs/drivers.md describes it for whoever writes a driver.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import tempfile
from collections.abc import Mapping
from threading import Thread
from typing import IO, Any, Final

from msgspec import field

from conformance.model.rule import ABSENT
from conformance.model.value import Value

PATIENCE: Final = 60.0
"""Seconds that a driver may take for one answer."""
GRACE: Final = 5.0
"""Seconds that it may take to end when there are no more commands."""


class DriverFailed(Exception):
    """A driver does not start, ends or says nothing."""


class Launch(Value, frozen=True, kw_only=True):
    """How a driver is started."""

    name: str
    """As users name it."""
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside what every program gets."""


class Argument(Value, frozen=True, kw_only=True):
    """A parameter of a call, as the SDK declares it."""

    name: str
    required: bool
    type: str
    """`string`, `integer`, `number`, `boolean`, `date`, `date-time`, `array`, `object`, `unknown`, or `body` for a
    whole request body."""
    forms: tuple[str, ...] = ("plain",)
    """For a body: the ways in which it can be given, the likeliest first."""


class Call(Value, frozen=True, kw_only=True):
    """A call that an SDK offers."""

    name: str
    """As the driver wants to hear it."""
    kind: str
    """`create`, `fetch`, `update`, `delete`, `list`, `page`, `stream`, or what else the SDK calls it."""
    path: tuple[str, ...]
    """The arguments that lead to the resource, in order."""
    arguments: tuple[Argument, ...]


class Raised(Value, frozen=True, kw_only=True):
    """The exception that a call ended with."""

    type: str
    module: str
    own: bool
    """True where the SDK defines it."""
    status: int | None
    code: int | None
    message: str

    def __str__(self) -> str:
        """Give type and message."""
        return f"{self.type}: {self.message}" if self.message else self.type


class Outcome(Value, frozen=True, kw_only=True):
    """How a call ended."""

    value: Any = ABSENT
    """What it returned, as JSON; `ABSENT` where it raised."""
    raised: Raised | None = None


class About(Value, frozen=True, kw_only=True):
    """What a driver says of itself."""

    sdk: str
    version: str
    runtime: str
    clients: tuple[str, ...]


class Driver:
    """A running driver."""

    def __init__(self, launch: Launch, url: str) -> None:
        """Start the program; `url` is the address of the server.

        Raises:
            DriverFailed: it cannot be started.

        """
        self.launch = launch
        self._complaints: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        environment = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
        environment |= {"CONFORMANCE_URL": url, "PYTHONUNBUFFERED": "1", **launch.environment}
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the program that the user asked for
                launch.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._complaints,
                env=environment,
            )
        except OSError as error:
            self._complaints.close()
            message = f"{launch.command[0]} cannot be started: {error.strerror}"
            raise DriverFailed(message) from error
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()
        self._count = 0

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def ask(self, do: str, **rest: Any) -> dict[str, Any]:
        """Give the answer to a command.

        Raises:
            DriverFailed: there is none, or the driver says that it went wrong.

        """
        self._count += 1
        command = {"id": self._count, "do": do, **rest}
        assert self._process.stdin is not None  # noqa: S101 - it is a pipe
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
            line = self._lines.get(timeout=PATIENCE)
        except (OSError, ValueError) as error:
            raise DriverFailed(self._why("ended")) from error
        except queue.Empty as error:
            raise DriverFailed(self._why(f"said nothing for {PATIENCE:.0f} s after {do!r}")) from error
        if not line:
            raise DriverFailed(self._why("ended"))
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise DriverFailed(self._why(f"wrote {line[:80]!r}, which is not JSON")) from error
        if not isinstance(answer, dict) or answer.get("id") != self._count:
            raise DriverFailed(self._why(f"answered something else than command {self._count}"))
        if "error" in answer and "outcome" not in answer:
            raise DriverFailed(self._why(f"cannot do {do!r}: {answer['error']}"))
        return answer

    def _why(self, what: str) -> str:
        self._complaints.seek(0)
        said = self._complaints.read().decode("utf-8", "replace").strip().splitlines()
        return f"the driver {self.launch.name} {what}" + (f" ({said[-1].strip()})" if said else "")

    def about(self) -> About:
        """Give what the driver says of itself.

        Raises:
            DriverFailed: it does not answer.

        """
        said = self.ask("describe")
        return About(
            sdk=str(said.get("sdk", self.launch.name)),
            version=str(said.get("version", "")),
            runtime=str(said.get("runtime", "")),
            clients=tuple(said.get("clients", ("default",))),
        )

    def calls(self, client: str) -> tuple[tuple[Call, ...], dict[str, str]]:
        """Give the calls of a client, and the resources that raise when one asks for them, with what.

        Raises:
            DriverFailed: it does not answer.

        """
        said = self.ask("calls", client=client)
        broken = {item["call"]: item["error"] for item in said.get("broken", ())}
        return tuple(_call(item) for item in said["calls"]), broken

    def call(
        self,
        client: str,
        call: Call,
        *,
        path: tuple[str, ...],
        arguments: Mapping[str, Any],
        settings: Mapping[str, Any],
    ) -> Outcome:
        """Make a call.

        Raises:
            DriverFailed: it does not answer.

        """
        said = self.ask(
            "call",
            client=client,
            call=call.name,
            path=list(path),
            parameters=dict(arguments),
            settings=dict(settings),
        )
        if said.get("outcome") == "returned":
            return Outcome(value=said.get("value"))
        told = said["error"]
        return Outcome(
            raised=Raised(
                type=told["type"],
                module=told.get("module", ""),
                own=bool(told.get("own")),
                status=told.get("status"),
                code=told.get("code"),
                message=told.get("message", ""),
            )
        )

    def close(self) -> None:
        """End the program."""
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join(timeout=5)
        self._process.stdout.close()
        self._complaints.close()


def _call(item: Mapping[str, Any]) -> Call:
    return Call(
        name=item["call"],
        kind=item.get("kind", item["call"].rpartition(".")[2]),
        path=tuple(item.get("path", ())),
        arguments=tuple(
            Argument(
                name=each["name"],
                required=bool(each.get("required")),
                type=each.get("type", "unknown"),
                forms=tuple(each.get("forms", ("plain",))),
            )
            for each in item.get("parameters", ())
        ),
    )
