"""HTTP Archive 1.2, as browsers, proxies and test tools export it."""

from __future__ import annotations

import re
from bisect import insort
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final
from urllib.parse import urlencode

import msgspec

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.recordings import interaction, json_items
from conformance.recordings.coding import from_base64, from_text, undone
from conformance.recordings.entry import Entry, Write, recorded_status

SUFFIXES: Final = (".har",)
_KIND: Final = "har"
_SHAPE: Final = "a HAR entry with `request` and `response`"
_PATHS: Final = frozenset({("log", "entries")})
_LOG: Final = re.compile(rb'"log"\s*:\s*\{\s*"')
_BODILESS: Final = frozenset({204, 205, 304})
_FORM: Final = "application/x-www-form-urlencoded"
_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)
_ENCODED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_ENCODABLE: Final = re.compile(r"(?:[A-Za-z0-9*_.+~-]|%[0-9A-Fa-f]{2})*")
_QUOTED: Final = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""What form-data escapes in names (WHATWG HTML, 4.10.21.8)."""
_TRUNCATED: Final = "Body truncated"
STARTED: Final = "startedDateTime"
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC)
LOOK_AHEAD: Final = 100
_NOWHERE: Final = Source(kind=_KIND, path="", index=0)


class _Pair(msgspec.Struct, gc=False):
    name: str
    value: str = ""


class _Parameter(msgspec.Struct, gc=False):
    name: str
    value: str | None = None
    file_name: str | None = msgspec.field(name="fileName", default=None)
    content_type: str | None = msgspec.field(name="contentType", default=None)


class _PostData(msgspec.Struct, gc=False):
    text: str | None = None
    encoding: str | None = None
    params: tuple[_Parameter, ...] | None = None
    mime_type: str | None = msgspec.field(name="mimeType", default=None)


class _Request(msgspec.Struct, gc=False):
    method: str
    url: str
    headers: tuple[_Pair, ...] = ()
    post_data: _PostData | None = msgspec.field(name="postData", default=None)
    body_size: float | None = msgspec.field(name="bodySize", default=None)


class _Content(msgspec.Struct, gc=False):
    text: str | None = None
    encoding: str | None = None
    size: float | None = None
    comment: str | None = None


class _Response(msgspec.Struct, gc=False):
    status: int
    reason: str = msgspec.field(name="statusText", default="")
    headers: tuple[_Pair, ...] = ()
    content: _Content | None = None


class _Entry(msgspec.Struct, gc=False):
    request: _Request
    response: _Response
    time: float | None = None
    started: str | None = msgspec.field(name="startedDateTime", default=None)


_decode = msgspec.json.Decoder(_Entry).decode


def recognizes(head: bytes, name: str) -> bool:  # noqa: ARG001 - content decides
    """Tell whether a file is an object with a `log`."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and _LOG.search(start) is not None


def read(file: BinaryIO, path: str) -> Iterator[Entry]:
    """Give the exchanges of an archive in the order of their start; all belong to one session.

    The standard asks readers to sort entries; here one may stand up to `LOOK_AHEAD` places too late.
    """
    waiting: deque[tuple[str, Exchange]] = deque()
    last = ""
    for entry in _in_file_order(file, path):
        if isinstance(entry, RecordingError):
            yield entry
            continue
        started = entry.extra.get(STARTED, "")
        if _is_before(started, last):
            insort(waiting, (started, entry), key=_moment_of)
        else:
            last = started if len(started) == len(last) or _moment(started) else last
            waiting.append((last, entry))
        if len(waiting) > LOOK_AHEAD:
            yield waiting.popleft()[1]
    yield from (entry for _, entry in waiting)


def _is_before(started: str, last: str) -> bool:
    """Tell whether a time is before another one; what is no time is before nothing."""
    if len(started) == len(last) and started[-1:] == last[-1:] == "Z":
        return started < last
    moment, other = _moment(started), _moment(last)
    return moment is not None and other is not None and moment < other


