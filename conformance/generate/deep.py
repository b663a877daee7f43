"""The engine `hypothesis`: requests by schemathesis, whose strategies reach values that nobody would think of.

schemathesis gets a document made of our operations, so that corrections hold for it too, and what it generates
becomes cases like any other: written, sent, judged and shrunk in the same way. Its cases are numbered in the order
in which one seeded Hypothesis run makes them, so a case is made again by making all before it again.

Its state machine walks through the operations of a description along the links that it infers. It asks for answers in
the middle of a step, so it runs in a thread of its own and hands each request over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from queue import SimpleQueue
from random import Random
from threading import Thread
from typing import Any, Final
from urllib.parse import unquote

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants
from msgspec.structs import replace
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET
from schemathesis.core.transport import Response as Answer
from schemathesis.generation.case import Case as SchemathesisCase
from schemathesis.generation.stateful import run_state_machine_as_test

from conformance.generate import validity, vocabulary, writing
from conformance.generate.case import Case, Mode, credentials, request
from conformance.generate.plan import Context, nowhere, randomness
from conformance.generate.resources import names
from conformance.generate.script import STEP, Dress, Outcome, Script, Step, as_it_is
from conformance.generate.vocabulary import Text
from conformance.model.expectation import Expect
from conformance.model.http import Request, Response
from conformance.model.operation import JsonSchema, Location, MediaType, Operation, Parameter
from conformance.model.rule import ABSENT
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas.forms import text

Drawn = SchemathesisCase[Any]
CASES: Final = 50
"""Cases of one operation in one mode, where nobody asks for another number."""
_MOST: Final = 1_000
"""Cases that there can be."""
WALKS: Final = 10
STEPS: Final = 12
_MODES: Final = {Mode.POSITIVE: GenerationMode.POSITIVE, Mode.NEGATIVE: GenerationMode.NEGATIVE}
_NAME: Final = re.compile(r"[^A-Za-z0-9._-]")
_DEFINITIONS: Final = "#/$defs/"
_HEADER: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


_NO_WORDS: Final = Constants()


class _Stopped(BaseException):
    """Hypothesis is not to go on; it lets this through."""


def _strategy(draw: Text) -> st.SearchStrategy[str]:
    return st.integers(min_value=0, max_value=2**32).map(lambda number: draw(Random(number)))  # noqa: S311 - no secret


for _format in FORMATS:
    if _format in vocabulary.BY_FORMAT:
        schemathesis.openapi.format(_format, _strategy(vocabulary.BY_FORMAT[_format]))


def modes() -> tuple[Mode, ...]:
    """Give the modes that this engine has cases for; the others belong to the fast engine alone."""
    return tuple(_MODES)


def cases(
    operation: Operation,
    *,
    mode: Mode = Mode.POSITIVE,
    seed: int = 0,
    max_cases: int | None = None,
    context: Context = nowhere,
) -> Iterator[Case]:
    """Give the cases of an operation in one mode; none in a mode that this engine does not have."""
    if mode not in _MODES:
        return
    seen: set[Request] = set()
    for index, drawn in enumerate(_drawn(operation, mode, seed, CASES if max_cases is None else max_cases)):
        case = _case(operation, drawn, mode, index, context(operation))
        sent = request(case)
        if sent not in seen:
            seen.add(sent)
            yield case


def rebuild(operation: Operation, mode: Mode, index: int, *, seed: int = 0, context: Context = nowhere) -> Case | None:
    """Make one case again; None where there are not so many."""
    if mode not in _MODES or not 0 <= index < _MOST:
        return None
    drawn = _drawn(operation, mode, seed, index + 1)
    return _case(operation, drawn[index], mode, index, context(operation)) if index < len(drawn) else None


def _drawn(operation: Operation, mode: Mode, number: int, count: int) -> list[Drawn]:
    """Let Hypothesis draw cases.

    What it draws first depends on how many examples it may draw, so that is always the same; it is stopped instead.
    """
    described = _described((operation,))[operation.path][operation.method]
    found: list[Drawn] = []

    @seed(_seed(number, operation, mode))
    @_settings(max_examples=_MOST)
    @given(described.as_strategy(generation_mode=_MODES[mode]))
    def collect(drawn: Drawn) -> None:
        found.append(drawn)
        if len(found) >= count:
            raise _Stopped

    if count:
        with suppress(Unsatisfiable, _Stopped), _detached():
            collect()
    return found


@contextmanager
def _detached() -> Iterator[None]:
    """Keep Hypothesis from drawing words out of whatever source code is imported: the seed alone decides."""
    known = providers._get_local_constants  # noqa: SLF001 - there is no setting for it
    providers._get_local_constants = lambda: _NO_WORDS  # noqa: SLF001 - as above
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = known  # noqa: SLF001 - as above
        providers.CONSTANTS_CACHE.cache.clear()


def _seed(number: int, operation: Operation, mode: Mode) -> int:
    return randomness(number, f"deep {operation.key}", mode, 0).getrandbits(64)


def _case(operation: Operation, drawn: Drawn, mode: Mode, index: int, known: Mapping[str, str]) -> Case:
    """Give what schemathesis has drawn as a case of ours."""
    path = {name: unquote(text(value)) for name, value in (drawn.path_parameters or {}).items()}
    path.update({name: value for name, value in known.items() if name in path and mode is Mode.POSITIVE})
    declared, pairs = _query(operation, drawn.query or {})
    headers, key_pairs = credentials(operation, path.get("AccountSid"))
    body, media_type, raw = _body(operation, drawn)
    case = Case(
        operation=operation,
        mode=mode,
        index=index,
        label=f"drawn by schemathesis, {mode.value}",
        path={name: path.get(name) or "1" for name in names(operation)},
        query=declared,
        header=_declared(operation, Location.HEADER, drawn.headers or {}),
        cookie=_declared(operation, Location.COOKIE, drawn.cookies or {}),
        body=body,
        media_type=media_type,
        headers=tuple(headers),
        pairs=(*pairs, *key_pairs),
        raw=raw,
    )
    return _expecting(case)


def _expecting(case: Case) -> Case:
    """Give a case with what its answer should be: odd but valid requests may be refused, invalid ones have to be."""
    problems = validity.problems(case)
    if problems:
        return replace(case, expect=Expect.REFUSE, breaks=problems[0])
    return replace(case, expect=Expect.SURVIVE)


def _query(operation: Operation, drawn: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    """Give the declared query parameters, and all others as pairs."""
    known = {parameter.name for parameter in operation.parameters_in(Location.QUERY)}
    pairs = [(name, text(item)) for name, value in drawn.items() if name not in known for item in _items(value)]
    return {name: value for name, value in drawn.items() if name in known}, tuple(pairs)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _declared(operation: Operation, location: Location, drawn: Mapping[str, Any]) -> dict[str, Any]:
    """Give the declared parameters that HTTP can carry in this place."""
    known = {parameter.name.lower(): parameter.name for parameter in operation.parameters_in(location)}
    return {
        known[name.lower()]: value
        for name, value in drawn.items()
        if name.lower() in known and _HEADER.fullmatch(text(value))
    }


def _body(operation: Operation, drawn: Drawn) -> tuple[Any, MediaType | None, bytes | None]:
    """Give body, media type, and the bytes where our writers have none for such a value."""
    declared = operation.request_body
    if declared is None or drawn.body is NOT_SET or drawn.media_type is None:
        return ABSENT, None, None
    media_type = next((each for each in declared.content if each.name == drawn.media_type), None)
    if media_type is None:
        return ABSENT, None, None
    try:
        writing.body(media_type, drawn.body)
    except (AttributeError, TypeError, UnicodeEncodeError, ValueError):
        return drawn.body, media_type, _bytes(drawn.body)
    return drawn.body, media_type, None


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else json.dumps(value, default=str).encode()


@lru_cache(maxsize=256)
def _described(operations: tuple[Operation, ...]) -> Any:
    """Give our operations as a document that schemathesis has read."""
    components: dict[str, Any] = {}
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, components)
    document = {
        "openapi": "3.1.0",
        "info": {"title": operations[0].api.title, "version": operations[0].api.version},
        "paths": paths,
        "components": {"schemas": components},
    }
    return schemathesis.openapi.from_dict(document)


def _operation(operation: Operation, components: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": operation.operation_id or f"{operation.method} {operation.path}",
        "parameters": [_parameter(parameter, components) for parameter in operation.parameters],
        "responses": {
            answer.status: {"description": "", "content": _content(answer.content, components)}
            for answer in operation.responses
        },
    }
    if operation.request_body is not None:
        content = _content(tuple(filter(writing.writable, operation.request_body.content)), components)
        found["requestBody"] = {"required": operation.request_body.required, "content": content}
    return found


def _parameter(parameter: Parameter, components: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.location.value,
        "required": parameter.required,
        "schema": _plain(parameter.schema.json_schema, components),
    }


def _content(content: Sequence[MediaType], components: dict[str, Any]) -> dict[str, Any]:
    return {
        each.name: {"schema": _plain(each.schema.json_schema, components)} if each.schema else {} for each in content
    }


def _plain(schema: JsonSchema, components: dict[str, Any]) -> Any:
    """Give a self-contained schema with its definitions moved to the document's components."""
    if not isinstance(schema, Mapping):
        return schema
    for name, definition in schema.get("$defs", {}).items():
        key = _NAME.sub("_", name)
        if key not in components:
            components[key] = True
            components[key] = _referring(definition)
    return _referring({name: value for name, value in schema.items() if name != "$defs"})


