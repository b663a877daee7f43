"""Where each key and value of a document stands in its text, to the character."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml
from msgspec import Struct, field
from yaml.events import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from conformance.openapi.document import Document, escape

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')


class Span(Struct, kw_only=True):
    """Where a member or item stands. Offsets count characters from 0; ends are exclusive."""

    pointer: str
    key_start: int
    """Of the key; of the value where there is none."""
    key_end: int
    start: int
    """Of the value."""
    end: int = 0
    is_flow: bool = True
    """Written with brackets, as JSON is; a scalar counts as flow."""
    is_mapping: bool = False
    is_collection: bool = False
    is_block_text: bool = False
    """A YAML scalar that starts with `|` or `>`."""
    children: list[Span] = field(default_factory=list)


def spans(document: Document) -> Mapping[str, Span]:
    """Give the span of every pointer of a document; what stands behind a YAML alias has none."""
    text = document.text.decode("utf-8")
    found = _json(text) if document.is_json else _yaml(text)
    return {span.pointer: span for span in found}


class _Builder:
    """Collects spans while a document is read in order."""

    def __init__(self) -> None:
        self.found: list[Span] = []
        self._open: list[Span] = []
        self._key: list[tuple[str, int, int] | None] = []
        self._count: list[int] = []

    @property
    def wants_key(self) -> bool:
        return bool(self._open) and self._open[-1].is_mapping and self._key[-1] is None

    def key(self, name: str, start: int, end: int) -> None:
        self._key[-1] = (name, start, end)

    def value(self, start: int, end: int, **fields: Any) -> Span:
        pointer, key_start, key_end = self._place(start)
        span = Span(pointer=pointer, key_start=key_start, key_end=key_end, start=start, end=end, **fields)
        self.found.append(span)
        if self._open:
            self._open[-1].children.append(span)
        return span

    def _place(self, start: int) -> tuple[str, int, int]:
        if not self._open:
            return "", start, start
        parent = self._open[-1]
        if parent.is_mapping:
            name, key_start, key_end = self._key[-1] or ("", start, start)
            self._key[-1] = None
            return f"{parent.pointer}/{escape(name)}", key_start, key_end
        self._count[-1] += 1
        return f"{parent.pointer}/{self._count[-1] - 1}", start, start

    def enter(self, span: Span) -> None:
        self._open.append(span)
        self._key.append(None)
        self._count.append(0)

    def leave(self, end: int) -> None:
        span = self._open.pop()
        self._key.pop()
        self._count.pop()
        # A block collection ends where its last value does; the parser only sees what comes after comments.
        span.end = end if span.is_flow or not span.children else span.children[-1].end


def _json(text: str) -> Iterator[Span]:
    builder = _Builder()
    for match in _TOKEN.finditer(text):
        symbol, start, end = match.group(), match.start(), match.end()
        if symbol in ",:":
            continue
        if symbol in "}]":
            builder.leave(end)
        elif symbol in "{[":
            span = builder.value(start, end, is_mapping=symbol == "{", is_collection=True)
            builder.enter(span)
        elif builder.wants_key:
            builder.key(json.loads(symbol), start, end)
        else:
            builder.value(start, end)
    return iter(builder.found)


def _yaml(text: str) -> Iterator[Span]:
    builder = _Builder()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, MappingEndEvent | SequenceEndEvent):
            builder.leave(_offset(event.end_mark))
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            is_mapping = isinstance(event, MappingStartEvent)
            start = _offset(event.start_mark)
            span = builder.value(
                start, start, is_mapping=is_mapping, is_collection=True, is_flow=bool(event.flow_style)
            )
            builder.enter(span)
        elif isinstance(event, ScalarEvent | AliasEvent):
            start, end = _offset(event.start_mark), _offset(event.end_mark)
            if builder.wants_key:
                builder.key(str(getattr(event, "value", "")), start, end)
            else:
                is_text = getattr(event, "style", None) in {"|", ">"}
                builder.value(start, _trimmed(text, start, end), is_block_text=is_text)
    return iter(builder.found)


def _offset(mark: Any) -> int:
    """The parser always gives a mark; only its types say that there may be none."""
    index: int = mark.index
    return index


def _trimmed(text: str, start: int, end: int) -> int:
    """The end of a scalar without the line breaks behind it."""
    while end > start and text[end - 1] in "\r\n \t":
        end -= 1
    return end
