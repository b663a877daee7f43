"""The items of a long array inside a JSON file, one by one.

A HAR or a JSON cassette is one value that may be larger than memory, so a window moves over the file. Items are told
apart by how they start: the comma, the white space and the first key that the one before had, too. No string can hold
that, and text that was cut out wrongly does not decode; then the item is found by matching its brackets. So a broken
item costs only itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, Final, Generic, TypeVar

import msgspec

from conformance.recordings.entry import MAX_ENTRY
from conformance.recordings.window import Window

Path = tuple[str, ...]
"""Keys that lead from the top to an array."""

_QUOTE: Final = ord('"')
_COMMA: Final = ord(",")
_LONGEST_GAP: Final = 4096
"""Bytes that may stand between two items."""
_NEAR: Final = 64 * 1024
"""Bytes in which the next item is looked for by how it starts."""
_TOO_LONG: Final = f"more than {MAX_ENTRY:,} bytes"
_SPACE: Final = re.compile(rb"[ \t\r\n]*")
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_TOKEN: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]]', re.DOTALL)
_ATOM: Final = re.compile(rb'[^ \t\r\n,:\[\]{}"]+')
_HEAD: Final = re.compile(rb'\{[ \t\r\n]*"[^"\\]{1,80}"[ \t\r\n]*:')

_decode = msgspec.json.Decoder().decode
_skip = msgspec.json.Decoder(msgspec.Raw).decode


_T = TypeVar("_T")


class Item(msgspec.Struct, Generic[_T], frozen=True, gc=False):
    """One item of an array."""

    text: bytes
    line: int
    """Where it starts, from 1."""
    value: _T | None = None
    """None where it was not decoded; then the text may yet be something."""
    broken: str | None = None
    """Why there is not even a text."""


def decoded(text: bytes) -> Any:
    """Give the value of JSON text.

    Raises:
        ValueError: it is no JSON, or nested too deep to be held.

    """
    try:
        return _decode(text)
    except (ValueError, RecursionError) as error:
        try:
            # Takes lone surrogates, which JSON allows and msgspec does not.
            return json.loads(text.decode(), parse_constant=_refuse)
        except (ValueError, RecursionError):
            what = f"not JSON ({str(error).removeprefix('JSON is malformed: ')})"
        raise ValueError(what) from error


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def items(file: BinaryIO, paths: frozenset[Path], decode: Callable[[bytes], _T]) -> Iterator[Item[_T]]:
    """Give the items of every array that a path leads to; the empty path is the file itself.

    Several values in one file are read one after another. Memory does not grow with the file. `decode` raises a
    ValueError for what is no JSON.
    """
    text = _Text(file)
    try:
        while text.peek():
            yield from _value(text, paths, (), decode)
    except _Broken as error:
        yield Item(b"", error.line or text.line, broken=error.what)


def _value(text: _Text, paths: frozenset[Path], at: Path, decode: Callable[[bytes], _T]) -> Iterator[Item[_T]]:
    first = text.peek()
    if first == b"[" and at in paths:
        yield from _Array(text, decode).items()
    elif first == b"{" and any(path[: len(at)] == at and len(path) > len(at) for path in paths):
        for name in text.members():
            yield from _value(text, paths, (*at, name), decode)
    else:
        text.skip()


class _Broken(Exception):
    """The file is no JSON from here on."""

    def __init__(self, what: str, line: int | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.line = line


class _Text(Window):
    """JSON text that is passed token by token."""

    def peek(self) -> bytes:
        """Go to the next token and give its first byte; empty at the end of the file."""
        while True:
            space = _SPACE.match(self.data, self.at)
            self.at = space.end() if space else self.at
            if self.at < len(self.data):
                return self.data[self.at : self.at + 1]
            if not self.more():
                return b""

    def take(self, expected: bytes) -> bytes:
        """Pass one byte of punctuation.

        Raises:
            _Broken: another one stands there.

        """
        found = self.peek()
        if not found or found not in expected:
            raise _Broken(_unexpected(found, " or ".join(chr(byte) for byte in expected)))
        self.at += 1
        return found

    def members(self) -> Iterator[str]:
        """Pass an object, stopping after each key; whoever iterates passes the value."""
        self.take(b"{")
        if self.peek() == b"}":
            self.at += 1
            return
        while True:
            yield self._key()
            if self.take(b",}") == b"}":
                return

    def _key(self) -> str:
        if (first := self.peek()) != b'"':
            raise _Broken(_unexpected(first, "a key"))
        start, self.at = self.at, self._end()
        try:
            key = str(json.loads(self.data[start : self.at]))
        except ValueError as error:
            message = f"a key that is no JSON ({error})"
            raise _Broken(message) from error
        self.take(b":")
        return key

    def skip(self) -> None:
        """Pass a value."""
        self.peek()
        self.at = self._end()

    def _end(self) -> int:
        while (end := end_of_value(self.data, self.at)) is None or (end == len(self.data) and not self.ended):
            if len(self.data) - self.at > MAX_ENTRY:
                message = f"a value of more than {MAX_ENTRY:,} bytes"
                raise _Broken(message)
            if not self.more() and end is None:
                message = "JSON that is cut short"
                raise _Broken(message)
        return end


def _unexpected(found: bytes, wanted: str) -> str:
    return f"{f'the byte {found!r}' if found else 'the end of the file'} where JSON needs {wanted}"


def end_of_value(data: bytes, at: int) -> int | None:
    """Give where the JSON value ends that starts at a place; None where it is not all there.

    Brackets are matched without a stack, so depth costs nothing.

    Raises:
        _Broken: no value starts there.

    """
    first = data[at : at + 1]
    if first == b'"':
        string = _STRING.match(data, at)
        return string.end() if string else None
    if first not in {b"{", b"["}:
        atom = _ATOM.match(data, at)
        if atom is None:
            raise _Broken(_unexpected(first, "a value"))
        return atom.end()
    depth = 0
    for token in _TOKEN.finditer(data, at):
        symbol = data[token.start()]
        if symbol in b"{[":
            depth += 1
        elif symbol != _QUOTE:
            depth -= 1
            if not depth:
                return token.end()
    return None


class _Array(Generic[_T]):
    """An array whose items are found window by window."""

    def __init__(self, text: _Text, decode: Callable[[bytes], _T]) -> None:
        self._text = text
        self._decode = decode
        self._head = b""
        """How an item starts, up to its first key."""
        self._gap = b""
        """What stood before the last item that was looked for, from the comma on."""
        self._wasted = 0
        """Bytes in which the end of an item was sought in vain."""

    def items(self) -> Iterator[Item[_T]]:
        """Pass the array and give its items."""
        text = self._text
        text.take(b"[")
        while (first := text.peek()) != b"]":
            if not first:
                raise _Broken(_unexpected(first, "]"))
            if first == b",":
                text.at += 1
                continue
            head = _HEAD.match(text.data, text.at)
            self._head = head.group() if head else self._head
            yield from self._alike()
            yield self._one()
        text.at += 1

    def _alike(self) -> Iterator[Item[_T]]:
        """Pass the items in the window that are followed by one that starts in the same way."""
        text, decode = self._text, self._decode
        if self._next() is None:
            return
        data, start, gap, gap_lines = text.data, self._gap + self._head, len(self._gap), self._gap.count(b"\n")
        line = text.line
        while (end := data.find(start, text.at + 1, text.at + _NEAR)) > 0:
            item = data[text.at : end]
            try:
                value = decode(item)
            except (ValueError, RecursionError):
                return
            yield Item(item, line, value)
            line += item.count(b"\n") + gap_lines
            text.at = end + gap

    def _one(self) -> Item[_T]:
        """Pass one item with care."""
        text = self._text
        line = text.line
        while True:
            comma = self._next(_NEAR if self._wasted <= MAX_ENTRY else len(text.data))
            try:
                end = self._end(comma)
            except _Broken as error:
                return self._lost(line, error.what)
            if end is not None and (end < len(text.data) or text.ended):
                return self._passed(end, line)
            if len(text.data) - text.at > MAX_ENTRY:
                return self._lost(line, _TOO_LONG)
            if not text.more() and end is None:
                return self._lost(line, "JSON that is cut short")

    def _end(self, comma: int | None) -> int | None:
        """Give where the item ends that starts here; None where it is not all there.

        It ends before the next one starts, unless it is JSON and holds what looks like a start.
        """
        text = self._text
        if comma is not None and self._wasted > MAX_ENTRY:
            return comma
        end = end_of_value(text.data, text.at)
        if end is not None and (comma is None or end <= comma or _is_json(text.data[text.at : end])):
            return end
        self._wasted += (end or len(text.data)) - text.at
        return comma

    def _passed(self, end: int, line: int) -> Item[_T]:
        text = self._text
        item = text.data[text.at : end]
        text.at = end
        return Item(item, line) if len(item) <= MAX_ENTRY else Item(b"", line, broken=_TOO_LONG)

    def _next(self, near: int = _NEAR) -> int | None:
        """Give the place of the comma before the next item nearby that starts like the one before."""
        data, at = self._text.data, self._text.at
        start = at
        while self._head and (start := data.find(self._head, start + 1, at + near)) > 0:
            first = max(at, start - _LONGEST_GAP)
            comma = first + len(data[first:start].rstrip(b" \t\r\n")) - 1
            if data[comma] == _COMMA:
                self._gap = data[comma:start]
                return comma
        return None

    def _lost(self, line: int, why: str) -> Item[_T]:
        """Go to the next item that starts like the one before, or to the end of the file."""
        text = self._text
        if not self._head and (head := _HEAD.search(text.data, text.at)):
            self._head = head.group()
        while (comma := self._next(near=len(text.data))) is None:
            text.at = max(text.at, len(text.data) - _LONGEST_GAP)
            if not text.more():
                text.at = len(text.data)
                raise _Broken(why, line)
        text.at = comma
        return Item(b"", line, broken=why)


def _is_json(text: bytes) -> bool:
    try:
        _skip(text)
    except (ValueError, RecursionError):
        return False
    return True
