"""What was found out about one operation through one client: departures from the contract, side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec import Struct, field

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Problem, Severity
from conformance.model.value import Value
from conformance.sdk.rules import RULES, SdkSide

DISCOVERY: Final = "discovery"
"""The case of a departure that is about the calls as such."""


class Question(Value, frozen=True, kw_only=True):
    """A request that the contract allows, as values."""

    label: str
    path: Mapping[str, Any]
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = ABSENT
    """`ABSENT` where there is none."""
    media_type: str = ""
    """Of the body; empty where there is none."""


class Departure(Value, frozen=True, kw_only=True):
    """One departure from the contract."""

    rule: str
    side: SdkSide
    severity: Severity
    problem: Problem
    case: str
    """What was done when it showed."""
    exchange: Exchange | None = None
    """The evidence; None where nothing was sent."""

    @property
    def identity(self) -> tuple[str, str, str, str]:
        """What makes it the same departure in another client or under another document."""
        case = self.case if self.side is SdkSide.FAILURE else ""
        return self.rule, self.problem.instance_pointer, self.problem.keyword, case


def departure(rule: str, problem: Problem, *, case: str, exchange: Exchange | None = None) -> Departure:
    """Give a departure of one of the rules."""
    known = RULES[rule]
    return Departure(rule=rule, side=known.side, severity=known.severity, problem=problem, case=case, exchange=exchange)


class SideResult(Struct, kw_only=True):
    """What was found on one side of one operation."""

    departures: list[Departure] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    cases: dict[str, str] = field(default_factory=dict)
    """Each case with how it ended, in a few words."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What was observed beyond departures, as JSON."""
    not_run: str = ""
    """Why nothing was tried; empty where something was."""

    def add(self, other: SideResult) -> None:
        """Add what was found in further cases."""
        self.departures += other.departures
        self.exchanges += other.exchanges
        self.cases |= other.cases
        self.facts |= other.facts


class Observation(Struct, kw_only=True):
    """What was found about one operation through one client."""

    operation: Operation
    calls: tuple[str, ...] = ()
    """The calls that make it, the one that was judged first."""
    sides: dict[SdkSide, SideResult] = field(default_factory=dict)


Judged = Callable[[Operation, Exchange], list[tuple[str, Severity, Problem]]]
"""Gives what the checks say of a request: rule, severity, problem."""
