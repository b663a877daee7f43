"""What a right answer to a generated request is: it travels with the exchange, in `Exchange.extra`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from msgspec import field

from conformance.model.value import Value

SENT_TO: Final = "sent_to"
"""Under this name stands in `Exchange.extra` where a request went, if not to the documented server."""
KEY: Final = "generated"
"""Under this name an expectation stands in `Exchange.extra`."""


ABSENT: Final = frozenset({404, 410})
"""Statuses of what is not there."""


class Expect(Enum):
    """What a right answer is."""

    ACCEPT = "accept"
    """Success: the request is valid and ordinary."""
    REFUSE = "refuse"
    """A 4xx: the request breaks what is documented."""
    CHALLENGE = "challenge"
    """401 or 403: the credentials are no good."""
    GONE = "gone"
    """404 or 410: what the request names does not exist."""
    SURVIVE = "survive"
    """Anything but a 5xx: nothing forbids the request, yet nobody promises to serve it."""

    @property
    def is_valid(self) -> bool:
        """Tell whether the request keeps to the description as far as anybody can tell."""
        return self in {Expect.ACCEPT, Expect.GONE}


class Expectation(Value, frozen=True, kw_only=True):
    """What a right answer to one request is, and why."""

    case: str
    """The id of the case, which makes the request again."""
    label: str
    """What the case shows, in words."""
    expect: Expect
    keyword: str = ""
    """The JSON Schema keyword or the HTTP notion that the request breaks; empty where it breaks none."""
    pointer: str = ""
    """Where, as in `Problem.instance_pointer`."""
    message: str = ""
    """What is wrong with the request, in words."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """What the answer has to show, by name, where the request is part of a session."""
    invented: bool = False
    """Whether the path names something that may not exist: then a right answer may say that it does not."""
    failure: str = ""
    """What came instead of an answer: its kind, a colon and the details; empty where one came."""

    def written(self) -> Mapping[str, Any]:
        """Give the expectation as it stands in `Exchange.extra`."""
        said = {name: getattr(self, name) for name in _NAMES}
        return {KEY: {**said, "expect": self.expect.value, "values": dict(self.values)}}


_NAMES: Final = tuple(each.name for each in fields(Expectation))


def expectation(extra: Mapping[str, Any]) -> Expectation | None:
    """Give the expectation that travels with an exchange; None where there is none that can be read."""
    found = extra.get(KEY)
    if not isinstance(found, Mapping):
        return None
    try:
        return Expectation(**{**found, "expect": Expect(found.get("expect"))})
    except (TypeError, ValueError):
        return None
