"""Reading an exchange by the operation it belongs to: media types, decoded values and what the schemas say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from conformance.model.http import Exchange, Headers, Request, Response
from conformance.model.operation import Answer, JsonSchema, Location, MediaType, Operation, Parameter
from conformance.model.rule import ABSENT, Matched, Problem, Reading
from conformance.openapi.document import escape, tokens
from conformance.schemas import forms, parameters, strict_json
from conformance.schemas.compiler import Compiler, Validator
from conformance.schemas.problems import REPEATED, problems


class _Declared(Struct, kw_only=True, eq=False):
    """A declared parameter, and what would otherwise be found out about it for every request."""

    parameter: Parameter
    name: str
    key: str
    """As in `Reading.parameters`."""
    pointer: str
    plain: frozenset[str] | None
    """The types of one that is read as a single scalar."""
    is_free: bool
    """Whether any text is right."""
    validator: Validator | None = None
    """Compiled when the first value is read."""


def _declared(parameter: Parameter) -> _Declared:
    return _Declared(
        parameter=parameter,
        name=parameter.name,
        key=f"{parameter.location.value}/{parameter.name}",
        pointer=f"/{parameter.location.value}/{escape(parameter.name)}",
        plain=parameters.plain(parameter),
        is_free=parameters.is_free(parameter.schema),
    )


class Reader:
    """Reads the exchanges of one operation."""

    def __init__(self, operation: Operation, compiler: Compiler) -> None:
        """Keep the operation; validators are compiled when they are first needed."""
        self.operation = operation
        self._compiler = compiler
        declared = {
            location: tuple(map(_declared, operation.parameters_in(location))) for location in parameters.LOCATIONS
        }
        self._path, self._header = declared[Location.PATH], declared[Location.HEADER]
        self._query, self._cookie = declared[Location.QUERY], declared[Location.COOKIE]
        self._always = tuple(each for each in self._query if each.parameter.required or each.plain is None)
        self._forms: dict[MediaType, Callable[[Mapping[str, list[str]]], dict[str, Any]]] = {}
        self._bodies: dict[MediaType, Validator] = {}

    def read(self, exchange: Exchange, path_parameters: Mapping[str, str]) -> Matched:
        """Read both sides of an exchange.

        Raises:
            DocumentError: a schema of the operation is no valid JSON Schema.

        """
        answer = self.operation.answer(exchange.response.status)
        return Matched(
            exchange=exchange,
            operation=self.operation,
            path_parameters=path_parameters,
            answer=answer,
            request=self.read_request(exchange.request, path_parameters),
            response=self._read_response(exchange.response, answer),
        )

    def read_request(self, request: Request, path_parameters: Mapping[str, str]) -> Reading:
        """Read the request alone, for whoever has to answer it.

        Raises:
            DocumentError: a schema of the operation is no valid JSON Schema.

        """
        values: dict[str, Any] = {}
        found: list[Problem] = []
        for each in self._path:
            text = path_parameters.get(each.name)
            if text is not None:
                self._check(each, _from_text(each, text), values, found)
        return self._read_request(request, values, found)

    def keys(self, names: Iterable[str]) -> tuple[str, ...] | None:
        """Give the keys of path parameters as `Reading.parameters` has them; None where one is not read as text."""
        texts = {each.name: each.key for each in self._path if each.plain is not None and "string" in each.plain}
        return tuple(texts[name] for name in names) if texts.keys() == set(names) else None

    @property
    def takes_nothing(self) -> bool:
        """Whether a request has nothing that could be wrong but its path, where it has neither query nor body."""
        return not (self._always or self._header or self._cookie or self.operation.request_body)

    def read_routed(self, request: Request, values: dict[str, Any]) -> Reading:
        """Read a request alone, where path parameters were found to fit: their values by what `keys` gives.

        Raises:
            DocumentError: a schema of the operation is no valid JSON Schema.

        """
        return self._read_request(request, values, [])

    def _read_request(self, request: Request, values: dict[str, Any], found: list[Problem]) -> Reading:
        query = _query(request.url)
        for each in self._may_be_in(query):
            self._check(each, _from_pairs(each, query), values, found)
        if found and query:
            found = repetitions(found, query, prefix="/query")
        for each in self._header:
            text = request.headers.get(each.name)
            self._check(each, ABSENT if text is None else _from_text(each, text), values, found)
        if self._cookie:
            pairs = parameters.grouped(parameters.cookies(request.headers.get("Cookie")))
            for each in self._cookie:
                self._check(each, _from_pairs(each, pairs), values, found)
        body = self.operation.request_body
        read = self._read_body(request.headers, request.body, body.content) if body else _NOTHING
        return Reading(
            media_type=read.media_type,
            media_type_error=read.media_type_error,
            body=read.body,
            body_error=read.body_error,
            parameters=values,
            query=query,
            form=read.form,
            problems=(*found, *read.problems) if found else read.problems,
        )

    def _may_be_in(self, query: Mapping[str, list[str]]) -> Iterable[_Declared]:
        """Give the parameters that a query has, must have, or may have in a style of their own."""
        if not query:
            return self._always
        return [each for each in self._query if each.name in query or each in self._always]

    def _check(self, declared: _Declared, value: Any, values: dict[str, Any], found: list[Problem]) -> None:
        if value is ABSENT:
            if declared.parameter.required:
                found.append(_missing(declared))
            return
        values[declared.key] = value
        if declared.is_free and type(value) is str:
            return
        validator = declared.validator
        if validator is None:
            validator = declared.validator = self._validator(declared.parameter)
        if not validator.is_valid(value):
            found.extend(problems(validator, value, prefix=declared.pointer))

    def _validator(self, owner: Parameter | MediaType) -> Validator:
        assert owner.schema is not None  # noqa: S101 - only called where there is one
        return self._compiler.validator(owner.schema, api=self.operation.api)

    def _typed(self, media_type: MediaType, form: Mapping[str, list[str]]) -> dict[str, Any]:
        read = self._forms.get(media_type)
        if read is None:
            root: JsonSchema = media_type.schema.json_schema if media_type.schema else True
            read = self._forms[media_type] = forms.reader(root)
        return read(form)

    def _read_response(self, response: Response, answer: Answer | None) -> Reading:
        if answer is None or self.operation.method == "HEAD" or response.status in BODILESS:
            return Reading()
        read = self._read_body(response.headers, response.body, answer.content)
        if not answer.headers:
            return read
        found = tuple(self._header_problems(response.headers, answer))
        return replace(read, problems=(*found, *read.problems)) if found else read

    def _header_problems(self, headers: Headers, answer: Answer) -> Iterator[Problem]:
        for name, schema in answer.headers.items():
            text = headers.get(name)
            if text is not None and name.lower() != "content-type":
                value = parameters.scalar(text, schema.json_schema, schema.json_schema)
                validator = self._compiler.validator(schema, api=self.operation.api)
                yield from problems(validator, value, prefix=f"/header/{escape(name)}")

    def _read_body(self, headers: Headers, body: bytes, content: tuple[MediaType, ...]) -> Reading:
        if not content:
            return Reading()
        given = headers.get("Content-Type")
        media_type = pick(content, given)
        if media_type is None:
            return Reading(media_type_error=_unfit(given, content)) if body else Reading()
        if not (body or media_type.is_form):
            return Reading(media_type=media_type)
        form: dict[str, list[str]] = {}
        try:
            if media_type.is_form:
                form = forms.fields(body)
                value: Any = self._typed(media_type, form)
            else:
                value = decode(media_type, body)
        except ValueError as error:
            problem = Problem(
                message=_why(error, body),
                spec_pointer=media_type.pointer,
                expected=media_type.essence,
                actual=body[:80].decode("utf-8", "replace"),
                keyword=error.reason if isinstance(error, strict_json.Unreadable) else strict_json.UTF_8,
            )
            return Reading(media_type=media_type, body_error=problem)
        if value is ABSENT or media_type.schema is None:
            return Reading(media_type=media_type, body=value, form=form)
        validator = self._bodies.get(media_type)
        if validator is None:
            validator = self._bodies[media_type] = self._validator(media_type)
        found = problems(validator, value)
        if found and form:
            found = tuple(repetitions(found, form))
        return Reading(media_type=media_type, body=value, form=form, problems=found)


_NOTHING: Final = Reading()


def _from_text(declared: _Declared, text: str) -> Any:
    if declared.plain is not None:
        return parameters.scalar_of(text, declared.plain)
    return parameters.from_text(text, declared.parameter)


def _from_pairs(declared: _Declared, pairs: Mapping[str, list[str]]) -> Any:
    if declared.plain is None:
        return parameters.from_pairs(pairs, declared.parameter)
    texts = pairs.get(declared.name)
    return ABSENT if texts is None else parameters.repeated(texts, declared.plain)


def _missing(declared: _Declared) -> Problem:
    parameter = declared.parameter
    return Problem(
        message=f"the required {parameter.location.value} parameter {parameter.name!r} is missing",
        instance_pointer=declared.pointer,
        spec_pointer=f"{parameter.pointer}/required",
        expected=f"a parameter {parameter.name!r}",
        keyword="required",
    )


BODILESS: Final = frozenset({*range(100, 200), 204, 205, 304})
"""Statuses whose responses have no content (RFC 9110, 15)."""


def was_left_out(headers: Headers) -> bool:
    """Tell whether an empty body was longer on the wire: its length, or that it came in chunks, is still there."""
    length = headers.get("Content-Length")
    return (length is not None and length.strip() not in {"", "0"}) or "Transfer-Encoding" in headers


def _query(url: str) -> dict[str, list[str]]:
    text = url.partition("?")[2].partition("#")[0]
    return parameters.fields(text) if text else {}


def repetitions(found: Iterable[Problem], sent: Mapping[str, list[str]], *, prefix: str = "") -> list[Problem]:
    """Give problems in which a name that was sent several times, and is no list, breaks nothing but that."""
    places = {f"{prefix}/{escape(name)}": name for name, texts in sent.items() if len(texts) > 1}
    return [
        replace(
            problem,
            message=f"{places[problem.instance_pointer]!r} is sent {len(sent[places[problem.instance_pointer]])} times",
            expected="one value",
            keyword=REPEATED,
        )
        if problem.instance_pointer in places and problem.keyword == "type"
        else problem
        for problem in found
    ]


def _unfit(given: str | None, content: tuple[MediaType, ...]) -> Problem:
    expected = [media_type.name for media_type in content]
    shown = f"the media type {given.partition(';')[0].strip()}" if given else "no media type"
    return Problem(
        message=f"the body has {shown}, not {' or '.join(expected)}",
        instance_pointer="/header/Content-Type",
        spec_pointer=content[0].pointer.rpartition("/")[0],
        expected=expected,
        actual=given,
        keyword="content",
    )


def sound(reading: Reading, broken: Iterable[str]) -> Reading:
    """Give a reading without the values at some pointers, so that nothing is concluded from a broken value.

    Members are left out; items stay in their place as null, so that lists keep their length.
    """
    body, values = reading.body, dict(reading.parameters)
    for pointer in broken:
        parameter = "/".join(tokens(pointer)[:2])
        if parameter in values:
            del values[parameter]
        elif body is not ABSENT:
            body = ABSENT if not pointer else without(body, pointer)
    return replace(reading, body=body, parameters=values)


def without(body: Any, pointer: str) -> Any:
    """Give a copy of a value without what a pointer leads to; the value itself where it leads nowhere."""
    first, *rest = tokens(pointer)
    if isinstance(body, dict) and first in body:
        if not rest:
            return {name: value for name, value in body.items() if name != first}
        below = pointer[len(escape(first)) + 1 :]
        return {**body, first: without(body[first], below)}
    if isinstance(body, list) and first.isdigit() and int(first) < len(body):
        index = int(first)
        below = pointer[len(first) + 1 :]
        return [*body[:index], without(body[index], below) if rest else None, *body[index + 1 :]]
    return body


@lru_cache(maxsize=4096)
def pick(content: tuple[MediaType, ...], content_type: str | None) -> MediaType | None:
    """Give the declared media type that a Content-Type header names: the exact one, else a range that holds it."""
    if content_type is None:
        return None
    essence = content_type.partition(";")[0].strip().lower()
    for media_type in content:
        if media_type.essence == essence:
            return media_type
    kind = essence.partition("/")[0]
    for wanted in (f"{kind}/*", "*/*"):
        for media_type in content:
            if media_type.essence == wanted:
                return media_type
    return None


def decode(media_type: MediaType, body: bytes) -> Any:
    """Decode a body that is no form: JSON and text; `ABSENT` for whatever a schema cannot describe.

    Raises:
        ValueError: the body is not what the media type says.

    """
    if media_type.is_json:
        return strict_json.decode(body)
    if media_type.essence.startswith("text/"):
        return body.decode("utf-8")
    return ABSENT


def _why(error: ValueError, body: bytes) -> str:
    if not isinstance(error, UnicodeDecodeError):
        return str(error)
    if error.object != body:
        return f"the byte 0x{error.object[error.start]:02x}, percent-encoded, is not UTF-8"
    return f"the byte 0x{body[error.start]:02x} at offset {error.start} is not UTF-8"