def _moment(started: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(started)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _moment_of(waiting: tuple[str, Exchange]) -> datetime:
    return _moment(waiting[0]) or _BEGINNING


def _in_file_order(file: BinaryIO, path: str) -> Iterator[Entry]:
    for index, item in enumerate(json_items.items(file, _PATHS, _entry)):
        what = item.broken
        if what is None:
            try:
                entry = item.value or _entry(item.text)
                yield _exchange(entry, Source(kind=_KIND, path=path, index=index, line=item.line))
            except (ValueError, RecursionError) as error:
                what = str(error)
        if what is not None:
            yield RecordingError(path=path, index=index, line=item.line, what=what, expected=_SHAPE)


def _entry(text: bytes) -> _Entry:
    try:
        return _decode(text)
    except (ValueError, RecursionError):
        return _loosely(json_items.decoded(text))


def _exchange(entry: _Entry, source: Source) -> Exchange:
    request, response = entry.request, entry.response
    sent, answered = _headers(request.headers), _headers(response.headers)
    method, status = request.method.upper(), recorded_status(response.status)
    data, content = request.post_data, response.content
    return Exchange(
        id=f"{source.path}#{source.index}",
        request=Request(
            method=method,
            url=request.url,
            headers=sent,
            body=b"" if data is None else _sent(data, sent, request.body_size),
        ),
        response=Response(
            status=status,
            reason=response.reason,
            headers=answered,
            body=b"" if content is None else undone(_answered(content, status, method), answered),
            elapsed=entry.time / 1000 if entry.time is not None and entry.time > 0 else None,
        ),
        source=source,
        session=source.path,
        extra={} if entry.started is None else {STARTED: entry.started},
    )


def _headers(pairs: tuple[_Pair, ...]) -> Headers:
    """Give header fields; the pseudo-header fields of HTTP/2 (RFC 9113, 8.3) are none."""
    return Headers(tuple([(pair.name, pair.value) for pair in pairs if pair.name[:1] != ":"]))


def _loosely(data: Any) -> _Entry:
    """Read an entry that is not quite as the standard says.

    Raises:
        ValueError: it is too far from that.

    """
    parts = data if isinstance(data, dict) else {}
    request, response = (part if isinstance(part := parts.get(name), dict) else {} for name in ("request", "response"))
    told = interaction.exchange(
        {
            "request": {name: request.get(name) for name in ("method", "url", "headers")} if request else None,
            "response": {name: response.get(name) for name in ("status", "headers")} if response else None,
        },
        _NOWHERE,
    )
    reason, time, started = response.get("statusText"), parts.get("time"), parts.get(STARTED)
    return _Entry(
        request=_Request(
            method=told.request.method,
            url=told.request.url,
            headers=tuple(_Pair(*pair) for pair in told.request.headers),
            post_data=msgspec.convert(request.get("postData"), _PostData | None, strict=False),
        ),
        response=_Response(
            status=told.response.status,
            reason=reason if isinstance(reason, str) else "",
            headers=tuple(_Pair(*pair) for pair in told.response.headers),
            content=msgspec.convert(response.get("content"), _Content | None, strict=False),
        ),
        time=time if isinstance(time, int | float) else None,
        started=started if isinstance(started, str) else None,
    )


def _answered(content: _Content, status: int, method: str) -> bytes:
    if content.text is not None:
        if content.comment is not None and content.comment.startswith(_TRUNCATED):
            message = f"only a part of the response body was recorded ({content.comment})"
            raise ValueError(message)
        return from_base64(content.text, "content.text") if content.encoding == "base64" else from_text(content.text)
    if content.size and method != "HEAD" and status not in _BODILESS and not _is_redirect(status):
        size = "of unknown size" if content.size < 0 else f"of {content.size:,.0f} bytes"
        message = f"the archive was saved without the response body ({size})"
        raise ValueError(message)
    return b""


def _is_redirect(status: int) -> bool:
    """Browsers follow redirects without keeping what came with them."""
    return 300 <= status < 400  # noqa: PLR2004 - RFC 9110, 15.4


def _sent(data: _PostData, headers: Headers, size: float | None) -> bytes:
    if data.text:
        if data.encoding == "base64":
            return from_base64(data.text, "postData.text")
        return _unflagged(data.text, size)
    if not data.params:
        return b""
    content_type = headers.get("Content-Type") or data.mime_type or ""
    if content_type.lower().startswith("multipart/"):
        return _multipart(data.params, content_type)
    return _form(data.params)


def _unflagged(text: str, size: float | None) -> bytes:
    """Give a request body; schemathesis may write Base64 without saying so, and only the size tells."""
    body = from_text(text)
    if size is None or not 0 <= size < len(body):
        return body
    try:
        decoded = from_base64(text, "postData.text")
    except ValueError:
        return body
    return decoded if len(decoded) == size else body


def _form(parameters: tuple[_Parameter, ...]) -> bytes:
    """Give a form; the standard does not say whether parameters are percent-encoded, and exporters do both."""
    pairs = [(parameter.name, parameter.value or "") for parameter in parameters]
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    if _ENCODED.search(joined) and all(_ENCODABLE.fullmatch(part) for pair in pairs for part in pair):
        return joined.encode()
    return urlencode(pairs, errors="surrogatepass").encode()


def _multipart(parameters: tuple[_Parameter, ...], content_type: str) -> bytes:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        message = "multipart parameters without a boundary"
        raise ValueError(message)
    lines: list[str] = []
    for parameter in parameters:
        file_name = "" if parameter.file_name is None else f'; filename="{parameter.file_name.translate(_QUOTED)}"'
        lines += [
            f"--{boundary[1]}",
            f'Content-Disposition: form-data; name="{parameter.name.translate(_QUOTED)}"{file_name}',
            *([f"Content-Type: {parameter.content_type}"] if parameter.content_type else []),
            "",
            parameter.value or "",
        ]
    return from_text("\r\n".join([*lines, f"--{boundary[1]}--", ""]))


def writer(file: BinaryIO) -> AbstractContextManager[Write]:
    """Give the function that writes entries; the archive ends where the context ends."""
    from conformance.recordings import har_writer  # noqa: PLC0415 - its library costs every reader 15 ms

    return har_writer.writer(file)
