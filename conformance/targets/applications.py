"""Applications in this process: importing them by name, and what ASGI and WSGI have in common."""

from __future__ import annotations

import sys
import zlib
from importlib import import_module
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, unquote_to_bytes, urlsplit, urlunsplit

from conformance.errors import TargetError
from conformance.model.http import Headers, Request, Response
from conformance.targets.target import Failure, Outcome, Reason

PORT: Final = 8000
"""Where servers of such applications listen, unless they are told otherwise."""


def imported(text: str) -> Any:
    """Give the object that `scheme:module:attribute` names; modules beside the user's own files are found too.

    Raises:
        TargetError: there is no such module or attribute, or importing it fails.

    """
    _, _, rest = text.partition(":")
    module_name, _, attribute = rest.partition(":")
    if not module_name or not attribute:
        raise TargetError(target=text, what="no module and object", hint="write it as module:app")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = import_module(module_name)
    except ModuleNotFoundError as error:
        raise TargetError(
            target=text, what=f"no module named {error.name!r}", hint="run from the folder that holds it, or install it"
        ) from error
    except Exception as error:
        raise TargetError(
            target=text, what=f"importing {module_name} raised {type(error).__name__}: {error}", hint="fix the import"
        ) from error
    for name in attribute.removesuffix("()").split("."):
        try:
            found = getattr(found, name)
        except AttributeError as error:
            names = ", ".join(sorted(each for each in vars(found) if not each.startswith("_"))[:8]) or "nothing"
            raise TargetError(target=text, what=f"{module_name} has no {name!r}", hint=f"it has {names}") from error
    if attribute.endswith("()"):
        found = found()
    if not callable(found):
        raise TargetError(target=text, what=f"a {type(found).__name__} is no application", hint="name a callable")
    return found


def served(url: str, port: int) -> str:
    """Give a documented URL on a port of this machine."""
    return urlunsplit(("http", f"127.0.0.1:{port}", *urlsplit(url)[2:4], ""))


def parts(request: Request) -> tuple[SplitResult, bytes, int]:
    """Give the URL in its parts, the decoded bytes of its path, and the port."""
    url = urlsplit(request.url)
    return url, unquote_to_bytes(url.path or "/"), url.port or (443 if url.scheme == "https" else 80)


def headers_of(request: Request, url: SplitResult) -> list[tuple[str, str]]:
    """Give the header fields as a server sees them: Host first, and the length of the body."""
    pairs = list(request.headers.pairs)
    if "Host" not in request.headers:
        pairs.insert(0, ("Host", url.netloc.rpartition("@")[2]))
    if request.body and "Content-Length" not in request.headers:
        pairs.append(("Content-Length", str(len(request.body))))
    return pairs


def answered(status: int, pairs: list[tuple[str, str]], body: bytes, *, elapsed: float, reason: str = "") -> Outcome:
    """Give the response of an application, content codings undone."""
    headers = Headers(tuple(pairs))
    coding = (headers.get("Content-Encoding") or "").strip().lower()
    if body and coding in {"gzip", "x-gzip", "deflate"}:
        try:
            body = zlib.decompress(body, wbits=47 if coding.endswith("gzip") else 15)
        except zlib.error as error:
            return Failure(reason=Reason.TRUNCATED, message=f"the body is no {coding}: {error}", elapsed=elapsed)
    return Response(status=status, reason=reason, headers=headers, body=body, elapsed=elapsed)
