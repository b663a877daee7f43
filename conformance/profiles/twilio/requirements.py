"""What a request needs beyond its schema: rules that Twilio states in prose.

The descriptions give `required` for single fields. That one field of several has to be there, or that one field
asks for another, stands in their texts and in Twilio's reference only. Whoever makes requests has to meet these
rules; whoever answers them has to refuse what breaks them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from conformance.model.operation import Operation
from conformance.model.value import Value
from conformance.profiles.twilio import is_twilio
from conformance.schemas.walk import properties


class Requirement(Value, frozen=True, kw_only=True):
    """At least one field out of some has to be in the body."""

    one_of: tuple[str, ...]
    when: str | None = None
    """Holds only where this field is in the body; None: always."""
    code: int | None = None
    """The error code that Twilio answers with; None where we know of none better than the general 20001."""
    because: str
    """What the source says, in our words."""
    source: str

    def met(self, names: Iterable[str]) -> bool:
        """Tell whether a body with fields of these names meets the rule."""
        present = set(names)
        return (self.when is not None and self.when not in present) or not present.isdisjoint(self.one_of)


_MESSAGE: Final = "twilio.com/docs/messaging/api/message-resource"
_CALL: Final = "twilio.com/docs/voice/api/call-resource"
_PROXY_NUMBER: Final = "twilio.com/docs/proxy/api/phone-number"

_TABLE: Final[Mapping[tuple[str, str], tuple[Requirement, ...]]] = {
    ("POST", "/Accounts/{AccountSid}/Calls.json"): (
        Requirement(
            one_of=("Url", "Twiml", "ApplicationSid"),
            code=21205,
            because="a call needs instructions: a TwiML URL, TwiML itself or an application",
            source=_CALL,
        ),
    ),
    ("POST", "/Accounts/{AccountSid}/Messages.json"): (
        Requirement(
            one_of=("From", "MessagingServiceSid"),
            code=21603,
            because="a message needs a sender: a number or a messaging service that picks one",
            source=_MESSAGE,
        ),
        Requirement(
            one_of=("Body", "MediaUrl", "ContentSid"),
            code=21619,
            because="a message needs content: text, media or a template",
            source=_MESSAGE,
        ),
        Requirement(
            when="SendAt",
            one_of=("MessagingServiceSid",),
            because="only a messaging service can schedule a message",
            source=_MESSAGE,
        ),
        Requirement(
            when="SendAt",
            one_of=("ScheduleType",),
            because="a scheduled message names its kind of schedule",
            source=_MESSAGE,
        ),
        Requirement(
            when="ScheduleType",
            one_of=("SendAt",),
            because="a schedule needs the time to send at",
            source=_MESSAGE,
        ),
        Requirement(
            when="ContentVariables",
            one_of=("ContentSid",),
            because="variables fill a content template",
            source=_MESSAGE,
        ),
    ),
    ("POST", "/v1/Services/{ServiceSid}/PhoneNumbers"): (
        Requirement(
            one_of=("Sid", "PhoneNumber"),
            because="the number to add is named by its SID or by itself",
            source=_PROXY_NUMBER,
        ),
    ),
}


def stated(method: str, path: str) -> tuple[Requirement, ...]:
    """Give the rules for the body of what a Twilio description calls by this method and path."""
    return _TABLE.get((method, path), ())


def requirements(operation: Operation) -> tuple[Requirement, ...]:
    """Give the rules for the body of an operation; none where the description is not Twilio's."""
    if not any(is_twilio(server) for server in operation.servers):
        return ()
    found = stated(operation.method, operation.path)
    names = _body_fields(operation) if found else frozenset()
    return tuple(rule for rule in found if not names.isdisjoint(rule.one_of))


def _body_fields(operation: Operation) -> frozenset[str]:
    content = operation.request_body.content if operation.request_body else ()
    roots = [media_type.schema.json_schema for media_type in content if media_type.schema]
    return frozenset(name for root in roots for name in properties(root, root))
