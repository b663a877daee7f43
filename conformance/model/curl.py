"""A request as a `curl` command line."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.model import redact
from conformance.model.expectation import Expect, expectation
from conformance.model.http import Exchange, Headers, Request
from conformance.model.redact import MASK

SECRETS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})
"""Header fields whose values never leave."""
_OWN: Final = frozenset({"content-length", "host"})
"""Header fields that curl makes itself."""
_ADDED: Final = ("Accept", "User-Agent")
"""Header fields that curl adds where they are not taken away."""


def line(request: Request, *, url: str | None = None, host: str | None = None, open_credentials: bool = False) -> str:
    """Give the command line that sends a request again, for any POSIX shell; secrets are left for the shell to fill in.

    Basic credentials become `$CONFORMANCE_AUTH` (`user:password`), other secrets `$SECRET`. `url` stands in for the
    documented one where the request went elsewhere, `host` for the host that it names. `open_credentials` says that
    the credentials of the request were made up, and belong in the line.
    """
    pieces = ["curl", "--globoff", "--path-as-is", "--request", request.method, shlex.quote(url or request.url)]
    pieces += ["--header", shlex.quote(f"Host: {host}")] if host else []
    for name, value in request.headers:
        if name.lower() not in _OWN:
            is_open = open_credentials and name.lower() == "authorization"
            pieces += _plain(name, value) if is_open else _header(name, value)
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


def of_generated(exchange: Exchange, *, url: str | None = None, host: str | None = None) -> str:
    """Give the command line for a request that this program made, byte for byte but for its credentials.

    `url` and `host` are as in `line`. Credentials that are wrong on purpose are no secret: they stand in the line.
    """
    request, expected = exchange.request, expectation(exchange.extra)
    return line(
        replace(
            request,
            url=redact.credentials(request.url),
            body=redact.credentials(request.body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape"),
        ),
        url=None if url is None else redact.credentials(url),
        host=host,
        open_credentials=expected is not None and expected.expect is Expect.CHALLENGE,
    )


def of_evidence(evidence: Mapping[str, Any]) -> str:
    """Give the command line for the request of an exchange as results keep it, whose secrets are masked already.

    Evidence that has its line already keeps it.
    """
    if "curl" in evidence:
        return str(evidence["curl"])
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
    if name.lower() in SECRETS or value == MASK or redact.is_secret_name(name):
        return ["--header", f'"{name}: $SECRET"']
    return _plain(name, value)


def _plain(name: str, value: str) -> list[str]:
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
