"""Parameters by their declared style (OpenAPI 3.1, 4.8.12.2), decoded from text to the declared types."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from conformance.model.operation import JsonSchema, Location, Parameter, Schema
from conformance.model.rule import ABSENT
from conformance.schemas.walk import items, properties, types

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]*)")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER: Final = 1000
"""Digits; Python converts no more than 4,300."""
_BOOLEANS: Final = {"true": True, "false": False}
_FREE: Final = frozenset({"deprecated", "description", "example", "examples", "title", "type"})
_DELIMITERS: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}


def scalar(text: str, schema: JsonSchema, root: JsonSchema) -> Any:
    """Read text as the declared type; text that is none of the declared types stays text."""
    return scalar_of(text, types(schema, root))


def scalar_of(text: str, allowed: frozenset[str]) -> Any:
    """Read text as one of some types; text that is none of them stays text."""
    if "string" in allowed:
        return text
    if "integer" in allowed and len(text) <= _LONGEST_NUMBER and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in allowed and _NUMBER.fullmatch(text) and isfinite(number := float(text)):
        return number
    if "boolean" in allowed and text in _BOOLEANS:
        return _BOOLEANS[text]
    if "object" in allowed or "array" in allowed:
        return _json(text)
    return text


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text


def array(texts: Iterable[str], schema: JsonSchema, root: JsonSchema) -> list[Any]:
    """Read texts as the items of an array."""
    inner = items(schema, root)
    if inner is None:
        return list(texts)
    allowed = types(inner, root)
    return [scalar_of(text, allowed) for text in texts]


def record(pairs: Iterable[tuple[str, str]], schema: JsonSchema, root: JsonSchema) -> dict[str, Any]:
    """Read name-value pairs as an object."""
    declared = properties(schema, root)
    return {name: scalar(text, declared[name], root) if name in declared else text for name, text in pairs}


def is_free(schema: Schema) -> bool:
    """Tell whether any text is a value of a schema."""
    root = schema.json_schema
    if not isinstance(root, Mapping):
        return root
    return root.keys() <= _FREE and "string" in types(root, root)


def plain(parameter: Parameter) -> frozenset[str] | None:
    """Give the types of a parameter that is read as one scalar; None where its style decides how it is read."""
    root = parameter.schema.json_schema
    allowed = types(root, root)
    is_scalar = "string" in allowed or not {"array", "object"} & allowed
    return allowed if is_scalar and parameter.style in {"simple", "form"} and parameter.media_type is None else None


def from_text(text: str, parameter: Parameter) -> Any:
    """Decode a path or header parameter from its (percent-decoded) text."""
    root = parameter.schema.json_schema
    if parameter.media_type is not None:
        return _content(text, parameter)
    allowed = types(root, root)
    separator = ","
    if parameter.style == "label":
        text = text.removeprefix(".")
        separator = "." if parameter.explode else ","
    elif parameter.style == "matrix":
        text = text.removeprefix(";")
        if not parameter.explode or not {"array", "object"} & allowed:
            text = text.removeprefix(f"{parameter.name}=")
        elif "array" in allowed:
            return array([part.partition("=")[2] for part in text.split(";")], root, root)
        separator = ";" if parameter.explode else ","
    if "string" in allowed or not {"array", "object"} & allowed:
        return scalar_of(text, allowed)
    pieces = text.split(separator)
    if parameter.location is Location.HEADER:
        pieces = [piece.strip(" \t") for piece in pieces]  # optional whitespace (RFC 9110, 5.6.1)
    if "array" in allowed:
        return array(pieces, root, root)
    if parameter.explode:
        return record((tuple(piece.partition("=")[::2]) for piece in pieces), root, root)  # type: ignore[misc] # two of three
    return record(zip(pieces[::2], pieces[1::2], strict=False), root, root)


def from_pairs(pairs: Mapping[str, list[str]], parameter: Parameter) -> Any:
    """Decode a query or cookie parameter from all (decoded) pairs; `ABSENT` where it was not sent."""
    root = parameter.schema.json_schema
    if parameter.style == "deepObject":
        start = f"{parameter.name}["
        inside = [
            (name[len(start) : -1], texts[-1])
            for name, texts in pairs.items()
            if name.startswith(start) and name.endswith("]")
        ]
        return record(inside, root, root) if inside else ABSENT
    allowed = types(root, root)
    if "object" in allowed and "string" not in allowed and parameter.explode and parameter.media_type is None:
        declared = properties(root, root)
        inside = [(name, texts[-1]) for name, texts in pairs.items() if name in declared]
        return record(inside, root, root) if inside else ABSENT
    texts = pairs.get(parameter.name)
    if texts is None:
        return ABSENT
    if parameter.media_type is not None:
        return _content(texts[0], parameter)
    if "array" in allowed and "string" not in allowed:
        if not parameter.explode:
            texts = texts[0].split(_DELIMITERS.get(parameter.style, ","))
        return array(texts, root, root)
    if "object" in allowed and "string" not in allowed:
        pieces = texts[0].split(_DELIMITERS.get(parameter.style, ","))
        return record(zip(pieces[::2], pieces[1::2], strict=False), root, root)
    return repeated(texts, allowed)


def repeated(texts: list[str], allowed: frozenset[str]) -> Any:
    """Read what was sent under one name: once, a value; more often, an array, whether one is declared or not."""
    return scalar_of(texts[0], allowed) if len(texts) == 1 else list(texts)


def _content(text: str, parameter: Parameter) -> Any:
    if parameter.media_type is not None and parameter.media_type.endswith("json"):
        return _json(text)
    return text


def fields(text: str, *, errors: str = "replace") -> dict[str, list[str]]:
    """Give the decoded fields of a query or a form, each name with its texts in order, as `urllib.parse.parse_qs` does.

    Raises:
        UnicodeDecodeError: something is not UTF-8, and `errors` is `strict`.

    """
    found: dict[str, list[str]] = {}
    if "+" in text:
        text = text.replace("+", " ")
    for piece in text.split("&"):
        if piece:
            name, _, value = piece.partition("=")
            if "%" in piece:
                name, value = _unquoted(name, errors), _unquoted(value, errors)
            if name in found:
                found[name].append(value)
            else:
                found[name] = [value]
    return found


_ENCODED: Final = re.compile("(?:%[0-9A-Fa-f]{2})+")
_ASCII: Final = {f"{byte:02{case}}": chr(byte) for byte in range(128) for case in "xX"}


def _unquoted(text: str, errors: str) -> str:
    start, *encoded = text.split("%")
    try:
        return start + "".join([_ASCII[each[:2]] + each[2:] for each in encoded])
    except KeyError:  # no ASCII, or no encoding at all
        return _ENCODED.sub(lambda found: bytes.fromhex(found[0].replace("%", "")).decode("utf-8", errors), text)


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Collect repeated names, in order of first appearance."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, text in pairs:
        found[name].append(text)
    return dict(found)


def cookies(header: str | None) -> list[tuple[str, str]]:
    """Split a Cookie header into pairs (RFC 6265, 4.2.1)."""
    if header is None:
        return []
    pairs = (piece.strip().partition("=") for piece in header.split(";"))
    return [(name, unquote(text)) for name, _, text in pairs if name]


LOCATIONS: Final = tuple(Location)
