"""The real `twilio` package against the reference server: every operation it has, every value read back."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http import HttpClient
from twilio.http.response import Response as SdkResponse
from twilio.rest import Client

from conformance.mock.credentials import basic
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Headers, Request
from conformance.model.operation import Operation
from conformance.openapi import operations as documents
from conformance.run.suite import compiler

NUMBER, OTHER = "+15017122661", "+15558675310"
SHORT_CODES = frozenset(f"twilio_proxy_v1.{verb}ShortCode" for verb in ("Create", "Delete", "Fetch", "List", "Update"))
"""Removed from the package after the description was published."""


@cache
def operations() -> tuple[Operation, ...]:
    specs = Path(__file__).parents[2] / "specs"
    return tuple(each for path in documents.find((specs,)) for each in documents.read(path))


class InProcess(HttpClient):  # type: ignore[misc] # the package has no types
    """The SDK's HTTP client, without HTTP."""

    def __init__(self) -> None:
        super().__init__(None, is_async=False)
        self.mock, self.state = Mock(operations(), compiler()), State()
        self.called: set[str] = set()
        self.problems: list[Any] = []

    def request(self, method: str, url: str, **sent: Any) -> SdkResponse:
        user, password = sent["auth"]
        headers = {**sent["headers"], "Authorization": basic(user, password)}
        params, data = _present(sent.get("params")), sent.get("data")
        body = b""
        if data is not None:
            form = headers.get("Content-Type") == "application/x-www-form-urlencoded"
            body = urlencode(_present(data), doseq=True).encode() if form else json.dumps(data).encode()
        query = f"?{urlencode(params, doseq=True)}" if params else ""
        request = Request(method=method.upper(), url=f"{url}{query}", headers=Headers.of(headers), body=body)
        answered = self.mock.answer(request, self.state)
        assert answered.operation is not None, f"{method} {url}"
        self.called.add(answered.operation.key)
        self.problems += answered.problems
        return SdkResponse(answered.response.status, answered.response.body.decode())

    def seeded(self, key: str) -> dict[str, str]:
        operation = next(each for each in operations() if each.key == key)
        return self.mock.seeded(operation, self.state)