def _referring(node: Any) -> Any:
    match node:
        case dict():
            return {
                name: _reference(value) if name == "$ref" and isinstance(value, str) else _referring(value)
                for name, value in node.items()
            }
        case list():
            return [_referring(item) for item in node]
    return node


def _reference(reference: str) -> str:
    name = reference.removeprefix(_DEFINITIONS).replace("~1", "/").replace("~0", "~")
    return f"#/components/schemas/{_NAME.sub('_', name)}"


_Send = Callable[[Drawn], Response]


def walks(
    operations: Sequence[Operation],
    *,
    seed: int = 0,
    max_walks: int = WALKS,
    context: Context = nowhere,
    dress: Dress = as_it_is,
) -> Script:
    """Give one script for all walks through the operations of one description; each walk is a session.

    It ends without steps where schemathesis sees no way from one operation to another.
    """
    return (yield from _Walks(tuple(operations), seed, context, dress).script(max_walks))


class _Walks:
    """The state machine in its thread, and what has passed between it and us."""

    def __init__(self, operations: tuple[Operation, ...], number: int, context: Context, dress: Dress) -> None:
        self._operations = {(operation.method, operation.path): operation for operation in operations}
        self._anchor = operations[0]
        self._seed = _seed(number, self._anchor, Mode.STATEFUL)
        self._known = dict(context(self._anchor))
        self._dress = dress
        self._asked: SimpleQueue[Drawn | None] = SimpleQueue()
        self._answers: SimpleQueue[Outcome | None] = SimpleQueue()
        self._walk = -1
        self._schema = _described(operations)

    def script(self, max_walks: int) -> Script:
        steps: list[Step] = []
        thread = Thread(target=self._run, args=(max_walks,), daemon=True)
        thread.start()
        try:
            while (drawn := self._asked.get()) is not None:
                case, sent = self._request(drawn)
                outcome = yield sent
                steps.append(self._step(case, sent, outcome, len(steps)))
                self._answers.put(outcome)
        finally:
            self._answers.put(None)
            thread.join()
        return tuple(steps)

    def _request(self, drawn: Drawn) -> tuple[Case, Request]:
        operation = self._operations[drawn.operation.method.upper(), drawn.operation.path]
        case = _case(operation, drawn, Mode.POSITIVE, self._walk, {})
        case = replace(case, mode=Mode.STATEFUL, path={**case.path, **self._account(case)})
        return case, self._dress(request(case))

    def _account(self, case: Case) -> dict[str, str]:
        """Give the account that the caller knows: nothing links to accounts, yet every path starts with one."""
        name = "AccountSid"
        return {name: self._known[name]} if name in case.path and name in self._known else {}

    def _step(self, case: Case, sent: Request, outcome: Outcome, number: int) -> Step:
        session = f"{self._anchor.key}:{Mode.STATEFUL.value}:{self._walk}"
        expectation = replace(case.expectation, case=f"{session}{STEP}{number}")
        return Step(case=case, request=sent, outcome=outcome, expectation=expectation, session=session)

    def _run(self, max_walks: int) -> None:
        """Run the machine to its end; whatever happens, say that it has ended."""
        try:
            with _detached():
                run_state_machine_as_test(seed(self._seed)(self._machine()), settings=_settings(max_examples=max_walks))
        except _Stopped:
            pass
        except Exception as error:
            if type(error).__name__ != "NoLinksFound":
                raise
        finally:
            self._asked.put(None)

    def _machine(self) -> type[Any]:
        walks = self
        base: Any = self._schema.as_state_machine()

        class Machine(base):  # type: ignore[misc] # made by schemathesis at run time
            """Asks us instead of the network, and leaves judging to us."""

            def setup(self) -> None:
                walks._walk += 1

            def call(self, case: Drawn, **_: Any) -> Answer:
                return walks._ask(case)

            def validate_response(self, *_: Any, **__: Any) -> None:
                return

        return Machine

    def _ask(self, drawn: Drawn) -> Answer:
        self._asked.put(drawn)
        outcome = self._answers.get()
        if not isinstance(outcome, Response):
            raise _Stopped
        headers: dict[str, list[str]] = {}
        for name, value in outcome.headers:
            headers.setdefault(name.lower(), []).append(value)
        return Answer(
            status_code=outcome.status,
            headers=headers,
            content=outcome.body,
            request=requests.Request(drawn.method, "http://localhost/").prepare(),
            elapsed=outcome.elapsed or 0.0,
            verify=True,
        )


def _settings(*, max_examples: int) -> settings:
    return settings(
        database=None,
        deadline=None,
        max_examples=max_examples,
        phases=[Phase.generate],
        stateful_step_count=STEPS,
        suppress_health_check=list(HealthCheck),
    )
