"""Record the cassettes of this folder: the real `twilio` package talks to the reference server through vcrpy.

Run it with `make cassettes`. Only the host is redirected, through the HTTP client class that the SDK lets its users
write; so the bytes are the SDK's own. In the cassettes the documented URLs stand again, credentials are scrubbed, and
what depends on the machine (versions, accepted codings) is left out: recording twice gives the same bytes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import vcr
from requests import Session
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from conformance.config import Settings
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.operation import Operation
from conformance.run import suite
from conformance.sdk.wire import Captured, Reply, Wire, written

FOLDER: Final = Path(__file__).parent
TOKEN: Final = "not-a-real-token"  # noqa: S105 - that is what it says
SCRUBBED: Final = "Basic ***"
KEPT: Final = frozenset({"accept", "accept-charset", "authorization", "content-length", "content-type", "host"})
"""Request headers that do not depend on the machine."""

Present = Callable[[str], dict[str, str]]
"""Puts in place what an operation needs, and gives the path parameters that lead there."""
Scenario = Callable[[Client, Present], None]
SCENARIOS: Final[dict[str, Scenario]] = {}


def scenario(function: Scenario) -> Scenario:
    """Keep a scenario under its path: `voice_calls` becomes `voice/calls.yaml`."""
    api, _, name = function.__name__.partition("_")
    SCENARIOS[f"{api}/{name}"] = function
    return function


@scenario
def voice_calls(client: Client, _: Present) -> None:
    """Place a call, follow it, hang up, remove it."""
    call = client.calls.create(
        to="+15005550006", from_="+15005550010", url="https://example.com/twiml", status_callback_event=["ringing"]
    )
    client.calls(call.sid).fetch()
    client.calls.list(status="completed", limit=5)
    client.calls(call.sid).recordings.create(recording_channels="dual")
    client.calls(call.sid).recordings.list(limit=5)
    client.calls(call.sid).update(status="completed")
    client.calls(call.sid).delete()


@scenario
def voice_recordings(client: Client, _: Present) -> None:
    """Find the recordings of an account, remove one."""
    call = client.calls.create(to="+15005550006", from_="+15005550010", url="https://example.com/twiml")
    recording = client.calls(call.sid).recordings.create()
    client.recordings.list(limit=5)
    client.recordings(recording.sid).fetch()
    client.recordings(recording.sid).delete()


@scenario
def voice_conferences(client: Client, present: Present) -> None:
    """Bring somebody into a conference, which only a call can start, and end it."""
    sid = present("twilio_voice.fetchConference")["ConferenceSid"]
    client.conferences(sid).participants.create(from_="+15005550010", to="+15005550006", muted=True)
    client.conferences(sid).participants.list(limit=5)
    client.conferences.list(status="in-progress", limit=5)
    client.conferences(sid).fetch()
    client.conferences(sid).update(status="completed")


@scenario
def voice_queues(client: Client, _: Present) -> None:
    """Make a queue, change it, remove it."""
    queue = client.queues.create(friendly_name="support", max_size=20)
    client.queues(queue.sid).fetch()
    client.queues.list(limit=5)
    client.queues(queue.sid).update(max_size=50)
    client.queues(queue.sid).delete()


@scenario
def messaging_messages(client: Client, _: Present) -> None:
    """Send a message with a picture, blank it, remove it."""
    message = client.messages.create(
        to="+15005550006", from_="+15005550010", body="Hello, world", media_url=["https://example.com/cat.png"]
    )
    client.messages(message.sid).fetch()
    client.messages.list(to="+15005550006", limit=5)
    client.messages(message.sid).media.list(limit=5)
    client.messages(message.sid).update(body="")
    client.messages(message.sid).delete()


@scenario
def messaging_services(client: Client, _: Present) -> None:
    """Make a messaging service with its senders, change it, remove it."""
    services = client.messaging.v1.services
    service = services.create(friendly_name="alerts", sticky_sender=True)
    services(service.sid).fetch()
    services.list(limit=5)
    services(service.sid).phone_numbers.create(phone_number_sid="PN00000000000000000000000000000001")
    services(service.sid).phone_numbers.list(limit=5)
    services(service.sid).alpha_senders.create(alpha_sender="Example")
    services(service.sid).alpha_senders.list(limit=5)
    services(service.sid).short_codes.create(short_code_sid="SC00000000000000000000000000000001")
    services(service.sid).short_codes.list(limit=5)
    services(service.sid).update(friendly_name="news")
    services(service.sid).delete()


@scenario
def numbers_porting(client: Client, _: Present) -> None:
    """Ask whether a number can be ported, port it, call it off."""
    numbers = client.numbers.v1
    numbers.porting_portabilities("+15005550006").fetch()
    ports = numbers.porting_port_ins
    order = ports.create(
        ports.NumbersV1PortingPortInCreate(
            {
                "account_sid": client.account_sid,
                "documents": ["RD00000000000000000000000000000001"],
                "phone_numbers": [{"phone_number": "+15005550006", "pin": "1234"}],
                "losing_carrier_information": {
                    "customer_name": "Example Ltd",
                    "customer_type": "Business",
                    "authorized_representative": "Ada Example",
                    "authorized_representative_email": "ada@example.com",
                    "address_sid": "AD00000000000000000000000000000001",
                },
                "notification_emails": ["ports@example.com"],
            }
        )
    )
    ports(order.port_in_request_sid).fetch()
    ports(order.port_in_request_sid).delete()


@scenario
def numbers_webhook(client: Client, present: Present) -> None:
    """Read and remove the porting webhook; the SDK has no way to write the JSON that makes one."""
    present("twilio_numbers_v1.FetchPortingWebhookConfigurationFetch")
    client.numbers.v1.webhook.fetch()
    client.numbers.v1.porting_webhook_configurations_delete("PORT_IN").delete()


@scenario
def proxy_services(client: Client, _: Present) -> None:
    """Make a proxy service with a number, change both, remove both."""
    services = client.proxy.v1.services
    service = services.create(unique_name="rides", default_ttl=3600)
    services(service.sid).fetch()
    services.list(limit=5)
    number = services(service.sid).phone_numbers.create(sid="PN00000000000000000000000000000001")
    services(service.sid).phone_numbers(number.sid).fetch()
    services(service.sid).phone_numbers.list(limit=5)
    services(service.sid).phone_numbers(number.sid).update(is_reserved=True)
    services(service.sid).phone_numbers(number.sid).delete()
    services(service.sid).update(unique_name="deliveries")
    services(service.sid).delete()


@scenario
def proxy_sessions(client: Client, _: Present) -> None:
    """Let two people speak in a session, then close it."""
    service = client.proxy.v1.services.create(unique_name="rides")
    sessions = client.proxy.v1.services(service.sid).sessions
    session = sessions.create(unique_name="ride-1", ttl=600, mode="voice-and-message")
    sessions(session.sid).fetch()
    sessions.list(limit=5)
    rider = sessions(session.sid).participants.create(identifier="+15005550006", friendly_name="rider")
    sessions(session.sid).participants(rider.sid).fetch()
    sessions(session.sid).participants.list(limit=5)
    messages = sessions(session.sid).participants(rider.sid).message_interactions
    message = messages.create(body="On my way")
    messages(message.sid).fetch()
    messages.list(limit=5)
    sessions(session.sid).interactions.list(limit=5)
    sessions(session.sid).participants(rider.sid).delete()
    sessions(session.sid).update(status="closed")
    sessions(session.sid).delete()


@scenario
def routes_regions(client: Client, _: Present) -> None:
    """Send numbers, SIP domains and trunks to a region."""
    routes = client.routes.v2
    for resource in (
        routes.phone_numbers("+15005550006"),
        routes.sip_domains("example.sip.twilio.com"),
        routes.trunks("example.pstn.twilio.com"),
    ):
        resource.fetch()
        resource.update(voice_region="ie1", friendly_name="Dublin")


class Redirected(TwilioHttpClient):  # type: ignore[misc] # the package has no types
    """The SDK's HTTP client, sent to another host; the `Host` header keeps the documented one."""

    def __init__(self, base: str, session: Session) -> None:
        """Keep the address of the server and the connections to it."""
        super().__init__()
        self.session = session
        self._base = base

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Send a request to the server instead of its host."""
        host = urlsplit(url).netloc
        options["headers"] = {**(options.get("headers") or {}), "Host": host}
        return super().request(method, f"{self._base}{url.partition(host)[2]}", **options)


class Reference:
    """The reference server on the loopback interface, with a state of its own."""

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        """Start from an empty state."""
        self.mock, self._state = Mock(operations, suite.compiler()), State()
        self._operations = {operation.key: operation for operation in operations}

    def answer(self, captured: Captured) -> Reply:
        """Answer a request."""
        response, self._state = self.mock.handle(captured.request, self._state)
        return Reply(data=written(response, method=captured.request.method))

    def present(self, key: str) -> dict[str, str]:
        """Put in place what an operation needs, and give the path parameters that lead there."""
        return self.mock.seeded(self._operations[key], self._state)


def documented(request: Any) -> Any:
    """Give a request as it would have gone to its documented host, without credentials."""
    host = request.headers.get("Host")
    if host is None:
        return request
    parts = urlsplit(request.uri)
    request.uri = f"https://{host}{parts.path}" + (f"?{parts.query}" if parts.query else "")
    headers = {name: text for name, text in request.headers.items() if name.lower() in KEPT}
    headers["User-Agent"] = "twilio-python"
    if "Authorization" in headers:
        headers["Authorization"] = SCRUBBED
    request.headers = dict(sorted(headers.items()))
    return request


def record(folder: Path) -> list[Path]:
    """Record every scenario below a folder, and give the files."""
    operations = suite.load(Settings())
    made: list[Path] = []
    for name, play in SCENARIOS.items():
        path = folder / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        reference = Reference(operations)
        with Wire(reference.answer) as wire, Session() as http:
            client = Client(reference.mock.account, TOKEN, http_client=Redirected(wire.url, http))
            recorder = vcr.VCR(record_mode="all", before_record_request=documented)
            with recorder.use_cassette(str(path)):
                play(client, reference.present)
        made.append(path)
    return made


if __name__ == "__main__":
    for file in record(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER):
        print(file)  # noqa: T201 - says what was written
