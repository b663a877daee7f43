"""The `format` values of Twilio's descriptions, as JSON Schema (see `conformance.schemas.formats`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_COUNTRIES: Final = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY "
    "BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK "
    "FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR "
    "IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK "
    "ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM "
    "PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF "
    "TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
"""ISO 3166-1 alpha-2."""

_DAY: Final = (
    r"(?:(?:0?[1-9]|[12]\d|3[01]) (?:Jan|Mar|May|Jul|Aug|Oct|Dec)|(?:0?[1-9]|[12]\d|30) (?:Apr|Jun|Sep|Nov)"
    r"|(?:0?[1-9]|[12]\d) Feb)"
)
_TIME: Final = r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)"

FORMATS: Final[Mapping[str, Mapping[str, Any]]] = {
    "currency": {"pattern": "^[A-Za-z]{3}$"},
    "date-time-rfc-2822": {
        "pattern": rf"^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), {_DAY} \d{{4}} {_TIME} (?:[+-](?:0\d|1[0-4])[0-5]\d|GMT|UTC?)$"
    },
    "http-method": {"enum": ["HEAD", "GET", "POST", "PATCH", "PUT", "DELETE"]},
    "iso-country-code": {"enum": _COUNTRIES.split()},
    "phone-number": {"pattern": r"^\+[1-9]\d{1,14}$"},
    "phone-number-capabilities": {"additionalProperties": {"type": "boolean"}},
    "uri-map": {"additionalProperties": {"type": "string", "format": "uri"}},
}
"""E.164: twilio.com/docs/glossary/what-e164. Dates: RFC 2822, 3.3, as api.twilio.com/2010-04-01 writes them."""
