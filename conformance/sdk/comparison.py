"""What became of a value on its way through an SDK: fields of an answer against attributes of what a call returned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Any, Final

from conformance.model.finding import json_type
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.openapi.document import escape

_TAG: Final = "$"


class Fate(Enum):
    """What became of a value."""

    SAME = "same"
    CONVERTED = "converted"
    """Another type of the language, with the same meaning."""
    CHANGED = "changed"
    LOST = "lost"


class Passage(Value, frozen=True, kw_only=True):
    """One value that went in, and what came out."""

    pointer: str
    """JSON Pointer into the answer, `-` for any item of a list."""
    sent: Any
    got: Any
    fate: Fate

    @property
    def types(self) -> tuple[str, str]:
        """The type that went in and the type that came out."""
        return kind_of(self.sent), kind_of(self.got)


def plain(name: str) -> str:
    """Give a name without what languages do to it: `phone_number` is `phoneNumber`, `from_` is `from`."""
    return name.replace("_", "").lower()


def kind_of(value: Any) -> str:
    """Give the type of a value that came out of a call."""
    if isinstance(value, Mapping) and isinstance(value.get(_TAG), str):
        return str(value[_TAG])
    return "nothing" if value is ABSENT else json_type(value)


def moment(text: Any) -> datetime | None:
    """Read a date of either style as a moment; None where it is none."""
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        try:
            found = parsedate_to_datetime(text)
        except (TypeError, ValueError):
            return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def passages(sent: Any, got: Any, pointer: str = "") -> Iterator[Passage]:
    """Give what became of every value of an answer."""
    fields = _fields(got)
    if isinstance(sent, Mapping) and fields is not None:
        names = {plain(name): name for name in fields}
        for name, value in sent.items():
            there = name if name in fields else names.get(plain(name))
            yield from passages(value, ABSENT if there is None else fields[there], f"{pointer}/{escape(name)}")
        return
    if isinstance(sent, list) and isinstance(got, list) and len(sent) == len(got):
        for one, other in zip(sent, got, strict=True):
            yield from passages(one, other, f"{pointer}/-")
        return
    yield Passage(pointer=pointer, sent=sent, got=got, fate=fate(sent, got))


def _fields(value: Any) -> Mapping[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    if value.get(_TAG) == "object":
        found: Mapping[str, Any] = value["fields"]
        return found
    return None if isinstance(value.get(_TAG), str) else value


def attributes(got: Any) -> frozenset[str]:
    """Give the plain names of what an object has."""
    return frozenset(map(plain, _fields(got) or ()))


def fate(sent: Any, got: Any) -> Fate:
    """Say what became of one value."""
    if got is ABSENT:
        return Fate.SAME if sent is None else Fate.LOST
    if got is None:
        return Fate.SAME if sent is None else Fate.LOST
    if sent is None:
        return Fate.CHANGED
    if isinstance(got, Mapping) and isinstance(got.get(_TAG), str):
        return _tagged(sent, got)
    if _number(sent) is not None and _number(got) is not None:
        same = _number(sent) == _number(got)
        if not same:
            return Fate.CHANGED
        return Fate.SAME if isinstance(sent, str) == isinstance(got, str) else Fate.CONVERTED
    return Fate.SAME if sent == got else Fate.CHANGED


def _tagged(sent: Any, got: Mapping[str, Any]) -> Fate:
    value = got.get("value")
    match got[_TAG]:
        case "date-time":
            return Fate.CONVERTED if value is not None and moment(value) == moment(sent) else Fate.CHANGED
        case "date":
            before = moment(sent)
            fits = before is not None and value == before.date().isoformat() and _is_day(sent)
            return Fate.CONVERTED if fits else Fate.CHANGED
        case "decimal":
            return Fate.CONVERTED if _number(sent) == _number(value) else Fate.CHANGED
        case _:
            return Fate.CHANGED


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
