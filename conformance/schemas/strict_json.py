"""JSON that every parser reads alike, and why other text is not that (RFC 8259; RFC 7493, I-JSON).

Parsers disagree about a name that stands twice in an object, about NaN, Infinity and numbers that no double holds,
about half a surrogate pair, about bytes that are no UTF-8 and about a byte order mark. Text with one of these has no
meaning that a contract could speak of.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from math import isinf
from typing import Any, Final

import msgspec

SYNTAX: Final = "json"
"""Not JSON at all."""
DUPLICATE_NAME: Final = "duplicate-name"
NUMBER: Final = "number"
SURROGATE: Final = "surrogate"
UTF_8: Final = "utf-8"
BYTE_ORDER_MARK: Final = "byte-order-mark"

_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_COLON: Final = re.compile(rb"\\u003a", re.IGNORECASE)
_LONGEST: Final = 40

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Unreadable(ValueError):
    """A body has no agreed meaning."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep the kind of fault, which is one of the names of this module, and the sentence."""
        super().__init__(message)
        self.reason = reason


def decode(text: bytes) -> Any:
    """Give the value of a JSON text.

    Raises:
        Unreadable: the text has no meaning that all parsers agree on.

    """
    try:
        value = _decode(text)
    except RecursionError as error:
        raise Unreadable(SYNTAX, "not JSON: nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _why(text, error) from error
    if _may_repeat(text, value):
        name = next(_repeated(text), None)
        if name is not None:
            raise Unreadable(DUPLICATE_NAME, f"the name {_cut(name)} stands twice in one object")
    return value


def _may_repeat(text: bytes, value: Any) -> bool:
    """Tell whether a name may stand twice: then the text has more colons than what was read of it.

    A decoder keeps one of the members and drops the others with their colons; nothing else loses or adds one, but for
    a colon that is written as an escape.
    """
    try:
        return text.count(b":") != _encode(value).count(b":") or _COLON.search(text) is not None
    except (OverflowError, RecursionError):
        return True


def _repeated(text: bytes) -> Iterator[str]:
    found: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> None:
        names = [name for name, _ in members]
        if len(set(names)) < len(names):
            found.extend(name for index, name in enumerate(names) if name in names[:index])

    json.loads(text, object_pairs_hook=pairs)
    yield from found


def _why(text: bytes, error: Exception) -> Unreadable:
    if text.startswith(_BYTE_ORDER_MARKS):
        return Unreadable(BYTE_ORDER_MARK, "a byte order mark stands before the JSON")
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as place:
        message = f"the byte 0x{text[place.start]:02x} at offset {place.start} is not UTF-8"
        return Unreadable(UTF_8, message)
    odd: list[str] = []

    def number(digits: str) -> float:
        value = float(digits)
        if isinf(value):
            odd.append(digits)
        return value

    try:
        value = json.loads(decoded, parse_constant=odd.append, parse_float=number)
    except json.JSONDecodeError as precise:
        where = f"{precise.msg} at line {precise.lineno}, column {precise.colno}"
        return Unreadable(SYNTAX, f"not JSON: {where}")
    except (RecursionError, ValueError):
        return Unreadable(SYNTAX, f"not JSON: {str(error).removeprefix('JSON is malformed: ')}")
    if odd:
        return Unreadable(NUMBER, f"{_cut(odd[0])} is no number that JSON has or a double holds")
    lone = next(_lone(value), None)
    if lone is not None:
        return Unreadable(SURROGATE, f"half of a surrogate pair in {_cut(lone)}")
    return Unreadable(SYNTAX, f"not JSON: {str(error).removeprefix('JSON is malformed: ')}")


def _lone(value: Any) -> Iterator[str]:
    """Give the strings with half of a surrogate pair."""
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            if any("\ud800" <= character <= "\udfff" for character in node):
                yield node
        elif isinstance(node, dict):
            waiting += [*node, *node.values()]
        elif isinstance(node, list):
            waiting += node


def _cut(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
