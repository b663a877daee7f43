"""Realistic values of Twilio's fields that no schema describes, by field name in snake case.

Numbers, hosts and tokens are reserved for documentation or visibly fake; none of Twilio's magic test numbers
(`MAGIC`) is among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MAGIC: Final = frozenset({f"+1500555{suffix}" for suffix in ("0000", *(f"{n:04}" for n in range(1, 10)))})
"""Numbers that stand for an outcome under test credentials (twilio.com/docs/iam/test-credentials); all but
+15005550006 make a request fail, and none belongs in a request that is meant to be ordinary."""

TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "alpha_sender": ("Example Co", "EXAMPLE", "Acme42", "MyShop"),
    "auto_cancel_approval_numbers": ("1", "2", "10"),
    "content_variables": ('{"1":"Ada"}', '{"1":"Ada","2":"10:30"}'),
    "country": ("US", "GB", "DE", "JP"),
    "participants": (
        '{"Identifier":"+12065550142"}',
        '{"Identifier":"+442079460018","FriendlyName":"Ada"}',
    ),
    "port_in_request_status": ("In Review", "Completed", "Canceled"),
    "portability_advance_carrier": ("BV", "SB"),
    "product": ("PORT_IN", "HOSTING"),
    "sip_domain": ("example.sip.twilio.com", "voice-demo.sip.twilio.com"),
    "sip_trunk_domain": ("example.pstn.twilio.com", "trunk-demo.pstn.twilio.com"),
    "target_port_in_time_range_end": ("17:00:00-08:00", "12:30:00+00:00"),
    "target_port_in_time_range_start": ("10:15:00-08:00", "09:00:00+00:00"),
    "twiml": (
        "<Response><Say>Hello</Say></Response>",
        '<Response><Play loop="2">https://demo.example.com/ring.mp3</Play></Response>',
        "<Response><Reject/></Response>",
    ),
    "voice_region": ("us1", "ie1", "au1"),
    "zip": ("94105", "10001-2345", "SW1A 1AA"),
}

INTEGERS: Final[Mapping[str, tuple[int, int]]] = {
    "default_ttl": (60, 86_400),
    "max_size": (1, 5_000),
    "page": (0, 3),
    "timeout": (5, 600),
    "ttl": (60, 86_400),
    "validity_period": (1, 14_400),
}
"""Least and greatest value that Twilio's reference gives, where the descriptions say less."""

COLLECTIONS: Final[Mapping[str, str]] = {
    "Calls": "CA",
    "Conferences": "CF",
    "Interactions": "KI",
    "Media": "ME",
    "MessageInteractions": "KI",
    "Messages": "SM",
    "Participants": "KP",
    "PhoneNumbers": "PN",
    "Queues": "QU",
    "Recordings": "RE",
    "Sessions": "KC",
    "ShortCodes": "SC",
}
"""The SID prefix of what a collection holds, for a path parameter `Sid` without a pattern behind its name."""
