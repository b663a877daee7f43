"""Realistic strings: by `format`, and by the name of the field where the schema says no more.

Everything that could reach somebody is reserved for documentation: phone numbers of the 555-01xx range and Ofcom's
drama numbers, hosts under example.com (RFC 2606), addresses of RFC 5737 and RFC 3849. Times lie between 2024 and
2030 and depend on the seed alone, never on the clock.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from random import Random
from typing import Final
from uuid import UUID

from conformance.profiles.twilio.formats import FORMATS
from conformance.profiles.twilio.samples import TEXTS
from conformance.profiles.twilio.sids import prefixes_of_field

Text = Callable[[Random], str]

_FIRST_DAY: Final = date(2024, 1, 1).toordinal()
_DAYS: Final = date(2030, 12, 31).toordinal() - _FIRST_DAY
_EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)
_AREAS: Final = (206, 212, 305, 312, 415, 512, 617, 702, 720, 917)
_NAMES: Final = ("Ada Lovelace", "Grace Hopper", "Zoë Müller", "José Núñez", "Aoife O'Brien", "Li Na")
_WORDS: Final = (
    "appointment", "billing", "café", "delivery", "front desk", "Germany", "hotline", "invoice", "late shift",
    "marketing", "night", "order 42", "priority", "queue", "reminder", "support", "team & friends", "verification",
)  # fmt: skip
_MESSAGES: Final = (
    "Your code is 482913", "Hello from Example Co!", "Order #42 is on its way: https://example.com/o/42",
    "Réservation confirmée à 18 h 30", "See you at 5 + 1/2 pm? 100 % sure", "Thanks 👍",
)  # fmt: skip


def _choice(options: tuple[str, ...]) -> Text:
    return lambda random: options[int(random.random() * len(options))]


def phone_number(random: Random) -> str:
    """Give an E.164 number that nobody owns."""
    if random.random() < 0.75:  # noqa: PLR2004 - three of four numbers are North American
        return f"+1{_AREAS[int(random.random() * len(_AREAS))]}55501{int(random.random() * 100):02}"
    return f"+447700900{int(random.random() * 1000):03}"


def sid(*prefixes: str) -> Text:
    """Give SIDs with one of some prefixes."""
    if len(prefixes) == 1:
        prefix = prefixes[0]
        return lambda random: f"{prefix}{random.getrandbits(128):032x}"
    return lambda random: f"{prefixes[int(random.random() * len(prefixes))]}{random.getrandbits(128):032x}"


def day(random: Random) -> str:
    """Give a date of RFC 3339."""
    return date.fromordinal(_FIRST_DAY + int(random.random() * _DAYS)).isoformat()


def time(random: Random) -> str:
    """Give a time of RFC 3339."""
    seconds = int(random.random() * 86_400)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def moment(random: Random) -> str:
    """Give a date and time of RFC 3339."""
    return f"{day(random)}T{time(random)}"


def moment_2822(random: Random) -> str:
    """Give a date and time of RFC 2822."""
    return format_datetime(_EPOCH + timedelta(seconds=int(random.random() * _DAYS * 86_400)))


def url(random: Random) -> str:
    """Give an https URL under example.com, one in four with a query."""
    number = random.getrandbits(24)
    tail = f"?id={number}&lang=de%2FDE" if number % 4 == 0 else ""
    return f"https://demo.example.com/hooks/{number:06x}{tail}"


def uuid(random: Random) -> str:
    """Give a random UUID (RFC 9562, version 4)."""
    return str(UUID(int=random.getrandbits(128), version=4))


def email(random: Random) -> str:
    """Give an address under example.com."""
    return f"ada.{random.getrandbits(16):04x}@example.com"


def words(random: Random) -> str:
    """Give a short text."""
    first = _WORDS[int(random.random() * len(_WORDS))]
    return first if random.random() < 0.5 else f"{first} {_WORDS[int(random.random() * len(_WORDS))]}"  # noqa: PLR2004 - every other


def token(random: Random) -> str:
    """Give an opaque token."""
    return f"{random.getrandbits(64):016x}"


def unique_name(random: Random) -> str:
    """Give a name that is unlikely to come twice."""
    return f"demo-{random.getrandbits(40):010x}"


BY_FORMAT: Final[Mapping[str, Text]] = {
    "byte": lambda random: b64encode(random.randbytes(9)).decode(),
    "binary": words,
    "currency": _choice(("USD", "EUR", "JPY")),
    "date": day,
    "date-time": moment,
    "date-time-rfc-2822": moment_2822,
    "duration": lambda random: f"P{int(random.random() * 30) + 1}DT{int(random.random() * 24)}H",
    "email": email,
    "hostname": lambda random: f"h{random.getrandbits(16):x}.example.com",
    "http-method": _choice(("GET", "POST")),
    "idn-email": email,
    "idn-hostname": lambda random: f"h{random.getrandbits(16):x}.example.com",
    "ipv4": lambda random: f"203.0.113.{random.getrandbits(8)}",
    "ipv6": lambda random: f"2001:db8::{random.getrandbits(16):x}",
    "iri": url,
    "iri-reference": url,
    "iso-country-code": _choice(tuple(FORMATS["iso-country-code"]["enum"])),
    "json-pointer": lambda random: f"/items/{random.getrandbits(4)}",
    "password": lambda random: f"not-a-secret-{random.getrandbits(24):06x}",
    "phone-number": phone_number,
    "regex": _choice(("^[a-z]+$", "a|b", r"\d{3}")),
    "relative-json-pointer": lambda random: f"{random.getrandbits(2)}/items",
    "time": time,
    "uri": url,
    "uri-reference": url,
    "uri-template": lambda random: f"https://example.com/{{id}}/{random.getrandbits(16):x}",
    "uuid": uuid,
}
"""Strings of the formats of JSON Schema, of OpenAPI and of Twilio."""

_BY_NAME: Final[Mapping[str, Text]] = {
    "account_number": lambda random: f"{random.getrandbits(30):010}",
    "account_telephone_number": phone_number,
    "authorized_representative": _choice(_NAMES),
    "authorized_representative_katakana": _choice(("アダ ラブレス", "グレース ホッパー")),
    "body": _choice(_MESSAGES),
    "building": _choice(("Building 3", "5th floor")),
    "caller_id": phone_number,
    "city": _choice(("San Francisco", "Zürich", "São Paulo")),
    "created_after": day,
    "created_before": day,
    "customer_name": _choice((*_NAMES, "Example Co, Inc.")),
    "friendly_name": words,
    "from": phone_number,
    "identifier": phone_number,
    "katakana_name": _choice(("アダ ラブレス", "グレース ホッパー")),
    "notification_emails": email,
    "pin": lambda random: f"{int(random.random() * 10_000):04}",
    "state": _choice(("CA", "New York", "Bayern")),
    "street": _choice(("101 Spear St", "1 Bahnhofstraße")),
    "street_2": _choice(("5th floor", "Apt. #7")),
    "sub_municipality": _choice(("Kita", "Minato")),
    "to": phone_number,
    "unique_name": unique_name,
}
_BY_END: Final[tuple[tuple[re.Pattern[str], Text], ...]] = (
    (re.compile(r"(^|_)(phone_number|proxy_identifier|telephone|mobile|fax)s?$"), phone_number),
    (re.compile(r"(^|_)e?mails?$"), email),
    (re.compile(r"(^|_)(url|uri|callback)s?$"), url),
    (re.compile(r"(^|_)(uu)?id$"), uuid),
    (re.compile(r"(^|_)token$"), token),
    (re.compile(r"(^|_)(date|day)s?$|^date_"), day),
    (re.compile(r"(^|_)(first|last|full|user|customer|contact)?_?names?$"), _choice(_NAMES)),
    (re.compile(r"(^|_)(sid|document)s?$"), sid("RD")),
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-. ]")


def snake(name: str) -> str:
    """Give a field name in snake case, without the `<` and `>` of Twilio's range filters."""
    return _CAMEL.sub("_", name.rstrip("<>")).lower()


@cache
def by_name(name: str) -> Text | None:
    """Give what draws strings for a field of this name; None where the name says nothing."""
    key = snake(name)
    if key in TEXTS:
        return _choice(TEXTS[key])
    if key in _BY_NAME:
        return _BY_NAME[key]
    prefixes = prefixes_of_field(name) if key.endswith("sid") else None
    if prefixes:
        return sid(*prefixes)
    return next((text for pattern, text in _BY_END if pattern.search(key)), None)


def fitted(text: Text, *, least: int, most: int | None) -> Text:
    """Give text of a length: cut or filled up, in Unicode code points as JSON Schema counts them."""

    def draw(random: Random) -> str:
        found = text(random)
        while len(found) < least:
            found += f" {words(random)}" if found else words(random)
        return found if most is None else found[:most]

    return draw
