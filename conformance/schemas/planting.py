"""Spoiling a conformant exchange in one place, so that a check can show what it finds."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import msgspec
from msgspec.structs import replace

from conformance.model.http import Exchange, Headers
from conformance.model.operation import JsonSchema, Location, MediaType, Operation
from conformance.model.rule import ABSENT, Matched, Reading, Side
from conformance.model.value import Value
from conformance.openapi.document import escape, tokens
from conformance.schemas import forms, walk


class Spot(Value, frozen=True, kw_only=True):
    """A place that may be spoiled."""

    value: Any
    """`ABSENT` where the description knows a value that the message does not have."""
    schema: JsonSchema
    root: JsonSchema
    is_text: bool
    """Whether it travels as text: in a form, a query, a path, a header or a cookie."""

    def keyword(self, name: str) -> Any:
        """Give the value of a keyword of its schema; None where it has none."""
        return walk.keyword(self.schema, self.root, name)

    @property
    def types(self) -> frozenset[str]:
        """The JSON types that the schema allows."""
        return walk.types(self.schema, self.root)


Spoil = Callable[[Spot], Any]
"""Gives a faulty value for a spot; `ABSENT` where it cannot be spoiled in that way."""


def spoiled(seen: Matched, side: Side, spoil: Spoil) -> Iterator[Exchange]:
    """Give the exchange with one value spoiled, once for each place of one side that can be."""
    yield from _bodies(seen, side, spoil)
    if side is Side.REQUEST:
        yield from _parameters(seen, spoil)


def _parameters(seen: Matched, spoil: Spoil) -> Iterator[Exchange]:
    for parameter in seen.operation.parameters:
        location, name = parameter.location, parameter.name
        value = seen.request.parameters.get(f"{location.value}/{name}", ABSENT)
        root = parameter.schema.json_schema
        bad = spoil(Spot(value=value, schema=root, root=root, is_text=True))
        if bad is ABSENT:
            continue
        match location:
            case Location.PATH:
                if text := forms.text(bad):
                    yield with_path(seen, name, text)
            case Location.QUERY:
                yield with_query(seen.exchange, name, bad)
            case Location.HEADER:
                yield with_request_header(seen.exchange, name, forms.text(bad))
            case Location.COOKIE:
                yield with_cookie(seen.exchange, name, forms.text(bad))


def _bodies(seen: Matched, side: Side, spoil: Spoil) -> Iterator[Exchange]:
    reading = seen.request if side is Side.REQUEST else seen.response
    media_type = reading.media_type
    body = reading.body
    if body is ABSENT and side is Side.REQUEST and not seen.exchange.request.body:
        media_type, body = _form(seen.operation), {}
        root = True if media_type is None or media_type.schema is None else media_type.schema.json_schema
        if walk.required(root, root):
            return
    if body is ABSENT or media_type is None or media_type.schema is None:
        return
    root = media_type.schema.json_schema
    for pointer, value, schema in spots(body, root, root):
        bad = spoil(Spot(value=value, schema=schema, root=root, is_text=media_type.is_form and bool(pointer)))
        if bad is not ABSENT and (pointer or not media_type.is_form or isinstance(bad, dict)):
            yield with_value(seen, side, changed(body, pointer, bad), media_type)


def _form(operation: Operation) -> MediaType | None:
    content = operation.request_body.content if operation.request_body else ()
    return next((media_type for media_type in content if media_type.is_form), None)


def spots(value: Any, schema: JsonSchema, root: JsonSchema, pointer: str = "") -> Iterator[tuple[str, Any, JsonSchema]]:
    """Give every part of a value that the schema describes, and the documented members that its objects lack."""
    for place, part, inner in walk.values(value, schema, root, pointer):
        yield place, part, inner
        if isinstance(part, Mapping):
            for name, child in walk.properties(inner, root).items():
                if name not in part:
                    yield f"{place}/{escape(name)}", ABSENT, child


def changed(body: Any, pointer: str, value: Any) -> Any:
    """Give a copy of a body with another value at a pointer; the whole body where the pointer is empty."""
    path = tokens(pointer)
    if not path:
        return value
    result = copy.deepcopy(body)
    node = result
    for token in path[:-1]:
        node = node[int(token)] if isinstance(node, list) else node[token]
    if isinstance(node, list):
        node[int(path[-1])] = value
    else:
        node[path[-1]] = value
    return result


def with_value(seen: Matched, side: Side, value: Any, media_type: MediaType | None = None) -> Exchange:
    """Give the exchange with another body on one side, written in its media type."""
    reading = seen.request if side is Side.REQUEST else seen.response
    media_type = media_type or reading.media_type
    is_form = media_type is not None and media_type.is_form
    text = forms.encode(value) if is_form else msgspec.json.encode(value)
    made = with_body(seen.exchange, side, text)
    if side is Side.REQUEST and media_type is not None and "Content-Type" not in made.request.headers:
        return with_request_header(made, "Content-Type", media_type.essence)
    return made


def with_answer(seen: Matched, pointer: str, value: Any) -> Exchange:
    """Give the exchange with another value at a place of the response body."""
    return with_value(seen, Side.RESPONSE, changed(seen.response.body, pointer, value))


def with_body(exchange: Exchange, side: Side, body: bytes) -> Exchange:
    """Give the exchange with other bytes as body on one side."""
    if side is Side.REQUEST:
        return replace(exchange, request=replace(exchange.request, body=body))
    return replace(exchange, response=replace(exchange.response, body=body))


def with_query(exchange: Exchange, name: str, value: Any) -> Exchange:
    """Give the exchange with one query parameter changed; an empty list takes it away."""
    pairs = [(key, text) for key, text in exchange.request.query_pairs if key != name]
    pairs += [(name, forms.text(item)) for item in (value if isinstance(value, list) else [value])]
    return with_pairs(exchange, pairs)


def with_pairs(exchange: Exchange, pairs: list[tuple[str, str]]) -> Exchange:
    """Give the exchange with another query."""
    query = "&".join(f"{quote(key, safe='')}={quote(text, safe='')}" for key, text in pairs)
    return with_url(exchange, urlunsplit(urlsplit(exchange.request.url)._replace(query=query)))


def pairs_of(url: str) -> list[tuple[str, str]]:
    """Give the decoded query of a URL in order."""
    return parse_qsl(urlsplit(url).query, keep_blank_values=True)


def with_path(seen: Matched, name: str, text: str) -> Exchange:
    """Give the exchange with another value for one path parameter."""
    parts = urlsplit(seen.exchange.request.url)
    segments, templates = parts.path.split("/"), seen.operation.path.split("/")
    for index in range(1, len(templates)):
        before, found, after = templates[-index].partition(f"{{{name}}}")
        if found and "{" not in before + after:
            segments[-index] = f"{before}{quote(text, safe='')}{after}"
    return with_url(seen.exchange, urlunsplit(parts._replace(path="/".join(segments))))


def with_url(exchange: Exchange, url: str) -> Exchange:
    """Give the exchange with another URL."""
    return replace(exchange, request=replace(exchange.request, url=url))


def with_request_header(exchange: Exchange, name: str, value: str | None) -> Exchange:
    """Give the exchange with one request header changed; None takes it away."""
    request = exchange.request
    return replace(exchange, request=replace(request, headers=request.headers.replace(name, value)))


def with_response_header(exchange: Exchange, name: str, value: str | None) -> Exchange:
    """Give the exchange with one response header changed; None takes it away."""
    response = exchange.response
    return replace(exchange, response=replace(response, headers=response.headers.replace(name, value)))


def with_cookie(exchange: Exchange, name: str, value: str) -> Exchange:
    """Give the exchange with one cookie changed."""
    header = exchange.request.headers.get("Cookie") or ""
    kept = [each.strip() for each in header.split(";") if each.strip() and each.strip().partition("=")[0] != name]
    return with_request_header(exchange, "Cookie", "; ".join([*kept, f"{name}={quote(value, safe='')}"]))


def reading_of(seen: Matched, side: Side) -> Reading:
    """Give one side of an exchange as it was read."""
    return seen.request if side is Side.REQUEST else seen.response


def headers_of(exchange: Exchange, side: Side) -> Headers:
    """Give the headers of one side."""
    return exchange.request.headers if side is Side.REQUEST else exchange.response.headers


def body_of(exchange: Exchange, side: Side) -> bytes:
    """Give the body of one side."""
    return exchange.request.body if side is Side.REQUEST else exchange.response.body


def with_json(seen: Matched, side: Side, member: bytes) -> Iterator[Exchange]:
    """Give the exchange with one more member, as written, in its JSON body; nothing where it has no such body."""
    text = json_text(seen, side)
    if text is not None and text.startswith(b"{"):
        comma = b"" if text[1:].lstrip().startswith(b"}") else b","
        yield with_json_text(seen, side, b"{" + member + comma + text[1:])
    elif text is not None and text.startswith(b"["):
        comma = b"" if text[1:].lstrip().startswith(b"]") else b","
        yield with_json_text(seen, side, b"[{" + member + b"}" + comma + text[1:])


def json_text(seen: Matched, side: Side) -> bytes | None:
    """Give the JSON body of one side, or a small one for a request that may have one; None where there is none."""
    media_type = reading_of(seen, side).media_type
    text = body_of(seen.exchange, side).lstrip()
    if text and media_type is not None and media_type.is_json:
        return text
    if side is Side.REQUEST and not text and _json(seen.operation) is not None:
        return b"{}"
    return None


def with_json_text(seen: Matched, side: Side, text: bytes) -> Exchange:
    """Give the exchange with another JSON text as body on one side."""
    made = with_body(seen.exchange, side, text)
    media_type = _json(seen.operation)
    if side is Side.REQUEST and media_type is not None and "Content-Type" not in made.request.headers:
        return with_request_header(made, "Content-Type", media_type.essence)
    return made


def _json(operation: Operation) -> MediaType | None:
    content = operation.request_body.content if operation.request_body else ()
    return next((media_type for media_type in content if media_type.is_json), None)
