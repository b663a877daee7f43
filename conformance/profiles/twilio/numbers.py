"""Phone numbers as Twilio reads and writes them, and the test numbers that stand for an outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from conformance.model.operation import JsonSchema
from conformance.model.value import Value
from conformance.schemas.walk import keyword, types

E164: Final = re.compile(r"\+[1-9]\d{1,14}")
"""`+`, then up to 15 digits: https://www.twilio.com/docs/glossary/what-e164."""
_SHORT_CODE: Final = re.compile(r"\d{3,8}")
_CHANNEL: Final = re.compile(r"[a-z]+:\S.*")
_ALPHANUMERIC: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}")
_WRITTEN: Final = re.compile(r"[\s()+./-]*(?:[0-9][\s()./-]*){7,15}")
_NORTH_AMERICAN: Final = re.compile(r"\+1(\d{3})(\d{3})(\d{4})")


_SAYS: Final = re.compile(r"E\.?164", re.IGNORECASE)
_DISPLAY: Final = re.compile(r"\bfor display\b", re.IGNORECASE)
_BESIDES: Final = re.compile(r"\b(?:address|alphanumeric|channel|client|SIM|SIP|username)\b", re.IGNORECASE)
"""Words for what may stand in the place of a number."""
_DECIMALS: Final = frozenset({"duration", "num_media", "num_segments", "price", "queue_time"})
"""Numbers that Twilio writes as text (seconds, counts, amounts, milliseconds)."""


def is_only_number(schema: JsonSchema, root: JsonSchema, text: str = "") -> bool | None:
    """Tell whether text is a phone number in E.164 by its description, or by another `text`, and nothing else.

    None: it need not be one at all, or something else constrains it.
    """
    if not _is_free_text(schema, root):
        return None
    text = text or str(keyword(schema, root, "description") or "")
    return None if not _SAYS.search(text) or _DISPLAY.search(text) else not _BESIDES.search(text)


def is_decimal(name: str, schema: JsonSchema, root: JsonSchema) -> bool:
    """Tell whether a field is a number that Twilio writes as text, by its name."""
    return name in _DECIMALS and _is_free_text(schema, root)


def _is_free_text(schema: JsonSchema, root: JsonSchema) -> bool:
    return "string" in types(schema, root) and all(
        keyword(schema, root, name) is None for name in ("format", "pattern", "enum")
    )


def is_recipient(text: str) -> bool:
    """Tell whether a message can go to this: E.164, a short code, or an address of another channel."""
    return any(pattern.fullmatch(text) for pattern in (E164, _SHORT_CODE, _CHANNEL))


def is_sender(text: str) -> bool:
    """Tell whether a message can come from this: what can receive one, or an alphanumeric sender."""
    return is_recipient(text) or _ALPHANUMERIC.fullmatch(text) is not None


def is_dialled(sent: str, number: str) -> bool:
    """Tell whether a number in E.164 is one that was sent as people write it: with blanks, or without its country."""
    return (
        _WRITTEN.fullmatch(sent) is not None and E164.fullmatch(number) is not None and number.endswith(_digits(sent))
    )


def _digits(text: str) -> str:
    return "".join(filter(str.isdecimal, text))


def formatted(text: str) -> str:
    """Write a number as `to_formatted` does: `(415) 867-5308` in North America, itself elsewhere."""
    found = _NORTH_AMERICAN.fullmatch(text)
    return f"({found[1]}) {found[2]}-{found[3]}" if found else text


class Outcome(Value, frozen=True, kw_only=True):
    """The error that a test number stands for."""

    code: int
    message: str
    """`{}` is the number."""


_NOT_VALID: Final = "The '{field}' number {{}} is not a valid phone number."

OUTCOMES: Final[Mapping[tuple[str, str, str], Outcome]] = {
    ("Messages", "From", "+15005550001"): Outcome(code=21212, message=_NOT_VALID.format(field="From")),
    ("Messages", "From", "+15005550007"): Outcome(
        code=21606, message="The 'From' phone number {} is not a number of your account that can send messages."
    ),
    ("Messages", "From", "+15005550008"): Outcome(code=21611, message="The queue of the 'From' number {} is full."),
    ("Messages", "To", "+15005550001"): Outcome(code=21211, message=_NOT_VALID.format(field="To")),
    ("Messages", "To", "+15005550002"): Outcome(code=21612, message="The 'To' number {} cannot be reached by SMS."),
    ("Messages", "To", "+15005550003"): Outcome(
        code=21408, message="Permission to send an SMS has not been enabled for the region of {}."
    ),
    ("Messages", "To", "+15005550004"): Outcome(code=21610, message="Attempt to send to unsubscribed recipient {}."),
    ("Messages", "To", "+15005550009"): Outcome(code=21614, message="To number: {}, is not a mobile number."),
    ("Calls", "From", "+15005550001"): Outcome(code=21212, message=_NOT_VALID.format(field="From")),
    ("Calls", "To", "+15005550001"): Outcome(code=21217, message=_NOT_VALID.format(field="To")),
    ("Calls", "To", "+15005550002"): Outcome(code=21214, message="The 'To' number {} cannot be reached."),
    ("Calls", "To", "+15005550003"): Outcome(code=21215, message="Account not authorized to call {}."),
    ("Calls", "To", "+15005550004"): Outcome(code=21216, message="Account not allowed to call {}."),
}
"""By collection, parameter and number: https://www.twilio.com/docs/iam/test-credentials."""
