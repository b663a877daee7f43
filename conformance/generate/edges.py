"""Values at the edge of what a shape allows, and one step beyond it: enumerated, not sampled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from random import Random
from typing import Any, Final

from msgspec.structs import replace

from conformance.generate.draws import integer_bounds
from conformance.generate.patterns import Lean, Unsampleable, drawing, length, parse, spread_for
from conformance.generate.shapes import ALL_TYPES, Shape
from conformance.model.expectation import Expect
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.schemas.forms import text

Change = Callable[[Any, Random], Any]
"""Gives a value from the valid one that stood there; `ABSENT` takes it away."""


class Purpose(Enum):
    """Which modes show an edge."""

    EDGE = "edge"
    """Boundary alone."""
    BEYOND = "beyond"
    """Boundary and negative: one step beyond what is allowed."""
    BREAK = "break"
    """Negative alone."""


class Edge(Value, frozen=True, kw_only=True):
    """A value for one place."""

    label: str
    change: Change
    expect: Expect
    purpose: Purpose


_LONG: Final = 2_000
_HUGE: Final = 10**30
ODD_TEXTS: Final[Mapping[str, str]] = {
    "blanks around it": "  x ",
    "a blank": " ",
    "a zero byte": "a\x00b",
    "control characters": "a\r\n\t\x7fb",
    "combined emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3f3\ufe0f\u200d\U0001f308",
    "stacked accents": "e" + "\u0301" * 40,
    "right to left": "\u202e\u0645\u0631\u062d\u0628\u0627\u202c",
    "no characters": "\ufffe\uffff",
    "the words null and undefined": "null undefined NaN",
    "percent signs": "100%25%zz",
    "markup": "<b>&amp;</b>]]>",
    "quotes": "'\"`; --",
    "braces": "${7*7}{{7*7}}%s%n",
}
"""Valid text that trips programs up."""

_ODD_PATHS: Final[Mapping[str, str]] = {
    "a slash within": "a/b",
    "a dot segment": "..",
    "a percent sign": "%",
    "a plus sign": "a+b",
    "a question mark": "a?b=c",
    "a semicolon": "a;b=c",
    "letters beyond ASCII": "Zoë😀",
}

_FORMATS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "date": (
        ("2024-02-29", "1970-01-01", "9999-12-31", "0001-01-01"),
        ("2023-02-29", "2024-13-01", "2024-1-1", "2024-01-01T00:00:00Z", "01/02/2024"),
    ),
    "date-time": (
        ("2024-02-29T23:59:59Z", "2024-01-01T00:00:00+14:00", "2024-01-01T00:00:00.123456789Z", "2016-12-31T23:59:60Z"),
        ("2024-01-01", "2024-01-01T25:00:00Z", "2024-01-01T00:00:00", "Fri, 14 Oct 2016 21:56:34 +0000"),
    ),
    "date-time-rfc-2822": (
        ("Thu, 29 Feb 2024 23:59:59 +0000", "Mon, 01 Jan 2024 00:00:00 -0800"),
        ("2024-02-29T23:59:59Z", "Fri, 30 Feb 2024 00:00:00 +0000", "29 Feb 2024"),
    ),
    "time": (("00:00:00Z", "23:59:59.999+01:00"), ("24:00:00Z", "12:00", "noon")),
    "duration": (("PT0S", "P1Y2M3DT4H5M6S"), ("1 day", "P", "P1S")),
    "email": (
        ("a@example.com", "ada+tag@sub.example.com", "o'brien@example.com"),
        ("ada", "ada@", "@example.com", "ada@exa mple.com"),
    ),
    "uri": (
        ("https://example.com", "https://example.com:8443/a?b=c#d", "http://[2001:db8::1]/", "https://example.com/%C3%A9"),
        ("example.com/path", "no url", "https://exa mple.com/", ""),
    ),
    "uuid": (
        ("00000000-0000-0000-0000-000000000000", "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF"),
        ("00000000-0000-0000-0000-00000000000", "{00000000-0000-0000-0000-000000000000}"),
    ),
    "ipv4": (("0.0.0.1", "255.255.255.255"), ("256.0.0.1", "1.2.3", "01.2.3.4")),
    "ipv6": (("::", "2001:db8::ffff:192.0.2.1"), (":::", "1::2::3", "192.0.2.1")),
    "hostname": (("a", f"{'a' * 63}.example.com"), ("-a.example.com", f"{'a' * 64}.example.com", "a b")),
    "phone-number": (
        ("+12", "+123456789012345"),
        ("5551234567", "+0123456789", "+1234567890123456", "+1 206 555 0100", "+"),
    ),
    "iso-country-code": (("AD", "ZW"), ("us", "USA", "ZZ", "")),
}  # fmt: skip
"""Valid texts at the edge of a format, and texts just beyond it."""


def edges(shape: Shape, *, textual: bool, in_path: bool = False) -> Iterator[Edge]:
    """Give the edges of a shape without alternatives, those within its items and properties excepted.

    `textual` says that the value travels as text. In a path nothing is certain to be accepted: it may lead nowhere.
    """
    found = _of(shape, textual=textual, in_path=in_path)
    for edge in found:
        certain = edge.expect is Expect.ACCEPT and not in_path
        yield edge if certain or edge.expect is not Expect.ACCEPT else replace(edge, expect=Expect.SURVIVE)


def _of(shape: Shape, *, textual: bool, in_path: bool) -> Iterator[Edge]:
    if shape.values is not None:
        yield from _enumeration(shape.values, textual=textual)
        return
    if shape.types == ALL_TYPES:
        return
    if "string" in shape.types:
        yield from _strings(shape, in_path=in_path)
    elif "number" in shape.types:
        yield from _numbers(shape)
        yield from _number_texts() if textual else ()
    elif "integer" in shape.types:
        yield from _integers(shape)
        yield from _integer_texts() if textual else ()
    elif "boolean" in shape.types and textual:
        yield from _boolean_texts()
    if "array" in shape.types:
        yield from _arrays(shape)
    if "object" in shape.types:
        yield from _objects(shape)
    if not textual:
        yield from _other_types(shape)


def _accept(label: str, value: Any) -> Edge:
    return Edge(label=label, change=lambda _, __: value, expect=Expect.ACCEPT, purpose=Purpose.EDGE)


def _survive(label: str, value: Any) -> Edge:
    return Edge(label=label, change=lambda _, __: value, expect=Expect.SURVIVE, purpose=Purpose.EDGE)


def _beyond(label: str, value: Any) -> Edge:
    return Edge(label=label, change=lambda _, __: value, expect=Expect.REFUSE, purpose=Purpose.BEYOND)


def _break(label: str, value: Any) -> Edge:
    return Edge(label=label, change=lambda _, __: value, expect=Expect.REFUSE, purpose=Purpose.BREAK)


def _changed(label: str, change: Change, expect: Expect, purpose: Purpose) -> Edge:
    return Edge(label=label, change=change, expect=expect, purpose=purpose)


def _enumeration(values: tuple[Any, ...], *, textual: bool) -> Iterator[Edge]:
    for value in values:
        if value is not None or not textual:
            yield _accept(f"the member {text(value)}", value)
    words = [value for value in values if isinstance(value, str) and value]
    if words:
        yield _break("a member in the other case", words[0].swapcase())
        yield _break("a member with a letter more", f"{words[-1]}x")
        yield _break("no member at all", "no-such-member")
        yield _break("empty instead of a member", "")
    else:
        yield _break("no member at all", "no-such-member")


def _strings(shape: Shape, *, in_path: bool) -> Iterator[Edge]:
    if not shape.patterns and not shape.formats:
        yield from _lengths(shape, in_path=in_path)
        for label, odd in (_ODD_PATHS if in_path else ODD_TEXTS).items():
            if shape.min_length <= len(odd) <= (math.inf if shape.max_length is None else shape.max_length):
                yield _survive(label, odd)
    for name in shape.formats:
        good, bad = _FORMATS.get(name, ((), ()))
        yield from (_survive(f"{name} {value}", value) for value in good)
        yield from (_beyond(f"no {name}: {value or 'empty'}", value) for value in bad)
    for pattern in shape.patterns:
        yield from _patterns(pattern, shape)


def _lengths(shape: Shape, *, in_path: bool) -> Iterator[Edge]:
    least, most = shape.min_length, shape.max_length
    if least:
        yield _accept(f"{least} characters, the fewest", "x" * least)
        yield _beyond(f"{least - 1} characters, one too few", "x" * (least - 1))
    elif not in_path:
        yield _survive("empty", "")
    if most is None:
        yield _survive(f"{_LONG} characters", "x" * _LONG)
        return
    yield _accept(f"{most} characters, the most", "x" * most)
    yield _beyond(f"{most + 1} characters, one too many", "x" * (most + 1))
    yield _survive(f"{most} characters of two UTF-16 units", "😀" * most)


def _patterns(pattern: str, shape: Shape) -> Iterator[Edge]:
    try:
        draw = drawing(pattern)
    except Unsampleable:
        return
    spread = spread_for(least=shape.min_length, most=shape.max_length)
    shortest, longest = length(parse(pattern))
    for lean in (Lean.SHORT, Lean.LONG) if shortest != longest else ():
        yield _changed(
            f"the {lean.value}est match",
            lambda _, random, lean=lean: draw(random, lean, spread),  # type: ignore[misc] # mypy does not see the default
            Expect.SURVIVE,
            Purpose.EDGE,
        )
    for label, change in _SPOILING.items():
        yield _changed(label, change, Expect.REFUSE, Purpose.BEYOND)


def _replaced(value: Any, _: Random) -> str:
    """Put a character that identifiers do not have in the middle."""
    written = str(value)
    middle = len(written) // 2
    return f"{written[:middle]}~{written[middle + 1 :]}"


_SPOILING: Final[Mapping[str, Change]] = {
    "a character out of place": _replaced,
    "the first character of another kind": lambda value, _: f"~{str(value)[1:]}",
    "the other case": lambda value, _: str(value).swapcase(),
    "one character less": lambda value, _: str(value)[:-1],
    "one character more": lambda value, _: f"{value}0",
    "a line feed at the end": lambda value, _: f"{value}\n",
    "empty": lambda _, __: "",
}
"""Ways out of a pattern; which of them really lead out is found by trying."""


def _integers(shape: Shape) -> Iterator[Edge]:
    step = int(shape.multiple_of or 1) or 1
    low, high = integer_bounds(shape)
    if low is None:
        yield from (_survive(str(value), value) for value in (0, -1, -(2**31) - 1) if value <= (high or 0))
    else:
        least = -(-low // step) * step
        yield _accept(f"{least}, the least", least)
        yield _beyond(f"{least - step}, below the least", least - step)
    if high is None:
        yield from (_survive(str(value), value) for value in (2**31 - 1, 2**31, 2**53 + 1, _HUGE))
    else:
        most = high // step * step
        yield _accept(f"{most}, the greatest", most)
        yield _beyond(f"{most + step}, above the greatest", most + step)
    if step > 1:
        yield _changed(f"no multiple of {step}", lambda value, _: value + 1, Expect.REFUSE, Purpose.BEYOND)


def _numbers(shape: Shape) -> Iterator[Edge]:
    low, high = shape.minimum, shape.maximum
    if low is not None:
        yield _accept(f"{low:g}, the least", low)
        yield _beyond(f"{low - 1:g}, below the least", low - 1)
    if high is not None:
        yield _accept(f"{high:g}, the greatest", high)
        yield _beyond(f"{high + 1:g}, above the greatest", high + 1)
    if shape.above is not None:
        yield _beyond(f"{shape.above:g}, which is excluded", shape.above)
    if shape.below is not None:
        yield _beyond(f"{shape.below:g}, which is excluded", shape.below)
    if low is None and shape.above is None:
        yield from (_survive(f"{value:g}", value) for value in (0.0, -0.5, -1e300))
    if high is None and shape.below is None:
        yield from (_survive(f"{value:g}", value) for value in (0.1 + 0.2, 1e-300, 1e300))


def _integer_texts() -> Iterator[Edge]:
    yield from (_break(f"{value or 'empty'} instead of an integer", value) for value in ("abc", "1.5", "", "0x10"))
    yield from (_survive(f"the integer written as {value!r}", value) for value in ("+1", "007", " 1", "1e2", "\uff11"))


def _number_texts() -> Iterator[Edge]:
    yield from (_break(f"{value or 'empty'} instead of a number", value) for value in ("abc", "", "1,5"))
    yield from (_survive(f"the number written as {value!r}", value) for value in ("+1.5", ".5", "NaN", "Infinity"))


def _boolean_texts() -> Iterator[Edge]:
    yield from (_accept(f"{value}", value == "true") for value in ("true", "false"))
    yield from (_break(f"{value or 'empty'} instead of a boolean", value) for value in ("maybe", "", "2"))
    yield from (_survive(f"the boolean written as {value}", value) for value in ("True", "1", "yes"))


def _arrays(shape: Shape) -> Iterator[Edge]:
    def cut(count: int) -> Change:
        return lambda value, _: (value * count)[:count] if isinstance(value, list) and value else []

    if shape.min_items:
        yield _changed(f"{shape.min_items} items, the fewest", cut(shape.min_items), Expect.ACCEPT, Purpose.EDGE)
        label = f"{shape.min_items - 1} items, one too few"
        yield _changed(label, cut(shape.min_items - 1), Expect.REFUSE, Purpose.BEYOND)
    else:
        yield _survive("no items", [])
    if shape.max_items is not None:
        yield _changed(f"{shape.max_items} items, the most", cut(shape.max_items), Expect.ACCEPT, Purpose.EDGE)
        label = f"{shape.max_items + 1} items, one too many"
        yield _changed(label, cut(shape.max_items + 1), Expect.REFUSE, Purpose.BEYOND)
    else:
        yield _changed("100 items", cut(100), Expect.SURVIVE, Purpose.EDGE)
    if shape.unique:
        yield _changed("an item twice", lambda value, _: [*value, *value[:1]], Expect.REFUSE, Purpose.BREAK)


def _objects(shape: Shape) -> Iterator[Edge]:
    for name in shape.required:
        yield _changed(f"without {name}", _without(name), Expect.REFUSE, Purpose.BREAK)
    certain = Expect.REFUSE if shape.closed else Expect.SURVIVE
    purpose = Purpose.BREAK if shape.closed else Purpose.EDGE
    yield _changed("a field that is not declared", _with(lambda _: {"undeclared": "x"}), certain, purpose)
    if shape.max_properties is not None:
        more = shape.max_properties + 1
        filled = _with(lambda count: {f"extra_{number}": "x" for number in range(more - count)})
        yield _changed(f"{more} fields, one too many", filled, Expect.REFUSE, Purpose.BEYOND)


def _without(name: str) -> Change:
    return lambda value, _: {key: item for key, item in _object(value).items() if key != name}


def _with(extra: Callable[[int], Mapping[str, Any]]) -> Change:
    """Add fields to an object; how many it has decides which."""
    return lambda value, _: {**_object(value), **extra(len(value))}


def _object(value: Any) -> Mapping[str, Any]:
    """Give a value that is an object.

    Raises:
        TypeError: it is none: an alternative stands there that has no fields.

    """
    if not isinstance(value, dict):
        raise TypeError(type(value))
    return value


def _other_types(shape: Shape) -> Iterator[Edge]:
    """Give JSON values of the types that are not allowed."""
    others = {"string": "x", "integer": 7, "number": 1.5, "boolean": True, "array": [], "object": {}, "null": None}
    for kind, value in others.items():
        if kind not in shape.types and not (kind == "integer" and "number" in shape.types):
            yield _break(f"{text(value) or 'null'} ({kind}) instead of {' or '.join(sorted(shape.types))}", value)
    if "string" not in shape.types and shape.types & {"integer", "number", "boolean"}:
        yield _changed("the value as a string", lambda value, _: text(value), Expect.REFUSE, Purpose.BREAK)
    if "null" in shape.types:
        yield _accept("null", None)


__all__ = ["ABSENT", "ODD_TEXTS", "Change", "Edge", "Expect", "Purpose", "edges"]
