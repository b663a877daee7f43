"""The items of a long list inside a YAML file, one by one.

A cassette lists its interactions in block style, each starting with a dash in the same column, and nothing else can
stand in that column. So the text of every item is cut out by its indentation and parsed by itself: memory does not
grow with the file, and an item that is no YAML costs only itself.

Nothing is ever executed. Tags that recorders write for data are read as that data, every other tag is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final, NoReturn

import msgspec
import yaml
from yaml._yaml import CParser  # the parser alone: no constructor is near
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
)

from conformance.recordings.coding import from_base64
from conformance.recordings.entry import MAX_ENTRY
from conformance.recordings.window import Window

MAX_DEPTH: Final = 100
MAX_NODES: Final = 100_000
"""Nodes that one item may have where aliases stand for nodes."""
MAX_ANCHORS: Final = 1000
"""Anchors that are remembered; together they may have `MAX_ENTRY` characters."""
_TOO_LONG: Final = f"more than {MAX_ENTRY:,} bytes"
_NO_TEXT: Final = frozenset(["", *"~ntfN-0123456789"])
"""How a plain scalar starts that may be no text."""
_NUMBER: Final = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{1,19})?(?:e[-+][0-9]{1,3})?")

_DASH: Final = re.compile(rb"( *)-(?=[ \t\r\n]|$)")
_PREFACE: Final = re.compile(rb"[ \t]*#|%|\s*$")
"""A comment, a directive or an empty line."""

_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    "true": True,
    "false": False,
}
_YAML: Final = "tag:yaml.org,2002:"
_BINARY: Final = frozenset({f"{_YAML}binary", "!binary"})
_TEXT: Final = frozenset({
    *(f"{_YAML}{name}" for name in ("str", "timestamp", "python/str", "python/unicode")),
    "!", "!str", "!ruby/symbol", "!ruby/sym",
})  # fmt: skip
_PLAIN: Final = frozenset(
    f"{_YAML}{name}"
    for name in (
        "int", "float", "bool", "null", "python/int", "python/long", "python/float", "python/bool", "python/none",
    )
)  # fmt: skip
_COLLECTIONS: Final = frozenset({
    *(f"{_YAML}{name}" for name in ("map", "seq", "python/dict", "python/list", "python/tuple")),
    # vcrpy before 1.0 let PyYAML write its objects; their members are all that is needed.
    f"{_YAML}python/object:vcr.request.Request",
    f"{_YAML}python/object/apply:__builtin__.frozenset",
    f"{_YAML}python/object/apply:builtins.frozenset",
    "!",
})  # fmt: skip
_RUBY: Final = re.compile(r"!ruby/(?:struct|object):VCR::[A-Za-z:]+")
_WRAPPED: Final = {
    # Bodies that were files or iterators: the content is the first member of the state or of the arguments.
    f"{_YAML}python/object/new:_io.BytesIO": "state",
    f"{_YAML}python/object/apply:builtins.iter": "args",
}


class Item(msgspec.Struct, frozen=True, gc=False):
    """One item as plain data, or why it cannot be had."""

    value: Any
    line: int
    """Where it starts or, if it is broken, where it is broken; from 1."""
    broken: str | None = None


def items(file: BinaryIO, keys: frozenset[str]) -> Iterator[Item]:
    """Give the items of the list under one of the top-level keys, or of the list that the file is."""
    text = _Text(file, keys)
    while line := text.next_line():
        dash = _DASH.match(line)
        if dash and text.expects_item(dash.end(1)):
            yield from text.end_of_surroundings()
            yield from text.items(dash.end(1))
        else:
            yield from text.pass_surroundings(line)
    yield from text.end_of_surroundings()


class _Text(Window):
    """YAML text that is passed item by item, and line by line around the list."""

    def __init__(self, file: BinaryIO, keys: frozenset[str]) -> None:
        super().__init__(file)
        names = "|".join(sorted(keys)).encode()
        self._keys = keys
        self._key_of_list = re.compile(rb"[\"']?(?:%b)[\"']?[ \t]*:[ \t\r]*(?:#.*)?\n" % names)
        self._nodes = _Nodes()
        self._around: list[bytes] = []
        self._around_size = 0
        self._around_line = 1
        self._expected = True
        """Nothing but comments stands between here and the list, its key or the beginning, so a dash is an item."""
        self._column: int | None = None
        """Of the dashes, where a list has begun."""

    def next_line(self) -> bytes:
        """Give the line that starts here, without passing it; empty at the end of the file."""
        while (end := self.data.find(b"\n", self.at)) < 0:
            if len(self.data) - self.at > MAX_ENTRY or not self.more():
                return self.data[self.at :]
        return self.data[self.at : end + 1]

    def expects_item(self, column: int) -> bool:
        """Tell whether a dash in a column starts an item of the list."""
        return self._expected and self._column in {None, column}

    def pass_surroundings(self, line: bytes) -> Iterator[Item]:
        """Pass a line that is no item."""
        ends, starts = line.startswith(b"..."), line.startswith(b"---")
        if ends or (starts and not all(_PREFACE.match(each) for each in self._around)):
            yield from self.end_of_surroundings()
        if ends or starts:
            self._expected, self._column = True, None
        elif b":" in line and not _PREFACE.match(line):
            self._expected = False
        if not self._around:
            self._around_line = self.line
        if not ends:
            self._around_size += len(line)
            self._around.append(line if self._around_size <= MAX_ENTRY else b"")
        self.at += len(line)
        if self._key_of_list.fullmatch(line):
            yield from self.end_of_surroundings()
            self._expected, self._column = True, None

    def end_of_surroundings(self) -> Iterator[Item]:
        """Read the lines around a list for their own sake, and for a list that is not in block style."""
        text, size = b"".join(self._around), self._around_size
        self._around, self._around_size = [], 0
        if size > MAX_ENTRY:
            yield Item(None, self._around_line, _TOO_LONG)
            return
        for value in self._values(text, self._around_line):
            if isinstance(value, Item):
                yield value
            elif isinstance(value, str):
                yield Item(None, self._around_line, f"{value[:40]!r}, which is no item and no key")
            else:
                yield from (Item(item, self._around_line) for item in self._listed(value))

    def _listed(self, value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [item for key in self._keys if isinstance(value.get(key), list) for item in value[key]]
        return value if isinstance(value, list) else []

    def items(self, column: int) -> Iterator[Item]:
        """Pass the items whose dashes stand in a column."""
        self._expected, self._column = True, column
        next_token = re.compile(rb"\n(?= {0,%d}[^ \t\r\n#])" % column)
        while self._is_dash(column):
            line = self.line
            end = self._end(next_token, column)
            if end is None:
                yield Item(None, line, _TOO_LONG)
                continue
            text = self.data[self.at : end]
            self.at = end
            for value in self._values(text, line):
                yield value if isinstance(value, Item) else Item(value[0], line)

    def _is_dash(self, column: int) -> bool:
        if len(self.data) - self.at < column + 2:
            self.more()
        dash = _DASH.match(self.data, self.at)
        return dash is not None and dash.end(1) - self.at == column

    def _end(self, next_token: re.Pattern[bytes], column: int) -> int | None:
        """Give where the item ends that starts here; pass it and give None where it is too long."""
        looked, too_long = 0, False
        while (found := next_token.search(self.data, self.at + looked)) is None:
            looked = max(0, len(self.data) - self.at - column - 1)
            if looked > MAX_ENTRY:
                self.at, looked, too_long = self.at + looked, 0, True
            if not self.more():
                break
        end = found.end() if found else len(self.data)
        if too_long or end - self.at > MAX_ENTRY:
            self.at = end
            return None
        return end

    def _values(self, text: bytes, line: int) -> list[Any]:
        """Give the values of the documents in a text, or an item that says why there are none."""
        try:
            return self._nodes.documents(text)
        except _Unreadable as error:
            return [Item(None, line + error.line - 1, f"{error.what} (column {error.column})")]


class _Unreadable(Exception):
    """Text that is no YAML, or not plain data; the place is within the text."""

    def __init__(self, what: str, *, line: int = 1, column: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.line = line
        self.column = column


class _Nodes:
    """Makes plain data of YAML text; anchors are known in all later texts."""

    def __init__(self) -> None:
        self._next: Callable[[], Any] = lambda: None
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        """Value, nodes and characters, the one used last at the end."""
        self._kept = 0
        self._depth = 0
        self._count = 0

    def documents(self, text: bytes) -> list[Any]:
        """Give the value of every document in a text.

        Raises:
            _Unreadable: it is no YAML, or not plain data.

        """
        parser = CParser(text)
        self._next, self._depth, self._count = parser.get_event, 0, 0
        values: list[Any] = []
        try:
            while not isinstance(event := self._next(), StreamEndEvent):
                if isinstance(event, DocumentStartEvent):
                    values.append(self._node(self._next()))
        except yaml.MarkedYAMLError as error:
            mark: Any = error.problem_mark or error.context_mark
            what = " ".join(filter(None, [error.context, error.problem])) or "broken YAML"
            raise _Unreadable(what, line=mark.line + 1, column=mark.column + 1) from error
        except yaml.reader.ReaderError as error:
            start = text.rfind(b"\n", 0, error.position) + 1
            line, column = text.count(b"\n", 0, start) + 1, error.position - start + 1
            what = f"the character #x{error.character:02x} ({error.reason})"
            raise _Unreadable(what, line=line, column=column) from error
        return values

    def _refuse(self, event: Any, what: str) -> NoReturn:
        raise _Unreadable(what, line=event.start_mark.line + 1, column=event.start_mark.column + 1)

    def _node(self, event: Any) -> Any:
        """Give the value of the node that starts with an event."""
        kind = type(event)
        if kind is AliasEvent:
            return self._alias(event)
        before = self._count
        self._count += 1
        if kind is ScalarEvent:
            value = _plain(event) if event.tag is None else self._tagged(event)
            end = event
        else:
            value, end = self._collection(event)
        if event.anchor is not None:
            self._remember(event, end, value, self._count - before)
        return value

    def _tagged(self, event: Any) -> Any:
        if event.tag in _TEXT:
            return event.value
        if event.tag in _PLAIN:
            return _resolved(event.value)
        if event.tag not in _BINARY:
            self._refuse(event, f"the tag {event.tag!r}, which is not for data")
        try:
            return from_base64(event.value, "!!binary")
        except ValueError as error:
            self._refuse(event, str(error))

    def _collection(self, event: Any) -> tuple[Any, Any]:
        """Give a collection and the event that ends it."""
        tag = event.tag
        if tag is not None and tag not in _COLLECTIONS and tag not in _WRAPPED and not _RUBY.fullmatch(tag):
            self._refuse(event, f"the tag {tag!r}, which is not for data")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(event, f"more than {MAX_DEPTH} levels of nesting")
        value, end = self._mapping() if type(event) is MappingStartEvent else self._sequence()
        self._depth -= 1
        return _unwrapped(value, _WRAPPED[tag]) if tag in _WRAPPED else value, end

    # Three of four nodes are scalars without tag and anchor: these are taken where they stand.

    def _mapping(self) -> tuple[dict[str, Any], Any]:
        result: dict[str, Any] = {}
        advance = self._next
        while type(key := advance()) is ScalarEvent:
            name = key.value
            if name in result:
                self._refuse(key, f"the key {name[:80]!r} a second time")
            event = advance()
            if type(event) is ScalarEvent and event.tag is None and event.anchor is None:
                result[name] = _resolved(event.value) if event.implicit[0] else event.value
            else:
                result[name] = self._node(event)
        if type(key) is not MappingEndEvent:
            self._refuse(key, "a key that is not a scalar")
        self._count += len(result)
        return result, key

    def _sequence(self) -> tuple[list[Any], Any]:
        result: list[Any] = []
        advance = self._next
        while type(event := advance()) is not SequenceEndEvent:
            if type(event) is ScalarEvent and event.tag is None and event.anchor is None:
                result.append(_resolved(event.value) if event.implicit[0] else event.value)
            else:
                result.append(self._node(event))
        self._count += len(result)
        return result, event

    def _remember(self, event: Any, end: Any, value: Any, nodes: int) -> None:
        """Keep an anchored value; the ones least recently used make room."""
        size = end.end_mark.index - event.start_mark.index
        self._forget(event.anchor)
        self._anchors[event.anchor] = (value, nodes, size)
        self._kept += size
        while self._kept > MAX_ENTRY or len(self._anchors) > MAX_ANCHORS:
            self._forget(next(iter(self._anchors)))

    def _forget(self, anchor: str) -> None:
        if anchor in self._anchors:
            self._kept -= self._anchors.pop(anchor)[2]

    def _alias(self, event: Any) -> Any:
        known = self._anchors.pop(event.anchor, None)
        if known is None:
            self._refuse(event, f"the alias *{event.anchor[:80]} without a finished anchor before it")
        self._anchors[event.anchor] = known
        self._count += known[1]
        if self._count > MAX_NODES and known[1] > 1:
            self._refuse(event, f"aliases that multiply to more than {MAX_NODES:,} nodes")
        return known[0]


def _plain(event: Any) -> Any:
    """Give the value of a scalar without a tag."""
    text: str = event.value
    return _resolved(text) if event.implicit[0] else text


def _resolved(text: str) -> Any:
    """Give what a plain scalar means; a number only where its text can be had back from it, else the text."""
    if text[:1] not in _NO_TEXT:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER.fullmatch(text):
        return text
    value = int(text) if text.lstrip("-").isdigit() else float(text)
    return value if str(value) == text else text


def _unwrapped(value: Any, name: str) -> Any:
    """Give the first member of a member; what has no such member is left as it is."""
    inner = value.get(name) if isinstance(value, dict) else value
    return inner[0] if isinstance(inner, list) and inner else inner
