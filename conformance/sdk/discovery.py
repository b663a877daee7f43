"""Which call of an SDK makes which operation: every call is made once, with marks for arguments, and the wire is read.

There is no table of names. A call belongs to the operation whose method, host and path its request has; an argument
belongs to the parameter under whose name its mark shows up.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import SequenceMatcher
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import field

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.value import Value
from conformance.sdk.protocol import Argument, Call, Raised
from conformance.sdk.session import Heard, Session, always

_REFUSAL: Final = Response(
    status=404,
    reason="Not Found",
    headers=Headers((("Content-Type", "application/json"),)),
    body=b'{"code": 20404, "message": "a mark, not a resource", "more_info": "", "status": 404}',
)
_FIRST_DAY: Final = dt.date(2001, 1, 1)
_HOLE: Final = "{}"
_VERSION: Final = re.compile(r"v\d+|\d{4}-\d\d-\d\d")
_ALIKE: Final = 0.75
"""Of `difflib`: thing and things are at 0.91, PortIn and Portability at 0.59."""

Shape = tuple[str, str, str]
"""Method, host and path with a hole for each argument."""
Where = tuple[str, str]
"""`query` or `body`, and the name there."""
WHOLE_BODY: Final[Where] = ("body", "")


def path_mark(number: int) -> str:
    """Give a mark for a path argument: as long as a SID, and like none."""
    return f"ZZ{number:032x}"


class Sighting(Value, frozen=True, kw_only=True):
    """What a call does when it is made with marks."""

    call: Call
    shape: Shape | None
    """None where nothing was sent."""
    order: tuple[int, ...] = ()
    """For each hole of the path, the number of the path argument that fills it."""
    raised: Raised | None = None
    """What it raised, where nothing was sent."""
    exchange: Exchange | None = None
    """What was sent and refused; None where nothing was."""


class Binding(Value, frozen=True, kw_only=True):
    """A call that makes an operation, and where its arguments go."""

    operation: Operation
    call: Call
    order: tuple[int, ...]
    wires: Mapping[str, Where] = field(default_factory=dict)
    """Argument name to the parameter it becomes; an argument that sends nothing is not in it."""
    form: str = "plain"
    """How a whole body is given."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Likelier ways to give it that do not work, with what they raise."""

    def path(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Give the path arguments of the call for the path parameters of the operation."""
        names = template_names(self.operation.path)
        found = dict(zip(self.order, (str(values[name]) for name in names), strict=True))
        return tuple(found.get(number, "") for number in range(len(self.call.path)))

    def argument(self, where: Where) -> Argument | None:
        """Give the argument that becomes a parameter."""
        return next((each for each in self.call.arguments if self.wires.get(each.name) == where), None)


def template_names(path: str) -> list[str]:
    """Give the names in a path template, in order."""
    return [piece.partition("}")[0] for piece in path.split("{")[1:]]


def shapes(operation: Operation) -> Iterator[Shape]:
    """Give the shapes that requests to an operation may have, one for each server."""
    path = operation.path
    for name in template_names(path):
        path = path.replace(f"{{{name}}}", _HOLE, 1)
    for server in operation.servers:
        yield operation.method, server.host, server.base_path + path


def shape_of(request: Request, count: int) -> tuple[Shape, tuple[int, ...]]:
    """Give the shape of a request made with so many marks, and which mark fills each hole."""
    parts = urlsplit(request.url)
    path = unquote(parts.path)
    places = sorted((path.find(path_mark(number)), number) for number in range(count))
    for number in range(count):
        path = path.replace(path_mark(number), _HOLE)
    return (request.method, parts.netloc, path), tuple(number for place, number in places if place >= 0)


def look(session: Session, calls: Iterable[Call]) -> Iterator[Sighting]:
    """Make every call once, and give what it sends.

    Raises:
        DriverFailed: the driver does not answer.

    """
    for call in calls:
        heard = _marked(session, call, [each for each in call.arguments if each.required])
        if not heard.requests and call.arguments:
            heard = _marked(session, call, call.arguments)
        if not heard.requests:
            yield Sighting(call=call, shape=None, raised=heard.outcome.raised)
            continue
        shape, order = shape_of(heard.requests[0].request, len(call.path))
        source = Source(kind="sdk", path=f"{session.launch.name} {session.client} {call.name}", index=0)
        yield Sighting(call=call, shape=shape, order=order, exchange=heard.exchange(source))


def _marked(session: Session, call: Call, arguments: Iterable[Argument], form: str | None = None) -> Heard:
    """Make a call with marks; a body is given in the first form that gets anything onto the wire."""
    chosen = list(arguments)
    path = tuple(path_mark(number) for number in range(len(call.path)))
    forms = [form] if form else next((each.forms for each in chosen if each.type == "body"), ("plain",))
    heard: Heard | None = None
    for each in forms:
        marks = {argument.name: mark(call.arguments.index(argument), argument.type, each) for argument in chosen}
        heard = session.make(call, always(_REFUSAL), path=path, arguments=marks)
        if heard.requests:
            break
    assert heard is not None  # noqa: S101 - there is at least one form
    return heard


def mark(number: int, kind: str, form: str = "plain") -> Any:
    """Give a value by which an argument is known again."""
    day = (_FIRST_DAY + dt.timedelta(days=number)).isoformat()
    match kind:
        case "boolean":
            return True
        case "integer" | "number":
            return 700_000 + number
        case "date":
            return {"$": "date", "value": day}
        case "date-time":
            return {"$": "date-time", "value": f"{day}T00:00:00+00:00"}
        case "array":
            return [_word(number)]
        case "object":
            return {"key": _word(number)}
        case "body":
            return {"$": "body", "form": form, "value": {"key": _word(number)}}
        case _:
            return _word(number)


def _word(number: int) -> str:
    return f"zq{number}zq"


def _shows(number: int, kind: str, text: str) -> bool:
    """Tell whether text carries the mark of an argument; a boolean has none."""
    match kind:
        case "boolean":
            return False
        case "integer" | "number":
            return text == str(700_000 + number)
        case "date" | "date-time":
            return (_FIRST_DAY + dt.timedelta(days=number)).isoformat() in text
        case _:
            return _word(number) in text


def pairs_of(request: Request) -> list[tuple[Where, str]]:
    """Give everything that a request says in its query and in its body, in order."""
    found: list[tuple[Where, str]] = [(("query", name), text) for name, text in request.query_pairs]
    if not request.body:
        return found
    text = request.body.decode("utf-8", "replace")
    if is_form(request):
        return found + [(("body", name), said) for name, said in parse_qsl(text, keep_blank_values=True)]
    try:
        fields = json.loads(text)
    except ValueError:
        return found
    pairs = fields.items() if isinstance(fields, dict) else ()
    return found + [(("body", name), said if isinstance(said, str) else json.dumps(said)) for name, said in pairs]


def is_form(request: Request) -> bool:
    """Tell whether a body looks like a form, whatever its header says."""
    return not request.body.lstrip().startswith((b"{", b"["))


def bind(session: Session, operation: Operation, sighting: Sighting) -> Binding:
    """Find out where the arguments of a call go.

    Raises:
        DriverFailed: the driver does not answer.

    """
    call = sighting.call
    body = next((each for each in call.arguments if each.type == "body"), None)
    wires: dict[str, Where] = {}
    form = "plain"
    refused: dict[str, str] = {}
    if body is not None:
        wires[body.name] = WHOLE_BODY
        form, refused = _form(session, call, body)
    everything = _marked(session, call, call.arguments, form if body else None)
    said = pairs_of(everything.requests[0].request) if everything.requests else []
    unsure: list[Argument] = []
    for number, argument in enumerate(call.arguments):
        if argument is body:
            continue
        where = next((place for place, text in said if _shows(number, argument.type, text)), None)
        if where is None:
            unsure.append(argument)
        else:
            wires[argument.name] = _plain(where, argument)
    needed = [each for each in call.arguments if each.required]
    alone = {place for place, _ in _said(session, call, needed)} if unsure else set()
    for argument in unsure:
        others = [each for each in needed if each is not argument]
        taken = {*alone, *wires.values()}
        fresh = [place for place, _ in _said(session, call, [*others, argument]) if place not in taken]
        if fresh:
            wires[argument.name] = fresh[0]
    return Binding(operation=operation, call=call, order=sighting.order, wires=wires, form=form, refused=refused)


def _form(session: Session, call: Call, body: Argument) -> tuple[str, dict[str, str]]:
    """Give the first form of a body that works, and what the ones before it raise."""
    needed = [each for each in call.arguments if each.required or each is body]
    refused: dict[str, str] = {}
    for form in body.forms:
        heard = _marked(session, call, needed, form)
        if heard.requests:
            return form, refused
        refused[form] = str(heard.outcome.raised)
    return body.forms[0], refused


def _said(session: Session, call: Call, arguments: list[Argument]) -> list[tuple[Where, str]]:
    heard = _marked(session, call, arguments)
    return pairs_of(heard.requests[0].request) if heard.requests else []


def _plain(where: Where, argument: Argument) -> Where:
    """Give the name of a parameter; an object may be sent as `Name.key`."""
    if argument.type == "object" and where[1].endswith(".key"):
        return where[0], where[1].removesuffix(".key")
    return where


class Found(Value, frozen=True, kw_only=True):
    """What an SDK has for a set of operations."""

    reaching: Mapping[Operation, tuple[Sighting, ...]]
    """The calls that make each operation, the plainest first."""
    elsewhere: Mapping[Operation, tuple[Sighting, ...]]
    """For operations without such a call: calls that go to another host, method or path, but to nothing documented.
    A host that belongs to another description is not where they belong."""
    unsent: tuple[Sighting, ...]
    """Calls that raise before they send anything."""
    count: int
    """How many calls were made."""


_ORDER: Final = ("list", "fetch", "create", "update", "delete", "page", "stream")


def _plainness(sighting: Sighting) -> tuple[int, int, str]:
    kind = sighting.call.kind
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER), len(sighting.call.name), sighting.call.name


def sort_out(operations: Iterable[Operation], sightings: Iterable[Sighting]) -> Found:
    """Give each operation the calls that make it."""
    known = tuple(operations)
    by_shape: dict[Shape, list[Sighting]] = defaultdict(list)
    unsent: list[Sighting] = []
    count = 0
    for sighting in sightings:
        count += 1
        if sighting.shape is None:
            unsent.append(sighting)
        else:
            by_shape[sighting.shape].append(sighting)
    documented = {shape for operation in known for shape in shapes(operation)}
    hosts = {server.host for operation in known for server in operation.servers}
    reaching: dict[Operation, tuple[Sighting, ...]] = {}
    elsewhere: dict[Operation, tuple[Sighting, ...]] = {}
    for operation in known:
        holes = len(template_names(operation.path))
        exact = [each for shape in shapes(operation) for each in by_shape.get(shape, ()) if len(each.order) == holes]
        if exact:
            reaching[operation] = tuple(sorted(exact, key=_plainness))
            continue
        own = {server.host for each in known if each.api is operation.api for server in each.servers}
        near = [
            each
            for shape, found in by_shape.items()
            if shape not in documented
            and shape[1] not in hosts - own
            and any(_near(shape, wanted) for wanted in shapes(operation))
            for each in found
        ]
        if near:
            elsewhere[operation] = tuple(sorted(near, key=_plainness))
    return Found(reaching=reaching, elsewhere=elsewhere, unsent=tuple(unsent), count=count)


def _near(shape: Shape, wanted: Shape) -> bool:
    """Tell whether a request is like an operation but for its host, its method or one segment of its path."""
    method, host, path = shape
    if path == wanted[2]:
        return (method == wanted[0]) != (host == wanted[1])
    segments, others = path.split("/"), wanted[2].split("/")
    if (method, host, len(segments)) != (wanted[0], wanted[1], len(others)):
        return False
    differing = [pair for pair in zip(segments, others, strict=True) if pair[0] != pair[1]]
    return len(differing) == 1 and _akin(*differing[0])


def _akin(segment: str, other: str) -> bool:
    """Tell whether two segments may mean the same: versions, or words that are spelt alike.

    Other words name other resources, and then the call belongs to another operation.
    """
    if _VERSION.fullmatch(segment) and _VERSION.fullmatch(other):
        return True
    return SequenceMatcher(None, segment.lower(), other.lower()).ratio() >= _ALIKE
