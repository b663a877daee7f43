"""Edits made in the text of a document: outside the changed lines, every character stays as its author wrote it.

Members and items of block collections are lines, those of flow collections and of JSON are separated by commas. A
change is made collection by collection: what goes, what comes, what gets another value. The result is read again and
has to be the edited value, so that a text this module cannot handle is an error and never a wrong document.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import yaml
from msgspec import Struct, field

from conformance.errors import DocumentError
from conformance.model.audit import Edit
from conformance.openapi.document import Document, parse, tokens
from conformance.openapi.edits import Inapplicable, edited, ordered
from conformance.openapi.spans import Span, spans

_WIDE: Final = 100
_INDENT: Final = re.compile(r"\n( +|\t+)\S")


class _Changes(Struct):
    """What happens to the members of one collection."""

    removed: list[Span] = field(default_factory=list)
    replaced: list[tuple[Span, Any]] = field(default_factory=list)
    added: list[tuple[str | None, Any]] = field(default_factory=list)
    """Names and values; no name for an item."""


def rewritten(document: Document, edits: Iterable[Edit]) -> bytes:
    """Give the text of a document with edits made.

    Raises:
        Inapplicable: an edit leads nowhere, or into what a YAML alias repeats.
        DocumentError: the document is written in a way that cannot be edited in place.

    """
    steps = ordered(edits)
    wanted = edited(document, steps)
    if not steps:
        return document.text
    text = _Editor(document).made(steps)
    made = parse(text.encode(), path=document.path)
    if made.data != wanted.data:
        what = "a way of writing that cannot be edited in place"
        raise DocumentError(path=document.path, what=what, expected="plain JSON or YAML without aliases")
    return text.encode()


class _Editor:
    """Makes the edits of one document."""

    def __init__(self, document: Document) -> None:
        self._text = document.text.decode("utf-8")
        self._spans = spans(document)
        self._is_json = document.is_json
        unit = _INDENT.search(self._text)
        self._unit = unit[1] if unit else "  "
        self._patches: list[tuple[int, int, int, str]] = []

    def made(self, steps: list[Edit]) -> str:
        for pointer, changes in self._grouped(steps).items():
            span = self._spans[pointer]
            for child, value in changes.replaced:
                self._replace(child, value, parent=span)
            if span.is_flow:
                self._change_flow(span, changes)
            else:
                self._change_block(span, changes)
        text = self._text
        # From the end to the start; where two collections end in one place, what is added to the inner one comes first.
        for start, end, _, replacement in sorted(self._patches, key=lambda patch: (-patch[0], -patch[1], patch[2])):
            text = text[:start] + replacement + text[end:]
        return text

    def _patch(self, start: int, end: int, replacement: str, *, depth: int = 0) -> None:
        self._patches.append((start, end, depth, replacement))

    def _grouped(self, steps: list[Edit]) -> dict[str, _Changes]:
        """The edits by the collection whose members they concern; a list that has to be made is a new member."""
        groups: dict[str, _Changes] = defaultdict(_Changes)
        lists: dict[str, list[Any]] = {}
        for edit in steps:
            holder, _, last = edit.pointer.rpartition("/")
            name = tokens(f"/{last}")[0]
            if name == "-" and holder not in self._spans:
                self._new_list(holder, edit, lists, groups)
                continue
            if holder not in self._spans:
                raise Inapplicable(edit)
            changes, child = groups[holder], self._spans.get(edit.pointer)
            if edit.is_removal and child is not None:
                changes.removed.append(child)
            elif edit.is_removal:
                raise Inapplicable(edit)
            elif child is not None:
                changes.replaced.append((child, edit.value))
            else:
                changes.added.append((None if name == "-" else name, edit.value))
        return groups

    def _new_list(self, holder: str, edit: Edit, lists: dict[str, list[Any]], groups: dict[str, _Changes]) -> None:
        if holder in lists:
            lists[holder].append(edit.value)
            return
        outer, _, inner = holder.rpartition("/")
        if outer not in self._spans:
            raise Inapplicable(edit)
        lists[holder] = [edit.value]
        groups[outer].added.append((tokens(f"/{inner}")[0], lists[holder]))

    # Values

    def _replace(self, span: Span, value: Any, *, parent: Span) -> None:
        indent = self._column(span.key_start)
        if self._is_json:
            self._patch(span.start, span.end, self._json(value, self._line_indent(span.start)))
            return
        written = _flow(value)
        is_large = isinstance(value, Mapping | list) and len(written) > _WIDE
        if parent.is_flow or not parent.is_mapping:
            self._patch(span.start, span.end, _inside(value) if parent.is_flow else written)
            return
        # The value may start on another line than its key, where a short one has no place.
        colon = self._text.index(":", span.key_end) + 1
        self._patch(colon, span.end, f"\n{_block(value, indent + len(self._unit))}" if is_large else f" {written}")

    def _json(self, value: Any, indent: str) -> str:
        text = json.dumps(value, ensure_ascii=False, indent=self._unit if "\n" in self._text else None)
        return text.replace("\n", f"\n{indent}")

    # Collections with brackets

    def _change_flow(self, span: Span, changes: _Changes) -> None:
        if not changes.removed and not changes.added:
            return
        gone = {child.pointer for child in changes.removed}
        staying = [child for child in span.children if child.pointer not in gone]
        added = [self._member(name, value, span) for name, value in changes.added]
        if not staying:
            self._fill(span, added)
            return
        last = staying[-1]
        for child, following in zip(span.children, span.children[1:], strict=False):
            if child.pointer in gone and child.key_start < last.key_start:
                self._patch(child.key_start, following.key_start, "")
        self._patch(last.end, span.children[-1].end, "".join(self._separator(span) + each for each in added))

    def _fill(self, span: Span, added: list[str]) -> None:
        """Write the only members of a collection."""
        opening, closing = self._text[span.start], self._text[span.end - 1]
        inner = self._line_indent(span.start)
        if self._is_json and "\n" in self._text and added:
            body = ",".join(f"\n{inner}{self._unit}{each}" for each in added)
            self._patch(span.start, span.end, f"{opening}{body}\n{inner}{closing}")
        else:
            self._patch(span.start, span.end, f"{opening}{', '.join(added)}{closing}")

    def _separator(self, span: Span) -> str:
        """What stands between members: a line break where members stand on lines of their own."""
        first = span.children[0]
        before = self._text[span.start + 1 : first.key_start]
        return f",{before}" if "\n" in before else ", "

    def _member(self, name: str | None, value: Any, span: Span) -> str:
        if not self._is_json:
            return _inside(value) if name is None else f"{_inside(name)}: {_inside(value)}"
        on_lines = bool(span.children) and "\n" in self._text[span.start : span.children[0].key_start]
        indent = (
            self._line_indent(span.children[0].key_start) if on_lines else self._line_indent(span.start) + self._unit
        )
        written = self._json(value, indent) if on_lines or not span.children else json.dumps(value, ensure_ascii=False)
        return written if name is None else f"{json.dumps(name, ensure_ascii=False)}: {written}"

    # Collections of lines

    def _change_block(self, span: Span, changes: _Changes) -> None:
        gone = {child.pointer for child in changes.removed}
        staying = [child for child in span.children if child.pointer not in gone]
        if not staying and gone:
            self._empty(span, changes)
            return
        for position, child in enumerate(span.children):
            if child.pointer in gone:
                self._remove_lines(span, child, span.children[position + 1 : position + 2])
        if changes.added:
            column = self._member_column(span)
            lines = "".join(_lines(name, value, column) for name, value in changes.added)
            at = self._after_line(span.end)
            start = "" if at == 0 or self._text[at - 1] == "\n" else "\n"
            text = lines if self._text[at:] or not start else lines.rstrip("\n")
            self._patch(at, at, start + text, depth=span.pointer.count("/"))

    def _empty(self, span: Span, changes: _Changes) -> None:
        """All members go: what comes is written in brackets."""
        if span.is_mapping:
            members = ", ".join(f"{_inside(name)}: {_inside(value)}" for name, value in changes.added)
            self._patch(span.start, span.end, f"{{{members}}}")
        else:
            start = self._text.rindex("-", 0, span.start + 1)
            items = ", ".join(_inside(value) for _, value in changes.added)
            # A sequence may stand in the column of its key, where brackets may not.
            self._patch(start, span.end, f" [{items}]")

    def _remove_lines(self, span: Span, child: Span, following: list[Span]) -> None:
        start = self._member_start(span, child)
        line = self._line_start(start)
        if self._text[line:start].strip() and following:
            # The first member of a mapping that starts behind a dash: the next one takes its place.
            self._patch(start, self._member_start(span, following[0]), "")
        else:
            self._patch(line, self._after_line(child.end), "")

    def _member_start(self, span: Span, child: Span) -> int:
        return child.key_start if span.is_mapping else self._text.rindex("-", 0, child.start)

    def _member_column(self, span: Span) -> int:
        column = self._column(self._member_start(span, span.children[0]))
        return column if span.is_mapping else -column - 1

    def _line_start(self, offset: int) -> int:
        return self._text.rfind("\n", 0, offset) + 1

    def _after_line(self, offset: int) -> int:
        found = self._text.find("\n", offset)
        return len(self._text) if found < 0 else found + 1

    def _column(self, offset: int) -> int:
        return offset - self._line_start(offset)

    def _line_indent(self, offset: int) -> str:
        start = self._line_start(offset)
        line = self._text[start:offset]
        return line[: len(line) - len(line.lstrip())]


def _lines(name: str | None, value: Any, column: int) -> str:
    """A member (at a column) or an item (behind a dash at column -column - 1) of a block collection, as lines."""
    written = _flow(value)
    is_large = isinstance(value, Mapping | list) and bool(value) and len(written) > _WIDE // 2
    if name is None:
        dash = -column - 1
        if is_large and isinstance(value, Mapping):
            return f"{' ' * dash}- {_block(value, dash + 2).lstrip()}\n"
        return f"{' ' * dash}- {written}\n"
    if is_large:
        return f"{' ' * column}{_flow(name)}:\n{_block(value, column + 2)}\n"
    return f"{' ' * column}{_flow(name)}: {written}\n"


def _flow(value: Any) -> str:
    """A value as YAML on one line."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=True, width=1_000_000, allow_unicode=True, sort_keys=False
    )
    return text.removesuffix("\n").removesuffix("\n...").removesuffix("\n")


def _inside(value: Any) -> str:
    """A value as YAML between brackets, where commas and braces need quotes."""
    return _flow([value])[1:-1]


def _block(value: Any, indent: int) -> str:
    """A collection as YAML lines at a column, without the last line break."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, default_flow_style=None, width=1_000_000, allow_unicode=True, sort_keys=False
    )
    return "\n".join(f"{' ' * indent}{line}" for line in text.rstrip("\n").split("\n"))


class _Dumper(yaml.SafeDumper):
    """Writes every value out: equal values are no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature of the library
        return True
