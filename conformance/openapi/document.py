"""Documents: JSON or YAML read safely, with the line and column of every JSON Pointer.

Nothing is executed, and size and depth are limited. How YAML is read says `conformance.openapi.yaml_values`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
import yaml
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from conformance.errors import DocumentError
from conformance.openapi import yaml_values
from conformance.openapi.yaml_values import MAX_DEPTH, refuse

MAX_BYTES: Final = 50 * 1024 * 1024

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


def escape(token: str) -> str:
    """Escape one reference token of a JSON Pointer (RFC 6901)."""
    return token.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """Undo `escape`."""
    return token.replace("~1", "/").replace("~0", "~")


def tokens(pointer: str) -> list[str]:
    """Split a JSON Pointer into unescaped reference tokens."""
    return [unescape(token) for token in pointer.split("/")[1:]]


class Document:
    """A document as it was read: its value, and where each part of it stands."""

    def __init__(self, *, path: str, text: bytes, data: Any, is_json: bool, folder: Path | None = None) -> None:
        """Keep the bytes, so that positions can be found when somebody asks.

        `path` is its name in messages and reports, `folder` where files that it refers to stand.
        """
        self.path = path
        self.folder = folder
        self.text = text
        self.data = data
        self.is_json = is_json

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.text).hexdigest()

    @cached_property
    def _positions(self) -> Mapping[str, tuple[int, int]]:
        return dict(_json_positions(self.text) if self.is_json else _yaml_positions(self.text))

    def position(self, pointer: str) -> tuple[int, int]:
        """Line and column (from 1) of a pointer's key or item, or of its nearest ancestor that the file has."""
        while pointer and pointer not in self._positions:
            pointer = pointer.rpartition("/")[0]
        return self._positions.get(pointer, (1, 1))

    def fail(self, pointer: str, *, what: str, expected: str) -> NoReturn:
        """Say that something at a pointer is not as it must be.

        Raises:
            DocumentError: always.

        """
        line, column = self.position(pointer)
        raise DocumentError(path=self.path, line=line, column=column, what=what, expected=expected)

    def at(self, pointer: str) -> Any:
        """Give the value at a pointer.

        Raises:
            KeyError: there is none.

        """
        node = self.data
        for token in tokens(pointer):
            node = step(node, token)
        return node


def step(node: Any, token: str) -> Any:
    """Follow one reference token.

    Raises:
        KeyError: the node has no such member or item.

    """
    if isinstance(node, Mapping):
        return node[token]
    if isinstance(node, list) and token.isascii() and token.isdigit() and int(token) < len(node):
        return node[int(token)]
    raise KeyError(token)


