"""Exchange NDJSON: one JSON object a line.

`{"id": …, "request": {"method": …, "url": …, "headers": {…} or [[…, …]], "body": text or "body_base64": …},
"response": {"status": …, "headers": …, "body" or "body_base64": …}}`. No body key means no body; unknown keys are kept;
`session` groups lines.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

import msgspec

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings.coding import undone

MAX_LINE: Final = 50 * 1024 * 1024
_KEYS: Final = frozenset({"id", "request", "response", "session"})
_SHAPE: Final = "a JSON object with `request` and `response`"

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def recognizes(head: bytes, name: str) -> bool:
    """Tell whether a file starts with a line that is a JSON object with a request."""
    first, newline, _ = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")
    if not first.startswith(b"{"):
        return False
    if not newline:
        return name.endswith((".ndjson", ".jsonl")) or (b'"request"' in first and b'"interactions"' not in first)
    return first.rstrip().endswith(b"}") and b'"request"' in first


def read(file: BinaryIO, path: str) -> Iterator[Exchange | RecordingError]:
    """Give the exchanges of a file, and a `RecordingError` for each line that is none."""
    index = 0
    for number, line in enumerate(_lines(file), start=1):
        if line.isspace():
            continue
        if len(line) > MAX_LINE:
            what = f"a line of more than {MAX_LINE:,} bytes"
            yield RecordingError(path=path, index=index, line=number, what=what, expected="shorter lines")
        else:
            yield parse(line, path=path, index=index, line=number)
        index += 1


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_LINE + 1):
        rest = line
        while len(rest) > MAX_LINE and not rest.endswith(b"\n"):
            rest = file.readline(MAX_LINE + 1)
        yield line


def parse(text: bytes, *, path: str, index: int, line: int) -> Exchange | RecordingError:
    """Give the exchange of one line, or why it is none."""
    try:
        data = _decode(text.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, RecursionError) as error:
        what = f"not JSON ({str(error).removeprefix('JSON is malformed: ')})"
        return RecordingError(path=path, index=index, line=line, what=what, expected=_SHAPE)
    try:
        return _exchange(data, Source(kind="ndjson", path=path, index=index, line=line))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"no {error} in it" if isinstance(error, KeyError) else str(error)
        return RecordingError(path=path, index=index, line=line, what=what, expected=_SHAPE)


def _exchange(data: Any, source: Source) -> Exchange:
    if not isinstance(data, Mapping):
        message = f"a JSON {type(data).__name__}"
        raise TypeError(message)
    request, response = data["request"], data["response"]
    url, method, status = request["url"], request["method"], response["status"]
    if not isinstance(url, str) or not isinstance(method, str) or not isinstance(status, int):
        message = "a method or URL that is no string, or a status that is no integer"
        raise TypeError(message)
    answered = _headers(response.get("headers"))
    session = data.get("session")
    return Exchange(
        id=str(data["id"]) if data.get("id") is not None else f"{source.path}#{source.index}",
        request=Request(method=method.upper(), url=url, headers=_headers(request.get("headers")), body=_body(request)),
        response=Response(
            status=status,
            reason=str(response.get("reason", "")),
            headers=answered,
            body=undone(_body(response), answered),
        ),
        source=source,
        session=None if session is None else str(session),
        extra={name: value for name, value in data.items() if name not in _KEYS},
    )


def _headers(fields: Mapping[str, str | list[str]] | Iterable[tuple[str, str]] | None) -> Headers:
    return Headers() if not fields else Headers.of(fields)


def _body(message: Mapping[str, Any]) -> bytes:
    encoded = message.get("body_base64")
    if encoded is not None:
        try:
            return base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError, TypeError) as error:
            reason = f"a body_base64 that is no Base64 ({error})"
            raise ValueError(reason) from error
    body = message.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        reason = f"a body that is a {type(body).__name__}, not text"
        raise TypeError(reason)
    return body.encode("utf-8", "surrogatepass")


def write(exchange: Exchange) -> bytes:
    """Give one line, with its newline; reading it gives the same exchange."""
    request: dict[str, Any] = {
        "method": exchange.request.method,
        "url": exchange.request.url,
        "headers": exchange.request.headers.pairs,
        **_written(exchange.request.body),
    }
    response: dict[str, Any] = {
        "status": exchange.response.status,
        **({"reason": exchange.response.reason} if exchange.response.reason else {}),
        "headers": exchange.response.headers.pairs,
        **_written(exchange.response.body),
    }
    session = {} if exchange.session is None else {"session": exchange.session}
    return _encode({"id": exchange.id, **session, "request": request, "response": response, **exchange.extra}) + b"\n"


def _written(body: bytes) -> dict[str, str]:
    if not body:
        return {}
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode("ascii")}
