"""Content codings: bodies as they were before they were packed (RFC 9110, 8.4)."""

from __future__ import annotations

import zlib
from typing import Final

from conformance.model.http import Headers

MAX_BODY: Final = 50 * 1024 * 1024
_GZIP: Final = b"\x1f\x8b"


def undone(body: bytes, headers: Headers) -> bytes:
    """Give a body without its content coding.

    Recorders often keep the header of a body that they unpacked, so a body that does not look packed stays as it is.

    Raises:
        ValueError: it unpacks to more than `MAX_BODY` bytes, or it is broken.

    """
    coding = (headers.get("Content-Encoding") or "").strip().lower()
    if not body or coding not in {"gzip", "x-gzip", "deflate"}:
        return body
    if coding != "deflate" and not body.startswith(_GZIP):
        return body
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
    try:
        plain = unpacker.decompress(body, MAX_BODY)
    except zlib.error as error:
        if coding == "deflate":
            return body
        message = f"a {coding} body that does not unpack ({error})"
        raise ValueError(message) from error
    if unpacker.unconsumed_tail:
        message = f"a {coding} body that unpacks to more than {MAX_BODY:,} bytes"
        raise ValueError(message)
    return plain
