"""The reference server: what a client of the five described APIs can rely on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import Contract, Operation
from conformance.openapi import operations as documents
from conformance.profiles.twilio.formats import FORMATS
from conformance.schemas.compiler import Compiler
from conformance.schemas.formats import STANDARD
from conformance.schemas.reading import Reader

SPECS = Path(__file__).parents[2] / "specs"
API_2010 = "https://api.twilio.com/2010-04-01"
SOURCE = Source(kind="test", path="test", index=0)


class Client:
    """Calls the server as its account, and holds every answer to the contract."""

    def __init__(self, contract: Contract = Contract.CORRECTED, *, seed: int = 0) -> None:
        paths = sorted(path for path in SPECS.iterdir() if path.suffix in documents.SUFFIXES)
        found = [operation for path in paths for operation in documents.read(path, contract=contract)]
        self.operations = {operation.key: operation for operation in found}
        self.compiler = Compiler(formats={**STANDARD, **FORMATS})
        self.mock = Mock(found, self.compiler, seed=seed)
        self.state = State()

    def send(self, method: str, url: str, form: Mapping[str, Any] | None = None, **headers: str) -> Response:
        fields = {"Authorization": self.mock.authorization, **headers}
        body = b""
        if form is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
            body = urlencode(form, doseq=True).encode()
        request = Request(method=method, url=url, headers=Headers.of(fields), body=body)
        answered = self.mock.answer(request, self.state)
        if answered.operation is not None and answered.response.status < 400:
            self.hold(answered.operation, request, answered.response)
        return answered.response

    def hold(self, operation: Operation, request: Request, response: Response) -> None:
        exchange = Exchange(id="1", request=request, response=response, source=SOURCE)
        seen = Reader(operation, self.compiler).read(exchange, {})
        assert seen.answer is operation.success
        assert seen.response.body_error is None
        assert seen.response.problems == ()

    def json(self, method: str, url: str, form: Mapping[str, Any] | None = None) -> Any:
        return json.loads(self.send(method, url, form).body)

    def url(self, key: str) -> str:
        operation = self.operations[key]
        path = operation.path
        for name, value in self.mock.seeded(operation, self.state).items():
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        server = operation.servers[-1] if path.startswith("/Services") else operation.servers[0]
        return server.url + path


@pytest.fixture(params=[Contract.AS_WRITTEN, Contract.CORRECTED], ids=lambda contract: contract.value)
def client(request: pytest.FixtureRequest) -> Client:
    return Client(request.param)


CALL = {"To": "+15558675310", "From": "+15017122661", "Url": "https://example.com/voice"}
RESOURCES = {
    "call": (f"{API_2010}/Accounts/{{account}}/Calls", ".json", CALL),
    "message": (
        f"{API_2010}/Accounts/{{account}}/Messages",
        ".json",
        {"To": "+15558675310", "From": "+15017122661", "Body": "Hello"},
    ),
    "queue": (f"{API_2010}/Accounts/{{account}}/Queues", ".json", {"FriendlyName": "First come"}),
    "messaging service": ("https://messaging.twilio.com/v1/Services", "", {"FriendlyName": "Mine"}),
    "proxy service": ("https://proxy.twilio.com/v1/Services", "", {"UniqueName": "mine"}),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_what_is_created_can_be_fetched_listed_updated_and_deleted(client: Client, name: str) -> None:
    template, suffix, form = RESOURCES[name]
    collection = template.replace("{account}", client.mock.account)
    created = client.json("POST", collection + suffix, form)
    for given, value in form.items():
        if given != "Url":
            echoed = {"FriendlyName": "friendly_name", "UniqueName": "unique_name"}.get(given, given.lower())
            assert created[echoed] == value
    assert created["account_sid"] == client.mock.account
    instance = f"{collection}/{created['sid']}{suffix}"
    assert client.json("GET", instance)["sid"] == created["sid"]
    listed = client.json("GET", collection + suffix)
    assert [each["sid"] for each in next(value for value in listed.values() if isinstance(value, list))] == [
        created["sid"]
    ]
    changed = {"FriendlyName": "Other"} if name in {"queue", "messaging service"} else {}
    updated = client.send("POST", instance, changed)
    assert updated.status == 200
    assert client.send("DELETE", instance).status == 204
    assert client.send("GET", instance).status == 404
    assert client.send("DELETE", instance).status == 404
    assert not next(value for value in client.json("GET", collection + suffix).values() if isinstance(value, list))


def test_deleting_the_parent_hides_the_children(client: Client) -> None:
    service = client.json("POST", "https://proxy.twilio.com/v1/Services", {"UniqueName": "one"})
    session = client.json("POST", f"{service['url']}/Sessions", {"UniqueName": "two"})
    participant = client.json("POST", f"{session['url']}/Participants", {"Identifier": "+15558675310"})
    assert participant["session_sid"] == session["sid"]
    assert participant["service_sid"] == service["sid"]
    assert client.send("GET", participant["url"]).status == 200
    assert client.send("DELETE", service["url"]).status == 204
    assert client.send("GET", participant["url"]).status == 404
    assert client.send("GET", session["links"]["participants"]).status == 404
    assert client.state.collection(("unknown", "", service["sid"])).by_id == {}


def test_an_unknown_sid_is_answered_with_twilios_error_body(client: Client) -> None:
    path = f"/2010-04-01/Accounts/{client.mock.account}/Calls/CA{'0' * 32}.json"
    response = client.send("GET", f"https://api.twilio.com{path}")
    assert response.status == 404
    assert json.loads(response.body) == {
        "code": 20404,
        "message": f"The requested resource {path} was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


def test_every_link_leads_to_something_on_this_server(client: Client) -> None:
    service = client.json("POST", "https://proxy.twilio.com/v1/Services", {"UniqueName": "one"})
    for link in (service["url"], *service["links"].values()):
        assert client.send("GET", link).status == 200
    call = client.json("POST", client.url("twilio_voice.createCall"), CALL)
    for link in (call["uri"], *call["subresource_uris"].values()):
        assert client.send("GET", f"https://api.twilio.com{link}").status == 200


def test_pages_of_a_flat_list_link_to_one_another(client: Client) -> None:
    url = client.url("twilio_voice.listCalls")
    made = [client.json("POST", url, CALL)["sid"] for _ in range(5)]
    page = client.json("GET", f"{url}?PageSize=2&To=%2B15558675310")
    assert (page["page"], page["page_size"]) == (0, 2)
    assert page["uri"] == page["first_page_uri"]
    assert not page.get("previous_page_uri")
    seen = [each["sid"] for each in page["calls"]]
    while following := page.get("next_page_uri"):
        assert "To=%2B15558675310" in following
        page = client.json("GET", f"https://api.twilio.com{following}")
        seen += [each["sid"] for each in page["calls"]]
    assert seen == made[::-1]
    assert page["page"] == 2
    assert [each["sid"] for each in client.json("GET", f"{url}?PageSize=2&Page=1")["calls"]] == made[2:0:-1]
    assert client.send("GET", f"https://api.twilio.com{page['previous_page_uri']}").status == 200


def test_pages_of_a_meta_list_link_to_one_another_and_stay_stable(client: Client) -> None:
    url = "https://proxy.twilio.com/v1/Services"
    made = [client.json("POST", url, {"UniqueName": str(number)})["sid"] for number in range(5)]
    page = client.json("GET", f"{url}?PageSize=2")
    seen = [each["sid"] for each in page["services"]]
    sizes = [len(seen)]
    while (following := page["meta"]["next_page_url"]) is not None:
        client.json("POST", url, {"UniqueName": f"later {len(seen)}"})
        page = client.json("GET", following)
        seen += [each["sid"] for each in page["services"]]
        sizes.append(len(page["services"]))
    assert seen == made[::-1]
    assert sizes == [2, 2, 1]
    assert page["meta"]["key"] == "services"
    assert page["meta"]["page"] == 2
    assert client.send("GET", page["meta"]["previous_page_url"]).status == 200


def test_port_in_requests_are_listed_as_summaries_with_tokens(client: Client) -> None:
    url = "https://numbers.twilio.com/v1/Porting/PortIn/PortInRequests"
    made = [client.url("twilio_numbers_v1.DeletePortingPortIn").rpartition("/")[2] for _ in range(3)]
    first = client.json("GET", f"{url}?Size=2")
    assert first["meta"]["previous_token"] is None
    second = client.json("GET", f"{url}?Size=2&Token={first['meta']['next_token']}")
    assert second["meta"]["next_token"] is None
    items = first["port_in_requests"] + second["port_in_requests"]
    assert [each["port_in_request_sid"] for each in items] == made[::-1]
    assert "losing_carrier_information" not in items[0]


def test_recordings_of_a_call_are_among_all_recordings(client: Client) -> None:
    first, second = (client.json("POST", client.url("twilio_voice.createCall"), CALL) for _ in range(2))
    base = f"{API_2010}/Accounts/{client.mock.account}"
    recording = client.json("POST", f"{base}/Calls/{first['sid']}/Recordings.json", {})
    assert recording["call_sid"] == first["sid"]
    assert client.json("GET", f"{base}/Recordings/{recording['sid']}.json")["sid"] == recording["sid"]
    assert len(client.json("GET", f"{base}/Calls/{first['sid']}/Recordings.json")["recordings"]) == 1
    assert client.json("GET", f"{base}/Calls/{second['sid']}/Recordings.json")["recordings"] == []
    assert len(client.json("GET", f"{base}/Recordings.json?CallSid={first['sid']}")["recordings"]) == 1
    assert client.json("GET", f"{base}/Recordings.json?CallSid={second['sid']}")["recordings"] == []


def test_a_sid_that_the_request_gives_is_the_sid_of_the_resource(client: Client) -> None:
    service = client.json("POST", "https://messaging.twilio.com/v1/Services", {"FriendlyName": "Mine"})
    number = "PN0123456789abcdef0123456789abcdef"
    client.send("POST", f"{service['url']}/PhoneNumbers", {"PhoneNumberSid": number})
    assert [each["sid"] for each in client.json("GET", f"{service['url']}/PhoneNumbers")["phone_numbers"]] == [number]


def test_a_name_that_nobody_creates_is_there_when_asked_for(client: Client) -> None:
    url = "https://routes.twilio.com/v2/PhoneNumbers/+15558675310"
    assert client.json("GET", url)["phone_number"] == "+15558675310"
    assert client.json("POST", url, {"VoiceRegion": "ie1"})["voice_region"] == "ie1"
    assert client.json("GET", url)["voice_region"] == "ie1"


def test_without_credentials_the_answer_is_401(client: Client) -> None:
    request = Request(method="GET", url="https://proxy.twilio.com/v1/Services")
    answered = client.mock.answer(request, client.state)
    assert answered.response.status == 401
    assert json.loads(answered.response.body)["code"] == 20003
    assert [problem.instance_pointer for problem in answered.problems] == ["/header/Authorization"]


@pytest.mark.parametrize("header", ["Basic !", "Bearer eHg6eQ==", "Basic " + "eHg=", "Basic /w=="])
def test_broken_credentials_are_answered_with_401(client: Client, header: str) -> None:
    assert client.send("GET", "https://proxy.twilio.com/v1/Services", Authorization=header).status == 401


def test_equal_seeds_and_requests_give_equal_bytes() -> None:
    def play(seed: int) -> list[bytes]:
        client = Client(seed=seed)
        url = "https://proxy.twilio.com/v1/Services"
        return [client.send("POST", url, {"UniqueName": "one"}).body, client.send("GET", url).body]

    assert play(1) == play(1)
    assert play(1) != play(2)


def test_any_host_stands_for_all_of_them_and_sids_decide(client: Client) -> None:
    local = "http://127.0.0.1:4010"
    proxy = client.json("POST", "https://proxy.twilio.com/v1/Services", {"UniqueName": "one"})
    there = client.json("GET", f"{local}/v1/Services/{proxy['sid']}")
    assert there["unique_name"] == "one"
    assert there["url"] == f"{local}/v1/Services/{proxy['sid']}"
    assert client.json("GET", there["links"]["sessions"])["sessions"] == []
    messaging = client.json("POST", f"{local}/v1/Services", {"FriendlyName": "Mine"})
    assert messaging["sid"].startswith("MG")
    assert client.json("GET", f"{local}/v1/Services/{messaging['sid']}")["friendly_name"] == "Mine"
    assert client.json("GET", f"{local}/Services/{messaging['sid']}")["friendly_name"] == "Mine"


def test_an_undocumented_method_and_an_undocumented_path_are_told_apart(client: Client) -> None:
    assert client.send("PUT", "https://proxy.twilio.com/v1/Services").status == 405
    assert client.send("GET", "https://proxy.twilio.com/v1/Nothing").status == 404


def test_a_request_that_breaks_its_schema_is_refused(client: Client) -> None:
    assert client.send("POST", client.url("twilio_voice.createQueue"), {}).status == 400
    assert client.send("GET", "https://proxy.twilio.com/v1/Services?PageSize=many").status == 400
    short = f"{API_2010}/Accounts/{client.mock.account}/Calls/CB{'0' * 32}.json"
    assert client.send("GET", short).status == 404
