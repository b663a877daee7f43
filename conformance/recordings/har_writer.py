"""Writing HTTP Archive 1.2."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import Any, BinaryIO, Final

import harfile

from conformance.model.http import Exchange, Headers, Request, Response
from conformance.recordings.coding import kept
from conformance.recordings.entry import Write
from conformance.recordings.har import STARTED
from conformance.version import __version__

_LONG_AGO: Final = "1970-01-01T00:00:00.000Z"
_HTTP: Final = "HTTP/1.1"


class _Binary(harfile.PostData):
    """Post data in Base64; the standard has no word for it, `encoding` is what it calls the same in responses."""

    def asdict(self) -> dict[str, Any]:
        return {**super().asdict(), "encoding": "base64"}


@contextmanager
def writer(file: BinaryIO) -> Iterator[Write]:
    """Give the function that writes entries; the archive ends where the context ends."""
    text = TextIOWrapper(file, encoding="utf-8", newline="\n", write_through=True)
    archive = harfile.open(text, creator=harfile.Creator(name="conformance", version=__version__))

    def write(exchange: Exchange) -> None:
        time = (exchange.response.elapsed or 0) * 1000
        archive.add_entry(
            startedDateTime=str(exchange.extra.get(STARTED, _LONG_AGO)),
            time=time,
            request=_written_request(exchange.request),
            response=_written_response(exchange.response),
            timings=harfile.Timings(send=0, wait=time, receive=0),
        )

    try:
        yield write
    finally:
        archive.close()
        text.detach()


def _written_request(request: Request) -> harfile.Request:
    return harfile.Request(
        method=request.method,
        url=request.url,
        httpVersion=_HTTP,
        headers=_records(request.headers),
        queryString=[harfile.Record(name=name, value=value) for name, value in request.query_pairs],
        postData=_post_data(request) if request.body else None,
        bodySize=len(request.body),
    )


def _post_data(request: Request) -> harfile.PostData:
    text, is_text = _text(request.body)
    kind = harfile.PostData if is_text else _Binary
    return kind(mimeType=request.headers.get("Content-Type") or "", text=text)


def _written_response(response: Response) -> harfile.Response:
    text, is_text = _text(kept(response.body, response.headers))
    return harfile.Response(
        status=response.status,
        statusText=response.reason,
        httpVersion=_HTTP,
        headers=_records(response.headers),
        content=harfile.Content(
            size=len(response.body),
            mimeType=response.headers.get("Content-Type") or "",
            text=text,
            encoding=None if is_text else "base64",
        ),
        redirectURL=response.headers.get("Location") or "",
        bodySize=len(response.body),
    )


def _records(headers: Headers) -> list[harfile.Record]:
    return [harfile.Record(name=name, value=value) for name, value in headers]


def _text(body: bytes) -> tuple[str, bool]:
    """Give a body as text, and whether it is that; else it is Base64."""
    try:
        return body.decode(), True
    except UnicodeDecodeError:
        return base64.b64encode(body).decode("ascii"), False
