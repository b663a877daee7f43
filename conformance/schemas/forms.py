"""URL-encoded form bodies, decoded to the declared types (OpenAPI 3.1, 4.8.14.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote_plus

import msgspec

from conformance.model.operation import JsonSchema
from conformance.schemas.parameters import array, grouped, repeated
from conformance.schemas.walk import properties, types


def pairs(body: bytes) -> list[tuple[str, str]]:
    """Give the decoded name-value pairs of a form body, in order, repeats and empty values kept.

    Raises:
        UnicodeDecodeError: it is not UTF-8.

    """
    return parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")


def decode(body: bytes, root: JsonSchema) -> dict[str, Any]:
    """Read a form body by the declared types: repeated keys as arrays, numbers and booleans as such.

    Raises:
        UnicodeDecodeError: it is not UTF-8.

    """
    return typed(grouped(pairs(body)), root)


def typed(fields: Mapping[str, list[str]], root: JsonSchema) -> dict[str, Any]:
    """Give the value of form fields by the declared types."""
    declared = properties(root, root)
    result: dict[str, Any] = {}
    for name, texts in fields.items():
        schema = declared.get(name)
        if schema is None:
            result[name] = texts[0] if len(texts) == 1 else texts
            continue
        allowed = types(schema, root)
        if "array" in allowed and "string" not in allowed:
            result[name] = array(texts, schema, root)
        else:
            result[name] = repeated(texts, allowed)
    return result


def encode(value: Mapping[str, Any]) -> bytes:
    """Write an object as a form body: arrays as repeated keys, booleans in lower case, objects as JSON."""
    fields = (
        (name, item)
        for name, content in value.items()
        for item in (content if isinstance(content, list) else [content])
    )
    return "&".join(f"{quote_plus(name)}={quote_plus(text(item))}" for name, item in fields).encode()


def text(value: Any) -> str:
    """Give a value as it is written in a form, a query or a path."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return ""
        case int() | float():
            return str(value)
        case _:
            return msgspec.json.encode(value).decode()
