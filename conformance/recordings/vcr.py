"""Cassettes of vcrpy, in its YAML and JSON serializers.

Read without vcrpy: its YAML reader executed tags before 8.2.1, and it holds a whole file where this gives one
interaction at a time.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

import msgspec
import yaml
from yaml.events import MappingEndEvent, MappingStartEvent, ScalarEvent, SequenceEndEvent, SequenceStartEvent

from conformance.errors import DocumentError, RecordingError
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.openapi.yaml_values import Builder, located
from conformance.recordings.coding import undone

_SHAPE: Final = "a vcrpy interaction with `request` and `response`"
_KEYS: Final = frozenset({"request", "response"})


def _binary(text: str) -> bytes:
    return base64.b64decode(text)


_TAGS: Final = {"tag:yaml.org,2002:binary": _binary}


def recognizes(head: bytes, name: str) -> bool:  # noqa: ARG001 - content decides
    """Tell whether a file is a mapping with `interactions`."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n-")
    if start.startswith(b"{"):
        return b'"interactions"' in head
    return start.startswith((b"interactions:", b"version:")) or b"\ninteractions:" in head


def read(file: BinaryIO, path: str) -> Iterator[Exchange | RecordingError]:
    """Give the interactions of a cassette in order; all belong to one session."""
    text = file.read()
    nodes = _from_json(text, path) if text.lstrip()[:1] == b"{" else _from_yaml(text, path)
    for index, (node, line) in enumerate(nodes):
        if isinstance(node, RecordingError):
            yield node
            return
        source = Source(kind="vcr", path=path, index=index, line=line)
        try:
            yield _exchange(node, source)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            what = f"no {error} in it" if isinstance(error, KeyError) else str(error)
            yield RecordingError(path=path, index=index, line=line, what=what, expected=_SHAPE)


def _from_json(text: bytes, path: str) -> Iterator[tuple[Any, int | None]]:
    try:
        data = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError) as error:
        yield RecordingError(path=path, what=f"not JSON ({error})", expected="a vcrpy cassette"), None
        return
    for node in data.get("interactions") or ():
        yield node, None


def _from_yaml(text: bytes, path: str) -> Iterator[tuple[Any, int | None]]:
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    builder = Builder(path, tags=_TAGS)

    def advance() -> tuple[Any, int | None] | None:
        """Give the next interaction; None after the last."""
        for event in events:
            if isinstance(event, SequenceEndEvent):
                return None
            line = event.start_mark.line + 1 if event.start_mark else None
            return builder.node(event, events), line
        return None

    try:
        located(text, path, lambda: _to_interactions(events, builder))
        while (found := located(text, path, advance)) is not None:
            yield found
    except DocumentError as error:
        what = f"{error.what} (column {error.column})"
        yield RecordingError(path=path, line=error.line, what=what, expected=error.expected), error.line


def _to_interactions(events: Iterator[Any], builder: Builder) -> None:
    """Read up to the first item of `interactions`."""
    for event in events:
        if isinstance(event, MappingStartEvent):
            break
    for event in events:
        if isinstance(event, MappingEndEvent):
            return
        if isinstance(event, ScalarEvent) and event.value == "interactions":
            for start in events:
                if not isinstance(start, SequenceStartEvent):
                    builder.node(start, events)
                return
        builder.node(next(events), events)


def _exchange(node: Mapping[str, Any], source: Source) -> Exchange:
    request, response = node["request"], node["response"]
    status = response["status"]
    headers = Headers.of(response.get("headers") or {})
    return Exchange(
        id=f"{source.path}#{source.index}",
        request=Request(
            method=str(request["method"]).upper(),
            url=request["uri"],
            headers=Headers.of(request.get("headers") or {}),
            body=_bytes(request.get("body")),
        ),
        response=Response(
            status=int(status["code"]),
            reason=str(status.get("message") or ""),
            headers=headers,
            body=undone(_bytes(response.get("body")), headers),
        ),
        source=source,
        session=source.path,
        extra={name: value for name, value in node.items() if name not in _KEYS},
    )


def _bytes(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, Mapping):
        if body.get("base64_string") is not None:
            try:
                return base64.b64decode(body["base64_string"], validate=True)
            except binascii.Error as error:
                message = f"a base64_string that is no Base64 ({error})"
                raise ValueError(message) from error
        return _bytes(body.get("string"))
    message = f"a body that is a {type(body).__name__}"
    raise TypeError(message)
