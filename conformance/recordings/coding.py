"""Content codings: bodies as they were before they were packed (RFC 9110, 8.4), and text that stands for bytes."""

from __future__ import annotations

import base64
import re
import zlib
from typing import Final

from conformance.model.http import Headers
from conformance.recordings.entry import MAX_ENTRY

_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_GZIP_NAMES: Final = frozenset({"gzip", "x-gzip"})
_MAX_CODINGS: Final = 8
_CHARSET: Final = re.compile(r"(iso-?8859-|latin-?|windows-|cp)\d+|shift_jis|euc-\w+|gb\w+|big5|koi8-\w", re.IGNORECASE)
_MAX_MEMBERS: Final = 1000
_WINDOW: Final = {"gzip": zlib.MAX_WBITS | 16, "zlib": zlib.MAX_WBITS, "raw": -zlib.MAX_WBITS}


def undone(body: bytes, headers: Headers) -> bytes:
    """Give a body without its content codings.

    Recorders often keep the header of a body that they unpacked, so a body that does not look packed stays as it is.

    Raises:
        ValueError: it unpacks to more than `MAX_ENTRY` bytes, it is broken, or the coding is none that can be undone.

    """
    if not body or (body[0] in b"{[" and body[-1] in b"}]"):
        return body  # nothing, or JSON, which no coding leaves behind
    if headers.get("Content-Encoding") is None:
        return body
    codings = _codings(headers)
    if len(codings) > _MAX_CODINGS:
        message = f"a body with {len(codings)} content codings"
        raise ValueError(message)
    for coding in reversed(codings):
        body = _undone(body, coding)
    return body


def kept(body: bytes, headers: Headers) -> bytes:
    """Give what must be written so that `undone` gives the body: nearly always the body itself."""
    try:
        if undone(body, headers) == body:
            return body
    except ValueError:
        pass  # it looks packed, and is not
    for coding in _codings(headers):
        if coding in _GZIP_NAMES:
            body = zlib.compress(body, wbits=_WINDOW["gzip"])
        elif coding == "deflate":
            body = zlib.compress(body)
    return body


def _codings(headers: Headers) -> list[str]:
    return [name.strip().lower() for value in headers.get_all("Content-Encoding") for name in value.split(",")]


def _undone(body: bytes, coding: str) -> bytes:
    if coding in _GZIP_NAMES:
        return _unpacked(body, "gzip") if body.startswith(_GZIP) else body
    if coding == "deflate":
        return _inflated(body)
    if (coding == "zstd" and body.startswith(_ZSTD)) or (coding == "br" and not _is_text(body)):
        message = f"a body in the content coding {coding}, which this program cannot undo"
        raise ValueError(message)
    return body


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _inflated(body: bytes) -> bytes:
    """Undo deflate, which servers send with and without the zlib wrapper that RFC 9110, 8.4.1.2 asks for."""
    for kind in ("zlib", "raw"):
        try:
            return _unpacked(body, kind)
        except _Broken:
            continue
    return body


class _Broken(ValueError):
    """Packed bytes that are damaged."""


def _unpacked(body: bytes, kind: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    for _ in range(_MAX_MEMBERS):
        unpacker = zlib.decompressobj(_WINDOW[kind])
        try:
            parts.append(unpacker.decompress(body, MAX_ENTRY - size + 1))
        except zlib.error as error:
            message = f"a {kind} body that does not unpack ({error})"
            raise _Broken(message) from error
        size += len(parts[-1])
        if size > MAX_ENTRY:
            message = f"a {kind} body that unpacks to more than {MAX_ENTRY:,} bytes"
            raise ValueError(message)
        body = unpacker.unused_data
        if not unpacker.eof or (kind != "gzip" and body):
            message = f"a {kind} body that is cut short" if not unpacker.eof else f"bytes after a {kind} body"
            raise _Broken(message)
        if not body.startswith(_GZIP):
            return b"".join(parts)
    message = f"a {kind} body of more than {_MAX_MEMBERS:,} members"
    raise ValueError(message)


def from_base64(text: object, name: str) -> bytes:
    """Give the bytes that Base64 text stands for, line breaks allowed; `name` says in messages whose it is.

    Raises:
        ValueError: it is no Base64.

    """
    if not isinstance(text, str):
        message = f"a {name} that is no text"
        raise ValueError(message)  # noqa: TRY004 - every defect of an entry is the same kind of error
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except ValueError as error:
        message = f"a {name} that is no Base64 ({error})"
        raise ValueError(message) from error


def from_text(text: str, encoding: object = None) -> bytes:
    """Give the bytes that text was decoded from.

    UTF-8 stands in where the encoding is unknown or cannot hold the text. Lone surrogates are bytes that were no
    UTF-8 (PEP 383) or, where they cannot be, themselves.
    """
    charset = encoding if isinstance(encoding, str) and _CHARSET.fullmatch(encoding) else "utf-8"
    try:
        return text.encode(charset)
    except (UnicodeError, LookupError):
        pass
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
