"""The reference server: what a client of the five described APIs can rely on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from conformance.mock.credentials import basic
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

    def send(
        self, method: str, url: str, form: Mapping[str, Any] | None = None, *, json_body: Any = None, **headers: str
    ) -> Response:
        fields = {"Authorization": self.mock.authorization, **headers}
        body = b""
        if json_body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(json_body).encode()
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
    refused = client.send("PUT", "https://proxy.twilio.com/v1/Services")
    assert (refused.status, refused.headers.get("Allow")) == (405, "GET, POST")
    assert client.send("GET", "https://proxy.twilio.com/v1/Nothing").status == 404


def test_a_request_that_breaks_its_schema_is_refused(client: Client) -> None:
    assert client.send("POST", client.url("twilio_voice.createQueue"), {}).status == 400
    assert client.send("GET", "https://proxy.twilio.com/v1/Services?PageSize=many").status == 400
    short = f"{API_2010}/Accounts/{client.mock.account}/Calls/CB{'0' * 32}.json"
    assert client.send("GET", short).status == 404


# Life cycles


def test_a_call_rings_runs_and_completes(client: Client) -> None:
    call = client.json("POST", client.url("twilio_voice.createCall"), CALL)
    uri = f"https://api.twilio.com{call['uri']}"
    assert call["status"] == "queued"
    assert call.get("price") is None
    seen = [call]
    while seen[-1]["status"] != "completed":
        seen.append(client.json("GET", uri))
    assert list(dict.fromkeys(each["status"] for each in seen)) == ["queued", "ringing", "in-progress", "completed"]
    assert all(each.get("price") is None for each in seen[:-1])
    assert seen[-1]["price"] == "-0.01400"
    assert seen[-1]["duration"] == "6"
    again = client.json("POST", uri, {"Status": "canceled"})
    assert again["status"] == "completed"


def test_a_call_can_be_ended_but_not_canceled_while_it_runs(client: Client) -> None:
    call = client.json("POST", client.url("twilio_voice.createCall"), CALL)
    uri = f"https://api.twilio.com{call['uri']}"
    while client.json("GET", uri)["status"] != "in-progress":
        pass
    assert client.json("POST", uri, {"Status": "canceled"})["status"] == "in-progress"
    ended = client.json("POST", uri, {"Status": "completed"})
    assert ended["status"] == "completed"
    assert ended["end_time"]
    assert client.json("GET", uri) == ended


def test_a_message_is_sent_and_delivered_at_times_that_reading_does_not_change(client: Client) -> None:
    url = client.url("twilio_messaging.createMessage")
    form = {"To": "+15558675310", "From": "+15017122661", "Body": "Hello"}
    message = client.json("POST", url, form)
    for _ in range(10):
        client.state.tick()
    late = client.json("GET", f"https://api.twilio.com{message['uri']}")
    assert late["status"] == "delivered"
    assert late["price"] == "-0.00790"
    assert late["date_sent"] < late["date_updated"]
    assert late["date_created"] == message["date_created"]


def test_a_scheduled_message_waits_and_can_be_canceled(client: Client) -> None:
    service = client.json("POST", "https://messaging.twilio.com/v1/Services", {"FriendlyName": "Mine"})
    form = {
        "To": "+15558675310",
        "MessagingServiceSid": service["sid"],
        "Body": "Later",
        "SendAt": "2030-01-01T00:00:00Z",
        "ScheduleType": "fixed",
    }
    message = client.json("POST", client.url("twilio_messaging.createMessage"), form)
    assert message["status"] == "scheduled"
    assert message["messaging_service_sid"] == service["sid"]
    assert not message.get("from")
    uri = f"https://api.twilio.com{message['uri']}"
    for _ in range(10):
        client.state.tick()
    assert client.json("GET", uri)["status"] == "scheduled"
    assert client.json("POST", uri, {"Status": "canceled"})["status"] == "canceled"


def test_a_closed_session_says_when_and_why(client: Client) -> None:
    url = client.url("twilio_proxy_v1.UpdateSession")
    closed = client.json("POST", url, {"Status": "closed"})
    assert (closed["status"], closed["closed_reason"]) == ("closed", "api")
    assert closed["date_ended"]


# What resources do to one another


def test_media_stand_below_their_message_and_its_sid_says_mms(client: Client) -> None:
    url = client.url("twilio_messaging.createMessage")
    form = {
        "To": "+15558675310",
        "From": "+15017122661",
        "MediaUrl": ["https://example.com/1", "https://example.com/2"],
    }
    message = client.json("POST", url, form)
    assert message["sid"].startswith("MM")
    assert message["num_media"] == "2"
    media = client.json("GET", f"https://api.twilio.com{message['subresource_uris']['media']}")["media_list"]
    assert [each["parent_sid"] for each in media] == [message["sid"]] * 2
    uri = f"https://api.twilio.com{media[0]['uri']}"
    assert client.json("GET", uri) == media[0]
    assert client.send("DELETE", uri).status == 204
    assert client.send("GET", uri).status == 404


def test_a_participant_of_a_conference_is_a_call(client: Client) -> None:
    url = client.url("twilio_voice.createParticipant")
    participant = client.json("POST", url, {"From": "+15017122661", "To": "+15558675310", "Muted": "true"})
    assert participant["muted"] is True
    call = client.json("GET", f"{API_2010}/Accounts/{client.mock.account}/Calls/{participant['call_sid']}.json")
    assert call["to"] == "+15558675310"
    listed = client.json("GET", url)["participants"]
    assert [each["call_sid"] for each in listed] == [participant["call_sid"]]


def test_a_message_to_a_participant_is_an_interaction_of_the_session(client: Client) -> None:
    url = client.url("twilio_proxy_v1.CreateMessageInteraction")
    made = client.json("POST", url, {"Body": "Hello"})
    assert json.loads(made["data"]) == {"body": "Hello", "media": []}
    session = url.partition("/Participants")[0]
    twin = client.json("GET", f"{session}/Interactions/{made['sid']}")
    assert twin["data"] == made["data"]
    found = client.json("GET", session)
    assert found["status"] == "in-progress"
    assert found["date_last_interaction"]


def test_a_session_may_be_opened_with_its_participants(client: Client) -> None:
    url = client.url("twilio_proxy_v1.CreateSession")
    people = [json.dumps({"Identifier": "+15558675310"}), "no JSON"]
    session = client.json("POST", url, {"UniqueName": "two", "Participants": people})
    found = client.json("GET", session["links"]["participants"])["participants"]
    assert len(found) == 2
    assert "+15558675310" in {each["identifier"] for each in found}


def test_numbers_to_port_stand_below_their_request(client: Client) -> None:
    body = {
        "account_sid": client.mock.account,
        "documents": ["RD0123456789abcdef0123456789abcdef"],
        "phone_numbers": [{"phone_number": "+15558675310"}, {"phone_number": "+15558675311"}],
        "losing_carrier_information": {
            "customer_name": "Ada",
            "authorized_representative": "Ada",
            "authorized_representative_email": "ada@example.com",
        },
    }
    response = client.send("POST", "https://numbers.twilio.com/v1/Porting/PortIn", json_body=body)
    assert response.status == 202
    request = json.loads(response.body)
    assert request["losing_carrier_information"]["customer_name"] == "Ada"
    assert [each["phone_number"] for each in request["phone_numbers"]] == ["+15558675310", "+15558675311"]
    number = request["phone_numbers"][0]
    url = f"{request['url']}/PhoneNumber/{number['port_in_phone_number_sid']}"
    assert client.json("GET", url)["phone_number"] == "+15558675310"
    listed = client.json("GET", "https://numbers.twilio.com/v1/Porting/PortIn/PortInRequests")["port_in_requests"]
    assert listed[0]["phone_numbers_requested"] == 2
    assert client.send("DELETE", request["url"]).status == 204
    assert client.send("GET", url).status == 404


def test_an_eligibility_check_speaks_of_the_numbers_it_was_asked_about(client: Client) -> None:
    base = "https://numbers.twilio.com/v1/HostedNumber/Eligibility"
    body = {"phone_numbers": [{"phone_number": "+15558675310"}, {"phone_number": "none"}]}
    results = json.loads(client.send("POST", base, json_body=body).body)["results"]
    assert [each["eligibility_status"] for each in results] == ["ELIGIBLE", "INELIGIBLE"]
    bulk = json.loads(client.send("POST", f"{base}/Bulk", json_body={"phone_numbers": ["+15558675310"]}).body)
    assert (bulk["status"], bulk["date_completed"]) == ("QUEUED", None)
    client.state.tick()
    done = client.json("GET", bulk["url"])
    assert done["status"] == "SUCCESSFUL"
    assert done["date_completed"]
    assert done["results"][0]["phone_number"] == "+15558675310"


def test_targets_of_a_webhook_configuration_go_one_by_one(client: Client) -> None:
    url = "https://numbers.twilio.com/v1/Porting/Configuration/Webhook"
    assert client.send("GET", url).status == 404
    body = {"port_in_target_url": "https://example.com/in", "port_out_target_url": "https://example.com/out"}
    assert client.send("POST", url, json_body=body).status == 201
    assert client.send("POST", url, json_body={"port_in_target_url": "https://example.com/other"}).status == 201
    found = client.json("GET", url)
    assert found["port_in_target_url"] == "https://example.com/other"
    assert found["port_out_target_url"] == "https://example.com/out"
    assert client.send("DELETE", f"{url}/PORT_IN").status == 204
    assert client.json("GET", url)["port_in_target_url"] is None
    assert client.send("DELETE", f"{url}/PORT_IN").status == 404
    assert client.send("DELETE", f"{url}/PORT_OUT").status == 204
    assert client.send("GET", url).status == 404


def test_a_signing_request_configuration_replaces_the_one_of_its_product_and_country(client: Client) -> None:
    url = "https://numbers.twilio.com/v1/SigningRequest/Configuration"
    for subject, country in (("First", "US"), ("Second", "US"), ("Third", "MX")):
        body = {"product": "PORT_IN", "country": country, "email_subject": subject}
        assert client.send("POST", url, json_body=body).status == 201
    found = client.json("GET", url)["configurations"]
    assert [each["email_subject"] for each in found] == ["Third", "Second"]
    assert len(client.json("GET", f"{url}?Country=MX")["configurations"]) == 1


# Filters


def test_lists_are_filtered_by_value_and_by_day(client: Client) -> None:
    url = client.url("twilio_voice.createCall")
    first = client.json("POST", url, CALL)["sid"]
    client.state.clock += 3 * 24 * 60 * 60
    second = client.json("POST", url, {**CALL, "To": "+15558675311"})["sid"]
    third = client.json("POST", url, CALL)["sid"]

    def sids(query: str) -> list[str]:
        return [each["sid"] for each in client.json("GET", f"{url}?{query}")["calls"]]

    assert sids("") == [third, second, first]
    assert sids("To=%2B15558675310") == [third, first]
    assert sids("Status=completed") == [first]
    assert sids("StartTime=2025-01-01") == [first]
    assert sids("StartTime<=2025-01-01") == [first]
    assert sids("StartTime%3E=2025-01-02") == [third, second]
    assert sids("StartTime%3E=2025-01-04") == [third, second]
    assert sids("StartTime%3E=2024-12-31&To=%2B15558675311") == [second]
    assert sids("StartTime=2025-01-02") == []
    assert sids("EndTime=2025-01-02") == []


def test_port_in_requests_are_filtered_by_sids_and_days(client: Client) -> None:
    made = [client.url("twilio_numbers_v1.DeletePortingPortIn").rpartition("/")[2] for _ in range(3)]
    url = "https://numbers.twilio.com/v1/Porting/PortIn/PortInRequests"

    def sids(query: str) -> list[str]:
        return [each["port_in_request_sid"] for each in client.json("GET", f"{url}?{query}")["port_in_requests"]]

    assert sids(f"PortInRequestSid={made[0]},{made[2]}") == [made[2], made[0]]
    assert sids("CreatedBefore=2024-12-31") == []
    assert sids("CreatedAfter=2025-01-01") == made[::-1]
    assert sids("PortInRequestStatus=Completed") == []


# Strictness


def refused(client: Client, method: str, url: str, **sent: Any) -> tuple[int, int, list[str]]:
    """Status and code of a refusal, and the places of what was found about the client."""
    fields = {"Authorization": client.mock.authorization}
    body = b""
    if "form" in sent:
        fields["Content-Type"] = "application/x-www-form-urlencoded"
        body = urlencode(sent["form"], doseq=True).encode()
    elif "body" in sent:
        body = sent["body"]
        if sent.get("type"):
            fields["Content-Type"] = sent["type"]
    answered = client.mock.answer(Request(method=method, url=url, headers=Headers.of(fields), body=body), client.state)
    content = json.loads(answered.response.body)
    assert content["status"] == answered.response.status
    assert content["more_info"].endswith(f"/{content['code']}")
    return answered.response.status, content["code"], [problem.instance_pointer for problem in answered.problems]


MESSAGE = {"To": "+15558675310", "From": "+15017122661", "Body": "Hello"}


@pytest.mark.parametrize(
    ("key", "form", "expected"),
    [
        ("twilio_voice.createCall", {"To": "+15558675310", "From": "+15017122661"}, (400, 21205, ["/Url"])),
        ("twilio_voice.createCall", {"From": "+15017122661", "Url": "https://a.b"}, (400, 21201, ["/To"])),
        ("twilio_voice.createCall", {**CALL, "Method": "PUT"}, (400, 20001, ["/Method"])),
        ("twilio_voice.createCall", {**CALL, "To": "+15005550003"}, (400, 21215, ["/To"])),
        ("twilio_voice.createCall", {**CALL, "Colour": "red"}, (400, 20001, ["/Colour"])),
        ("twilio_voice.createCall", {}, (400, 21213, ["/From", "/To", "/Url"])),
        ("twilio_messaging.createMessage", {"To": "+15558675310", "Body": "x"}, (400, 21603, ["/From"])),
        ("twilio_messaging.createMessage", {"To": "+15558675310", "From": "+15017122661"}, (400, 21619, ["/Body"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+1asd"}, (400, 21211, ["/To"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "From": "far too long a name"}, (400, 21212, ["/From"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "From": "+15005550001"}, (400, 21212, ["/From"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "From": "+15005550007"}, (400, 21606, ["/From"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "From": "+15005550008"}, (400, 21611, ["/From"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+15005550001"}, (400, 21211, ["/To"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+15005550002"}, (400, 21612, ["/To"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+15005550003"}, (400, 21408, ["/To"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+15005550004"}, (400, 21610, ["/To"])),
        ("twilio_messaging.createMessage", {**MESSAGE, "To": "+15005550009"}, (400, 21614, ["/To"])),
        ("twilio_proxy_v1.CreatePhoneNumber", {}, (400, 20001, ["/Sid"])),
    ],
)
def test_a_request_is_refused_with_the_code_of_its_first_fault(
    client: Client, key: str, form: dict[str, str], expected: tuple[int, int, list[str]]
) -> None:
    extra = {"form": form} if form or key.startswith("twilio_voice") else {"body": b"IsReserved=true", "type": FORM}
    assert refused(client, "POST", client.url(key), **extra) == expected


FORM = "application/x-www-form-urlencoded"


def test_the_test_number_that_works_works(client: Client) -> None:
    url = client.url("twilio_messaging.createMessage")
    assert client.json("POST", url, {**MESSAGE, "From": "+15005550006"})["from"] == "+15005550006"
    for sender in ("Example Co", "12345", "whatsapp:+15017122661"):
        assert client.json("POST", url, {**MESSAGE, "From": sender})["from"] == sender


def test_a_malformed_sid_and_an_unknown_parameter_and_a_large_page_are_told(client: Client) -> None:
    calls = client.url("twilio_voice.listCalls")
    malformed = calls.replace("Calls.json", f"Calls/CB{'0' * 32}.json")
    assert refused(client, "GET", malformed) == (404, 20404, ["/path/CallSid"])
    assert refused(client, "GET", f"{calls}?Colour=red") == (400, 20001, ["/query/Colour"])
    assert refused(client, "GET", f"{calls}?PageSize=1001")[:2] == (400, 20007)
    queues = client.url("twilio_voice.listQueues")
    assert refused(client, "GET", f"{queues}?PageSize=1001") == (400, 20007, ["/query/PageSize"])
    assert refused(client, "GET", f"{calls}?Status=ended") == (400, 20001, ["/query/Status"])


def test_bodies_that_are_not_what_their_content_type_says_are_refused(client: Client) -> None:
    port_in = "https://numbers.twilio.com/v1/Porting/PortIn"
    queues = client.url("twilio_voice.createQueue")
    assert refused(client, "POST", port_in, body=b"{", type="application/json")[:2] == (400, 20001)
    assert refused(client, "POST", queues, body=b"FriendlyName=%ff", type=FORM)[:2] == (400, 20001)
    assert refused(client, "POST", queues, body=b"{}", type="application/json")[:2] == (415, 19056)
    assert refused(client, "POST", queues, body=b"FriendlyName=x") == (415, 19056, ["/header/Content-Type"])
    assert refused(client, "POST", port_in)[:2] == (400, 20001)
    assert refused(client, "GET", queues, body=b"x")[0] == 400
    call = client.url("twilio_voice.updateCall")
    assert refused(client, "POST", call) == (400, 20001, [""])
    assert client.send("POST", call, {}).status == 200


def test_known_accounts_are_held_to_their_tokens() -> None:
    sid = "AC0123456789abcdef0123456789abcdef"
    mock = Mock(Client().mock.operations, Client().compiler, accounts={sid: "fake-token"})
    url = "https://proxy.twilio.com/v1/Services"
    assert mock.account == sid

    def status(user: str, password: str) -> int:
        headers = Headers.of({"Authorization": basic(user, password)})
        return mock.handle(Request(method="GET", url=url, headers=headers), State())[0].status

    assert status(sid, "fake-token") == 200
    assert status(sid, "other") == 401
    assert status("AC" + "0" * 32, "fake-token") == 401


def test_a_resource_belongs_to_the_account_that_made_it(client: Client) -> None:
    mine = client.json("POST", "https://proxy.twilio.com/v1/Services", {"UniqueName": "one"})
    other = basic("AC" + "0" * 32, "fake-token")
    assert client.send("GET", mine["url"], Authorization=other).status == 404
    key = basic("SK" + "0" * 32, "fake-secret")
    assert client.send("GET", mine["url"], Authorization=key).status == 200


def test_a_sid_that_is_there_already_is_refused_where_the_description_knows_a_refusal(client: Client) -> None:
    service = client.json("POST", "https://messaging.twilio.com/v1/Services", {"FriendlyName": "Mine"})
    form = {"ShortCodeSid": "SC0123456789abcdef0123456789abcdef"}
    assert client.send("POST", f"{service['url']}/ShortCodes", form).status == 201
    assert refused(client, "POST", f"{service['url']}/ShortCodes", form=form)[:2] == (400, 21710)
    proxy = client.json("POST", "https://proxy.twilio.com/v1/Services", {"UniqueName": "one"})
    form = {"Sid": "SC0123456789abcdef0123456789abcdef"}
    assert client.send("POST", f"{proxy['url']}/ShortCodes", form).status == 201
    assert client.send("POST", f"{proxy['url']}/ShortCodes", form).status == 201
    assert len(client.json("GET", f"{proxy['url']}/ShortCodes")["short_codes"]) == 1
