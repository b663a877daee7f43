"""What a check is: planned once for each operation, run for each exchange."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import Any, Final

from conformance.model.http import Exchange
from conformance.model.operation import Answer, MediaType, Operation


class Severity(Enum):
    """How bad a finding is, in SARIF's words."""

    NOTE = "note"
    """Plausible but unproven."""
    WARNING = "warning"
    """Allowed by the schema, yet an expert objects."""
    ERROR = "error"
    """Breaks what the document or HTTP says."""

    @property
    def rank(self) -> int:
        """Orders severities: a higher rank is worse."""
        return ("note", "warning", "error").index(self.value)


class Side(Enum):
    """Whose bytes are wrong."""

    REQUEST = "request"
    RESPONSE = "response"
    SESSION = "session"
    SPEC = "spec"


class Stage(IntEnum):
    """How far an exchange has to be understood before a check may speak.

    A problem at one stage silences the later stages of the same side: an answer that is not JSON has no fields
    that could be missing.
    """

    ROUTE = 0
    STATUS = 1
    MEDIA_TYPE = 2
    WIRE = 3
    SCHEMA = 4
    RELATION = 5


class _Absent(Enum):
    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent.ABSENT
"""Stands for a value that is not there, where None is a value (JSON null)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong, with its place."""

    message: str
    instance_pointer: str = ""
    """JSON Pointer into the body; for parameters `/query/NAME`, `/path/NAME`, `/header/NAME`."""
    spec_pointer: str = ""
    """JSON Pointer into the OpenAPI document."""
    expected: Any = None
    actual: Any = None
    keyword: str = ""
    """The JSON Schema keyword or the HTTP notion that was broken; part of the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One side of an exchange, read by the declared types."""

    media_type: MediaType | None = None
    """The declared media type that the body has, None where none fits or none is needed."""
    body: Any = ABSENT
    """The decoded body; `ABSENT` where there is none or it cannot be decoded."""
    body_error: Problem | None = None
    """Why the body could not be decoded."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Decoded values of declared parameters that were sent, by `location/name`."""
    problems: tuple[Problem, ...] = ()
    """Everything that the schemas object to, in order of place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """An exchange that belongs to an operation, both sides read: what checks receive."""

    exchange: Exchange
    operation: Operation
    path_parameters: Mapping[str, str]
    """Decoded text of the template's parameters."""
    answer: Answer | None
    """What is documented for the status; None where nothing is."""
    request: Reading
    response: Reading


Inspector = Callable[[Matched], Iterable[Problem]]
Plan = Callable[[Operation], Inspector | None]
Plant = Callable[[Matched], Iterator[Exchange]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A small operation and one exchange with it, to show and to test what a check says.

    `operation` is the OpenAPI Operation Object (of `path`), as a mapping; bodies are text or JSON values.
    """

    title: str
    operation: Mapping[str, Any]
    method: str = "GET"
    path: str = "/things/{ThingSid}"
    url: str = "https://api.example.com/things/TH00000000000000000000000000000001"
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str | bytes = b""
    status: int = 200
    response_headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    response_body: Any = ABSENT
    components: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A rule: its documentation, its examples and the function that plans it."""

    id: str
    title: str
    """The first sentence of the docstring."""
    explanation: str
    """The rest of the docstring: why a reader should care."""
    severity: Severity
    side: Side
    stage: Stage
    plan: Plan
    good: tuple[Example, ...]
    bad: tuple[Example, ...]
    plant: Plant | None
    """Exchanges made from a conformant one, each with one fault that this check must report."""


_SIDES: Final = {"requests": Side.REQUEST, "responses": Side.RESPONSE, "sessions": Side.SESSION, "specs": Side.SPEC}


def check(
    *,
    severity: Severity,
    stage: Stage,
    good: Iterable[Example],
    bad: Iterable[Example],
    plant: Plant | None = None,
) -> Callable[[Plan], Check]:
    """Make a check of a planning function.

    The id is the function's name with hyphens, the documentation its docstring, the side the folder of its file.

    Raises:
        TypeError: there is no docstring, no example, or the file stands in a folder that names no side.

    """

    def make(plan: Plan) -> Check:
        text = inspect.getdoc(plan)
        folder = plan.__module__.split(".")[-2]
        good_examples, bad_examples = tuple(good), tuple(bad)
        if not text or not good_examples or not bad_examples or folder not in _SIDES:
            message = f"{plan.__module__} needs a docstring, good and bad examples and a folder that names its side"
            raise TypeError(message)
        title, _, rest = text.partition("\n")
        return Check(
            id=plan.__name__.replace("_", "-"),
            title=title.strip(),
            explanation=rest.strip(),
            severity=severity,
            side=_SIDES[folder],
            stage=stage,
            plan=plan,
            good=good_examples,
            bad=bad_examples,
            plant=plant,
        )

    return make
