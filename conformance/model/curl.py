"""A request as a `curl` command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from conformance.model.http import Headers, Request
from conformance.model.redact import MASK

SECRETS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Header fields whose values never leave."""
_OWN: Final = frozenset({"content-length", "host"})
"""Header fields that curl makes itself."""
_ADDED: Final = ("Accept", "User-Agent")
"""Header fields that curl adds where they are not taken away."""


def line(request: Request, *, url: str | None = None) -> str:
    """Give the command line that sends a request again, for any POSIX shell; secrets are left for the shell to fill in.

    Basic credentials become `$CONFORMANCE_AUTH` (`user:password`), other secrets `$SECRET`. `url` stands in for the
    documented one where the request went elsewhere.
    """
    pieces = ["curl", "--globoff", "--path-as-is", "--request", request.method, shlex.quote(url or request.url)]
    for name, value in request.headers:
        if name.lower() not in _OWN:
            pieces += _header(name, value)
    absent = [name for name in _ADDED if name not in request.headers]
    if request.body and "Content-Type" not in request.headers:
        absent.append("Content-Type")
    pieces += [piece for name in absent for piece in ("--header", f"'{name}:'")]
    if not request.body:
        return " ".join(pieces)
    text = _text(request.body)
    if text is not None:
        return " ".join([*pieces, "--data-raw", shlex.quote(text)])
    return " ".join(["printf", f"'{_octal(request.body)}'", "|", *pieces, "--data-binary", "@-"])


def of_evidence(evidence: Mapping[str, Any]) -> str:
    """Give the command line for the request of an exchange as results keep it, whose secrets are masked already."""
    request = evidence["request"]
    return line(
        Request(
            method=request["method"],
            url=request["url"],
            headers=Headers.of(tuple(pair) for pair in request["headers"]),
            body=request["body"].encode("utf-8", "surrogatepass"),
        )
    )


def _header(name: str, value: str) -> list[str]:
    if name.lower() == "authorization" and value.startswith(("Basic ", MASK)):
        return ["--user", '"$CONFORMANCE_AUTH"']
    if name.lower() in SECRETS or value == MASK:
        return ["--header", f'"{name}: $SECRET"']
    return ["--header", shlex.quote(f"{name}: {value}" if value else f"{name};")]


def _text(body: bytes) -> str | None:
    """Give a body that can stand in a command line; None where bytes of it cannot."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None


def _octal(body: bytes) -> str:
    """Write bytes for `printf`: octal escapes, which every shell knows."""
    return "".join(chr(byte) if 0x20 <= byte < 0x7F and byte not in b"'\\%" else f"\\{byte:03o}" for byte in body)  # noqa: PLR2004 - printable ASCII
