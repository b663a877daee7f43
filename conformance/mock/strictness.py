"""What a server that takes its description seriously says of a request: what is wrong, and how it is refused.

A request is refused for the first thing that is wrong with it, in the order in which a server notices: path, media
type, encoding, parameters, fields, what only the text of the documentation says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from conformance.mock.paging import PARAMETERS, SIZES
from conformance.mock.refusal import Refusal, not_found
from conformance.mock.resources import Plan, Role, segments
from conformance.mock.routing import ParameterFits
from conformance.model.http import Request
from conformance.model.operation import JsonSchema, Location, MediaType
from conformance.model.rule import ABSENT, Problem, Reading
from conformance.model.value import Value
from conformance.openapi.document import escape
from conformance.profiles import twilio
from conformance.profiles.twilio import errors
from conformance.profiles.twilio.numbers import OUTCOMES, is_recipient, is_sender
from conformance.profiles.twilio.requirements import requirements
from conformance.schemas import parameters
from conformance.schemas.problems import brief
from conformance.schemas.walk import keyword, properties, required, types

_BOUNDS: Final = ("<", ">")
"""Twilio's ranges: `StartTime<` and `StartTime>` beside `StartTime`."""
_MOST: Final = 1000
"""The largest page of Twilio (twilio.com/docs/api/errors/20007)."""
_CODES: Final[Mapping[tuple[str, str, str], int]] = {
    ("Calls", "To", "required"): 21201,
    ("Calls", "From", "required"): 21213,
    ("Calls", "Url", "format"): 21205,
    ("Calls", "ApplicationSid", "pattern"): 21218,
    ("Messages", "To", "required"): 21604,
}
"""Codes of their own, by collection, field and keyword; everything else is 20001."""


class Objection(Value, frozen=True, kw_only=True):
    """Something wrong with a request, and how it is refused."""

    problem: Problem
    refusal: Refusal


