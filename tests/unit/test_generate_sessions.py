"""Sessions against a small server that can be told to misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conformance import checks
from conformance.checks.judge import Judge
from conformance.errors import SettingsError
from conformance.generate.case import Mode, authorized
from conformance.generate.script import Step
from conformance.generate.sessions import sessions
from conformance.generate.work import Work
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.expectation import Expect
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Operation
from conformance.openapi.operations import find, read
from conformance.run.suite import compiler
from conformance.schemas import forms
from conformance.targets import Failure, Outcome, Reason, hold

THING = {
    "type": "object",
    "properties": {
        "sid": {"type": "string"},
        "box_sid": {"type": "string"},
        "friendly_name": {"type": "string"},
        "open": {"type": "boolean"},
    },
}


def parameter(name: str, prefix: str) -> dict[str, Any]:
    pattern = f"^{prefix}[0-9a-fA-F]{{32}}$"
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}


def answer(status: int, schema: Mapping[str, Any] | None = None) -> dict[str, Any]:
    content = {"content": {"application/json": {"schema": schema}}} if schema else {}
    return {"responses": {str(status): {"description": "", **content}, "404": {"description": ""}}}


def form(**properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": ["FriendlyName"], "properties": properties}
    return {"requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": schema}}}}


def document(tmp_path: Path) -> tuple[Operation, ...]:
    fields = form(FriendlyName={"type": "string"}, Open={"type": "boolean"}, OtherBoxSid=parameter("", "BX")["schema"])
    many = {"type": "object", "properties": {"items": {"type": "array", "items": THING}, "meta": {"type": "object"}}}
    box, thing = parameter("BoxSid", "BX"), parameter("Sid", "TH")

    def named(name: str, node: dict[str, Any]) -> dict[str, Any]:
        return {"operationId": name, **node}

    paths = {
        "/Boxes": {"post": named("createBox", {**fields, **answer(201, THING)})},
        "/Boxes/{BoxSid}/Things": {
            "parameters": [box],
            "post": named("createThing", {**fields, **answer(201, THING)}),
            "get": named("listThings", answer(200, many)),
        },
        "/Boxes/{BoxSid}/Things/{Sid}": {
            "parameters": [box, thing],
            "get": named("fetchThing", answer(200, THING)),
            "post": named("updateThing", {**fields, **answer(200, THING)}),
            "delete": named("deleteThing", answer(204)),
        },
        "/Boxes/{BoxSid}/Notes": {
            "parameters": [box],
            "post": named("createNote", {**fields, **answer(201, THING)}),
        },
        "/Notes/{Sid}": {"parameters": [parameter("Sid", "NO")], "get": named("fetchNote", answer(200, THING))},
        "/Moons/{Sid}": {
            "parameters": [parameter("Sid", "MO")],
            "get": named("fetchMoon", answer(200, THING)),
        },
        "/Moons": {"get": named("listMoons", answer(200, many))},
    }
    whole = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": paths,
    }
    file = tmp_path / "boxes.json"
    file.write_text(json.dumps(whole))
    return read(file)


@dataclass
class Server:
    """Boxes with things; `fault` names what is wrong with it."""

    fault: str = ""
    boxes: dict[str, dict[str, Any]] = field(default_factory=dict)
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    def __call__(self, sent: Request) -> Outcome:
        parts = urlsplit(sent.url).path.strip("/").split("/")
        self.seen.append(f"{sent.method} {'/'.join(part if len(part) < 30 else part[:2] for part in parts)}")
        if self.fault == "down":
            return Failure(reason=Reason.RESET, message="reset")
        body = parse_qs(sent.body.decode())
        if parts[0] == "Moons":
            moons = [{"sid": f"MO{1:032x}"}]
            return reply(200, moons[0] if len(parts) == 2 else {"items": moons})
        if parts[0] == "Boxes" and len(parts) == 1:
            return self._create(self.boxes, "BX", body)
        if parts[0] == "Boxes" and parts[1] not in self.boxes:
            return reply(404)
        if parts[-1] == "Notes":
            return self._create(self.notes, "NO", body)
        if parts[0] == "Notes":
            return reply(200, self.notes[parts[1]])
        if parts[-1] == "Things":
            return self._create(self.things, "TH", body) if sent.method == "POST" else self._list(sent)
        return self._one(sent.method, parts[-1], body)

    def _create(self, where: dict[str, dict[str, Any]], prefix: str, body: Mapping[str, list[str]]) -> Response:
        if self.fault == "full":
            return reply(404)
        sid = "string" if self.fault == "no sids" else f"{prefix}{len(where) + 1:032x}"
        made = {"sid": sid, "friendly_name": body["FriendlyName"][0]}
        if not (self.fault == "loses" and prefix == "TH"):
            where[sid] = made
        return reply(201, [] if self.fault == "odd" else made)

    def _list(self, sent: Request) -> Response:
        page = int(parse_qs(urlsplit(sent.url).query).get("Page", ["0"])[0])
        found = list(self.things.values())
        if self.fault == "lists nothing":
            found = []
        if self.fault == "no list":
            return reply(200, {"items": "none"})
        path = urlsplit(sent.url).path
        following = f"{path}?Page={page + 1}&Token=x%2Fy" if page + 1 < len(found) or self.fault == "endless" else None
        return reply(200, {"items": found[page : page + 1], "meta": {"next_page_url": following}})

    def _one(self, method: str, sid: str, body: Mapping[str, list[str]]) -> Response:
        if sid not in self.things:
            return reply(404)
        if method == "DELETE":
            if self.fault != "keeps":
                del self.things[sid]
            return reply(204)
        if method == "POST" and self.fault != "forgets":
            self.things[sid] = {**self.things[sid], "friendly_name": body["FriendlyName"][0]}
            if "Open" in body:
                self.things[sid]["open"] = body["Open"] == ["true"]
        return reply(200, self.things[sid])


def reply(status: int, body: Any = None) -> Response:
    content = b"" if body is None else json.dumps(body).encode()
    headers = Headers((("Content-Type", "application/json"),)) if content else Headers()
    return Response(status=status, headers=headers, body=content)


def played(operations: tuple[Operation, ...], anchor: str, server: Callable[[Request], Outcome]) -> list[Step]:
    work = Work(operations=operations)
    operation = next(each for each in operations if each.operation_id == anchor)
    return [step for script in work.scripts(operation, Mode.STATEFUL) for step in hold(server, script)]


def found(operations: tuple[Operation, ...], steps: list[Step]) -> set[str]:
    judge = Judge(operations, checks=checks.of_traffic(), compiler=compiler())
    rules = set()
    for step in steps:
        assert step.exchange is not None
        judgement = judge.judge(step.exchange, operation=step.case.operation)
        assert not judgement.crashed
        rules |= {finding.rule_id for finding in judgement.findings}
    return rules


def test_a_session_is_the_life_of_a_resource(tmp_path: Path) -> None:
    server = Server()
    operations = document(tmp_path)
    steps = played(operations, "createThing", server)
    assert server.seen[:11] == [
        "POST Boxes",
        "POST Boxes/BX/Things",
        "GET Boxes/BX/Things/TH",
        "GET Boxes/BX/Things",
        "POST Boxes/BX/Things/TH",
        "GET Boxes/BX/Things/TH",
        "DELETE Boxes/BX/Things/TH",
        "GET Boxes/BX/Things/TH",
        "DELETE Boxes/BX/Things/TH",
        "GET Boxes/BX/Things",
        "POST Boxes",
    ]
    assert {step.session for step in steps} == {f"boxes.createThing:stateful:{n}" for n in range(3)}
    assert steps[3].expectation.case == "boxes.createThing:stateful:0/3"
    assert steps[3].expectation.keyword == "listed"
    assert not found(operations, steps)


def test_sids_of_the_session_are_used_wherever_one_of_their_kind_is_wanted(tmp_path: Path) -> None:
    steps = played(document(tmp_path), "createThing", Server())
    second = [step for step in steps if step.session == "boxes.createThing:stateful:1"]
    created = next(step for step in second if step.case.label == "create")
    assert forms.fields(created.request.body)["OtherBoxSid"][0] in created.request.url


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("loses", "lost-resource"),
        ("lists nothing", "wrong-list"),
        ("forgets", "forgotten-update"),
        ("keeps", "undeleted-resource"),
    ],
)
def test_a_fault_is_found_by_its_check(tmp_path: Path, fault: str, rule: str) -> None:
    operations = document(tmp_path)
    assert rule in found(operations, played(operations, "createThing", Server(fault=fault)))


def test_lists_are_walked_to_the_page_that_shows_the_resource(tmp_path: Path) -> None:
    server = Server()
    server.things = {f"TH{n:032x}": {"sid": f"TH{n:032x}"} for n in (901, 902)}
    operations = document(tmp_path)
    steps = played(operations, "createThing", server)
    labels = [step.case.label for step in steps if step.session == "boxes.createThing:stateful:0"]
    assert labels.count("list, page 3") == 1
    assert steps[labels.index("list, page 3")].request.url.endswith("Page=2&Token=x%2Fy")
    assert not found(operations, steps)


def test_endless_lists_end(tmp_path: Path) -> None:
    server = Server(fault="endless")
    steps = played(document(tmp_path), "createThing", server)
    assert max(int(step.case.label.partition("page ")[2] or 0) for step in steps) == 20


@pytest.mark.parametrize(("fault", "steps"), [("full", 3), ("odd", 9), ("no list", 30)])
def test_sessions_go_on_with_what_they_have(tmp_path: Path, fault: str, steps: int) -> None:
    made = played(document(tmp_path), "createThing", Server(fault=fault))
    assert len(made) >= steps
    if fault != "no list":
        assert all(step.case.expect is not Expect.GONE for step in made)


def test_without_an_answer_a_session_ends_soon(tmp_path: Path) -> None:
    steps = played(document(tmp_path), "createThing", Server(fault="down"))
    assert {step.failure for step in steps} == {"reset"}
    assert {step.exchange.response.status for step in steps if step.exchange} == {0}
    assert found(document(tmp_path), steps) == {"no-answer"}


def test_what_another_path_creates_is_fetched_where_it_is_shown(tmp_path: Path) -> None:
    server = Server()
    played(document(tmp_path), "fetchNote", server)
    assert server.seen[:3] == ["POST Boxes", "POST Boxes/BX/Notes", "GET Notes/NO"]


def test_what_nobody_can_create_is_taken_from_its_list(tmp_path: Path) -> None:
    server = Server()
    steps = played(document(tmp_path), "listMoons", server)
    assert server.seen[:2] == ["GET Moons", "GET Moons/MO"]
    assert steps[1].case.expect is Expect.ACCEPT


def test_what_the_caller_knows_is_taken(tmp_path: Path) -> None:
    operations = document(tmp_path)
    moon = f"MO{7:032x}"
    work = Work(operations=operations, context=lambda _: {"Sid": moon})
    anchor = next(each for each in operations if each.operation_id == "listMoons")
    script = next(work.scripts(anchor, Mode.STATEFUL))
    assert hold(Server(), script)[0].request.url.endswith(moon)


def test_a_session_is_played_again_from_the_id_of_any_of_its_steps(tmp_path: Path) -> None:
    operations = document(tmp_path)
    work = Work(operations=operations, seed=4)
    anchor = next(each for each in operations if each.operation_id == "createThing")
    first = [hold(Server(), script) for script in work.scripts(anchor, Mode.STATEFUL)][2]
    again = work.again(first[4].expectation.case)
    assert again[:2] == (anchor, Mode.STATEFUL)
    assert [step.request for step in hold(Server(), again[2])] == [step.request for step in first]


@pytest.mark.parametrize("case_id", ["boxes.fetchThing:stateful:0", "boxes.createThing:stateful:x", "no:stateful:1/2"])
def test_ids_of_no_session_are_refused(tmp_path: Path, case_id: str) -> None:
    with pytest.raises(SettingsError):
        Work(operations=document(tmp_path)).again(case_id)


def test_single_cases_are_scripts_too(tmp_path: Path) -> None:
    operations = document(tmp_path)
    work = Work(operations=operations, max_cases=2)
    steps = [step for script in work.scripts(operations[0], Mode.POSITIVE) for step in hold(Server(), script)]
    assert [step.expectation.case for step in steps] == ["boxes.createBox:positive:0", "boxes.createBox:positive:1"]
    assert steps[1].session is None
    operation, mode, script = work.again("boxes.createBox:positive:1")
    assert (operation, mode) == (operations[0], Mode.POSITIVE)
    assert hold(Server(), script)[0].request == steps[1].request


@cache
def shipped() -> tuple[Operation, ...]:
    return tuple(each for path in find((Path(__file__).parents[2] / "specs",)) for each in read(path))


def test_the_reference_server_lives_through_the_sessions_of_all_ninety_operations() -> None:
    mock = Mock(shipped(), compiler(), seed=0)
    judge = Judge(shipped(), checks=checks.of_traffic(), compiler=compiler())
    called = set()
    for session in sessions(shipped()):
        state = State()

        def answered(sent: Request, state: State = state) -> Outcome:
            return mock.handle(sent, state)[0]

        script = session.script(
            context=lambda operation, state=state: dict(mock.seeded(operation, state)),  # type: ignore[misc] # the default
            dress=lambda sent: authorized(sent, mock.authorization),
        )
        for step in hold(answered, script):
            called.add(step.case.operation.key)
            assert step.exchange is not None
            judgement = judge.judge(step.exchange, operation=step.case.operation)
            assert not judgement.findings, (step.case.label, judgement.findings[0].problem.message)
    assert len(called) == 90


def test_what_was_withheld_is_no_exchange(tmp_path: Path) -> None:
    def withholding(_: Request) -> Outcome:
        return Failure(reason=Reason.WITHHELD, message="not allowed")

    steps = played(document(tmp_path), "createThing", withholding)
    assert steps
    assert all(step.withheld and step.exchange is None for step in steps)


def test_what_a_server_makes_invalid_may_be_refused(tmp_path: Path) -> None:
    operations = document(tmp_path)
    steps = played(operations, "createThing", Server(fault="no sids"))
    inside = [step for step in steps if "/string/" in step.request.url]
    assert inside
    assert {step.case.expect for step in inside} <= {Expect.SURVIVE}