class Body(dict[str, Any]):
    """A JSON body as the package wants it: it calls `to_dict` on what it documents as `object`."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


def _present(fields: dict[str, Any] | None) -> dict[str, Any]:
    """What `requests` leaves out too."""
    return {name: value for name, value in (fields or {}).items() if value is not None}


Scenario = Callable[[Client, InProcess], None]
SCENARIOS: list[Scenario] = []


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


def three_pages(create: Callable[[int], Any], resource: Any, key: str = "sid", **filters: Any) -> list[Any]:
    """Create five and list them in pages of two."""
    made = [getattr(create(number), key) for number in range(5)]
    pages: Iterator[Any] = iter([resource.page(page_size=2, **filters)])
    sizes, seen = [], []
    page = next(pages)
    while page is not None:
        items = list(page)
        sizes.append(len(items))
        seen += items
        page = page.next_page()
    assert [getattr(each, key) for each in seen[:5]] == made[::-1]
    assert len(sizes) >= 3
    assert [getattr(each, key) for each in resource.list(page_size=2, limit=5, **filters)] == made[::-1]
    return seen


def gone(fetch: Callable[[], Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


@scenario
def calls_and_their_recordings(client: Client, _: InProcess) -> None:
    call = client.calls.create(to=OTHER, from_=NUMBER, url="https://example.com/voice", method="POST", timeout=30)
    assert (call.to, call.from_formatted, call.status) == (OTHER, "(501) 712-2661", "queued")
    assert call.account_sid == client.account_sid
    assert call.date_created.year == 2025
    assert client.calls(call.sid).fetch().sid == call.sid
    recording = client.calls(call.sid).recordings.create(recording_channels="dual")
    assert (recording.call_sid, recording.channels) == (call.sid, 2)
    assert [each.sid for each in client.calls(call.sid).recordings.list()] == [recording.sid]
    assert client.recordings(recording.sid).fetch().call_sid == call.sid
    assert recording.sid in {each.sid for each in client.recordings.list(call_sid=call.sid)}
    assert client.recordings(recording.sid).delete()
    gone(client.recordings(recording.sid).fetch)
    assert client.calls(call.sid).update(status="completed").status == "completed"
    assert client.calls(call.sid).delete()
    gone(client.calls(call.sid).fetch)
    three_pages(
        lambda _: client.calls.create(to="+15558675399", from_=NUMBER, twiml="<Response/>"),
        client.calls,
        to="+15558675399",
    )


@scenario
def conferences_and_their_participants(client: Client, http: InProcess) -> None:
    sid = http.seeded("twilio_voice.fetchConference")["ConferenceSid"]
    conference = client.conferences(sid)
    assert conference.fetch().status == "in-progress"
    assert sid in {each.sid for each in client.conferences.list(status="in-progress")}
    participant = conference.participants.create(from_=NUMBER, to=OTHER, muted=True)
    assert (participant.conference_sid, participant.muted, participant.hold) == (sid, True, False)
    assert [each.call_sid for each in conference.participants.list()] == [participant.call_sid]
    assert conference.update(status="completed").status == "completed"


@scenario
def queues(client: Client, _: InProcess) -> None:
    queue = client.queues.create(friendly_name="First come", max_size=7)
    assert (queue.friendly_name, queue.max_size, queue.current_size) == ("First come", 7, 0)
    changed = client.queues(queue.sid).update(friendly_name="Second", max_size=8)
    assert (changed.friendly_name, changed.max_size) == ("Second", 8)
    assert client.queues(queue.sid).fetch().max_size == 8
    three_pages(lambda number: client.queues.create(friendly_name=str(number)), client.queues)
    assert client.queues(queue.sid).delete()
    gone(client.queues(queue.sid).fetch)


@scenario
def messages_and_their_media(client: Client, _: InProcess) -> None:
    message = client.messages.create(to=OTHER, from_=NUMBER, body="Hello", media_url=["https://example.com/cat.png"])
    assert (message.to, message.from_, message.body, message.num_media) == (OTHER, NUMBER, "Hello", "1")
    media = client.messages(message.sid).media.list()
    assert [each.parent_sid for each in media] == [message.sid]
    assert client.messages(message.sid).media(media[0].sid).fetch().content_type == "image/jpeg"
    assert client.messages(message.sid).media(media[0].sid).delete()
    gone(client.messages(message.sid).media(media[0].sid).fetch)
    assert client.messages(message.sid).update(body="").body == ""
    assert client.messages(message.sid).fetch().body == ""
    three_pages(
        lambda _: client.messages.create(to="+15558675398", from_=NUMBER, body="x"), client.messages, to="+15558675398"
    )
    assert client.messages(message.sid).delete()
    gone(client.messages(message.sid).fetch)


@scenario
def messaging_services_and_their_senders(client: Client, _: InProcess) -> None:
    services = client.messaging.v1.services
    service = services.create(friendly_name="Mine", sticky_sender=False, inbound_request_url="https://example.com/in")
    assert (service.friendly_name, service.sticky_sender) == ("Mine", False)
    assert service.inbound_request_url == "https://example.com/in"
    one = services(service.sid)
    assert one.update(friendly_name="Other").friendly_name == "Other"
    assert one.fetch().friendly_name == "Other"
    number, code = f"PN{'1' * 32}", f"SC{'1' * 32}"
    assert one.phone_numbers.create(phone_number_sid=number).sid == number
    assert [each.sid for each in one.phone_numbers.list()] == [number]
    assert one.short_codes.create(short_code_sid=code).sid == code
    assert [each.sid for each in one.short_codes.list()] == [code]
    assert one.alpha_senders.create(alpha_sender="Example Co").alpha_sender == "Example Co"
    assert [each.alpha_sender for each in one.alpha_senders.list()] == ["Example Co"]
    three_pages(lambda number: services.create(friendly_name=str(number)), services)
    assert one.delete()
    gone(one.fetch)


@scenario
def proxy_services_and_their_numbers(client: Client, _: InProcess) -> None:
    services = client.proxy.v1.services
    service = services.create(unique_name="rides", default_ttl=3600, geo_match_level="country")
    assert (service.unique_name, service.default_ttl, service.geo_match_level) == ("rides", 3600, "country")
    one = services(service.sid)
    assert one.update(default_ttl=60).default_ttl == 60
    assert one.fetch().default_ttl == 60
    number = one.phone_numbers.create(phone_number=OTHER, is_reserved=True)
    assert (number.phone_number, number.is_reserved, number.service_sid) == (OTHER, True, service.sid)
    assert one.phone_numbers(number.sid).update(is_reserved=False).is_reserved is False
    assert one.phone_numbers(number.sid).fetch().phone_number == OTHER
    three_pages(lambda number: one.phone_numbers.create(phone_number=f"+1555867530{number}"), one.phone_numbers)
    assert one.phone_numbers(number.sid).delete()
    gone(one.phone_numbers(number.sid).fetch)
    three_pages(lambda number: services.create(unique_name=str(number)), services)
    assert one.delete()
    gone(one.fetch)


@scenario
def proxy_sessions_their_participants_and_interactions(client: Client, _: InProcess) -> None:
    service = client.proxy.v1.services.create(unique_name="rides")
    sessions = client.proxy.v1.services(service.sid).sessions
    session = sessions.create(unique_name="ride", ttl=600, mode="voice-only", status="open")
    assert (session.unique_name, session.ttl, session.mode) == ("ride", 600, "voice-only")
    one = sessions(session.sid)
    person = one.participants.create(identifier=OTHER, friendly_name="Ada")
    assert (person.identifier, person.friendly_name, person.session_sid) == (OTHER, "Ada", session.sid)
    assert one.participants(person.sid).fetch().identifier == OTHER
    three_pages(lambda number: one.participants.create(identifier=f"+1555867530{number}"), one.participants)
    messages = one.participants(person.sid).message_interactions
    message = messages.create(body="On my way")
    assert json.loads(message.data)["body"] == "On my way"
    assert messages(message.sid).fetch().participant_sid == person.sid
    three_pages(lambda number: messages.create(body=str(number)), messages)
    assert message.sid in {each.sid for each in one.interactions.list()}
    assert one.interactions(message.sid).fetch().data == message.data
    assert one.interactions(message.sid).delete()
    gone(one.interactions(message.sid).fetch)
    assert one.participants(person.sid).delete()
    gone(one.participants(person.sid).fetch)
    three_pages(lambda number: sessions.create(unique_name=str(number)), sessions)
    assert one.update(status="closed").status == "closed"
    assert one.fetch().closed_reason == "api"
    assert one.delete()
    gone(one.fetch)


@scenario
def routes(client: Client, _: InProcess) -> None:
    routes = client.routes.v2
    for resource in (
        routes.phone_numbers(OTHER),
        routes.sip_domains("example.sip.twilio.com"),
        routes.trunks("example.pstn.twilio.com"),
    ):
        resource.fetch()
        changed = resource.update(voice_region="ie1", friendly_name="Dublin")
        assert (changed.voice_region, changed.friendly_name) == ("ie1", "Dublin")
        assert resource.fetch().voice_region == "ie1"


@scenario
def numbers(client: Client, http: InProcess) -> None:
    numbers = client.numbers.v1
    assert numbers.porting_portabilities(OTHER).fetch().phone_number == OTHER
    checked = numbers.eligibilities.create(body=Body({"phone_numbers": [{"phone_number": OTHER}]}))
    assert checked.results[0]["phone_number"] == OTHER
    bulk = numbers.bulk_eligibilities.create(body=Body({"phone_numbers": [{"phone_number": OTHER}]}))
    assert numbers.bulk_eligibilities(bulk.request_id).fetch().results[0]["phone_number"] == OTHER
    ports = numbers.porting_port_ins
    carrier = {
        "customer_name": "Example Ltd",
        "authorized_representative": "Ada",
        "authorized_representative_email": "ada@example.com",
    }
    order = ports.create(
        ports.NumbersV1PortingPortInCreate(
            {
                "account_sid": client.account_sid,
                "documents": [f"RD{'1' * 32}"],
                "phone_numbers": [{"phone_number": OTHER, "pin": "1234"}],
                "losing_carrier_information": carrier,
                "notification_emails": ["ports@example.com"],
            }
        )
    )
    assert order.notification_emails == ["ports@example.com"]
    assert order.losing_carrier_information["customer_name"] == "Example Ltd"
    assert ports(order.port_in_request_sid).fetch().documents == [f"RD{'1' * 32}"]
    with pytest.raises(TwilioException, match="can not be deserialized"):
        numbers.porting_all_port_ins.list(size=5)  # the package wants `meta.key`, which this list is documented without
    sid = order.phone_numbers[0]["port_in_phone_number_sid"]
    ported = numbers.porting_port_in_phone_number(order.port_in_request_sid, sid)
    assert ported.fetch().phone_number == OTHER
    assert ported.delete()
    gone(ported.fetch)
    assert ports(order.port_in_request_sid).delete()
    gone(ports(order.port_in_request_sid).fetch)
    assert numbers.porting_webhook_configurations.create(body=Body({"port_in_target_url": "https://example.com/in"}))
    assert numbers.webhook.fetch().port_in_target_url == "https://example.com/in"
    assert numbers.porting_webhook_configurations_delete("PORT_IN").delete()
    configurations = numbers.signing_request_configurations
    made = configurations.create(body=Body({"product": "PORT_IN", "country": "MX", "email_subject": "Sign"}))
    assert made.email_subject == "Sign"
    assert [each.country for each in configurations.list(country="MX", product="PORT_IN")] == ["MX"]


def play(*scenarios: Scenario) -> InProcess:
    http = InProcess()
    client = Client(http.mock.account, "fake-token", http_client=http)
    for each in scenarios:
        each(client, http)
    assert http.problems == []
    return http


@pytest.mark.parametrize("each", SCENARIOS, ids=lambda each: each.__name__)
def test_the_package_reads_back_what_it_wrote(each: Scenario) -> None:
    assert play(each).called


def test_every_operation_that_the_package_has_is_called() -> None:
    assert {operation.key for operation in operations()} - play(*SCENARIOS).called == SHORT_CODES
