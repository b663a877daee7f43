"""The pipeline of `conformance serve`: descriptions in, the reference server on a socket until it is told to stop."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import BinaryIO, Final

from msgspec.structs import replace

from conformance import checks
from conformance.config import Settings
from conformance.errors import SettingsError
from conformance.mock import saving, server
from conformance.mock.control import Seen
from conformance.mock.faults import Fault, Plant, parse
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model import redact
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation
from conformance.model.rule import Check, Side, Subject
from conformance.model.value import Value
from conformance.recordings import ndjson
from conformance.run.suite import compiler, load

_LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class Wishes(Value, frozen=True, kw_only=True):
    """What the user wants of the server, beside the descriptions."""

    host: str = server.HOST
    port: int = server.PORT
    """0 picks a free one."""
    faults: tuple[str, ...] = ()
    """As `conformance.mock.faults` reads them."""
    latency: str | None = None
    """How long every answer waits: `2s`, `250ms`."""
    state: Path | None = None
    """Where the state comes from, if it is there, and goes to."""
    record: Path | None = None
    """Where exchanges are added, as NDJSON."""
    certificate: Path | None = None
    """The certificate and key to speak TLS with; None: plain HTTP."""
    accounts: Mapping[str, str] | None = None
    """The users that are let in, with their passwords; None: everybody who has a password."""


def serve(settings: Settings, wishes: Wishes, *, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `say` is told where, as soon as the address is bound.

    The state is saved before as well as after, so that a file that cannot be written is told before there is anything
    to lose.

    Raises:
        ConformanceError: a description is broken, a fault or a file is wrong, or the address cannot be bound.

    """
    operations = load(settings)
    mock = Mock(
        operations,
        compiler(),
        seed=settings.seed,
        accounts=wishes.accounts,
        faults=tuple(_faults(wishes, operations)),
        plants=plants(checks.every()),
    )
    if wishes.certificate is not None:
        _try(wishes.certificate)
    state = _load(wishes.state)
    _save(wishes.state, state)
    with _recording(wishes.record) as observe:
        app = server.App(mock, state, observe=observe, closing=lambda: _save(wishes.state, app.desk.state))
        try:
            announce = partial(_announce, mock, wishes, say)
            server.run(app, host=wishes.host, port=wishes.port, certificate=wishes.certificate, announce=announce)
        except OSError as error:
            where = f"--host {wishes.host} --port {wishes.port}"
            hint = "choose another port; 0 picks a free one"
            raise SettingsError(where=where, what=error.strerror or str(error), hint=hint) from error


def plants(found: Iterable[Check]) -> dict[str, Plant]:
    """Give how to plant the faults of checks into responses, by the id of the check."""
    return {check.id: plant for check in found if (plant := _plant(check)) is not None}


def _plant(check: Check) -> Plant | None:
    if check.plant is None:
        return None
    if check.subject is Subject.MESSAGE:
        plant = check.plant
        return lambda seen: plant(seen, Side.RESPONSE)
    return check.plant if check.subject is Subject.RESPONSE else None


def _faults(wishes: Wishes, operations: tuple[Operation, ...]) -> Iterator[Fault]:
    for written in wishes.faults:
        fault = parse(written)
        if not any(fnmatchcase(operation.key, fault.operations) for operation in operations):
            what = f"{fault.operations!r} names no operation"
            raise SettingsError(where="--faults", what=what, hint="`conformance list operations` shows the names")
        yield fault
    if wishes.latency is not None:
        yield _latency(wishes.latency)


def _latency(written: str) -> Fault:
    fault = Fault(name=f"latency:{written}")
    if not fault.is_built_in:
        raise SettingsError(where="--latency", what=f"{written!r} is no time", hint="write 2s or 250ms")
    return fault


def _announce(mock: Mock, wishes: Wishes, say: Callable[[str], None], url: str) -> None:
    apis = len({operation.api.name for operation in mock.operations})
    say(url)
    reach = "this machine only" if wishes.host in _LOCAL else "every machine that reaches this address"
    descriptions = "1 description" if apis == 1 else f"{apis} descriptions"
    say(f"{len(mock.operations)} operations of {descriptions}, open to {reach}; {url}/__conformance/ shows more")


def _try(certificate: Path) -> None:
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate)
    except OSError as error:  # an SSLError is one of them
        hint = "name a file with a certificate and its key in PEM form"
        raise SettingsError(where=str(certificate), what=error.strerror or str(error), hint=hint) from error


def _load(path: Path | None) -> State:
    if path is None or not path.exists():
        return State()
    try:
        return saving.read(path.read_bytes(), path=str(path))
    except OSError as error:
        raise SettingsError(where=str(path), what=error.strerror or str(error), hint="name a readable file") from error


def _save(path: Path | None, state: State) -> None:
    """Write the state beside its file first, so that the file is always whole."""
    if path is None:
        return
    beside = path.with_name(f"{path.name}.new")
    try:
        beside.write_text(saving.written(state), encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise SettingsError(where=str(path), what=error.strerror or str(error), hint="name a writable file") from error


@contextlib.contextmanager
def _recording(path: Path | None) -> Iterator[server.Observe]:
    if path is None:
        yield lambda _: None
        return
    try:
        file = path.open("ab")
    except OSError as error:
        raise SettingsError(where=str(path), what=error.strerror or str(error), hint="name a writable file") from error
    with file:
        yield partial(_record, file, str(path))


def _record(file: BinaryIO, path: str, seen: Seen) -> None:
    """Add an exchange without credentials."""
    request = replace(seen.request, headers=redact.headers(seen.request.headers))
    source = Source(kind="serve", path=path, index=0)
    exchange = Exchange(id=seen.id, request=request, response=seen.answered.response, source=source)
    file.write(ndjson.write(exchange))
    file.flush()
