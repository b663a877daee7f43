"""The engine `hypothesis`: schemathesis' values and walks as cases of ours."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.errors import SettingsError
from conformance.generate import deep
from conformance.generate.case import Mode, authorized, request
from conformance.generate.script import Step
from conformance.generate.work import Engine, Work
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.expectation import Expect
from conformance.model.http import Request
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT
from conformance.openapi.operations import find, read
from conformance.run.suite import compiler
from conformance.targets import Failure, Outcome, Reason, hold

SPECS = Path(__file__).parents[2] / "specs"


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(operation for path in find((SPECS,)) for operation in read(path))


def by_key(key: str) -> Operation:
    return next(operation for operation in operations() if operation.key == key)


def small(tmp_path: Path, node: dict[str, Any]) -> Operation:
    file = tmp_path / "api.json"
    paths = {"/a/{id}": {"post": {"responses": {"200": {"description": ""}}, **node}}}
    file.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}))
    return read(file)[0]


@pytest.mark.parametrize("key", ["twilio_voice.createQueue", "twilio_numbers_v1.CreatePortingPortIn"])
def test_cases_are_what_they_say_and_can_be_made_again(key: str) -> None:
    work = Work(operations=operations(), engine=Engine.HYPOTHESIS, max_cases=12, seed=5)
    for mode in (Mode.POSITIVE, Mode.NEGATIVE):
        made = list(deep.cases(by_key(key), mode=mode, seed=5, max_cases=12))
        assert 6 <= len(made) <= 12
        for case in made:
            assert (case.expect is Expect.REFUSE) == (case.breaks is not None)
        if mode is Mode.POSITIVE:
            assert all(case.expect is Expect.SURVIVE for case in made)
        else:
            assert any(case.expect is Expect.REFUSE for case in made)
        assert [request(case) for case in made] == [
            request(case) for case in deep.cases(by_key(key), mode=mode, seed=5, max_cases=12)
        ]
        operation, found, script = work.again(made[5].id)
        assert (operation, found) == (by_key(key), mode)
        assert next(script) == request(made[5])


def test_known_path_parameters_are_taken(tmp_path: Path) -> None:
    operation = small(tmp_path, {})
    case = next(deep.cases(operation, context=lambda _: {"id": "x/y"}, max_cases=1))
    assert request(case).url.endswith("/a/x%2Fy")


def test_values_that_our_writers_do_not_know_go_out_as_bytes(tmp_path: Path) -> None:
    form = {"content": {"application/x-www-form-urlencoded": {"schema": {"type": "object", "required": ["a"]}}}}
    node = {
        "requestBody": {**form, "required": True},
        "parameters": [
            {"name": "X-A", "in": "header", "schema": {"type": "integer"}},
            {"name": "c", "in": "cookie", "schema": {"type": "string"}},
            {"name": "q", "in": "query", "required": True, "schema": {"type": "array", "items": {"type": "integer"}}},
        ],
    }
    operation = small(tmp_path, node)
    made = list(deep.cases(operation, mode=Mode.NEGATIVE, max_cases=25))
    assert any(case.pairs for case in made)
    assert all(request(case).url.isascii() for case in made)
    media_type = operation.request_body.content[0] if operation.request_body else None
    for value, raw in ((["a"], b'["a"]'), ("\ud800", b"?"), (b"\xff", b"\xff")):
        drawn: Any = SimpleNamespace(body=value, media_type="application/x-www-form-urlencoded")
        assert deep._body(operation, drawn) == (value, media_type, raw)
    unknown: Any = SimpleNamespace(body="a", media_type="text/other")
    assert deep._body(operation, unknown) == (ABSENT, None, None)


def test_bodies_and_operations_without_anything_to_break(tmp_path: Path) -> None:
    text = {"requestBody": {"required": True, "content": {"text/plain": {"schema": {"type": "string"}}}}}
    assert list(deep.cases(small(tmp_path, text), max_cases=5))
    assert (
        list(
            deep.cases(
                by_key("twilio_numbers_v1.FetchPortingWebhookConfigurationFetch"), mode=Mode.NEGATIVE, max_cases=5
            )
        )
        == []
    )
    assert list(deep.cases(by_key("twilio_voice.createCall"), mode=Mode.BOUNDARY)) == []
    assert list(deep.cases(by_key("twilio_voice.createCall"), max_cases=0)) == []


def test_schemas_that_refer_to_themselves_are_described(tmp_path: Path) -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/No~1de"}}}
    file = tmp_path / "api.json"
    body = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/No~1de"}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "paths": {"/a": {"post": {"requestBody": body, "responses": {"200": {"description": ""}}}}},
        "components": {"schemas": {"No/de": node}},
    }
    file.write_text(json.dumps(document))
    assert list(deep.cases(read(file)[0], max_cases=5))


def walked(api: str, send: Any, *, max_cases: int = 3) -> list[Step]:
    anchor = next(each for each in operations() if each.api.name == api)
    mock = Mock(operations(), compiler(), seed=0)
    work = Work(
        operations=operations(),
        engine=Engine.HYPOTHESIS,
        max_cases=max_cases,
        context=lambda _: {"AccountSid": mock.account},
        dress=lambda sent: authorized(sent, mock.authorization),
    )
    return [step for script in work.scripts(anchor, Mode.STATEFUL) for step in hold(send, script)]


def answering() -> Any:
    mock = Mock(operations(), compiler(), seed=0)
    state = State()
    return lambda sent: mock.handle(sent, state)[0]


def test_walks_go_along_the_links_that_schemathesis_infers() -> None:
    steps = walked("twilio_numbers_v1", answering())
    assert len({step.session for step in steps}) == 3
    assert len({step.case.operation.key for step in steps}) > 2
    assert [step.request for step in walked("twilio_numbers_v1", answering())] == [step.request for step in steps]
    assert steps[0].expectation.case == f"{steps[0].session}/0"


def test_walks_end_where_there_is_no_link_or_no_answer() -> None:
    assert walked("twilio_voice", answering()) == []

    def refusing(_: Request) -> Outcome:
        return Failure(reason=Reason.RESET, message="reset")

    steps = walked("twilio_numbers_v1", refusing)
    assert [step.failure for step in steps] == ["reset"]


def test_leaving_a_walk_lets_go_of_its_thread() -> None:
    anchor = next(each for each in operations() if each.api.name == "twilio_numbers_v1")
    script = next(Work(operations=operations(), engine=Engine.HYPOTHESIS).scripts(anchor, Mode.STATEFUL))
    next(script)
    script.close()


def test_other_modes_and_sessions_belong_to_the_fast_engine() -> None:
    work = Work(operations=operations(), engine=Engine.HYPOTHESIS, max_cases=2)
    operation = by_key("twilio_voice.createCall")
    assert len(list(work.scripts(operation, Mode.BOUNDARY))) == 2
    assert list(work.scripts(operation, Mode.STATEFUL)) == []
    assert work.again("twilio_voice.listCalls:stateful:1/4")[0] is by_key("twilio_voice.listCalls")


@pytest.mark.parametrize(
    "case_id", ["twilio_voice.createCall:stateful:0", "twilio_voice.createCall:positive:9999", "no.op:positive:0"]
)
def test_ids_of_nothing_are_refused(case_id: str) -> None:
    with pytest.raises(SettingsError):
        Work(operations=operations(), engine=Engine.HYPOTHESIS).again(case_id)
