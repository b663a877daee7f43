"""Cassettes: of vcrpy, Ruby VCR, Betamax, schemathesis and their relatives, in YAML and in JSON.

Read without vcrpy: its YAML reader executed tags before 8.2.1, and it holds a whole file where this gives one
interaction at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from typing import Any, BinaryIO, Final

import yaml

from conformance.errors import RecordingError
from conformance.model.http import Exchange, Headers, Source
from conformance.recordings import interaction, json_items, yaml_items
from conformance.recordings.entry import Entry, Write

SUFFIXES: Final = (".yaml", ".yml")
_KIND: Final = "vcr"
_SHAPE: Final = "an interaction with `request` and `response`"
_KEYS: Final = ("interactions", "http_interactions")
_PATHS: Final = frozenset({(), *((key,) for key in _KEYS)})
_START: Final = b"\xef\xbb\xbf \t\r\n"
_JSON: Final = re.compile(rb'"(?:http_)?interactions"\s*:|\A\s*\[\s*\{\s*"(?:request|response)"\s*:')
_YAML: Final = re.compile(
    rb"""^["']?(?:http_)?interactions["']?[ \t]*:"""
    # a list that is the whole document, its items perhaps tagged, after comments and the like
    rb"""|\A(?:[ \t]*(?:[#%].*|---.*)?\n)*[ ]*-[ \t\r\n]+(?:!\S*[ \t\r\n]+)?["']?(?:request|response)["']?[ \t]*:""",
    re.MULTILINE,
)


def recognizes(head: bytes, name: str) -> bool:  # noqa: ARG001 - content decides
    """Tell whether a file has interactions, or is a list of them."""
    start = head.lstrip(_START)
    return bool((_JSON if start[:1] in {b"{", b"["} else _YAML).search(start))


def read(file: BufferedReader, path: str) -> Iterator[Entry]:
    """Give the interactions of a cassette in order; all belong to one session."""
    is_json = file.peek(1).lstrip(_START)[:1] in {b"{", b"["}
    for index, (node, line, broken) in enumerate(_from_json(file) if is_json else _from_yaml(file)):
        what = broken
        if what is None:
            source = Source(kind=_KIND, path=path, index=index, line=line)
            try:
                yield interaction.exchange(node, source, session=path)
            except (ValueError, RecursionError) as error:
                what = str(error)
        if what is not None:
            yield RecordingError(path=path, index=index, line=line, what=what, expected=_SHAPE)


_Node = tuple[Any, int, str | None]
"""Plain data, its line, and why there is none."""


def _from_yaml(file: BinaryIO) -> Iterator[_Node]:
    for item in yaml_items.items(file, frozenset(_KEYS)):
        yield item.value, item.line, item.broken


def _from_json(file: BinaryIO) -> Iterator[_Node]:
    for item in json_items.items(file, _PATHS, json_items.decoded):
        value, broken = item.value, item.broken
        if value is None and broken is None:
            try:
                value = json_items.decoded(item.text)
            except ValueError as error:
                broken = str(error)
        yield value, item.line, broken


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - values are never told apart by identity
        return True


@contextmanager
def writer(file: BinaryIO) -> Iterator[Write]:
    """Give the function that writes interactions as vcrpy would; the cassette ends where the context ends.

    A client must be able to use the cassette, and a person to read it, so what was packed on the wire is written
    unpacked and without its `Content-Encoding`, as vcrpy's `decode_compressed_response` does.
    """
    begun = False

    def write(exchange: Exchange) -> None:
        nonlocal begun
        file.write(b"" if begun else b"interactions:\n")
        begun = True
        text = yaml.dump([_interaction(exchange)], Dumper=_Dumper, encoding="utf-8", default_flow_style=False)
        file.write(text)

    try:
        yield write
    finally:
        file.write(b"version: 1\n" if begun else b"interactions: []\nversion: 1\n")


def _interaction(exchange: Exchange) -> dict[str, Any]:
    request, response = exchange.request, exchange.response
    headers = response.headers
    if headers.get("Content-Encoding") is not None:
        headers = headers.replace("Content-Encoding", None)
        if headers.get("Content-Length") is not None:
            headers = headers.replace("Content-Length", str(len(response.body)))
    return {
        **{name: value for name, value in exchange.extra.items() if name not in {"request", "response"}},
        "id": exchange.id,
        "request": {
            "method": request.method,
            "uri": request.url,
            "headers": _grouped(request.headers),
            "body": _text(request.body) if request.body else None,
        },
        "response": {
            "status": {"code": response.status, "message": response.reason},
            "headers": _grouped(headers),
            "body": {"string": _text(response.body)},
            **({} if response.elapsed is None else {"elapsed": response.elapsed}),
        },
    }


def _grouped(headers: Headers) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in headers:
        grouped.setdefault(name, []).append(value)
    return grouped


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body
