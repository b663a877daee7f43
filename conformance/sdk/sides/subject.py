"""One operation through one client: what every side needs to look at it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final

from msgspec import Struct, field

from conformance.model.http import Exchange, Headers, Response, Source
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT
from conformance.schemas.compiler import Compiler
from conformance.sdk.bodies import Bodies
from conformance.sdk.comparison import moment
from conformance.sdk.discovery import WHOLE_BODY, Binding, Where, mark
from conformance.sdk.observation import Judged, Question
from conformance.sdk.protocol import Argument
from conformance.sdk.session import Heard, Script, Session, always

_JSON: Final = Headers((("Content-Type", "application/json; charset=utf-8"),))
_REASONS: Final = {200: "OK", 201: "Created", 202: "Accepted", 204: "No Content"}


class Habits(Struct, kw_only=True):
    """What a client does with its settings, found out once for each kind of call."""

    holds_timeout: dict[str, bool] = field(default_factory=dict)


class Subject(Struct, kw_only=True):
    """An operation, the calls that make it, and the client that makes them."""

    session: Session
    operation: Operation
    bindings: tuple[Binding, ...]
    """The call that is judged first, then others that offer more parameters."""
    questions: tuple[Question, ...]
    """Required fields only, then all fields, as often as there are members to show."""
    bodies: Bodies | None
    """None where a success has no JSON body."""
    compiler: Compiler
    judged: Judged
    label: str
    """Names the client in evidence: `python sync`."""
    habits: Habits = field(default_factory=Habits)
    plainest: int = 0
    """The number of the question that stands for all where one is enough."""
    numbers: Iterator[int] = field(default_factory=count)
    """Counts the evidence."""

    @property
    def main(self) -> Binding:
        """The call that is judged first."""
        return self.bindings[0]

    @property
    def minimal(self) -> Question:
        """The plainest question that the call puts on the wire."""
        return self.questions[self.plainest]

    def settle(self) -> None:
        """Find the plainest question that gets anything onto the wire; the first, where none does.

        Raises:
            DriverFailed: the driver does not answer.

        """
        for number, question in enumerate(self.questions):
            if self.ask(question, always(self.success(ABSENT if self.bodies is None else self.bodies.full))).requests:
                self.plainest = number
                return

    def success(self, body: Any = ABSENT) -> Response:
        """Give a success of the operation with a body."""
        answer = self.operation.success
        status = int(answer.status) if answer is not None and answer.status.isdigit() else 200
        if body is ABSENT:
            return Response(status=status, reason=_REASONS.get(status, ""))
        return Response(status=status, reason=_REASONS.get(status, ""), headers=_JSON, body=json.dumps(body).encode())

    def ask(
        self,
        question: Question,
        script: Script,
        *,
        binding: Binding | None = None,
        settings: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> Heard:
        """Put a question through a call.

        Raises:
            DriverFailed: the driver does not answer.

        """
        bound = binding or self.main
        given = self.arguments(bound, question) if arguments is None else arguments
        return self.session.make(
            bound.call, script, path=bound.path(question.path), arguments=given, settings=settings or {}
        )

    def arguments(self, binding: Binding, question: Question) -> dict[str, Any]:
        """Give the arguments that say what a question says, as far as the call has any for it."""
        given: dict[str, Any] = {}
        for where, value in said(question).items():
            argument = binding.argument(where)
            if argument is not None:
                given[argument.name] = shaped(value, argument, binding.form)
        for argument in self.stricter(binding, question):
            fuller = self._somewhere(binding.wires.get(argument.name))
            number = binding.call.arguments.index(argument)
            value = (
                mark(number, argument.type, binding.form) if fuller is None else shaped(fuller, argument, binding.form)
            )
            given[argument.name] = value
        return given

    def _somewhere(self, where: Where | None) -> Any:
        """Give the value that any question has for a parameter; None where none has."""
        if where is None:
            return None
        return next((found[where] for each in self.questions if where in (found := said(each))), None)

    def stricter(self, binding: Binding, question: Question) -> list[Argument]:
        """Give the arguments that the SDK requires and the question does not say."""
        known = said(question)
        return [each for each in binding.call.arguments if each.required and binding.wires.get(each.name) not in known]

    def evidence(self, heard: Heard, index: int = 0) -> Exchange:
        """Give one request of a call with its response, numbered."""
        source = Source(kind="sdk", path=f"{self.label} {self.operation.key}", index=next(self.numbers))
        return heard.exchange(source, index=index)


def said(question: Question) -> dict[Where, Any]:
    """Give what a question says, by where it goes on the wire."""
    found: dict[Where, Any] = {("query", name): value for name, value in question.query.items()}
    if question.body is ABSENT:
        return found
    if question.media_type.endswith("json"):
        found[WHOLE_BODY] = question.body
    elif isinstance(question.body, Mapping):
        found |= {("body", name): value for name, value in question.body.items()}
    return found


def shaped(value: Any, argument: Argument, form: str) -> Any:
    """Give a value as an argument of its type takes it; what does not fit goes as it is."""
    match argument.type:
        case "body":
            return {"$": "body", "form": form, "value": value}
        case "date-time" | "date" if isinstance(value, str):
            return _dated(value, argument.type)
        case "array":
            return value if isinstance(value, list) else [value]
        case "boolean" if value in {"true", "false"}:
            return value == "true"
        case "integer" if isinstance(value, str) and value.lstrip("-").isdecimal():
            return int(value)
        case _:
            return value


def _dated(text: str, kind: str) -> Any:
    found = moment(text)
    if found is None:
        return text
    if kind == "date":
        return {"$": "date", "value": found.date().isoformat()}
    return {"$": "date-time", "value": found.isoformat()}