class Strictness:
    """Looks at the requests of one operation."""

    def __init__(self, plan: Plan, *, fits: ParameterFits) -> None:
        """Keep the operation; what it allows is read off on first use. `fits` gives the test of a path parameter."""
        self._plan = plan
        self._operation = plan.operation
        self._twilio = twilio.applies(plan.operation.api)
        self._collection = segments(plan.operation.path)[-1]
        self._says_more = plan.operation.request_body is not None or any(
            parameter.required or parameter.location in {Location.HEADER, Location.COOKIE}
            for parameter in plan.operation.parameters
            if parameter.location is not Location.PATH
        )
        self._tests = tuple((name, fits(plan.operation, name)) for name in plan.names)

    def is_plain(self, request: Request, path_parameters: Mapping[str, str]) -> bool:
        """Tell at once that nothing can be wrong: the path is all that is said, and it is right."""
        if self._says_more or request.body or "?" in request.url:
            return False
        return all(fits(path_parameters[name]) for name, fits in self._tests)

    def objections(self, request: Request, reading: Reading, path: str) -> Iterator[Objection]:
        """Give what is wrong with a request, in the order in which a server notices."""
        for problem in reading.problems:
            if problem.instance_pointer.startswith("/path/"):
                yield Objection(problem=problem, refusal=not_found(path))
        yield from self._media_type(request, reading)
        if reading.body_error is not None:
            yield _bad(reading.body_error, reading.body_error.message)
        yield from self._query(request)
        for problem in reading.problems:
            if not problem.instance_pointer.startswith("/path/"):
                yield self._schema(problem)
        yield from self._body(request, reading)

    # Media type

    def _media_type(self, request: Request, reading: Reading) -> Iterator[Objection]:
        body = self._operation.request_body
        sent = request.headers.get("Content-Type")
        if not request.body or body is None or reading.media_type is not None:
            return
        names = [media_type.name for media_type in body.content]
        message = f"{sent or 'no Content-Type'} is not {' or '.join(names)}"
        problem = Problem(
            message=message,
            instance_pointer="/header/Content-Type",
            spec_pointer=f"{body.pointer}/content",
            expected=names,
            actual=sent,
            keyword="content",
        )
        code = errors.CONTENT_TYPE if self._twilio else None
        yield Objection(problem=problem, refusal=Refusal(status=415, code=code, message=message))

    # Parameters

    @cached_property
    def _known(self) -> frozenset[str]:
        declared = {parameter.name for parameter in self._operation.parameters_in(Location.QUERY)}
        keys = {
            scheme.parameter
            for alternative in self._operation.security
            for scheme in alternative
            if scheme.location == "query"
        }
        if self._twilio and self._plan.role is Role.LIST:
            declared |= PARAMETERS
        return frozenset(declared | keys)

    @cached_property
    def _open(self) -> bool:
        """Whether any name may stand in the query: the fields of an object travel there under their own names."""
        roots = [parameter.schema.json_schema for parameter in self._operation.parameters_in(Location.QUERY)]
        return any("object" in (found := types(root, root)) and "string" not in found for root in roots)

    def _knows(self, name: str) -> bool:
        if name in self._known or self._open:
            return True
        return self._twilio and name[:-1] in self._known and name[-1:] in _BOUNDS

    def _query(self, request: Request) -> Iterator[Objection]:
        query = request.query
        if not query:
            return
        pairs = parameters.grouped(request.query_pairs)
        for name in pairs:
            if not self._knows(name):
                yield self._unknown(f"/query/{escape(name)}", name, pairs[name][0])
        if self._twilio:
            for name in SIZES:
                if name in pairs and pairs[name][-1].isdecimal() and int(pairs[name][-1]) > _MOST:
                    yield self._too_large(name, pairs[name][-1])

    def _unknown(self, pointer: str, name: str, value: Any) -> Objection:
        message = f"The parameter {name!r} is not known here"
        problem = Problem(
            message=message,
            instance_pointer=pointer,
            spec_pointer=self._operation.pointer,
            expected="a documented parameter",
            actual=value,
            keyword="unknown",
        )
        return _bad(problem, message)

    def _too_large(self, name: str, value: str) -> Objection:
        message = f"Page size must be at most {_MOST}, not {value}"
        problem = Problem(
            message=message,
            instance_pointer=f"/query/{name}",
            expected=_MOST,
            actual=int(value),
            keyword="maximum",
        )
        return _bad(problem, message, errors.PAGE_SIZE_TOO_LARGE)

    def _schema(self, problem: Problem) -> Objection:
        """Object to what a schema objects to."""
        name = problem.instance_pointer.rpartition("/")[2]
        code = _CODES.get((self._collection, name, problem.keyword)) if self._twilio else None
        if problem.keyword == "required":
            where = "query" if problem.instance_pointer.startswith("/query/") else "post body"
            return _bad(problem, f"Missing required parameter {name} in the {where}", code)
        if problem.instance_pointer in {f"/query/{each}" for each in SIZES} and problem.keyword == "maximum":
            code = errors.PAGE_SIZE_TOO_LARGE
        return _bad(problem, f"Invalid parameter {name}: {problem.message}", code)

    # Body

    @cached_property
    def _fields(self) -> Mapping[str, frozenset[str] | None]:
        """The declared fields of each media type; None where others may come too."""
        body = self._operation.request_body
        return {} if body is None else {media_type.name: _names(media_type) for media_type in body.content}

    def _body(self, request: Request, reading: Reading) -> Iterator[Objection]:
        body = self._operation.request_body
        if body is None:
            if request.body:
                yield self._unknown("", "body", brief(request.body[:80].decode("utf-8", "replace")))
            return
        if not request.body and reading.body is ABSENT:
            yield from self._empty()
        if isinstance(reading.body, Mapping) and reading.media_type is not None:
            declared = self._fields[reading.media_type.name]
            for name in reading.body if declared is not None else ():
                if declared is not None and name not in declared:
                    yield self._unknown(f"/{escape(name)}", name, reading.body[name])
            if self._twilio:
                yield from self._prose(reading.body)
        elif reading.body is ABSENT and body.required and self._twilio:
            yield from self._prose({})

    def _empty(self) -> Iterator[Objection]:
        """Object to a missing body; a form without fields has no bytes, but a Content-Type."""
        body = self._operation.request_body
        if body is None or not body.required:
            return
        schema = body.content[0].schema if body.content else None
        root: JsonSchema = schema.json_schema if schema else True
        missing = sorted(required(root, root))
        for name in missing:
            problem = Problem(
                message=f"the required field {name!r} is missing",
                instance_pointer=f"/{escape(name)}",
                spec_pointer=body.pointer,
                expected=f"a field {name!r}",
                keyword="required",
            )
            yield self._schema(problem)
        if not missing:
            message = "the required body is missing"
            yield _bad(Problem(message=message, spec_pointer=body.pointer, keyword="required"), message)

    # What only the text says

    def _prose(self, said: Mapping[str, Any]) -> Iterator[Objection]:
        for rule in requirements(self._operation):
            if not rule.met(said):
                message = f"One of {', '.join(rule.one_of)} is needed: {rule.because}"
                problem = Problem(
                    message=message,
                    instance_pointer=f"/{rule.one_of[0]}",
                    spec_pointer=self._operation.pointer,
                    expected=list(rule.one_of),
                    keyword="requirement",
                )
                yield _bad(problem, message, rule.code)
        if self._plan.role is Role.CREATE:
            yield from self._numbers(said)

    def _numbers(self, said: Mapping[str, Any]) -> Iterator[Objection]:
        for name, test in (("From", is_sender), ("To", is_recipient)):
            value = said.get(name)
            if not isinstance(value, str):
                continue
            outcome = OUTCOMES.get((self._collection, name, value))
            if outcome is not None:
                yield self._number(name, value, outcome.code, outcome.message.format(value))
            elif self._collection in {"Calls", "Messages"} and not test(value):
                code = 21211 if name == "To" else 21212
                hint = " A + in a form is a space, unless it is written as %2B." if value.startswith(" ") else ""
                message = f"The '{name}' number {value} is not a valid phone number.{hint}"
                yield self._number(name, value, code, message)

    def _number(self, name: str, value: str, code: int, message: str) -> Objection:
        problem = Problem(
            message=message,
            instance_pointer=f"/{name}",
            spec_pointer=self._operation.pointer,
            expected="a number that can be used here",
            actual=value,
            keyword="number",
        )
        return _bad(problem, message, code)


def _bad(problem: Problem, message: str, code: int | None = None) -> Objection:
    return Objection(problem=problem, refusal=Refusal(status=400, message=message, code=code))


def _names(media_type: MediaType) -> frozenset[str] | None:
    if media_type.schema is None:
        return None
    root = media_type.schema.json_schema
    declared = properties(root, root)
    extra = keyword(root, root, "additionalProperties")
    if not declared or (extra is not None and extra is not False) or keyword(root, root, "patternProperties"):
        return None
    return frozenset(declared)
