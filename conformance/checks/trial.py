"""An example as a description and an exchange, so that it can be judged and shown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example
from conformance.openapi.document import parse
from conformance.openapi.operations import build

_PATH_PARAMETER = {"name": "ThingSid", "in": "path", "required": True, "schema": {"type": "string"}}


def description(example: Example) -> dict[str, Any]:
    """Give the OpenAPI document of an example."""
    parameters = [_PATH_PARAMETER] if "{ThingSid}" in example.path else []
    operation = {
        "operationId": "example",
        **example.operation,
        "parameters": [*parameters, *example.operation.get("parameters", ())],
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Example", "version": "1"},
        "servers": [{"url": example.server}],
        "paths": {example.path: {example.method.lower(): operation}},
        "components": dict(example.components),
    }


def operations(example: Example) -> tuple[Operation, ...]:
    """Give the operations of an example's document."""
    text = json.dumps(description(example), indent=1).encode()
    return build(parse(text, path="example.json"))


def exchange(example: Example) -> Exchange:
    """Give the exchange of an example."""
    body = _body(example.response_body)
    headers: Mapping[str, str] = {"Content-Type": "application/json"} if body else {}
    sent = example.request_body.encode() if isinstance(example.request_body, str) else example.request_body
    host = urlsplit(example.url).netloc
    return Exchange(
        id="example",
        request=Request(
            method=example.request_method or example.method,
            url=example.url,
            headers=Headers.of({"Host": host, **example.request_headers}),
            body=sent,
        ),
        response=Response(
            status=example.status,
            headers=Headers.of(headers if example.response_headers is None else example.response_headers),
            body=body,
        ),
        source=Source(kind="example", path="example", index=0),
        extra=example.expected.written() if example.expected else {},
    )


def _body(value: Any) -> bytes:
    if value is ABSENT:
        return b""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
