"""Values as they are written: parameters by their style (OpenAPI 3.1, 4.8.12.2) and bodies by their media type.

The counterpart of `conformance.schemas.parameters` and `conformance.schemas.forms`, which read them. Everything but
the unreserved characters of RFC 3986 is percent-encoded, so that `/` within a value never becomes a segment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import msgspec

from conformance.generate.patterns import Unsampleable
from conformance.model.operation import MediaType, Parameter
from conformance.schemas import forms
from conformance.schemas.forms import text

BOUNDARY: Final = "conformance-8f14e45fceea167a"
"""Between the parts of a multipart body."""
_DELIMITERS: Final = {"spaceDelimited": "%20", "pipeDelimited": "%7C"}


def quoted(value: Any) -> str:
    """Give a value as percent-encoded text."""
    return quote(text(value), safe="", errors="surrogatepass")


def in_path(parameter: Parameter, value: Any) -> str:
    """Write a path parameter, percent-encoded."""
    if parameter.media_type is not None:
        return quoted(msgspec.json.encode(value).decode())
    match parameter.style:
        case "label":
            return "." + _listed(value, "." if parameter.explode else ",", explode=parameter.explode)
        case "matrix":
            return _matrix(parameter, value)
        case _:
            return _listed(value, ",", explode=parameter.explode)


def _listed(value: Any, separator: str, *, explode: bool) -> str:
    match value:
        case list():
            return separator.join(map(quoted, value))
        case dict() if explode:
            return separator.join(f"{quoted(name)}={quoted(item)}" for name, item in value.items())
        case dict():
            return separator.join(quoted(each) for pair in value.items() for each in pair)
        case _:
            return quoted(value)


def _matrix(parameter: Parameter, value: Any) -> str:
    name = quoted(parameter.name)
    match value:
        case list() if parameter.explode:
            return "".join(f";{name}={quoted(item)}" for item in value)
        case dict() if parameter.explode:
            return "".join(f";{quoted(key)}={quoted(item)}" for key, item in value.items())
        case _:
            return f";{name}={_listed(value, ',', explode=False)}"


def in_query(parameter: Parameter, value: Any) -> Iterator[str]:
    """Write a query parameter as `name=value` pieces, percent-encoded."""
    name = quoted(parameter.name)
    if parameter.media_type is not None:
        yield f"{name}={quoted(msgspec.json.encode(value).decode())}"
    elif parameter.style == "deepObject" and isinstance(value, dict):
        for key, item in value.items():
            yield f"{name}%5B{quoted(key)}%5D={quoted(item)}"
    elif isinstance(value, list) and parameter.explode:
        for item in value:
            yield f"{name}={quoted(item)}"
    elif isinstance(value, dict) and parameter.explode:
        for key, item in value.items():
            yield f"{quoted(key)}={quoted(item)}"
    else:
        yield f"{name}={_listed(value, _DELIMITERS.get(parameter.style, ','), explode=False)}"


def in_header(parameter: Parameter, value: Any) -> str:
    """Write a header parameter."""
    if parameter.media_type is not None:
        return msgspec.json.encode(value).decode()
    match value:
        case list():
            return ",".join(map(text, value))
        case dict() if parameter.explode:
            return ",".join(f"{name}={text(item)}" for name, item in value.items())
        case dict():
            return ",".join(text(each) for pair in value.items() for each in pair)
        case _:
            return text(value)


def in_cookie(parameter: Parameter, value: Any) -> str:
    """Write a cookie parameter as `name=value`; arrays and objects as their items, separated by commas."""
    return f"{parameter.name}={_listed(value, ',', explode=False)}"


def writable(media_type: MediaType) -> bool:
    """Tell whether bodies of a media type can be written: JSON, forms, multipart forms, text and plain bytes."""
    essence = media_type.essence
    return (
        media_type.is_json
        or media_type.is_form
        or essence in {"multipart/form-data", "application/octet-stream", "*/*", "application/*"}
        or essence.startswith("text/")
    )


def has_fields(media_type: MediaType) -> bool:
    """Tell whether bodies of a media type are made of named fields."""
    return media_type.is_form or media_type.essence == "multipart/form-data"


def takes(media_type: MediaType, value: Any) -> bool:
    """Tell whether a value can be a body of a media type."""
    return isinstance(value, dict) or not has_fields(media_type)


def content_type(media_type: MediaType) -> str:
    """Give the Content-Type header for a declared media type."""
    match media_type.essence:
        case "multipart/form-data":
            return f"multipart/form-data; boundary={BOUNDARY}"
        case "*/*" | "application/*":
            return "application/json"
        case "text/*":
            return "text/plain"
        case _:
            return media_type.name


def body(media_type: MediaType, value: Any) -> bytes:
    """Write a body.

    Raises:
        Unsampleable: the media type is none that this module writes.

    """
    if media_type.is_form:
        return forms.encode(value)
    if media_type.is_json or media_type.essence in {"*/*", "application/*"}:
        return msgspec.json.encode(value)
    if media_type.essence == "multipart/form-data":
        return _multipart(value)
    if media_type.essence.startswith("text/") or media_type.essence == "application/octet-stream":
        return text(value).encode("utf-8", "surrogatepass")
    message = f"bodies of {media_type.name} cannot be written"
    raise Unsampleable(message)


def _multipart(value: Mapping[str, Any]) -> bytes:
    """Write a multipart form (RFC 7578): arrays as repeated parts, objects as JSON."""
    pieces = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{quote(name, safe=" []")}"\r\n\r\n{text(item)}\r\n'
        for name, content in value.items()
        for item in (content if isinstance(content, list) else [content])
    ]
    return "".join([*pieces, f"--{BOUNDARY}--\r\n"]).encode("utf-8", "surrogatepass")
