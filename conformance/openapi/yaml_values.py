"""YAML as plain values, read safely.

The core schema of YAML 1.2 holds, as OpenAPI asks (4.3 "Format"): `no` and `2010-04-01` are strings, keys are always
strings. Nothing is executed, aliases may neither be cyclic nor multiply, and depth is limited.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
)

from conformance.errors import DocumentError

MAX_DEPTH: Final = 200
MAX_ALIASED_NODES: Final = 1_000_000

Tags = Mapping[str, Callable[[str], Any]]
"""What else a tagged scalar may become, by tag."""

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".inf", ".Inf", ".INF", "+.inf"], math.inf),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], -math.inf),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], math.nan),
}
_STRING_TAGS: Final = frozenset({"tag:yaml.org,2002:str", "!"})
_PLAIN_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")
)


def read(text: bytes, path: str) -> Any:
    """Give the value of the only YAML document in a text; `path` is its name in messages.

    Raises:
        DocumentError: it is no YAML, or not plain data.

    """
    return located(text, path, lambda: Builder(path).build(yaml.parse(text, Loader=yaml.CSafeLoader)))


def located(text: bytes, path: str, make: Callable[[], Any]) -> Any:
    """Run something that parses YAML, and give its errors their place.

    Raises:
        DocumentError: the parser found an error.

    """
    try:
        return make()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
        refuse(
            path,
            line=line,
            column=column,
            what=" ".join(filter(None, [error.context, error.problem])) or "broken YAML",
            expected="YAML",
        )
    except yaml.reader.ReaderError as error:
        line, column = place(text, error.position)
        what = f"the character #x{error.character:04x} is not allowed"
        refuse(path, line=line, column=column, what=what, expected="YAML")


def place(text: bytes, offset: int) -> tuple[int, int]:
    """Give the line and column (from 1, in characters) of a byte of UTF-8 text."""
    start = text.rfind(b"\n", 0, offset) + 1
    return text.count(b"\n", 0, offset) + 1, len(text[start:offset].decode("utf-8", "replace")) + 1


def refuse(path: str, *, what: str, expected: str, line: int = 1, column: int = 1) -> NoReturn:
    """Say that a document is broken.

    Raises:
        DocumentError: always.

    """
    raise DocumentError(path=path, line=line, column=column, what=what, expected=expected)


class Builder:
    """Makes values from YAML events; whoever reads a long document takes it node by node."""

    def __init__(self, path: str, *, tags: Tags | None = None) -> None:
        self._path = path
        self._tags = tags or {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._aliased = 0
        self._depth = 0
        self._count = 0

    def build(self, events: Iterator[Any]) -> Any:
        """Give the value of the only document.

        Raises:
            DocumentError: there are two, or it is not plain data.

        """
        value: Any = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, what="a second YAML document", expected="one document a file")
                value = self.node(next(events), events)
        return value

    def _refuse(self, event: Any, *, what: str, expected: str) -> NoReturn:
        mark = event.start_mark
        refuse(self._path, line=mark.line + 1, column=mark.column + 1, what=what, expected=expected)

    def node(self, event: Any, events: Iterator[Any]) -> Any:
        """Give the value of the node that starts with an event.

        Raises:
            DocumentError: it is not plain data.

        """
        self._count += 1
        if isinstance(event, AliasEvent):
            return self._alias(event)
        known = event.tag in self._tags and isinstance(event, ScalarEvent)
        if event.tag is not None and event.tag not in _PLAIN_TAGS and event.tag != "!" and not known:
            self._refuse(event, what=f"the tag {event.tag!r}", expected="plain data without tags")
        before = self._count
        value = self._scalar(event) if isinstance(event, ScalarEvent) else self._collection(event, events)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, self._count - before + 1)
        return value

    def _scalar(self, event: Any) -> Any:
        make = self._tags.get(event.tag)
        try:
            return _plain(event) if make is None else make(event.value)
        except ValueError as error:
            what = f"{event.value[:20]!r} cannot be read ({str(error).partition(';')[0]})"
            self._refuse(event, what=what, expected="a value of its type")

    def _collection(self, event: Any, events: Iterator[Any]) -> Any:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._refuse(event, what=f"more than {MAX_DEPTH} levels of nesting", expected=f"at most {MAX_DEPTH}")
        value = self._mapping(events) if isinstance(event, MappingStartEvent) else self._sequence(events)
        self._depth -= 1
        return value

    def _mapping(self, events: Iterator[Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            if not isinstance(event, ScalarEvent):
                self._refuse(event, what="a key that is not a scalar", expected="a string as key")
            if event.value in result:
                self._refuse(event, what=f"the key {event.value!r} a second time", expected="each key once")
            result[event.value] = self.node(next(events), events)
        return result

    def _sequence(self, events: Iterator[Any]) -> list[Any]:
        result: list[Any] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            result.append(self.node(event, events))
        return result

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            what = f"the alias *{event.anchor} without a finished anchor before it"
            self._refuse(event, what=what, expected="an anchor that ends before its alias")
        value, size = self._anchors[event.anchor]
        self._aliased += size
        self._count += size
        if self._aliased > MAX_ALIASED_NODES:
            self._refuse(event, what="aliases that multiply", expected=f"at most {MAX_ALIASED_NODES:,} aliased nodes")
        return value


def _plain(event: Any) -> Any:
    text: str = event.value
    if event.tag in _STRING_TAGS or (event.tag is None and not event.implicit[0]):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in "+-.0123456789":
        if _INTEGER.fullmatch(text):
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
