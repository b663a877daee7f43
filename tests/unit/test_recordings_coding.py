"""Content codings and text that stands for bytes."""

from __future__ import annotations

import gzip
import zlib

import pytest

from conformance.model.http import Headers
from conformance.recordings.coding import from_base64, from_text, kept, undone
from conformance.recordings.entry import MAX_ENTRY

TEXT = b"plain text, no JSON"
GZIPPED = gzip.compress(TEXT, mtime=0)
RAW = zlib.compress(TEXT, wbits=-15)


def coded(*values: str) -> Headers:
    return Headers(tuple(("content-encoding", value) for value in values))


@pytest.mark.parametrize(
    ("body", "headers", "plain"),
    [
        (b"", coded("gzip"), b""),
        (TEXT, Headers(), TEXT),
        (GZIPPED, Headers(), GZIPPED),
        (GZIPPED, coded("gzip"), TEXT),
        (GZIPPED, coded(" X-GZIP "), TEXT),
        (GZIPPED + GZIPPED, coded("gzip"), TEXT + TEXT),
        (GZIPPED + b"\0\0", coded("gzip"), TEXT),
        (TEXT, coded("gzip"), TEXT),
        (b'{"already": "unpacked"}', coded("br"), b'{"already": "unpacked"}'),
        (zlib.compress(TEXT), coded("deflate"), TEXT),
        (RAW, coded("deflate"), TEXT),
        (TEXT, coded("deflate"), TEXT),
        (gzip.compress(zlib.compress(TEXT), mtime=0), coded("deflate, gzip"), TEXT),
        (gzip.compress(zlib.compress(TEXT), mtime=0), coded("deflate", "identity", "gzip"), TEXT),
        (TEXT, coded("br"), TEXT),
        (TEXT, coded("zstd"), TEXT),
        (b"\xff", coded("aws-chunked"), b"\xff"),
    ],
)
def test_bodies_are_unpacked_where_they_are_packed(body: bytes, headers: Headers, plain: bytes) -> None:
    assert undone(body, headers) == plain


@pytest.mark.parametrize(
    ("body", "headers", "reason"),
    [
        (GZIPPED[:-9], coded("gzip"), "a gzip body that is cut short"),
        (GZIPPED[:10] + b"\x07" * 20, coded("gzip"), "a gzip body that does not unpack"),
        (gzip.compress(b"\0" * (MAX_ENTRY + 1), mtime=0), coded("gzip"), "unpacks to more than 33,554,432 bytes"),
        (zlib.compress(b"\0" * (MAX_ENTRY + 1)), coded("deflate"), "unpacks to more than 33,554,432 bytes"),
        (gzip.compress(b"", mtime=0) * 2000, coded("gzip"), "a gzip body of more than 1,000 members"),
        (b"\x28\xb5\x2f\xfd\x00", coded("zstd"), "the content coding zstd, which this program cannot undo"),
        (b"\x0b\xff\x80", coded("br"), "the content coding br, which this program cannot undo"),
        (TEXT, coded(*["gzip"] * 9), "a body with 9 content codings"),
    ],
)
def test_what_cannot_be_unpacked_is_named(body: bytes, headers: Headers, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        undone(body, headers)


@pytest.mark.parametrize("headers", [coded("gzip"), coded("deflate"), coded("deflate, identity, gzip"), Headers()])
@pytest.mark.parametrize("body", [TEXT, GZIPPED, zlib.compress(TEXT), RAW, b"\x1f\x8b broken"])
def test_what_looks_packed_is_packed_to_stay_as_it_is(body: bytes, headers: Headers) -> None:
    assert undone(kept(body, headers), headers) == body


def test_base64_may_have_line_breaks() -> None:
    assert from_base64("aGVs\nbG8=\n", "x") == b"hello"


@pytest.mark.parametrize("text", ["aGVsbG8", "aGVs!bG8=", None, 5, b"aGVsbG8="])
def test_no_base64(text: object) -> None:
    with pytest.raises(ValueError, match="a body that is no"):
        from_base64(text, "body")


@pytest.mark.parametrize(
    ("text", "encoding", "body"),
    [
        ("é", None, b"\xc3\xa9"),
        ("é", "ISO-8859-1", b"\xe9"),
        ("é", "windows-1252", b"\xe9"),
        ("é", "ASCII-8BIT", b"\xc3\xa9"),
        ("é", "US-ASCII", b"\xc3\xa9"),
        ("語", "latin-1", b"\xe8\xaa\x9e"),
        ("é", "windows-9999", b"\xc3\xa9"),
        ("é", "unicode_escape", b"\xc3\xa9"),
        ("é", 5, b"\xc3\xa9"),
        ("\udcff", None, b"\xff"),
        ("\ud800\udcff", None, b"\xed\xa0\x80\xed\xb3\xbf"),
    ],
)
def test_text_becomes_the_bytes_it_was_decoded_from(text: str, encoding: object, body: bytes) -> None:
    assert from_text(text, encoding) == body
