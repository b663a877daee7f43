"""An OpenAPI description as values: APIs, operations and what they declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import cached_property
from typing import Any

from conformance.model.value import Value

JsonSchema = Mapping[str, Any] | bool


class Contract(Enum):
    """Which reading of the documents holds: as their authors wrote them, or with the overlays applied."""

    AS_WRITTEN = "as-written"
    CORRECTED = "corrected"


class Location(Enum):
    """Where a parameter travels (OpenAPI `in`)."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    COOKIE = "cookie"


class Schema:
    """A schema at its place in a document.

    `json_schema` is self-contained JSON Schema 2020-12, made on first use: what it refers to stands in its
    `$defs`, each definition named by its JSON Pointer without the leading slash.
    """

    __slots__ = ("_made", "_make", "pointer")

    def __init__(self, *, pointer: str, make: Callable[[], JsonSchema]) -> None:
        """Keep the pointer into the OpenAPI document and the function that makes the JSON Schema."""
        self.pointer = pointer
        self._make = make
        self._made: JsonSchema | None = None

    @property
    def json_schema(self) -> JsonSchema:
        """The schema as self-contained JSON Schema 2020-12."""
        if self._made is None:
            self._made = self._make()
        return self._made

    def __repr__(self) -> str:
        """Name the place."""
        return f"Schema({self.pointer})"


class Server(Value, frozen=True, kw_only=True):
    """A server of the description, its variables replaced by their defaults."""

    url: str
    scheme: str
    """Empty where the server URL is relative."""
    host: str
    """With the port where one is given; empty where the server URL is relative, which fits any host."""
    base_path: str
    """Without a trailing slash; empty for the root."""


class Parameter(Value, frozen=True, kw_only=True, eq=False):
    """A declared parameter."""

    name: str
    location: Location
    required: bool
    style: str
    explode: bool
    schema: Schema
    media_type: str | None
    """Set where the parameter is described by `content` instead of `schema`."""
    description: str
    pointer: str


class MediaType(Value, frozen=True, kw_only=True, eq=False, dict=True):
    """One entry of a `content` map."""

    name: str
    """As written, a range such as `application/*` included."""
    schema: Schema | None
    encoding: Mapping[str, Any]
    examples: tuple[Any, ...]
    pointer: str

    @cached_property
    def essence(self) -> str:
        """Type and subtype in lower case, without parameters."""
        return self.name.partition(";")[0].strip().lower()

    @cached_property
    def is_json(self) -> bool:
        """Tell whether bodies are JSON (RFC 6839 suffixes included)."""
        return self.essence == "application/json" or self.essence.endswith("+json")

    @cached_property
    def is_form(self) -> bool:
        """Tell whether bodies are URL-encoded forms."""
        return self.essence == "application/x-www-form-urlencoded"


class RequestBody(Value, frozen=True, kw_only=True, eq=False):
    """A declared request body."""

    required: bool
    content: tuple[MediaType, ...]
    pointer: str


class Answer(Value, frozen=True, kw_only=True, eq=False):
    """A documented response (the Response Object of OpenAPI)."""

    status: str
    """`200`, a range such as `4XX`, or `default`."""
    description: str
    content: tuple[MediaType, ...]
    headers: Mapping[str, Schema]
    pointer: str

    @property
    def is_success(self) -> bool:
        """Tell whether this describes a 2xx response."""
        return self.status.startswith("2")


class SecurityScheme(Value, frozen=True, kw_only=True):
    """A security scheme as far as a request shows it."""

    name: str
    type: str
    """`http`, `apiKey`, `oauth2`, `openIdConnect` or `mutualTLS`."""
    scheme: str
    """For `http`: `basic`, `bearer` and so on, in lower case; else empty."""
    location: str
    """For `apiKey`: `query`, `header` or `cookie`; else empty."""
    parameter: str
    """For `apiKey`: the name of the field; else empty."""


class Api(Value, frozen=True, kw_only=True, eq=False):
    """One description."""

    name: str
    """The stem of its file name."""
    title: str
    version: str
    openapi: str
    servers: tuple[Server, ...]
    digest: str
    """SHA-256 over the document and the corrections that hold."""
    contract: Contract
    path: str
    """The file, as named by the user."""
    locate: Callable[[str], tuple[int, int]]
    """Line and column (from 1) of a JSON Pointer, or of its nearest ancestor that the file has."""


class Operation(Value, frozen=True, kw_only=True, eq=False, dict=True):
    """One operation with everything that path and document give it."""

    api: Api
    operation_id: str | None
    method: str
    """In capitals."""
    path: str
    """The template, as written."""
    summary: str
    description: str
    tags: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    request_body: RequestBody | None
    responses: tuple[Answer, ...]
    security: tuple[tuple[SecurityScheme, ...], ...]
    """Alternatives; each is a set that must all be met. An empty tuple asks for nothing."""
    servers: tuple[Server, ...]
    corrections: int
    """How many overlay actions changed this operation or a component it uses."""
    pointer: str

    @cached_property
    def key(self) -> str:
        """The name of the operation over all documents: file stem and operationId, or method and path."""
        return f"{self.api.name}.{self.operation_id or f'{self.method} {self.path}'}"

    def answer(self, status: int) -> Answer | None:
        """What is documented for a status: the status itself, else its range, else `default`."""
        return self._answers.get(str(status)) or self._answers.get(f"{status // 100}XX") or self._answers.get("default")

    @cached_property
    def _answers(self) -> Mapping[str, Answer]:
        return {answer.status.upper() if answer.status != "default" else "default": answer for answer in self.responses}

    @cached_property
    def success(self) -> Answer | None:
        """The first documented 2xx response."""
        return next((answer for answer in self.responses if answer.is_success), None)

    def parameters_in(self, location: Location) -> tuple[Parameter, ...]:
        """The declared parameters of one location."""
        return tuple(parameter for parameter in self.parameters if parameter.location is location)

    def __repr__(self) -> str:
        """Name the operation."""
        return f"Operation({self.key})"
