"""Findings shrink to the smallest request that brings them about, against a server with a seeded defect."""

from __future__ import annotations

import json
from pathlib import Path

from conformance import checks
from conformance.checks.judge import Judge
from conformance.generate.case import Mode
from conformance.generate.reach import unreached
from conformance.generate.script import Script, Step, recalling
from conformance.generate.work import Work
from conformance.model.http import Exchange, Headers, Request, Response
from conformance.model.operation import Operation
from conformance.openapi.operations import read
from conformance.run.smallest import smallest
from conformance.run.suite import compiler
from conformance.schemas import coverage
from conformance.targets import Failure, Outcome, Reason, hold
from conformance.targets.mock import MockTarget

SCHEMA = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "size": {"type": "integer"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "odd": {"type": "string", "pattern": r"(a)\1"},
        "color": {"enum": ["red", "blue"]},
    },
}


def operations(tmp_path: Path, *, impossible: bool = False) -> tuple[Operation, ...]:
    body = {"required": True, "content": {"application/json": {"schema": False if impossible else SCHEMA}}}
    answers = {
        "200": {"description": "", "content": {"application/json": {"schema": {"properties": {"x": {}}}}}},
        "400": {"description": ""},
        "503": {"description": ""},
    }
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/things": {"post": {"operationId": "make", "requestBody": body, "responses": answers}}},
    }
    file = tmp_path / "api.json"
    file.write_text(json.dumps(document))
    return read(file)


def failing(sent: Request) -> Response:
    body = json.loads(sent.body)
    headers = Headers.of({"Content-Type": "application/json"})
    return Response(status=500 if len(body.get("tags", ())) > 1 else 200, headers=headers, body=b"{}")


def test_a_finding_shrinks_and_keeps_its_fingerprint(tmp_path: Path) -> None:
    found = operations(tmp_path)
    judge = Judge(found, checks=checks.by_default(), compiler=compiler())
    prepared = []
    for script in Work(operations=found).scripts(found[0], Mode.POSITIVE):
        (step,) = hold(failing, script)
        assert step.exchange is not None
        fingerprints = {each.fingerprint for each in judge.judge(step.exchange, operation=found[0]).findings}
        if fingerprints and step.case.body.get("size"):
            break
    shrunk = smallest(step, fingerprints, judge=judge, target=MockTarget(failing), prepare=lambda: prepared.append(1))
    assert shrunk.step is not None
    assert shrunk.step.case.body == {"name": shrunk.step.case.body["name"], "tags": ["", ""]}
    assert len(shrunk.step.case.body["name"]) == 1
    assert len(prepared) == shrunk.attempts


def test_what_is_not_answered_does_not_count(tmp_path: Path) -> None:
    found = operations(tmp_path)
    (step,) = hold(failing, next(Work(operations=found).scripts(found[0], Mode.POSITIVE)))

    class Withholding(MockTarget):
        def send(self, request: Request) -> Outcome:  # noqa: ARG002 - nothing is sent
            return Failure(reason=Reason.WITHHELD, message="not allowed")

    judge = Judge(found, checks=checks.by_default(), compiler=compiler())
    assert smallest(step, {"x"}, judge=judge, target=Withholding(failing)).step is None


def test_what_was_not_reached_has_a_reason(tmp_path: Path) -> None:
    (operation,) = operations(tmp_path)
    seen = {"body /name", "status 200"}
    found = dict(unreached(operation, seen))
    assert found.keys() | seen == set(coverage.declared(operation))
    assert "back-reference" in found["body /odd"]
    assert found["body /color = red"] == "no case among those that were allowed fills it"
    assert found["status 400"] == "no mode was run that breaks requests"
    assert found["status 503"] == "no request brought it about"
    assert found["200 /x"] == "no answer showed it"
    assert dict(unreached(operation, seen, modes=(Mode.NEGATIVE,)))["status 400"] == "no request brought it about"
    (nothing,) = operations(tmp_path, impossible=True)
    assert "no valid request" in dict(unreached(nothing, ()))["status 400"]


def test_recorded_answers_are_not_asked_for_again(tmp_path: Path) -> None:
    found = operations(tmp_path)
    sent: list[Request] = []

    def counting(request: Request) -> Response:
        sent.append(request)
        return Response(status=200, headers=Headers((("X-Number", str(len(sent))),)))

    def played(recorded: dict[str, Exchange]) -> list[Step]:
        work = Work(operations=found, recorded=recorded)
        return [step for mode in (Mode.POSITIVE, Mode.STATEFUL) for script in work.scripts(found[0], mode)
                for step in hold(counting, script)]  # fmt: skip

    first = played({})
    recorded = {step.exchange.id: step.exchange for step in first if step.exchange}
    count = len(sent)
    assert played(recorded) == first
    assert len(sent) == count
    partly = dict(list(recorded.items())[:5])
    partly["api.make:positive:2"] = Exchange(
        id="api.make:positive:2",
        request=sent[2],
        response=Response(status=0),
        source=next(iter(partly.values())).source,
    )
    assert len(played(partly)) == len(first)
    assert len(sent) == count + len(first) - 4


def test_an_empty_script_is_recalled_as_such() -> None:
    def nothing() -> Script:
        yield from ()
        return ()

    assert hold(failing, recalling(nothing(), {}, name="x")) == ()
