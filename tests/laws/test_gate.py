"""The gate clears only what the judge finds nothing in, and what it counts together covers the same."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import checks
from conformance.checks import trial
from conformance.checks.gate import Gate
from conformance.checks.judge import Judge
from conformance.checks.requests.undocumented_parameter import undocumented_parameter
from conformance.config import Settings
from conformance.generate import plan
from conformance.generate.case import request
from conformance.mock.handler import Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Source
from conformance.model.operation import Operation, Schema
from conformance.model.rule import Check, Glance, Matched, Side, Subject
from conformance.profiles.twilio.demands import demands
from conformance.run.suite import Suite, compiler, suite
from conformance.schemas.coverage import Lens, seen
from conformance.schemas.shapes import count_strings, look


@cache
def held(contract: str) -> Suite:
    return suite(Settings(contract=contract))


@cache
def conformant(contract: str) -> tuple[Exchange, ...]:
    """A few exchanges of every operation with the reference server."""
    made = held(contract)
    mock = Mock(made.operations, compiler())
    found: list[Exchange] = []
    for operation in made.operations:
        state = State()

        def known(each: Operation, state: State = state) -> dict[str, str]:
            return dict(mock.seeded(each, state))

        for case in islice(plan.cases(operation, context=known), 4):
            sent = request(case)
            sent = replace(sent, headers=sent.headers.replace("Authorization", mock.authorization))
            response, state = mock.handle(sent, state)
            source = Source(kind="test", path="test", index=len(found))
            found.append(Exchange(id=case.id, request=sent, response=response, source=source))
    return tuple(found)


def faulty(contract: str) -> Iterator[Exchange]:
    """Every fault that every check can plant into one exchange of each operation."""
    made = held(contract)
    for exchange in conformant(contract)[::4]:
        matched = made.judge.judge(exchange).matched
        assert matched is not None
        for check in checks.by_default():
            if check.plant is not None and _is_planned(made, check, matched.operation):
                yield from _planted(check.plant, check.subject, matched)


def _is_planned(made: Suite, check: Check, operation: Operation) -> bool:
    return check.subject is Subject.ROUTE or any(step.check is check for step in made.judge.steps(operation) or ())


def _planted(plant: Any, subject: Subject, matched: Matched) -> Iterator[Exchange]:
    if subject is Subject.MESSAGE:
        for side in (Side.REQUEST, Side.RESPONSE):
            yield from islice(plant(matched, side), 3)
    elif subject in {Subject.ROUTE, Subject.REQUEST, Subject.RESPONSE}:
        yield from islice(plant(matched), 3)


def agrees(contract: str, exchange: Exchange) -> bool:
    """Check the law for one exchange, and tell whether it was cleared."""
    made = held(contract)
    clear = made.gate.clear(exchange)
    if clear is None:
        return False
    judgement = made.judge.judge(exchange)
    assert not judgement.findings
    assert judgement.operation is clear.matched.operation
    assert set(judgement.passed) == set(made.judge.applicable(clear.matched.operation))
    assert judgement.matched is not None
    assert clear.matched == judgement.matched
    assert seen(clear.matched) == seen(judgement.matched)
    return True


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_conformant_exchanges_are_cleared(contract: str) -> None:
    cleared = [agrees(contract, exchange) for exchange in conformant(contract)]
    assert sum(cleared) > 0.7 * len(cleared)


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_no_planted_fault_is_cleared_unless_the_judge_sees_none_either(contract: str) -> None:
    assert sum(not agrees(contract, exchange) for exchange in faulty(contract)) > 500


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_equal_keys_cover_the_same(contract: str) -> None:
    made = held(contract)
    by_gate: dict[Any, set[str]] = {}
    by_lens: dict[Any, set[str]] = {}
    lenses = {operation: Lens(operation) for operation in made.operations}
    for exchange in conformant(contract):
        clear = made.gate.clear(exchange)
        if clear is not None:
            shown = seen(clear.matched)
            operation = clear.matched.operation
            assert by_gate.setdefault((operation.key, clear.key), shown) == shown
            assert by_lens.setdefault((operation.key, lenses[operation].key(clear.matched)), shown) == shown


@pytest.mark.parametrize("contract", ["corrected", "as-written"])
def test_what_is_clear_at_a_glance_is_clear(contract: str) -> None:
    made = held(contract)
    clear: Counter[bool] = Counter()
    for exchange in (*conformant(contract), *faulty(contract)):
        matched = made.judge.judge(exchange).matched
        for step in (made.judge.steps(matched.operation) or ()) if matched is not None else ():
            if isinstance(step.run, Glance) and matched is not None:
                is_clear = is_clear_at_a_glance(step.run, matched)
                clear[is_clear] += 1
                assert not is_clear or not list(step.run(matched)), step.check.id
    assert clear[True] > 10 * clear[False] > 1000


def test_what_makes_a_check_crash_is_left_to_the_judge() -> None:
    example = undocumented_parameter.good[0]
    crashing = replace(undocumented_parameter, plan=lambda _: lambda _: 1 / 0)
    judge = Judge(trial.operations(example), checks=[crashing], compiler=compiler())
    assert Gate(judge, tighten=demands).clear(trial.exchange(example)) is None
    assert "ZeroDivisionError" in judge.judge(trial.exchange(example)).crashed["undocumented-parameter"]


def is_clear_at_a_glance(glance: Glance, matched: Matched) -> bool:
    is_in = glance.part.is_in(matched.operation, matched.exchange.response.status)
    return not is_in or glance.is_clear(glance.part.of(matched), matched)


def test_a_repeated_name_is_never_cleared() -> None:
    made = held("corrected")
    repeated = 0
    for exchange in conformant("corrected"):
        body = exchange.response.body
        matched = made.judge.judge(exchange).matched
        value = msgspec.json.decode(body) if body else None
        if matched is not None and matched.response.media_type is not None and isinstance(value, dict) and value:
            name = next(iter(value))
            for text in (
                b"{" + json.dumps(name).encode() + b":null," + body[1:],
                b"{" + json.dumps(name).encode() + b" : null," + body[1:],
            ):
                assert made.gate.clear(replace(exchange, response=replace(exchange.response, body=text))) is None
                repeated += 1
    assert repeated > 100


def test_an_escaped_quote_is_no_end_of_a_string() -> None:
    made = held("corrected")
    texts = (b'"{\\"body\\": 1}"', b'"a\\nb\\/c"', b'"\\\\"', b'"\\u0041"', b'"\\\\\\""')
    found = []
    for exchange in conformant("corrected"):
        body = exchange.response.body
        if b'"friendly_name":"' in body and made.gate.clear(exchange) is not None:
            before, _, after = body.partition(b'"friendly_name":')
            for text in texts:
                made_up = before + b'"friendly_name":' + text + after[after.index(b",") :]
                found.append(agrees("corrected", replace(exchange, response=replace(exchange.response, body=made_up))))
    assert found[:5] == [True, True, True, True, False]


SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": ["string", "null"]},
        "count": {"type": "integer"},
        "either": {"type": ["integer", "string"]},
        "state": {"type": ["string", "null"], "enum": ["on", "off", None]},
        "links": {"type": "object"},
        "open": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "additionalProperties": {"type": ["string", "array"]},
        },
        "inner": {"type": ["object", "null"], "properties": {"note": {"type": "string"}}},
        "things": {
            "type": "array",
            "items": {
                "type": ["object", "null"],
                "properties": {"name": {"type": ["string", "null"]}, "state": {"type": "string", "enum": ["a", "b"]}},
                "additionalProperties": True,
            },
        },
    },
}
TEXT = st.text("ab", max_size=2)
INNER = st.fixed_dictionaries({}, optional={"note": TEXT})
THING = st.none() | st.fixed_dictionaries(
    {}, optional={"name": st.none() | TEXT, "state": st.sampled_from("ab"), "more": TEXT | st.lists(TEXT, max_size=1)}
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "name": st.none() | TEXT,
        "count": st.integers(0, 3),
        "either": st.integers(0, 3) | TEXT,
        "state": st.sampled_from(["on", "off", None]),
        "links": st.dictionaries(TEXT, TEXT, max_size=2),
        "open": st.dictionaries(st.sampled_from(["name", "a", "b"]), TEXT, max_size=3)
        | st.fixed_dictionaries({"a": st.lists(TEXT, max_size=2)}),
        "inner": st.none() | INNER,
        "things": st.lists(THING, max_size=4),
    },
)


@given(VALUES)
def test_a_shape_counts_every_string(value: dict[str, Any]) -> None:
    assert look(SCHEMA)(value)[1] == count_strings(value)


@given(VALUES)
def test_a_text_without_escapes_has_two_quotes_for_every_string(value: dict[str, Any]) -> None:
    assert msgspec.json.encode(value).count(b'"') == 2 * count_strings(value)


def test_a_closed_schema_demands_of_items_and_of_the_whole_as_well() -> None:
    text = {"type": "string", "description": "In E.164 format"}
    api = held("corrected").operations[0]
    cases: tuple[tuple[dict[str, Any], Any, Any], ...] = (
        (text, "+14155550100", "4155550100"),
        ({"type": "array", "items": text}, ["+14155550100"], ["4155550100"]),
        ({"properties": {"to": {"$ref": "#/$defs/to"}}, "$defs": {"to": text}}, {"to": ""}, {"to": "4155550100"}),
        ({"properties": {"parent_call_sid": True}}, {"parent_call_sid": "CA1"}, {"parent_call_sid": "SM1"}),
        ({"properties": {"price": {"type": ["string", "null"]}}}, {"price": "-0.5"}, {"price": "none"}),
        (
            {"properties": {"parent_call_sid": {"type": "string"}}},
            {"parent_call_sid": "CA1"},
            {"parent_call_sid": "SM1"},
        ),
    )
    for schema, right, wrong in cases:
        is_clear = compiler().closed(Schema(pointer="", make=partial(dict, schema)), demands(api))
        assert is_clear is not None
        assert is_clear(right)
        assert not is_clear(wrong)


def test_path_parameters_may_be_declared_in_any_order() -> None:
    example = replace(
        undocumented_parameter.good[0],
        path="/accounts/{AccountSid}/things/{ThingSid}",
        url="https://api.example.com/accounts/AC1/things/TH1",
        operation={
            "parameters": [
                {"name": "ThingSid", "in": "path", "required": True, "schema": {"type": "string"}},
                {"name": "AccountSid", "in": "path", "required": True, "schema": {"type": "string"}},
            ],
            "responses": {"204": {"description": "Done"}},
        },
    )
    judge = Judge(trial.operations(example), checks=(), compiler=compiler())
    for url in (example.url, f"{example.url}?a=b"):
        exchange = trial.exchange(replace(example, url=url))
        clear = Gate(judge, tighten=demands).clear(exchange)
        assert clear is not None
        assert clear.matched.request.parameters == {"path/AccountSid": "AC1", "path/ThingSid": "TH1"}
        assert clear.matched == judge.judge(exchange).matched


EDITS: tuple[Callable[[str], Any], ...] = (
    lambda _: None,
    lambda _: "",
    lambda _: 7,
    lambda _: "/",
    lambda link: link.rpartition("/")[0],
    lambda link: link[link.rfind("/") :],
    lambda link: link.replace("/", "//", 1),
    lambda link: f"https://api.twilio.com{link}",
    lambda link: f"http://api.twilio.com{link}",
    lambda link: f"//api.example.org{link}",
    lambda link: link.replace("twilio", "example"),
    lambda link: link.replace("Page=0", "Page=1"),
    lambda link: link.replace("PageSize=", "PageSize=1"),
    lambda link: f"{link}&Page=0&Page=3",
    lambda link: f"{link}&Url=https://api.example.org/",
    lambda link: f"{link}?Url=https://api.example.org/",
    lambda link: link.partition("?")[0],
    lambda link: link.replace("A", "%41"),
    lambda link: link.replace("0", "1"),
    lambda link: f"{link}/CA{'0' * 32}",
    lambda link: f"{link}{'0' * 8}",
    str.upper,
    str.swapcase,
)


def edited(node: Any) -> Iterator[Any]:
    """Give a body with one of its links changed, every link in every way."""
    for key, value in node.items() if isinstance(node, dict) else enumerate(node[:1]) if isinstance(node, list) else ():
        if isinstance(value, str) and "/" in value:
            changes: Iterator[Any] = (edit(value) for edit in EDITS)
        else:
            changes = edited(value)
        for change in changes:
            yield {**node, key: change} if isinstance(node, dict) else [change, *node[1:]]
    if isinstance(node, dict) and ("uri" in node or "url" in node):
        yield {"uri": "https://api.example.org/", "url": "https://api.example.org/", **node}


def test_no_odd_link_is_clear_at_a_glance_where_a_check_objects() -> None:
    made = held("corrected")
    clear: Counter[bool] = Counter()
    for exchange in conformant("corrected")[::2]:
        matched = made.judge.judge(exchange).matched
        assert matched is not None
        steps = [step for step in made.judge.steps(matched.operation) or () if step.check.id.endswith("-link")]
        for body in edited(matched.response.body):
            odd = replace(matched, response=replace(matched.response, body=body))
            for step in steps:
                if isinstance(step.run, Glance):
                    is_clear = is_clear_at_a_glance(step.run, odd)
                    clear[is_clear] += 1
                    assert not is_clear or not list(step.run(odd)), (step.check.id, body)
    assert min(clear.values()) > 1000
