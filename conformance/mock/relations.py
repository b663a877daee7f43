"""What Twilio's resources do to one another, where paths and schemas do not say it.

Sources: the reference pages of each resource on twilio.com/docs; measured samples where those are silent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from conformance.mock.resources import Kind, Segments
from conformance.mock.store import Resource
from conformance.profiles.twilio.numbers import formatted

if TYPE_CHECKING:
    from conformance.mock.stock import Moment, Stock

_Relate = Callable[["Stock", "Moment", Kind, Resource, Mapping[str, Any]], None]

_CALLS: Final = ("Accounts", "{}", "Calls")
_CONFERENCES: Final = ("Accounts", "{}", "Conferences")
_MESSAGES: Final = ("Accounts", "{}", "Messages")
_MEDIA: Final = (*_MESSAGES, "{}", "Media")
_SESSIONS: Final = ("v1", "Services", "{}", "Sessions")
_PARTICIPANTS: Final = (*_SESSIONS, "{}", "Participants")
_PORT_IN: Final = ("v1", "Porting", "PortIn")
_SEGMENT: Final = 160
_UNICODE_SEGMENT: Final = 70


def made(stock: Stock, moment: Moment, kind: Kind, resource: Resource, said: Mapping[str, Any]) -> None:
    """Do what goes with a new resource."""
    relate = _MADE.get(kind.family) if kind.twilio else None
    if relate is not None:
        relate(stock, moment, kind, resource, said)


def identity(kind: Kind, key: str, said: Mapping[str, Any]) -> str:
    """Give the id of a new resource: a message with media is an MMS, and its SID says so."""
    if kind.twilio and kind.family == _MESSAGES and said.get("MediaUrl"):
        return f"MM{key[2:]}"
    return key


def changed(stock: Stock, moment: Moment, kind: Kind, resource: Resource, said: Mapping[str, Any]) -> None:
    """Do what goes with a change."""
    relate = _CHANGED.get(kind.family) if kind.twilio else None
    if relate is not None:
        relate(stock, moment, kind, resource, said)


def removed(stock: Stock, moment: Moment, kind: Kind, resource: Resource, key: str) -> bool:
    """Remove one part of what there is one of, by its name; tell whether it was there."""
    relate = _REMOVED.get(kind.family) if kind.twilio else None
    if relate is None:
        stock.remove(moment, kind, resource)
        return True
    return relate(stock, moment, kind, resource, key)


def provided(stock: Stock, kind: Kind, resource: Resource, key: str) -> None:
    """See to it that what there is one of has a part of some name."""
    provide = _PROVIDED.get(kind.family) if kind.twilio else None
    if provide is not None:
        provide(stock, kind, resource, key)


def _call(stock: Stock, _: Moment, kind: Kind, call: Resource, __: Mapping[str, Any]) -> None:
    shape = stock.shape(kind)
    shape.put(call.values, "direction", "outbound-api")
    for name in ("to", "from"):
        if isinstance(number := call.values.get(name), str):
            shape.put(call.values, f"{name}_formatted", formatted(number))


def _message(stock: Stock, moment: Moment, kind: Kind, message: Resource, said: Mapping[str, Any]) -> None:
    shape = stock.shape(kind)
    body = said.get("Body")
    if isinstance(body, str):
        longest = _SEGMENT if body.isascii() else _UNICODE_SEGMENT
        shape.put(message.values, "num_segments", max(1, math.ceil(len(body) / longest)))
    elif said:
        shape.put(message.values, "body", "")
    if said.get("MessagingServiceSid"):
        shape.put(message.values, "status", "accepted")
        if "From" not in said:
            shape.clear(message.values, "from")
    life = stock.life(kind)
    if said.get("SendAt") and shape.put(message.values, "status", "scheduled") and life is not None:
        message.stage = len(life.steps)
    media = said.get("MediaUrl")
    below = stock.neighbour(kind, _MEDIA)
    if isinstance(media, list) and below is not None:
        shape.put(message.values, "num_media", len(media))
        for _ in media:
            stock.seed(moment, below, (*message.place[2:], message.id))


def _media(stock: Stock, _: Moment, kind: Kind, media: Resource, __: Mapping[str, Any]) -> None:
    stock.shape(kind).put(media.values, "parent_sid", media.place[-1])


def _participant(stock: Stock, moment: Moment, kind: Kind, participant: Resource, said: Mapping[str, Any]) -> None:
    """To add a participant is to call somebody."""
    calls, conferences = stock.neighbour(kind, _CALLS), stock.neighbour(kind, _CONFERENCES)
    if calls is not None:
        numbers = {name: said[name] for name in ("To", "From") if name in said}
        key = participant.id if kind.id_field == "call_sid" else None
        call = stock.seed(moment, calls, participant.place[2:3], key=key, said=numbers)
        stock.shape(kind).put(participant.values, "call_sid", call.id)
    if conferences is not None:
        place = stock.place(conferences, moment.account, participant.place[2:3])
        conference = moment.state.find(place, participant.place[-1])
        if conference is not None and conference.values.get("status") == "init":
            stock.shape(conferences).put(conference.values, "status", "in-progress")


def _recording(stock: Stock, moment: Moment, kind: Kind, recording: Resource, said: Mapping[str, Any]) -> None:
    """A recording belongs to a call; one that nobody started still has one."""
    shape = stock.shape(kind)
    shape.put(recording.values, "source", "StartCallRecordingAPI")
    if "RecordingChannels" in said:
        shape.put(recording.values, "channels", 2 if said["RecordingChannels"] == "dual" else 1)
    calls = stock.neighbour(kind, _CALLS)
    if calls is not None:
        place = stock.place(calls, moment.account, recording.place[2:3])
        if moment.state.find(place, str(recording.values.get("call_sid"))) is None:
            call = stock.seed(moment, calls, recording.place[2:3])
            shape.put(recording.values, "call_sid", call.id)


def _session(stock: Stock, moment: Moment, kind: Kind, session: Resource, said: Mapping[str, Any]) -> None:
    """A session may be opened with its participants, each one a JSON object."""
    below = stock.neighbour(kind, _PARTICIPANTS)
    listed = said.get("Participants")
    if isinstance(listed, list) and below is not None:
        for entry in listed:
            stock.seed(moment, below, (*session.place[2:], session.id), said=_object(entry))


def _object(entry: Any) -> Mapping[str, Any]:
    if isinstance(entry, str):
        try:
            entry = json.loads(entry)
        except ValueError:
            return {}
    return entry if isinstance(entry, Mapping) else {}


def _message_interaction(
    stock: Stock, moment: Moment, kind: Kind, interaction: Resource, said: Mapping[str, Any]
) -> None:
    """A message to a participant is an interaction of the session too, and keeps it going."""
    shape = stock.shape(kind)
    service, session, participant = interaction.place[2:]
    for name in ("outbound_participant_sid", "participant_sid"):
        shape.put(interaction.values, name, participant)
    shape.put(interaction.values, "data", json.dumps({"body": said.get("Body", ""), "media": said.get("MediaUrl", [])}))
    below = stock.neighbour(kind, (*_SESSIONS, "{}", "Interactions"))
    if below is not None:
        twin = stock.seed(moment, below, (service, session), key=interaction.id)
        for name, value in interaction.values.items():
            stock.shape(below).put(twin.values, name, value)
    sessions = stock.neighbour(kind, _SESSIONS)
    found = moment.state.find(stock.place(sessions, moment.account, (service,)), session) if sessions else None
    if found is not None and sessions is not None:
        shown = stock.shape(sessions)
        shown.tell(found.values, "date_last_interaction", "@now", now=moment.now, since=found.created)
        if found.values.get("status") == "open":
            shown.put(found.values, "status", "in-progress")


def _port_in(stock: Stock, moment: Moment, kind: Kind, request: Resource, said: Mapping[str, Any]) -> None:
    """Each number to port gets a SID, and stands below the request."""
    numbers = request.values.get("phone_numbers")
    below = stock.neighbour(kind, (*_PORT_IN, "{}", "PhoneNumber"))
    if not isinstance(numbers, list) or below is None:
        return
    results = []
    for number in numbers:
        given = {"phone_number": number.get("phone_number")} if "phone_numbers" in said else {}
        porting = stock.seed(moment, below, (request.id,), said=given)
        results.append(
            {
                "phone_number": porting.values.get("phone_number"),
                "port_in_phone_number_sid": porting.id,
                "port_in_phone_number_status": porting.values.get("port_in_phone_number_status"),
                "portable": True,
                "number_type": porting.values.get("phone_number_type"),
            }
        )
    shape = stock.shape(kind)
    shape.put(request.values, "phone_numbers", results)
    shape.put(request.values, "phone_numbers_requested", len(results))
    shape.put(request.values, "phone_numbers_ported", 0)


def _porting_number(stock: Stock, _: Moment, kind: Kind, number: Resource, __: Mapping[str, Any]) -> None:
    """A number that nobody asked to port is in its request all the same."""
    shape = stock.shape(kind)
    shape.put(number.values, "port_in_request_sid", number.place[-1])


def _bulk(stock: Stock, _: Moment, kind: Kind, bulk: Resource, said: Mapping[str, Any]) -> None:
    numbers = said.get("phone_numbers")
    if isinstance(numbers, list):
        stock.shape(kind).put(bulk.values, "results", [eligibility(each, bulk.id) for each in numbers])


def eligibility(asked: Any, account: str) -> dict[str, Any]:
    """Give what an eligibility check says of one number."""
    number = asked.get("phone_number") if isinstance(asked, Mapping) else asked
    eligible = isinstance(number, str) and number.startswith("+") and number[1:].isdigit()
    return {
        "phone_number": number,
        "hosting_account_sid": account,
        "eligibility_status": "ELIGIBLE" if eligible else "INELIGIBLE",
        "eligibility_sub_status": "ELIGIBLE" if eligible else "NUMBER_FORMAT_INELIGIBLE",
        "ineligibility_reason": None if eligible else "NUMBER_FORMAT_INELIGIBLE",
        "next_step": None if eligible else "EDIT_INELIGIBLE_NUMBER",
        "iso_country_code": "US" if eligible else None,
    }


_TARGETS: Final = {"PORT_IN": "port_in_target", "PORT_OUT": "port_out_target"}


def _webhook(stock: Stock, moment: Moment, kind: Kind, webhook: Resource, said: Mapping[str, Any]) -> None:
    """A configuration has the targets that were given, each with its date."""
    shape = stock.shape(kind)
    for target in _TARGETS.values():
        if f"{target}_url" in said:
            shape.tell(webhook.values, f"{target}_date_created", "@now", now=moment.now, since=webhook.created)


def _provide_target(stock: Stock, kind: Kind, webhook: Resource, key: str) -> None:
    name = f"{_TARGETS.get(key, '')}_url"
    if not webhook.values.get(name):
        stock.shape(kind).put(webhook.values, name, f"https://example.com/{name}")


def _remove_target(stock: Stock, moment: Moment, kind: Kind, webhook: Resource, key: str) -> bool:
    """Remove one target of the webhook configuration, and the configuration with the last of them."""
    target = _TARGETS.get(key, "")
    if not webhook.values.get(f"{target}_url"):
        return False
    shape = stock.shape(kind)
    for name in (f"{target}_url", f"{target}_date_created"):
        shape.clear(webhook.values, name)
    if not any(webhook.values.get(f"{each}_url") for each in _TARGETS.values()):
        stock.remove(moment, kind, webhook)
    return True


def _signing(stock: Stock, moment: Moment, kind: Kind, made: Resource, _: Mapping[str, Any]) -> None:
    """There is one signing request configuration for each product and country; a new one replaces it."""
    key = [made.values.get(name) for name in ("product", "country")]
    for each in list(moment.state.collection(made.place)):
        if each is not made and [each.values.get(name) for name in ("product", "country")] == key:
            stock.remove(moment, kind, each)


_MADE: Final[Mapping[Segments, _Relate]] = {
    _CALLS: _call,
    _MESSAGES: _message,
    _MEDIA: _media,
    (*_CONFERENCES, "{}", "Participants"): _participant,
    ("Accounts", "{}", "Recordings"): _recording,
    _SESSIONS: _session,
    (*_PARTICIPANTS, "{}", "MessageInteractions"): _message_interaction,
    _PORT_IN: _port_in,
    (*_PORT_IN, "{}", "PhoneNumber"): _porting_number,
    ("v1", "HostedNumber", "Eligibility", "Bulk"): _bulk,
    ("v1", "Porting", "Configuration", "Webhook"): _webhook,
    ("v1", "SigningRequest", "Configuration"): _signing,
}
_CHANGED: Final[Mapping[Segments, _Relate]] = {
    ("v1", "Porting", "Configuration", "Webhook"): _webhook,
}
_REMOVED: Final[Mapping[Segments, Callable[[Any, Any, Kind, Resource, str], bool]]] = {
    ("v1", "Porting", "Configuration", "Webhook"): _remove_target,
}
_PROVIDED: Final[Mapping[Segments, Callable[[Any, Kind, Resource, str], None]]] = {
    ("v1", "Porting", "Configuration", "Webhook"): _provide_target,
}
