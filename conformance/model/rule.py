"""What a check is: planned once for each operation, run for each exchange."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum, IntEnum
from typing import Any, Final

from msgspec import field

from conformance.model.audit import Grounds, Technique
from conformance.model.expectation import Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Answer, MediaType, Operation
from conformance.model.route import Miss
from conformance.model.session import Past
from conformance.model.value import Value


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


class Scope(Enum):
    """How much a check on exchanges that follow each other looks at."""

    SESSION = "session"
    """The exchanges of one session; one without a session has nothing before it."""
    RECORDING = "recording"
    """All exchanges of a recording or of a cell, their readings left out: only the exchange and its operation count."""


class _Absent(Enum):
    ABSENT = "absent"

    def __bool__(self) -> bool:
        return False


ABSENT: Final = _Absent.ABSENT
"""Stands for a value that is not there, where None is a value (JSON null)."""


class Problem(Value, frozen=True, kw_only=True):
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
    grounds: Grounds | None = None
    """Why an audit says so; None for what is said of an exchange."""


class Reading(Value, frozen=True, kw_only=True, gc=False):
    """One side of an exchange, read by the declared types."""

    media_type: MediaType | None = None
    """The declared media type that the body has, None where none fits or none is needed."""
    media_type_error: Problem | None = None
    """Why there is a body, but none of a declared media type."""
    body: Any = ABSENT
    """The decoded body; `ABSENT` where there is none or it cannot be decoded."""
    body_error: Problem | None = None
    """Why the body could not be decoded."""
    parameters: Mapping[str, Any] = {}
    """Decoded values of declared parameters that were sent, by `location/name`."""
    query: Mapping[str, list[str]] = {}
    """Of a request: the decoded query, undeclared names included, each name with its texts in order."""
    form: Mapping[str, list[str]] = {}
    """Of a request with a URL-encoded form: its fields in the same way."""
    problems: tuple[Problem, ...] = ()
    """Everything that the schemas object to, in order of place."""


class Matched(Value, frozen=True, kw_only=True, gc=False):
    """An exchange that belongs to an operation, both sides read: what checks receive."""

    exchange: Exchange
    operation: Operation
    path_parameters: Mapping[str, str]
    """Decoded text of the template's parameters."""
    answer: Answer | None
    """What is documented for the status; None where nothing is."""
    request: Reading
    response: Reading


class Subject(Enum):
    """What a check looks at; the folder of its file says which."""

    ROUTE = "routes"
    """A request that belongs to no operation."""
    REQUEST = "requests"
    """An exchange, for what was asked."""
    RESPONSE = "responses"
    """An exchange, for what was answered."""
    MESSAGE = "messages"
    """Each side of an exchange by itself: HTTP's word for a request or a response."""
    SESSION = "sessions"
    """Exchanges that follow each other."""
    CASE = "cases"
    """The answer to a generated request, for what was expected."""
    SPEC = "specs"
    """A description."""


class Part(Value, frozen=True, kw_only=True, eq=False):
    """A part of exchanges that several checks look at, taken out once for all of them."""

    of: Callable[[Matched], Any]
    """Gives the part of an exchange."""
    is_in: Callable[[Operation, int], bool] = lambda _operation, _status: True
    """Tells whether the exchanges of an operation with a status may have it; of others, no check that looks at it has
    anything to say."""


class Glance(Value, frozen=True, kw_only=True, eq=False):
    """An inspector with a quick answer for most exchanges, that there is nothing to find."""

    inspect: Callable[[Any], Iterable[Problem]]
    part: Part
    is_clear: Callable[[Any, Matched], bool]
    """From the part, and the exchange that it is of: True only where `inspect` has nothing to say. Where that cannot
    be told at a glance, it is False."""

    def __call__(self, seen: Any) -> Iterable[Problem]:
        """Look closely."""
        return self.inspect(seen)


