"""Exchange NDJSON: one JSON object a line.

`{"id": …, "request": {"method": …, "url": …, "headers": {…} or [[…, …]], "body": text or "body_base64": …},
"response": {"status": …, "headers": …, "body" or "body_base64": …}}`. No body key means no body; unknown keys are kept;
`session` groups lines. What else is written, where it is known: `reason` and `elapsed` (seconds) in the response.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, Final

import msgspec

from conformance.errors import RecordingError
from conformance.model.expectation import KEY as GENERATED
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings import interaction
from conformance.recordings.coding import from_base64, kept, undone
from conformance.recordings.entry import MAX_ENTRY, Entry, Write, recorded_status
from conformance.recordings.json_items import decoded
from conformance.recordings.window import pass_line

SUFFIXES: Final = (".ndjson", ".jsonl")
_KIND: Final = "ndjson"
_BOM: Final = b"\xef\xbb\xbf"
_SHAPE: Final = "a JSON object with `request` and `response`"
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"(?:\s*:)?|[{}\[\]]', re.DOTALL)
"""A string, with its colon where it is a key, or a bracket."""
_MESSAGE: Final = re.compile(rb'"(?:request|response)"\s*:')

_Fields = dict[str, str] | tuple[tuple[str, str], ...] | None


class _Request(msgspec.Struct, gc=False):
    method: str
    url: str
    headers: _Fields = None
    body: str = ""
    body_base64: str | None = None


class _Response(msgspec.Struct, gc=False):
    status: int
    headers: _Fields = None
    body: str = ""
    body_base64: str | None = None
    reason: str = ""
    elapsed: float | None = None


class _Line(msgspec.Struct, gc=False):
    """A line of the usual form; every other one is read by `interaction`."""

    request: _Request
    response: _Response
    id: str | None = None
    session: str | None = None
    generated: Any = None
    """What was expected, under the name that `model.expectation` gives it: everybody asks, few lines have it."""


_decode = msgspec.json.Decoder(_Line).decode
_decode_any = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def recognizes(head: bytes, name: str) -> bool:
    """Tell whether a line of the head is a JSON object with a request or a response; else the name decides."""
    return any(_has_message(line) for line in head.removeprefix(_BOM).split(b"\n")) or name.endswith(SUFFIXES)


def _has_message(line: bytes) -> bool:
    if not line.lstrip().startswith(b"{"):
        return False
    depth = 0
    for token in _TOKEN.finditer(line):
        found = token.group()
        if depth == 1 and _MESSAGE.fullmatch(found):
            return True
        depth += found.endswith((b"{", b"[")) - found.endswith((b"}", b"]"))
    return False


def read(file: BinaryIO, path: str) -> Iterator[Entry]:
    """Give the exchanges of a file, and a `RecordingError` for each line that is none."""
    for _, entry in entries(file, path):
        yield entry


def lines(file: BinaryIO, *, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """Give the lines that begin from `start`, where the file stands, up to `stop`, each with the byte it begins at.

    One that is too long is cut.
    """
    at = start
    while (stop is None or at < stop) and (line := file.readline(MAX_ENTRY)):
        yield at, line
        at += len(line)
        if len(line) == MAX_ENTRY:
            at += pass_line(file, line)


def entries(
    file: BinaryIO, path: str, *, start: int = 0, stop: int | None = None, index: int = 0, line: int = 0
) -> Iterator[tuple[int, Entry]]:
    """Give the entries of a part of a file, each with the byte it begins at.

    `index` entries and `line` lines come before the part.
    """
    for at, text in lines(file, start=start, stop=stop):
        line += 1
        if text.isspace():
            continue
        entry = parse(text, path=path, index=index, line=line)
        if isinstance(entry, RecordingError) and len(text) == MAX_ENTRY:
            what = f"a line of {MAX_ENTRY:,} bytes or more"
            entry = RecordingError(path=path, index=index, line=line, what=what, expected="shorter lines")
        index += 1
        yield at, entry


def parse(text: bytes, *, path: str, index: int, line: int) -> Entry:
    """Give the exchange of one line, or why it is none."""
    try:
        data = _decode(text)
        request, response = data.request, data.response
        sent, answered = request.headers, response.headers
        headers = Headers(answered) if type(answered) is tuple else _headers(answered)
        return Exchange(
            id=f"{path}#{index}" if data.id is None else data.id,
            request=Request(
                method=request.method.upper(),
                url=request.url,
                headers=Headers(sent) if type(sent) is tuple else _headers(sent),
                body=request.body.encode() if request.body_base64 is None else _from_base64(request),
            ),
            response=Response(
                status=response.status if 100 <= response.status <= 999 else recorded_status(response.status),  # noqa: PLR2004
                reason=response.reason,
                headers=headers,
                body=undone(
                    response.body.encode() if response.body_base64 is None else _from_base64(response), headers
                ),
                elapsed=response.elapsed,
            ),
            source=Source(kind=_KIND, path=path, index=index, line=line),
            session=data.session,
            extra=_Rest(text, data.generated),
        )
    except (ValueError, RecursionError):
        return _parse_slowly(text, Source(kind=_KIND, path=path, index=index, line=line))


def _headers(fields: _Fields) -> Headers:
    return Headers(tuple(fields.items() if isinstance(fields, dict) else fields or ()))


def _from_base64(message: _Request | _Response) -> bytes:
    return from_base64(message.body_base64, "body_base64")


class _Rest(Mapping[str, Any]):
    """What a line says beyond an exchange, read when somebody asks."""

    __slots__ = ("_generated", "_read", "_text")

    def __init__(self, text: bytes, generated: Any) -> None:
        self._text = text
        self._generated = generated
        self._read: dict[str, Any] | None = None

    @property
    def _members(self) -> dict[str, Any]:
        if self._read is None:
            self._read = interaction.rest(_decode_any(self._text.decode("utf-8", "replace")))
        return self._read

    def get(self, name: str, default: Any = None) -> Any:
        """Give a member, or the default."""
        if name == GENERATED:
            return default if self._generated is None else self._generated
        return self._members.get(name, default)

    def __getitem__(self, name: str) -> Any:
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)

    def __repr__(self) -> str:
        return repr(self._members)


def _parse_slowly(text: bytes, source: Source) -> Entry:
    """Read a line that is not of the usual form, and say what is wrong with it where nothing helps."""
    try:
        return interaction.exchange(decoded(text.removeprefix(_BOM)), source)
    except (ValueError, RecursionError) as error:
        what = str(error)
    return RecordingError(path=source.path, index=source.index, line=source.line, what=what, expected=_SHAPE)


def write(exchange: Exchange) -> bytes:
    """Give one line, with its newline; reading it gives the same exchange."""
    request, response, extra = exchange.request, exchange.response, dict(exchange.extra)
    line: dict[str, Any] = {"id": exchange.id}
    if exchange.session is not None:
        line["session"] = exchange.session
    line["request"] = {
        "method": request.method,
        "url": request.url,
        "headers": request.headers.pairs,
        **_written(request.body),
        **extra.get("request", {}),
    }
    line["response"] = {
        "status": response.status,
        **({"reason": response.reason} if response.reason else {}),
        "headers": response.headers.pairs,
        **_written(kept(response.body, response.headers)),
        **({} if response.elapsed is None else {"elapsed": response.elapsed}),
        **extra.get("response", {}),
    }
    line |= {name: value for name, value in extra.items() if name not in line}
    try:
        return _encode(line) + b"\n"
    except UnicodeEncodeError:  # lone surrogates
        return json.dumps(line, ensure_ascii=True).encode() + b"\n"


def _written(body: bytes) -> dict[str, str]:
    if not body:
        return {}
    try:
        return {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode("ascii")}


@contextmanager
def writer(file: BinaryIO) -> Iterator[Write]:
    """Give the function that appends exchanges to a file."""

    def append(exchange: Exchange) -> None:
        file.write(write(exchange))

    yield append
