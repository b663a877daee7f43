"""URL-encoded form bodies, decoded to the declared types (OpenAPI 3.1, 4.8.14.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote_plus

import msgspec

from conformance.model.operation import JsonSchema
from conformance.schemas import parameters
from conformance.schemas.parameters import array, repeated
from conformance.schemas.walk import properties, types

_UNDECLARED: Final = frozenset({"string"})


def fields(body: bytes) -> dict[str, list[str]]:
    """Give the decoded fields of a form body, each name with its texts, in order, repeats and empty values kept.

    Raises:
        UnicodeDecodeError: it is not UTF-8.

    """
    return parameters.fields(body.decode("utf-8"), errors="strict")


def decode(body: bytes, root: JsonSchema) -> dict[str, Any]:
    """Read a form body by the declared types: repeated keys as arrays, numbers and booleans as such.

    Raises:
        UnicodeDecodeError: it is not UTF-8.

    """
    return typed(fields(body), root)


def typed(sent: Mapping[str, list[str]], root: JsonSchema) -> dict[str, Any]:
    """Give the value of form fields by the declared types."""
    return reader(root)(sent)


def reader(root: JsonSchema) -> Callable[[Mapping[str, list[str]]], dict[str, Any]]:
    """Give the function that gives the value of form fields by the declared types of a schema."""
    declared = properties(root, root)
    lists: dict[str, JsonSchema] = {}
    scalars: dict[str, frozenset[str]] = {}
    for name, schema in declared.items():
        allowed = types(schema, root)
        if "array" in allowed and "string" not in allowed:
            lists[name] = schema
        else:
            scalars[name] = allowed

    def read(sent: Mapping[str, list[str]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for name, texts in sent.items():
            if name in lists:
                result[name] = array(texts, lists[name], root)
            else:
                result[name] = repeated(texts, scalars.get(name, _UNDECLARED))
        return result

    return read


def encode(value: Mapping[str, Any]) -> bytes:
    """Write an object as a form body: arrays as repeated keys, booleans in lower case, objects as JSON."""
    written = (
        (name, item)
        for name, content in value.items()
        for item in (content if isinstance(content, list) else [content])
    )
    return "&".join(f"{quote_plus(name)}={quote_plus(text(item))}" for name, item in written).encode()


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