Inspector = Callable[[Matched], Iterable[Problem]]
"""Looks at an exchange; a `Glance` says more."""
MessageInspector = Callable[[Reading], Iterable[Problem]]
"""Looks at one side of an exchange."""
CaseInspector = Callable[[Expectation, Matched], Iterable[Problem]]
"""Looks at the answer to a generated request."""
RouteInspector = Callable[[Exchange, Miss], Iterable[Problem]]
"""Looks at a request that belongs to no operation."""
SessionInspector = Callable[[Matched], Iterable[Problem] | None]
"""Looks at the exchanges of one session in order; None for those that it has nothing to say about."""
SessionStart = Callable[[Past], SessionInspector]
"""Gives an inspector for one session; what it remembers, it keeps in the memories of the past."""


class Example(Value, frozen=True, kw_only=True):
    """A small operation and one exchange with it, to show and to test what a check says.

    `operation` is the OpenAPI Operation Object of `method` and `path` on `https://api.example.com`. Bodies that are
    no text are written as JSON.
    """

    title: str
    operation: Mapping[str, Any] = field(default_factory=dict)
    components: Mapping[str, Any] = field(default_factory=dict)
    method: str = "GET"
    """Of the operation."""
    request_method: str = ""
    """Of the request, where it is another one."""
    path: str = "/things/{ThingSid}"
    url: str = "https://api.example.com/things/TH00000000000000000000000000000001"
    request_headers: Mapping[str, str] = field(default_factory=dict)
    request_body: str | bytes = b""
    status: int = 200
    response_headers: Mapping[str, str] | None = None
    """None: `Content-Type: application/json` where there is a body."""
    response_body: Any = ABSENT
    """Text stands for itself; everything else is written as JSON."""
    expected: Expectation | None = None
    """What was expected of the answer, where the request was generated."""
    server: str = "https://api.example.com"
    security: Mapping[str, Any] = field(default_factory=dict)
    """Security schemes by name, each of which alone suffices."""
    is_recorded: bool = False
    """Whether the exchange is read from a recording, which may lack what somebody took out of it."""
    before: tuple[Example, ...] = ()
    """What the same session said before, for checks on sessions."""
    remembers: int | None = None
    """How many things each memory of the session holds; None for as many as always."""


class DocumentExample(Value, frozen=True, kw_only=True):
    """A small description, to show and to test what an audit check says.

    What `document` leaves out is filled in with the least that OpenAPI asks for.
    """

    title: str
    document: Mapping[str, Any]
    at: tuple[str, ...] = ()
    """The pointers that the check must name, in order; none where it has nothing to object to."""
    sisters: tuple[Mapping[str, Any], ...] = ()
    """Other descriptions of the same run."""
    official: tuple[Mapping[str, Any], ...] = ()
    """Other descriptions of the same API."""
    exchanges: tuple[Mapping[str, Any], ...] = ()
    """Recorded exchanges, in the form of exchange NDJSON."""


class Check(Value, frozen=True, kw_only=True):
    """A rule: its documentation, its examples and the function that plans it."""

    id: str
    title: str
    """The first sentence of the docstring."""
    explanation: str
    """The rest of the docstring: why a reader should care."""
    severity: Severity
    subject: Subject
    stage: Stage
    plan: Callable[..., Any]
    """For routes `() -> RouteInspector`; for messages `(Operation, Side) -> MessageInspector | None`; for requests
    and responses `(Operation) -> Inspector | None`; for cases `(Operation) -> CaseInspector | None`; for sessions
    `(tuple[Operation, ...]) -> SessionStart | None`. None: nothing to say about this operation. For descriptions
    `(Audited) -> Iterable[Problem] | None`, where None says that the evidence it needs was not given."""
    good: tuple[Example, ...]
    bad: tuple[Example, ...]
    silent_when_clear: frozenset[Side]
    """The sides of an exchange of which it has nothing to say where the gate finds the exchange clear: documented
    status and media types, JSON that all parsers read alike, values that pass their schemas, and in the response the
    closed form of them."""
    plant: Callable[..., Iterator[Any]] | None
    """Exchanges made from a conformant `Matched`, each with one fault that this check must report; for messages the
    side to spoil is the second argument. For sessions the second argument is a mapping that gives a conformant
    `Matched` for every operation, and each result is a tuple of exchanges, the last of which shows the fault."""
    needs: str = ""
    """What an operation must have for the check to apply, as a noun phrase; empty where it applies to all."""
    strict: bool = False
    """Whether the check only speaks where somebody asked for strictness."""
    scope: Scope = Scope.SESSION
    """For sessions: how much they look at."""
    technique: Technique | None = None
    """How an audit check comes to know; None for checks of exchanges."""
    accepts: tuple[DocumentExample, ...] = ()
    """Descriptions that an audit check has nothing to object to; `good` and `bad` are empty for it."""
    objects_to: tuple[DocumentExample, ...] = ()
    """Descriptions that an audit check objects to."""


