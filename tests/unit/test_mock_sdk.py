"""The real `twilio` package against `conformance serve`: every operation it has, every value read back."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from conformance.openapi import operations as documents

ROOT = Path(__file__).parents[2]
ACCOUNT, TOKEN = "AC0123456789abcdef0123456789abcdef", "fake-token"
NUMBER, OTHER = "+15017122661", "+15558675310"
SHORT_CODES = frozenset(f"twilio_proxy_v1.{verb}ShortCode" for verb in ("Create", "Delete", "Fetch", "List", "Update"))
"""Removed from the package after the description was published."""


@cache
def keys() -> frozenset[str]:
    return frozenset(each.key for path in documents.find((ROOT / "specs",)) for each in documents.read(path))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


class Here(TwilioHttpClient):  # type: ignore[misc] # the package has no types
    """The SDK's own HTTP client, which finds every host of Twilio's at one address."""

    def __init__(self, url: str) -> None:
        super().__init__(timeout=20)
        self.url = url

    def request(self, method: str, url: str, *args: Any, **sent: Any) -> Any:
        asked = urlsplit(url)
        sent["headers"] = {**sent["headers"], "Host": asked.netloc}
        return super().request(method, f"{self.url}{asked.path}?{asked.query}", *args, **sent)

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer: requests.Response = self.session.request(
            method, f"{self.url}/__conformance/{path}", json=body, auth=(ACCOUNT, TOKEN), timeout=20
        )
        assert answer.ok, answer.text
        return answer

    def lines(self, path: str) -> list[Any]:
        return [json.loads(line) for line in self.control("GET", path).text.splitlines()]

    def seeded(self, key: str, count: int = 0) -> dict[str, str]:
        """Let there be what an operation needs, and `count` more of what a list shows."""
        answer: dict[str, dict[str, str]] = self.control("POST", "seed", {"operations": [key], "count": count}).json()
        return answer[key]


class Body(dict[str, Any]):
    """A JSON body as the package wants it: it calls `to_dict` on what it documents as `object`."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


Scenario = Callable[[Client, Here], None]
SCENARIOS: list[Scenario] = []


def scenario(play: Scenario) -> Scenario:
    SCENARIOS.append(play)
    return play


def written(create: Callable[..., Any], fetch: Callable[[Any], Any] | None = None, **said: Any) -> Any:
    """Create or update, and read back every value that was sent, from the answer and from a fetch."""
    made = create(**said)
    for each in (made, *([] if fetch is None else [fetch(made).fetch()])):
        assert {name: getattr(each, name) for name in said} == said
    return made


def three_pages(made: list[str], resource: Any, key: str = "sid", **filters: Any) -> None:
    """List, in pages of two, what has been made last."""
    pages = list(walked(resource.page(page_size=2, **filters)))
    assert len(pages) >= 3
    assert [len(page) for page in pages[:-1]] == [2] * (len(pages) - 1)
    newest = made[::-1]
    assert [getattr(each, key) for page in pages for each in page][: len(made)] == newest
    assert [getattr(each, key) for each in resource.list(page_size=2, limit=len(made), **filters)] == newest


def one_page(made: list[str], resource: Any) -> None:
    """List what the description knows no pages of, which is whole whatever is asked for."""
    assert [[each.sid for each in page] for page in walked(resource.page(page_size=2))] == [made[::-1]]


def walked(page: Any) -> Iterator[list[Any]]:
    while page is not None:
        yield list(page)
        page = page.next_page()


def five(create: Callable[[int], Any], key: str = "sid") -> list[str]:
    return [getattr(create(number), key) for number in range(5)]


def gone(fetch: Callable[[], Any]) -> None:
    with pytest.raises(TwilioRestException) as refused:
        fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


@scenario
def calls_and_their_recordings(client: Client, _: Here) -> None:
    call = client.calls.create(to=OTHER, from_=NUMBER, url="https://example.com/voice", method="POST", timeout=30)
    one = client.calls(call.sid)
    for each in (call, one.fetch()):
        assert (each.to, each.from_formatted, each.account_sid) == (OTHER, "(501) 712-2661", ACCOUNT)
        assert each.date_created.year == 2025
    assert call.status == "queued"
    made = five(lambda _: one.recordings.create(recording_channels="dual"))
    three_pages(made, one.recordings)
    three_pages(made, client.recordings, call_sid=call.sid)
    recording = client.recordings(made[0])
    assert (recording.fetch().call_sid, recording.fetch().channels) == (call.sid, 2)
    assert recording.delete()
    gone(recording.fetch)
    assert written(one.update, status="completed").sid == call.sid
    assert one.fetch().status == "completed"
    assert one.delete()
    gone(one.fetch)
    made = five(lambda _: client.calls.create(to="+15558675399", from_=NUMBER, twiml="<Response/>"))
    three_pages(made, client.calls, to="+15558675399")


