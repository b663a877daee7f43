"""Spoiling a conformant exchange in one place, so that a check can show what it finds."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import msgspec

from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, Location
from conformance.model.rule import ABSENT, Matched, Side
from conformance.openapi.document import tokens
from conformance.schemas import forms, walk


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A value that may be spoiled."""

    value: Any
    schema: JsonSchema
    root: JsonSchema
    is_text: bool
    """Whether it travels as text, in a form or a query."""

    def keyword(self, name: str) -> Any:
        """Give the value of a keyword of its schema; None where it has none."""
        return walk.keyword(self.schema, self.root, name)


Spoil = Callable[[Spot], Any]
"""Gives a faulty value for a spot; `ABSENT` where it cannot be spoiled in that way."""


def spoiled(seen: Matched, side: Side, spoil: Spoil) -> Iterator[Exchange]:
    """Give the exchange with one value spoiled, once for each value of one side that can be."""
    yield from _bodies(seen, side, spoil)
    if side is Side.REQUEST:
        for parameter in seen.operation.parameters_in(Location.QUERY):
            value = seen.request.parameters.get(f"query/{parameter.name}", ABSENT)
            root = parameter.schema.json_schema
            if value is ABSENT:
                continue
            bad = spoil(Spot(value=value, schema=root, root=root, is_text=True))
            if bad is not ABSENT:
                yield with_query(seen.exchange, parameter.name, bad)


def _bodies(seen: Matched, side: Side, spoil: Spoil) -> Iterator[Exchange]:
    reading = seen.request if side is Side.REQUEST else seen.response
    if reading.body is ABSENT or reading.media_type is None or reading.media_type.schema is None:
        return
    is_form = reading.media_type.is_form
    root = reading.media_type.schema.json_schema
    for pointer, value, schema in walk.values(reading.body, root, root):
        bad = spoil(Spot(value=value, schema=schema, root=root, is_text=is_form))
        if bad is not ABSENT:
            body = changed(reading.body, pointer, bad)
            yield with_body(seen.exchange, side, forms.encode(body) if is_form else msgspec.json.encode(body))


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


def with_body(exchange: Exchange, side: Side, body: bytes) -> Exchange:
    """Give the exchange with another body on one side."""
    if side is Side.REQUEST:
        return replace(exchange, request=replace(exchange.request, body=body))
    return replace(exchange, response=replace(exchange.response, body=body))


def with_query(exchange: Exchange, name: str, value: Any) -> Exchange:
    """Give the exchange with one query parameter changed."""
    parts = urlsplit(exchange.request.url)
    pairs = [(key, text) for key, text in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    pairs += [(name, forms.text(item)) for item in (value if isinstance(value, list) else [value])]
    query = "&".join(f"{quote(key, safe='')}={quote(text, safe='')}" for key, text in pairs)
    return replace(exchange, request=replace(exchange.request, url=urlunsplit(parts._replace(query=query))))
