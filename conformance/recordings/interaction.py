"""One interaction as plain data, in the words of whichever recorder wrote it.

vcrpy, Ruby VCR, Betamax, go-vcr, PHP-VCR and schemathesis tell the same story: a mapping with a request and a
response. They differ in names and nesting, and so did the older versions of each. Whatever is unambiguous is read.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings.coding import from_base64, from_text, undone
from conformance.recordings.entry import recorded_status

_KNOWN: Final = frozenset({"id", "request", "response", "session"})
_MESSAGE: Final = frozenset({"headers", "body", "body_base64", "content"})
_KNOWN_INSIDE: Final = {
    "request": _MESSAGE | {"method", "url", "uri", "protocol", "host", "port", "path"},
    "response": _MESSAGE | {"status", "reason", "message", "code", "status_code", "elapsed"},
}
_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_DEFAULT_PORTS: Final = {"http": "80", "https": "443"}


def exchange(node: Any, source: Source, *, session: str | None = None) -> Exchange:
    """Give the exchange that an interaction tells of; `session` is the one it belongs to unless it names its own.

    Raises:
        ValueError: something in it is missing or of another shape than any recorder gives it.

    """
    if not isinstance(node, Mapping):
        message = f"{_kind(node)}, not an object"
        raise ValueError(message)  # noqa: TRY004 - every defect of an entry is the same kind of error
    request, response = _part(node, "request"), _part(node, "response")
    name, own_session = node.get("id"), node.get("session")
    return Exchange(
        id=f"{source.path}#{source.index}" if name is None else _text(name, "id"),
        request=Request(
            method=_text(request.get("method"), "method").lstrip(":").upper(),
            url=_url(request),
            headers=_headers(request.get("headers")),
            body=_body(request),
        ),
        response=_response(response),
        source=source,
        session=session if own_session is None else _text(own_session, "session"),
        extra=rest(node),
    )


def rest(node: Mapping[str, Any]) -> dict[str, Any]:
    """Give what an interaction says beyond an exchange: of request and response what stands under these names."""
    found = {name: value for name, value in node.items() if name not in _KNOWN}
    for part, known in _KNOWN_INSIDE.items():
        if unknown := {name: value for name, value in node[part].items() if name not in known}:
            found[part] = unknown
    return found


def _part(node: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = node.get(name)
    if isinstance(part, Mapping):
        return part
    message = f"no {name} in it" if part is None else f"a {name} that is {_kind(part)}"
    raise ValueError(message)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "text", bool: "a boolean", bytes: "bytes", type(None): "null"}
    return kinds.get(type(value), "a number")


def _text(value: Any, what: str) -> str:
    """Give a scalar as it was written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    message = f"no {what} in it" if value is None else f"a {what} that is {_kind(value)}"
    raise ValueError(message)


def _url(request: Mapping[str, Any]) -> str:
    for name in ("url", "uri"):
        if request.get(name) is not None:
            return _text(request[name], name)
    if request.get("host") is None:
        message = "no url in it"
        raise ValueError(message)
    # vcrpy before 1.0 kept the parts.
    scheme, host = _text(request.get("protocol"), "protocol"), _text(request["host"], "host")
    port = request.get("port")
    given = "" if port is None or _text(port, "port") == _DEFAULT_PORTS.get(scheme) else f":{_text(port, 'port')}"
    return f"{scheme}://{host}{given}{_text(request.get('path', '/'), 'path')}"


def _response(response: Mapping[str, Any]) -> Response:
    for name in ("truncated_from", "content_size"):
        if response.get(name) is not None:
            message = f"only a part of the response body was recorded (`{name}`)"
            raise ValueError(message)
    status, reason = _status(response)
    headers = _headers(response.get("headers"))
    elapsed = response.get("elapsed")
    return Response(
        status=status,
        reason=reason,
        headers=headers,
        body=undone(_body(response), headers),
        elapsed=None if elapsed is None else _seconds(elapsed),
    )


def _seconds(value: Any) -> float | None:
    try:
        seconds = float(_text(value, "elapsed"))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) else None


def _status(response: Mapping[str, Any]) -> tuple[int, str]:
    """Give status code and reason phrase.

    `status` is the code, the code and the phrase in one text, or an object of both; httpx stubs and Go have their own
    names for the code.
    """
    status: Any = response.get("status")
    reason = response.get("reason", response.get("message"))
    if isinstance(status, Mapping):
        status, reason = status.get("code"), status.get("message")
    code = response.get("code", response.get("status_code"))
    if code is None and status is None:
        message = "no status in it"
        raise ValueError(message)
    first, _, rest = _text(code if status is None else status, "status").partition(" ")
    if not _DIGITS.fullmatch(first):
        message = f"a status that is {first[:20]!r}"
        raise ValueError(message)
    return recorded_status(int(first)), rest if reason is None else _text(reason, "reason")


def _headers(fields: Any) -> Headers:
    return Headers(tuple(_pairs(fields))) if fields else Headers()


def _pairs(fields: Any) -> Iterator[tuple[str, str]]:
    if isinstance(fields, Mapping):
        for name, values in fields.items():
            yield from _repeated(name, values)
        return
    if not isinstance(fields, list):
        message = f"headers that are {_kind(fields)}"
        raise ValueError(message)  # noqa: TRY004 - as above
    for field in fields:
        yield from _field(field)


def _repeated(name: str, values: Any) -> Iterator[tuple[str, str]]:
    for value in values if isinstance(values, list) else (values,):
        yield name, "" if value is None else _text(value, "header")


def _field(field: Any) -> Iterator[tuple[str, str]]:
    if isinstance(field, str):  # "Name: value", as vcrpy before 1.0 wrote them
        name, _, value = field.partition(":")
        yield name.strip(), value.strip()
    elif isinstance(field, Mapping):
        yield from _repeated(_text(field.get("name"), "header name"), field.get("value"))
    elif isinstance(field, list) and all(isinstance(pair, list) for pair in field):
        yield from (found for pair in field for found in _field(cast("list[Any]", pair)))
    elif isinstance(field, list) and len(field) == 2:  # noqa: PLR2004 - a pair
        yield from _repeated(_text(field[0], "header name"), field[1])
    else:
        message = f"a header that is {_kind(field)}"
        raise ValueError(message)


def _body(message: Mapping[str, Any]) -> bytes:
    if message.get("body_base64") is not None:
        return from_base64(message["body_base64"], "body_base64")
    body = message.get("body")
    return _bytes(message.get("content") if body is None else body)


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return from_text(body)
    if isinstance(body, list):  # the parts of a body that was sent piece by piece
        return b"".join(part if isinstance(part, bytes) else from_text(_text(part, "body")) for part in body)
    if isinstance(body, Mapping):
        for name in ("base64_string", "$base64"):
            if body.get(name) is not None:
                return from_base64(body[name], name)
        if "string" in body or not body:
            text = body.get("string")
            return from_text(text, body.get("encoding")) if isinstance(text, str) else _scalar(text)
    reason = f"a body that is {_kind(body)}, not text"
    raise ValueError(reason)


def _scalar(text: Any) -> bytes:
    if text is None:
        return b""
    return text if isinstance(text, bytes) else from_text(_text(text, "body"))