def check(  # noqa: PLR0913 - a keyword for each thing that a check says of itself
    *,
    severity: Severity,
    stage: Stage,
    good: Iterable[Example],
    bad: Iterable[Example],
    plant: Callable[..., Iterator[Any]] | None = None,
    silent_when_clear: bool | Side = False,
    needs: str = "",
    strict: bool = False,
    scope: Scope = Scope.SESSION,
) -> Callable[[Callable[..., Any]], Check]:
    """Make a check of a planning function.

    The id is the function's name with hyphens, the documentation its docstring, the subject the folder of its file.

    Raises:
        TypeError: there is no docstring, or no good or no bad example.
        ValueError: the file stands in a folder that names no subject.

    """

    def make(plan: Callable[..., Any]) -> Check:
        text = inspect.getdoc(plan)
        good_examples, bad_examples = tuple(good), tuple(bad)
        if not text or not good_examples or not bad_examples:
            message = f"{plan.__module__} needs a docstring, a good and a bad example"
            raise TypeError(message)
        title, _, rest = text.partition("\n")
        return Check(
            id=plan.__name__.replace("_", "-"),
            title=title.strip(),
            explanation=rest.strip(),
            severity=severity,
            subject=Subject(plan.__module__.split(".")[-2]),
            stage=stage,
            plan=plan,
            good=good_examples,
            bad=bad_examples,
            silent_when_clear=_sides(silent_when_clear),
            plant=plant,
            needs=needs,
            strict=strict,
            scope=scope,
        )

    return make


def audit(
    *,
    technique: Technique,
    severity: Severity,
    accepts: Iterable[DocumentExample],
    objects_to: Iterable[DocumentExample],
) -> Callable[[Callable[..., Any]], Check]:
    """Make an audit check of a function that looks at a description.

    Id, documentation and subject are found as for `check`.

    Raises:
        TypeError: there is no docstring, or no example of each kind.
        ValueError: the file stands in a folder that names no subject.

    """

    def make(plan: Callable[..., Any]) -> Check:
        text = inspect.getdoc(plan)
        accepted, objected = tuple(accepts), tuple(objects_to)
        if not text or not accepted or not objected:
            message = f"{plan.__module__} needs a docstring, and an example of each kind"
            raise TypeError(message)
        title, _, rest = text.partition("\n")
        return Check(
            id=plan.__name__.replace("_", "-"),
            title=title.strip(),
            explanation=rest.strip(),
            severity=severity,
            subject=Subject(plan.__module__.split(".")[-2]),
            stage=Stage.SCHEMA,
            plan=plan,
            good=(),
            bad=(),
            silent_when_clear=frozenset(),
            plant=None,
            technique=technique,
            accepts=accepted,
            objects_to=objected,
        )

    return make


def _sides(silent: bool | Side) -> frozenset[Side]:  # noqa: FBT001 - as a check says it
    if isinstance(silent, Side):
        return frozenset({silent})
    return frozenset(Side) if silent else frozenset()