def load(path: Path) -> Document:
    """Read a document from a file; its name is the path from here, or from `specs/` for one that ships.

    Raises:
        DocumentError: it cannot be read, is too large or too deep, or is neither JSON nor YAML.

    """
    name = _name(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            refuse(name, what=f"{path.stat().st_size:,} bytes", expected=f"at most {MAX_BYTES:,}")
        text = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise DocumentError(path=name, what=f"cannot be read ({reason})", expected="a readable file") from error
    return parse(text, path=name, folder=path.parent)


def shipped() -> Path:
    """Give the folder of the descriptions that ship: inside the package, or beside it in a checkout."""
    package = Path(__file__).parent.parent
    inside = package / "specs"
    return inside if inside.is_dir() else package.parent / "specs"


def _name(path: Path) -> str:
    for root, start in ((shipped(), Path("specs")), (Path.cwd(), Path())):
        if path.is_absolute() and path.is_relative_to(root):
            return (start / path.relative_to(root)).as_posix()
    return path.as_posix()


def parse(text: bytes, *, path: str, folder: Path | None = None) -> Document:
    """Read a document from bytes; `path` is its name in messages.

    Raises:
        DocumentError: it is too large or too deep, or is neither JSON nor YAML.

    """
    if len(text) > MAX_BYTES:
        refuse(path, what=f"{len(text):,} bytes", expected=f"at most {MAX_BYTES:,}")
    text = text.removeprefix(b"\xef\xbb\xbf")
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = yaml_values.place(text, error.start)
        what = f"the byte 0x{text[error.start]:02x} is not UTF-8"
        refuse(path, line=line, column=column, what=what, expected="UTF-8")
    if decoded.lstrip()[:1] in {"{", "["}:
        try:
            data = _read_json(text, path)
            return _checked(Document(path=path, text=text, data=data, is_json=True, folder=folder))
        except DocumentError:
            if _looks_like_json(decoded):
                raise
    data = yaml_values.read(text, path)
    return _checked(Document(path=path, text=text, data=data, is_json=False, folder=folder))


def _looks_like_json(text: str) -> bool:
    return re.match(r'\s*(\{\s*("|\}|$)|\[)', text) is not None


def _checked(document: Document) -> Document:
    level, depth = [document.data] if type(document.data) in {dict, list} else [], 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            refuse(document.path, what=f"more than {MAX_DEPTH} levels of nesting", expected=f"at most {MAX_DEPTH}")
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
    return document


class _RepeatedKey(Exception):
    """A JSON object has a key twice."""


def _members(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _RepeatedKey


def _read_json(text: bytes, path: str) -> Any:
    try:
        data = msgspec.json.decode(text)
        json.loads(text, object_pairs_hook=_members)
    except RecursionError:
        refuse(path, what=f"more than {MAX_DEPTH} levels of nesting", expected=f"at most {MAX_DEPTH}")
    except _RepeatedKey:
        _refuse_repeated_key(text, path)
    except msgspec.DecodeError as error:
        _refuse_broken(text, path, error)
    return data


def _refuse_repeated_key(text: bytes, path: str) -> NoReturn:
    pointers = Counter(pointer for pointer, _ in _json_positions(text))
    pointer = next(pointer for pointer, count in pointers.items() if count > 1)
    line, column = [place for found, place in _json_positions(text) if found == pointer][1]
    what = f"the key {tokens(pointer)[-1]!r} a second time"
    refuse(path, line=line, column=column, what=what, expected="each key once")


def _refuse_broken(text: bytes, path: str, error: msgspec.DecodeError) -> NoReturn:
    """Say where JSON is broken: what is no JSON at all, then what only a strict reader refuses."""
    try:
        json.loads(text)
    except json.JSONDecodeError as precise:
        refuse(path, line=precise.lineno, column=precise.colno, what=precise.msg, expected="JSON")
    except RecursionError:
        refuse(path, what=f"more than {MAX_DEPTH} levels of nesting", expected=f"at most {MAX_DEPTH}")
    except ValueError:
        pass  # a number with more digits than Python converts
    symbol, (line, column) = next(_unreadable(text), ("", (1, 1)))
    what = f"{symbol[:20]} ({str(error).removeprefix('JSON is malformed: ').partition(' (byte')[0]})"
    refuse(path, line=line, column=column, what=what, expected="JSON")


def _unreadable(text: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    for symbol, place in _json_tokens(text):
        if symbol not in {"{", "}", "[", "]", ":", ","}:
            try:
                msgspec.json.decode(symbol)
            except msgspec.DecodeError:
                yield symbol, place


class _Cursor:
    """Names the key or item that comes next while a document is read in order."""

    def __init__(self) -> None:
        self._open: list[tuple[str, bool]] = []  # pointer of each open collection, whether it is a mapping
        self._next: list[int] = []
        self._key: list[str | None] = []

    def key(self, name: Callable[[], str]) -> str | None:
        """Take the next scalar as a key where one is due, and give the pointer of its member."""
        if not self._open or not self._open[-1][1] or self._key[-1] is not None:
            return None
        self._key[-1] = key = name()
        return f"{self._open[-1][0]}/{escape(key)}"

    def value(self) -> tuple[str, bool]:
        """Give the pointer of the value that comes next, and whether it is an item, which no key announced."""
        if not self._open:
            return "", False
        pointer, is_mapping = self._open[-1]
        if is_mapping:
            name, self._key[-1] = self._key[-1] or "", None
            return f"{pointer}/{escape(name)}", False
        self._next[-1] += 1
        return f"{pointer}/{self._next[-1] - 1}", True

    def push(self, pointer: str, *, is_mapping: bool) -> None:
        """Enter a collection."""
        self._open.append((pointer, is_mapping))
        self._next.append(0)
        self._key.append(None)

    def pop(self) -> None:
        """Leave a collection."""
        self._open.pop()
        self._next.pop()
        self._key.pop()


def _yaml_positions(text: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give the pointer and the place of every key and item, in document order."""
    cursor = _Cursor()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            cursor.pop()
        elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
            place = _place(event)
            key = cursor.key(partial(str, event.value)) if isinstance(event, ScalarEvent) else None
            if key is not None:
                yield key, place
                continue
            pointer, is_item = cursor.value()
            if is_item:
                yield pointer, place
            if isinstance(event, MappingStartEvent | SequenceStartEvent):
                cursor.push(pointer, is_mapping=isinstance(event, MappingStartEvent))


def _place(event: Any) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _json_positions(text: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give the pointer and the place of every key and item, in document order."""
    cursor = _Cursor()
    for symbol, place in _json_tokens(text):
        if symbol in "}]":
            cursor.pop()
        elif symbol not in ",:":
            key = cursor.key(partial(json.loads, symbol)) if symbol[0] == '"' else None
            if key is not None:
                yield key, place
                continue
            pointer, is_item = cursor.value()
            if is_item:
                yield pointer, place
            if symbol in "{[":
                cursor.push(pointer, is_mapping=symbol == "{")


def _json_tokens(text: bytes) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give every token with its line and column."""
    decoded = text.decode("utf-8")
    line, line_start, scanned = 1, 0, 0
    for match in _JSON_TOKEN.finditer(decoded):
        start = match.start()
        line += decoded.count("\n", scanned, start)
        line_start = max(line_start, decoded.rfind("\n", scanned, start) + 1)
        scanned = start
        yield match.group(), (line, start - line_start + 1)
