"""A recorded request as a `curl` command, so that a reader can send it again."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.redact import MASK

_SET_BY_CURL: Final = frozenset({"accept-encoding", "connection", "content-length", "host", "user-agent"})
_GLOBS: Final = frozenset("[]{}")
_UNNAMEABLE: Final = re.compile(r"\W")


def curl(evidence: Mapping[str, Any]) -> str:
    """Give the request of an exchange, as results keep it, as a command for a POSIX shell.

    Credentials are not in the evidence: they become shell variables that the reader sets.
    """
    return " \\\n  ".join(_parts(evidence["request"]))


def _parts(request: Mapping[str, Any]) -> Iterator[str]:
    method, url, body = request["method"], request["url"], request["body"]
    globs = " --globoff" if _GLOBS.intersection(url) else ""
    implied = "POST" if body else "GET"
    verb = "" if method == implied else " --head" if method == "HEAD" else f" --request {shlex.quote(method)}"
    yield f"curl{globs}{verb} {shlex.quote(url)}"
    for name, value in request["headers"]:
        if name.lower() not in _SET_BY_CURL:
            yield _header(name, value)
    if body:
        if not any(name.lower() == "content-type" for name, _ in request["headers"]):
            yield "--header Content-Type:"
        yield f"--data-raw {shlex.quote(body)}"


def _header(name: str, value: str) -> str:
    """A masked value becomes a shell variable named as the header is."""
    if value == MASK:
        return f'--header "{name}: ${_UNNAMEABLE.sub("_", name).upper()}"'
    return f"--header {shlex.quote(f'{name}: {value}')}"
