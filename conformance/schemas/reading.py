"""Reading an exchange by the operation it belongs to: media types, decoded values and what the schemas say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from conformance.model.http import Exchange, Headers, Request, Response
from conformance.model.operation import Answer, JsonSchema, Location, MediaType, Operation, Parameter
from conformance.model.rule import ABSENT, Matched, Problem, Reading
from conformance.openapi.document import escape
from conformance.schemas import forms, parameters
from conformance.schemas.compiler import Compiler, Validator
from conformance.schemas.problems import problems

_decode_json = msgspec.json.Decoder().decode


class Reader:
    """Reads the exchanges of one operation."""

    def __init__(self, operation: Operation, compiler: Compiler) -> None:
        """Keep the operation; validators are compiled when they are first needed."""
        self.operation = operation
        self._compiler = compiler
        self._query = operation.parameters_in(Location.QUERY)
        self._header = operation.parameters_in(Location.HEADER)
        self._cookie = operation.parameters_in(Location.COOKIE)
        self._path = operation.parameters_in(Location.PATH)

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
        for parameter in self._path:
            if parameter.name in path_parameters:
                self._check(parameter, parameters.from_text(path_parameters[parameter.name], parameter), values, found)
        if self._query:
            pairs = parameters.grouped(parse_qsl(request.query, keep_blank_values=True))
            for parameter in self._query:
                self._check(parameter, parameters.from_pairs(pairs, parameter), values, found)
        for parameter in self._header:
            text = request.headers.get(parameter.name)
            self._check(parameter, ABSENT if text is None else parameters.from_text(text, parameter), values, found)
        if self._cookie:
            pairs = parameters.grouped(parameters.cookies(request.headers.get("Cookie")))
            for parameter in self._cookie:
                self._check(parameter, parameters.from_pairs(pairs, parameter), values, found)
        body = self.operation.request_body
        read = self._read_body(request.headers, request.body, body.content if body else ())
        return Reading(
            media_type=read.media_type,
            body=read.body,
            body_error=read.body_error,
            parameters=values,
            problems=(*found, *read.problems),
        )

    def _check(self, parameter: Parameter, value: Any, values: dict[str, Any], found: list[Problem]) -> None:
        pointer = f"/{parameter.location.value}/{escape(parameter.name)}"
        if value is ABSENT:
            if parameter.required:
                found.append(
                    Problem(
                        message=f"the required {parameter.location.value} parameter {parameter.name!r} is missing",
                        instance_pointer=pointer,
                        spec_pointer=f"{parameter.pointer}/required",
                        expected=f"a parameter {parameter.name!r}",
                        keyword="required",
                    )
                )
            return
        values[f"{parameter.location.value}/{parameter.name}"] = value
        found.extend(problems(self._validator(parameter), value, prefix=pointer))

    def _validator(self, owner: Parameter | MediaType) -> Validator:
        assert owner.schema is not None  # noqa: S101 - only called where there is one
        return self._compiler.validator(owner.schema, api=self.operation.api)

    def _read_response(self, response: Response, answer: Answer | None) -> Reading:
        if answer is None or self.operation.method == "HEAD":
            return Reading()
        return self._read_body(response.headers, response.body, answer.content)

    def _read_body(self, headers: Headers, body: bytes, content: tuple[MediaType, ...]) -> Reading:
        if not content:
            return Reading()
        media_type = pick(content, headers.get("Content-Type"))
        if media_type is None or not (body or media_type.is_form):
            return Reading()
        root: JsonSchema = media_type.schema.json_schema if media_type.schema else True
        try:
            value = decode(media_type, body, root)
        except ValueError as error:
            problem = Problem(
                message=_why(error, body),
                spec_pointer=media_type.pointer,
                expected=media_type.essence,
                actual=body[:80].decode("utf-8", "replace"),
                keyword="json" if media_type.is_json else "encoding",
            )
            return Reading(media_type=media_type, body_error=problem)
        if value is ABSENT or media_type.schema is None:
            return Reading(media_type=media_type, body=value)
        return Reading(media_type=media_type, body=value, problems=problems(self._validator(media_type), value))


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


def decode(media_type: MediaType, body: bytes, root: JsonSchema) -> Any:
    """Decode a body: JSON, forms and text; `ABSENT` for whatever a schema cannot describe.

    Raises:
        ValueError: the body is not what the media type says.

    """
    if media_type.is_json:
        try:
            return _decode_json(body)
        except RecursionError as error:
            message = "JSON nested too deeply"
            raise ValueError(message) from error
    if media_type.is_form:
        return forms.decode(body, root)
    if media_type.essence.startswith("text/"):
        return body.decode("utf-8")
    return ABSENT


def _why(error: ValueError, body: bytes) -> str:
    if isinstance(error, msgspec.DecodeError):
        try:
            json.loads(body)
        except json.JSONDecodeError as precise:
            return f"not JSON: {precise.msg} at line {precise.lineno}, column {precise.colno}"
        except (RecursionError, UnicodeDecodeError):
            pass
        return f"not JSON: {str(error).removeprefix('JSON is malformed: ')}"
    if isinstance(error, UnicodeDecodeError):
        return f"the byte 0x{body[error.start]:02x} at offset {error.start} is not UTF-8"
    return str(error)