@scenario
def conferences_and_their_participants(client: Client, http: Here) -> None:
    http.seeded("twilio_voice.listConferences", count=5)
    known = [each.sid for each in client.conferences.list()]
    three_pages(known[::-1], client.conferences)
    sid = known[0]
    assert sid in {each.sid for each in client.conferences.list(status="in-progress")}
    one = client.conferences(sid)
    assert one.fetch().status == "in-progress"
    participant = written(lambda **said: one.participants.create(from_=NUMBER, to=OTHER, **said), muted=True)
    assert (participant.conference_sid, participant.hold) == (sid, False)
    made = five(lambda _: one.participants.create(from_=NUMBER, to=OTHER), "call_sid")
    three_pages(made, one.participants, "call_sid")
    assert written(one.update, lambda _: one, status="completed").sid == sid


@scenario
def queues(client: Client, _: Here) -> None:
    queue = written(client.queues.create, lambda made: client.queues(made.sid), friendly_name="First come", max_size=7)
    assert queue.current_size == 0
    one = client.queues(queue.sid)
    written(one.update, lambda _: one, friendly_name="Second", max_size=8)
    three_pages(five(lambda number: client.queues.create(friendly_name=str(number))), client.queues)
    assert one.delete()
    gone(one.fetch)


@scenario
def messages_and_their_media(client: Client, _: Here) -> None:
    message = written(
        lambda **said: client.messages.create(media_url=[f"https://example.com/{n}.png" for n in range(5)], **said),
        lambda made: client.messages(made.sid),
        to=OTHER,
        from_=NUMBER,
        body="Grüße, 日本 & 100 %+",
    )
    assert message.num_media == "5"
    one = client.messages(message.sid)
    media = [each.sid for each in one.media.list()]
    assert len(media) == 5
    three_pages(media[::-1], one.media)
    assert one.media(media[0]).fetch().parent_sid == message.sid
    assert one.media(media[0]).fetch().content_type == "image/jpeg"
    assert one.media(media[0]).delete()
    gone(one.media(media[0]).fetch)
    written(one.update, lambda _: one, body="")
    made = five(lambda number: client.messages.create(to="+15558675398", from_=NUMBER, body=str(number)))
    three_pages(made, client.messages, to="+15558675398")
    assert one.delete()
    gone(one.fetch)


@scenario
def messaging_services_and_their_senders(client: Client, _: Here) -> None:
    services = client.messaging.v1.services
    said = {
        "friendly_name": "Mine",
        "inbound_request_url": "https://example.com/in",
        "inbound_method": "GET",
        "fallback_url": "https://example.com/fallback",
        "fallback_method": "GET",
        "status_callback": "https://example.com/status",
        "sticky_sender": False,
        "smart_encoding": False,
        "area_code_geomatch": False,
        "validity_period": 60,
    }
    service = written(services.create, lambda made: services(made.sid), **said)
    one = services(service.sid)
    written(one.update, lambda _: one, **{**said, "friendly_name": "Other", "sticky_sender": True})
    numbers = five(lambda number: one.phone_numbers.create(phone_number_sid=f"PN{number:032}"))
    one_page(numbers, one.phone_numbers)
    three_pages(five(lambda number: one.short_codes.create(short_code_sid=f"SC{number:032}")), one.short_codes)
    one_page(five(lambda number: one.alpha_senders.create(alpha_sender=f"Example {number}")), one.alpha_senders)
    assert one.alpha_senders.list()[0].alpha_sender == "Example 4"
    three_pages(five(lambda number: services.create(friendly_name=str(number))), services)
    assert one.delete()
    gone(one.fetch)


