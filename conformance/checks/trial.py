"""An example as a description and an exchange, so that it can be judged and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example
from conformance.openapi.document import parse
from conformance.openapi.operations import build

_TEMPLATE = re.compile(r"\{([^{}/]+)\}")


def description(example: Example) -> dict[str, Any]:
    """Give the OpenAPI document of an example and of what came before it."""
    paths: dict[str, Any] = {}
    for step in (*example.before, example):
        paths.setdefault(step.path, {})[step.method.lower()] = _operation(step)
    schemes = {name: dict(scheme) for name, scheme in example.security.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Example", "version": "1"},
        "servers": [{"url": example.server}],
        "security": [{name: []} for name in schemes],
        "paths": paths,
        "components": {**example.components, "securitySchemes": schemes},
    }


def _operation(step: Example) -> dict[str, Any]:
    named = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _TEMPLATE.findall(step.path)
        if name not in {parameter["name"] for parameter in step.operation.get("parameters", ())}
    ]
    words = step.path.replace("{", "").replace("}", "").split("/")
    return {
        "operationId": f"{step.method.lower()}{''.join(map(str.title, words))}",
        **step.operation,
        "parameters": [*named, *step.operation.get("parameters", ())],
    }


def operations(example: Example) -> tuple[Operation, ...]:
    """Give the operations of an example's document."""
    text = json.dumps(description(example), indent=1).encode()
    return build(parse(text, path="example.json"))


def session(example: Example) -> tuple[Exchange, ...]:
    """Give the exchanges of an example: what came before, and itself last."""
    steps = (*example.before, example)
    return tuple(
        replace(
            exchange(step),
            id=f"example {index}" if example.before else "example",
            session="example" if example.before else None,
        )
        for index, step in enumerate(steps)
    )


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
        source=Source(kind="ndjson" if example.is_recorded else "example", path="example", index=0),
        extra=example.expected.written() if example.expected else {},
    )


def _body(value: Any) -> bytes:
    if value is ABSENT:
        return b""
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else msgspec.json.encode(value)
