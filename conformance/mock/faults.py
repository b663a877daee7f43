"""Lies on purpose: answers that are late, broken, cut off, or that one check must object to.

A fault is written `NAME@GLOB=RATE`: the id of a check or one of `status:CODE`, `latency:TIME`, `truncate`, `reset` and
`malformed`; which operations it strikes (all, where there is no `@`), and how often (always, where there is no `=`).
Which requests are struck depends on the seed and on the number of the request alone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final

from msgspec.structs import replace

from conformance.errors import SettingsError
from conformance.model.http import Exchange, Request, Response
from conformance.model.operation import Operation
from conformance.model.rule import Matched
from conformance.model.value import Value

Plant = Callable[[Matched], Iterator[Exchange]]
"""Gives exchanges made from a conformant one, each with one fault; only the responses of those matter here."""

_WRITTEN: Final = re.compile(r"(?P<name>[^@=\s]+)(?:@(?P<glob>[^=]+))?(?:=(?P<rate>[0-9.]+))?")
_STATUS: Final = re.compile(r"status:([1-5]\d\d)")
_LATENCY: Final = re.compile(r"latency:(\d+(?:\.\d+)?)(ms|s)")
_BREAKS: Final = frozenset({"malformed", "reset", "truncate"})
_CHOICE: Final = 64
"""Of so many ways to plant a fault one is chosen."""
_PREFERENCE: Final = re.compile(r"\s*([A-Za-z]+)\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+))")


class Ending(Enum):
    """How far an answer comes."""

    WHOLE = "whole"
    TRUNCATED = "truncated"
    """The connection ends within the body."""
    RESET = "reset"
    """The connection ends before the answer."""


class Fault(Value, frozen=True, kw_only=True):
    """A fault to plant."""

    name: str
    operations: str = "*"
    """A glob over the keys of operations."""
    rate: float = 1.0
    """Which part of the requests it strikes, from 0 to 1."""

    @property
    def status(self) -> int | None:
        """The status that it answers with; None for other faults."""
        found = _STATUS.fullmatch(self.name)
        return int(found[1]) if found else None

    @property
    def delay(self) -> float:
        """The seconds that it waits."""
        found = _LATENCY.fullmatch(self.name)
        return 0.0 if found is None else float(found[1]) / (1000 if found[2] == "ms" else 1)

    @property
    def is_built_in(self) -> bool:
        """Tell whether no check is needed to plant it."""
        return self.name in _BREAKS or self.status is not None or _LATENCY.fullmatch(self.name) is not None


class Spoiled(Value, frozen=True, kw_only=True):
    """A response and how it is to be delivered."""

    response: Response
    ending: Ending = Ending.WHOLE


def parse(written: str) -> Fault:
    """Read a fault as users write it.

    Raises:
        SettingsError: it is written in another way, or its rate is none.

    """
    found = _WRITTEN.fullmatch(written.strip())
    try:
        rate = float(found["rate"] or 1) if found else 2.0
    except ValueError:
        rate = 2.0
    if found is None or not 0 <= rate <= 1:
        hint = "write NAME, NAME@GLOB or NAME@GLOB=RATE, as in status:429@twilio_voice.*=0.1"
        raise SettingsError(where="--faults", what=f"{written!r} is no fault", hint=hint)
    return Fault(name=found["name"], operations=found["glob"] or "*", rate=rate)


class Faults:
    """The faults of a server."""

    def __init__(self, faults: Sequence[Fault], plants: Mapping[str, Plant], *, seed: int) -> None:
        """Keep the faults, and how to plant those that have the names of checks.

        Raises:
            SettingsError: a fault is neither built in nor among the plants.

        """
        for fault in faults:
            if not fault.is_built_in and fault.name not in plants:
                hint = "name a check, status:CODE, latency:TIME, truncate, reset or malformed"
                raise SettingsError(where="--faults", what=f"there is no fault {fault.name!r}", hint=hint)
        self._faults = tuple(faults)
        self._plants = plants
        self._seed = seed

    def striking(self, operation: Operation, request: Request, number: int) -> tuple[Fault, ...]:
        """Give the faults that strike a request, by its number, and those that it asks for itself."""
        return (*self.preferred(request), *self._struck(operation, number))

    def _struck(self, operation: Operation, number: int) -> Iterator[Fault]:
        for index, fault in enumerate(self._faults):
            if fnmatchcase(operation.key, fault.operations) and (
                fault.rate >= 1 or _fraction(f"{self._seed}/{index}/{number}") < fault.rate
            ):
                yield fault

    def preferred(self, request: Request) -> Iterator[Fault]:
        """Give the faults that `Prefer: status=404` or `Prefer: fault=NAME` ask for (RFC 7240); others are ignored."""
        for name, value in preferences(request):
            if name == "status" and _STATUS.fullmatch(f"status:{value}"):
                yield Fault(name=f"status:{value}")
            elif name == "fault" and ((fault := Fault(name=value)).is_built_in or value in self._plants):
                yield fault

    def plant(self, faults: Iterable[Fault], seen: Matched, number: int) -> Spoiled:
        """Spoil the response of an exchange."""
        response, ending = seen.exchange.response, Ending.WHOLE
        for fault in faults:
            if fault.name == "reset":
                ending = Ending.RESET
            elif fault.name == "truncate":
                ending = Ending.TRUNCATED
            elif fault.name == "malformed":
                response = replace(response, body=_malformed(response.body))
            elif fault.name in self._plants:
                response = self._planted(fault, seen, number) or response
        return Spoiled(response=response, ending=ending)

    def _planted(self, fault: Fault, seen: Matched, number: int) -> Response | None:
        found = [
            each.response
            for each in islice(self._plants[fault.name](seen), _CHOICE)
            if each.request == seen.exchange.request and each.response != seen.exchange.response
        ]
        return found[int(_fraction(f"{self._seed}/{fault.name}/{number}") * len(found))] if found else None


def preferences(request: Request) -> Iterator[tuple[str, str]]:
    """Give the preferences of a request as names (in lower case) and values."""
    for header in request.headers.get_all("Prefer"):
        for name, quoted, plain in _PREFERENCE.findall(header):
            yield name.lower(), quoted or plain


def _fraction(key: str) -> float:
    """Give a number from 0 up to, not including, 1."""
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=6).digest()) / 2**48


def _malformed(body: bytes) -> bytes:
    """Give a body that is no JSON, whatever it was."""
    return body[:-1] if body[-1:] in {b"}", b"]", b'"'} else b'{"malformed'
