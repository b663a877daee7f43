"""The gate: tells exchanges in which nothing can be found, at a fraction of the price of judging them.

Most traffic conforms. Such an exchange has a documented status and media type, JSON that every parser reads alike, and
values that pass the closed form of their schemas; then every check that is marked `silent_when_clear` has nothing to
say, and only the others run. Whatever is not clear at once is left to the judge: the gate never finds, it only clears.

A name that occurs twice in one object is lost in decoding, but its quotes are not: a text has two quotes for each
string in its value, apart from those that are escaped. Where backslashes are escaped as well, the judge looks.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, Final

import msgspec
from msgspec import Struct

from conformance.checks.judge import Judge
from conformance.model.http import Exchange, Request, Response
from conformance.model.operation import Answer, MediaType, Operation
from conformance.model.rule import ABSENT, Glance, Matched, Part, Problem, Reading
from conformance.model.value import Value
from conformance.schemas.closed import Tighten
from conformance.schemas.coverage import Lens
from conformance.schemas.parameters import is_free
from conformance.schemas.reading import BODILESS, Reader, pick
from conformance.schemas.shapes import Look, look

_decode: Final = msgspec.json.Decoder().decode
_EMPTY: Final = Reading()

_Run = Callable[[Matched], Iterable[Problem]]
_Glances = tuple[Callable[[Any, Matched], bool], tuple[_Run, ...]]
"""A quick answer, and the inspectors that it answers for."""


class _Body(Struct, kw_only=True):
    """A JSON body of one media type."""

    media_type: MediaType
    is_clear: Callable[[Any], bool]
    look: Look


class _Status(Struct, kw_only=True):
    """What is known of one status of an operation."""

    answer: Answer
    headers: tuple[str, ...]
    """Documented headers that may be wrong."""
    bodies: dict[str | None, _Body | None]
    """By the Content-Type header as it was sent."""
    glances: tuple[tuple[Callable[[Matched], Any], tuple[_Glances, ...]], ...]
    """The checks that still have to look, and know a quick answer: together those that look at the same part."""
    runs: tuple[_Run, ...]
    """The other checks that still have to look."""


class _Entrance(Struct, kw_only=True):
    """What is known of one operation."""

    reader: Reader
    lens: Lens
    statuses: dict[int, _Status | None]
    runs: tuple[_Run, ...] | None
    """The checks that still have to look; None where one cannot be planned, so that nothing is clear."""
    path: tuple[str, ...] | None
    """The keys of the path parameters, in the order of the path, where they need no reading."""
    takes_nothing: bool
    """Whether a request with neither query nor body carries nothing that could be wrong."""


class Clear(Value, frozen=True, gc=False):
    """An exchange in which there is nothing to find."""

    matched: Matched
    key: Hashable
    """Equal for exchanges that cover the same."""


class Gate:
    """Clears exchanges before the judge sees them."""

    def __init__(self, judge: Judge, *, tighten: Callable[[Operation], Tighten]) -> None:
        """Stand before a judge; `tighten` gives what profiles demand of an operation's properties."""
        self._judge = judge
        self._tighten = tighten
        self._entrances: dict[Operation, _Entrance] = {}

    def clear(self, exchange: Exchange) -> Clear | None:
        """Give the exchange as it was read, where no check can object to it; None where the judge must look."""
        request, response = exchange.request, exchange.response
        location, _, query = request.url.partition("?")
        found = self._judge.router.quick(request.method, location)
        if found is None:
            return None
        route, values = found
        entrance = self._entrances.get(route.operation)
        if entrance is None:
            entrance = self._entrances[route.operation] = self._entrance(route.operation, route.names)
        if entrance.runs is None:
            return None
        read = self._answered(entrance, route.operation, response)
        if read is None:
            return None
        status, answered, shape = read
        path_parameters = dict(zip(route.names, values))  # noqa: B905 - saying `strict` takes as long as all the rest
        key: Hashable = None
        routed = None if entrance.path is None else dict(zip(entrance.path, values))  # noqa: B905 - as above
        if routed is not None and entrance.takes_nothing and not (query or request.body):
            asked = Reading(parameters=routed)
        else:
            asked = _read(entrance.reader, request, path_parameters, routed)
            if asked.problems or asked.body_error is not None or asked.media_type_error is not None:
                return None
            if _is_odd(asked, request, route.operation):
                return None
            key = entrance.lens.asked(asked)
        matched = Matched(
            exchange=exchange,
            operation=route.operation,
            path_parameters=path_parameters,
            answer=status.answer,
            request=asked,
            response=answered,
        )
        try:
            is_clear = _is_clear(matched, status)
        except Exception:  # noqa: BLE001 - a check of ours that crashes is a result of its own: the judge says which
            return None
        return Clear(matched, (response.status, key, shape)) if is_clear else None

    def _answered(
        self, entrance: _Entrance, operation: Operation, response: Response
    ) -> tuple[_Status, Reading, Hashable] | None:
        status = entrance.statuses.get(response.status, ABSENT)
        if status is ABSENT:
            status = entrance.statuses[response.status] = self._status(entrance, operation, response.status)
        if status is None or (status.headers and any(name in response.headers for name in status.headers)):
            return None
        text = response.body
        if not status.answer.content:
            return None if text and response.status in BODILESS else (status, _EMPTY, None)
        content_type = response.headers.get("Content-Type")
        body = status.bodies.get(content_type, ABSENT)
        if body is ABSENT:
            body = status.bodies[content_type] = self._body(status.answer, operation, content_type)
        if body is None or not text:
            return None
        try:
            value = _decode(text)
        except (ValueError, RecursionError):
            return None
        if not body.is_clear(value):
            return None
        shape, strings = body.look(value)
        lost = text.count(b'"') - 2 * strings
        if lost and (b"\\\\" in text or lost != text.count(b'\\"')):
            return None
        return status, Reading(media_type=body.media_type, body=value), shape

    def _entrance(self, operation: Operation, names: tuple[str, ...]) -> _Entrance:
        steps = self._judge.steps(operation)
        reader = self._judge.reader(operation)
        return _Entrance(
            reader=reader,
            lens=Lens(operation),
            statuses={},
            runs=None
            if steps is None
            else tuple(step.run for step in steps if step.side not in step.check.silent_when_clear),
            path=reader.keys(names),
            takes_nothing=reader.takes_nothing,
        )

    def _status(self, entrance: _Entrance, operation: Operation, status: int) -> _Status | None:
        answer = operation.answer(status)
        if answer is None or operation.method == "HEAD":
            return None
        runs = entrance.runs or ()
        glances: dict[Part, dict[Callable[[Any, Matched], bool], list[_Run]]] = {}
        for run in runs:
            if isinstance(run, Glance) and run.part.is_in(operation, status):
                glances.setdefault(run.part, {}).setdefault(run.is_clear, []).append(run.inspect)
        return _Status(
            answer=answer,
            headers=tuple(name for name, schema in answer.headers.items() if not is_free(schema)),
            bodies={},
            glances=tuple(
                (part.of, tuple((is_clear, tuple(inspectors)) for is_clear, inspectors in found.items()))
                for part, found in glances.items()
            ),
            runs=tuple(run for run in runs if not isinstance(run, Glance)),
        )

    def _body(self, answer: Answer, operation: Operation, content_type: str | None) -> _Body | None:
        media_type = pick(answer.content, content_type)
        if media_type is None or not media_type.is_json or media_type.schema is None:
            return None
        is_clear = self._judge.compiler.closed(media_type.schema, self._tighten(operation))
        if is_clear is None:
            return None
        return _Body(media_type=media_type, is_clear=is_clear, look=look(media_type.schema.json_schema))


def _read(reader: Reader, request: Request, path_parameters: dict[str, str], routed: dict[str, str] | None) -> Reading:
    """Read a request whose path parameters fit, as the router found out."""
    return reader.read_request(request, path_parameters) if routed is None else reader.read_routed(request, routed)


def _is_clear(matched: Matched, status: _Status) -> bool:
    """Tell whether no check that still has to look objects to an exchange."""
    for part_of, glances in status.glances:
        part = part_of(matched)
        for is_clear, inspectors in glances:
            if not is_clear(part, matched) and any(True for inspect in inspectors for _ in inspect(matched)):
                return False
    for run in status.runs:
        for _ in run(matched):
            return False
    return True


def _is_odd(asked: Reading, request: Request, operation: Operation) -> bool:
    """Tell whether a body is sent where none is documented, or missing where one is required."""
    if operation.request_body is None:
        return bool(request.body)
    return operation.request_body.required and not request.body and asked.body is ABSENT