@scenario
def proxy_services_and_their_numbers(client: Client, _: Here) -> None:
    services = client.proxy.v1.services
    said = {
        "unique_name": "rides",
        "default_ttl": 3600,
        "callback_url": "https://example.com/callback",
        "geo_match_level": "country",
        "number_selection_behavior": "avoid-sticky",
        "intercept_callback_url": "https://example.com/intercept",
        "out_of_session_callback_url": "https://example.com/out",
        "chat_instance_sid": f"IS{'1' * 32}",
    }
    service = written(services.create, lambda made: services(made.sid), **said)
    one = services(service.sid)
    written(one.update, lambda _: one, **{**said, "default_ttl": 60, "number_selection_behavior": "prefer-sticky"})
    numbers = one.phone_numbers
    number = written(numbers.create, lambda made: numbers(made.sid), phone_number=OTHER, is_reserved=True)
    assert number.service_sid == service.sid
    written(numbers(number.sid).update, lambda _: numbers(number.sid), is_reserved=False)
    three_pages(five(lambda number: numbers.create(phone_number=f"+1555867530{number}")), numbers)
    assert numbers(number.sid).delete()
    gone(numbers(number.sid).fetch)
    three_pages(five(lambda number: services.create(unique_name=str(number))), services)
    assert one.delete()
    gone(one.fetch)
    gone(numbers(number.sid).fetch)


@scenario
def proxy_sessions_their_participants_and_interactions(client: Client, _: Here) -> None:
    service = client.proxy.v1.services.create(unique_name="rides")
    sessions = client.proxy.v1.services(service.sid).sessions
    said = {"unique_name": "ride", "ttl": 600, "mode": "voice-only"}
    session = written(lambda **said: sessions.create(status="open", **said), lambda made: sessions(made.sid), **said)
    one = sessions(session.sid)
    person = written(
        one.participants.create, lambda made: one.participants(made.sid), identifier=OTHER, friendly_name="Ada"
    )
    assert (person.session_sid, person.service_sid) == (session.sid, service.sid)
    three_pages(five(lambda number: one.participants.create(identifier=f"+1555867530{number}")), one.participants)
    messages = one.participants(person.sid).message_interactions
    made = five(lambda number: messages.create(body=f"On my way {number}"))
    three_pages(made, messages)
    three_pages(made, one.interactions)
    message = messages(made[0]).fetch()
    assert (json.loads(message.data)["body"], message.participant_sid) == ("On my way 0", person.sid)
    assert one.interactions(message.sid).fetch().data == message.data
    assert one.interactions(message.sid).delete()
    gone(one.interactions(message.sid).fetch)
    assert one.participants(person.sid).delete()
    gone(one.participants(person.sid).fetch)
    three_pages(five(lambda number: sessions.create(unique_name=str(number))), sessions)
    written(one.update, lambda _: one, ttl=60)
    written(one.update, lambda _: one, status="closed")
    assert one.fetch().closed_reason == "api"
    assert one.delete()
    gone(one.fetch)


@scenario
def routes(client: Client, _: Here) -> None:
    routes = client.routes.v2
    for one in (
        routes.phone_numbers(OTHER),
        routes.sip_domains("example.sip.twilio.com"),
        routes.trunks("example.pstn.twilio.com"),
    ):
        one.fetch()
        changed = written(one.update, voice_region="ie1", friendly_name="Dublin")
        assert (one.fetch().voice_region, one.fetch().friendly_name) == (changed.voice_region, changed.friendly_name)


@scenario
def numbers(client: Client, _: Here) -> None:
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
    made = [
        configurations.create(body=Body({"product": "PORT_IN", "country": country, "email_subject": "Sign"}))
        for country in ("MX", "DE", "FR", "IE", "US")
    ]
    assert [(each.country, each.product, each.email_subject) for each in made[:1]] == [("MX", "PORT_IN", "Sign")]
    three_pages([each.country for each in made], configurations, "country", product="PORT_IN")
    assert [each.country for each in configurations.list(country="MX", product="PORT_IN")] == ["MX"]


def play(url: str, *scenarios: Scenario) -> set[str]:
    """Play scenarios from an empty state; give the operations that were called."""
    http = Here(url)
    with closing(http.session):
        called: set[str] = set()
        for each in scenarios:
            http.control("DELETE", "state")
            http.control("DELETE", "exchanges")
            each(Client(ACCOUNT, TOKEN, http_client=http), http)
            assert http.lines("findings") == []
            called |= {exchange["operation"] for exchange in http.lines("exchanges")}
    return called


@pytest.mark.parametrize("each", SCENARIOS, ids=lambda each: each.__name__)
def test_the_package_reads_back_what_it_wrote(url: str, each: Scenario) -> None:
    assert play(url, each) <= keys()


def test_every_operation_that_the_package_has_is_called(url: str) -> None:
    assert keys() - play(url, *SCENARIOS) == SHORT_CODES
