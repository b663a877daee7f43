"""A fingerprint is what a finding is about: it outlives every edit that changes nothing about it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import checks
from conformance.checks.judge import Judge
from conformance.config import Settings
from conformance.model.finding import destination
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.openapi.document import parse, shipped
from conformance.openapi.operations import build
from conformance.run.check import check
from conformance.run.suite import compiler

RECORDINGS = Path(__file__).parents[2].parent / "shared" / "recordings" / "five_apis.ndjson"

DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "servers": [{"url": "https://api.example.com/v1"}],
    "paths": {
        "/orders": {
            "get": {
                "operationId": "listOrders",
                "parameters": [
                    {"name": "Page", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 1000}},
                    {"name": "State", "in": "query", "schema": {"$ref": "#/components/schemas/State"}},
                ],
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["orders"],
                                    "properties": {
                                        "orders": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
                                        "total": {"type": "integer"},
                                    },
                                }
                            }
                        },
                    }
                },
            }
        },
        "/orders/{Id}": {
            "get": {
                "operationId": "fetchOrder",
                "parameters": [{"$ref": "#/components/parameters/Id"}],
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}},
                    },
                    "404": {"description": "None"},
                },
            }
        },
    },
    "components": {
        "parameters": {
            "Id": {"name": "Id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^OR[0-9]+$"}}
        },
        "schemas": {
            "State": {"type": "string", "enum": ["open", "paid", "sent"]},
            "Order": {
                "type": "object",
                "required": ["id", "state"],
                "properties": {
                    "id": {"type": "string", "pattern": "^OR[0-9]+$", "minLength": 4, "maxLength": 9},
                    "state": {"$ref": "#/components/schemas/State"},
                    "placed": {"type": "string", "format": "date-time"},
                    "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 2},
                    "price": {"anyOf": [{"$ref": "#/components/schemas/Price"}, {"type": "null"}]},
                },
            },
            "Price": {
                "type": "object",
                "properties": {
                    "amount": {"type": "number", "minimum": 0},
                    "currency": {"type": "string", "enum": ["USD"]},
                },
            },
            "Unused": {"type": "integer"},
        },
    },
}

_ORDERS: list[Any] = [
    {"id": "OR12", "state": "open"},
    {"id": "OR1", "state": "ajar", "placed": "yesterday"},
    {"id": "XX12345678901", "state": "lost", "tags": ["a", "a", "a"]},
    {"state": 3, "price": {"amount": -1, "currency": "EUR"}},
    {"id": 12, "price": 7},
    [],
]
_TRAFFIC: list[tuple[str, int, Any]] = [
    *(("/orders/OR12", 200, order) for order in _ORDERS),
    ("/orders/OR12", 418, None),
    ("/orders/12", 404, None),
    ("/orders?Page=-1&State=ajar", 200, {"orders": _ORDERS, "total": "many"}),
    ("/orders?Page=x", 200, {}),
    ("/baskets/BA1", 200, {}),
]


def _exchanges() -> list[Exchange]:
    return [
        Exchange(
            id=f"x{index}",
            request=Request(method="GET", url=f"https://api.example.com/v1{path}"),
            response=Response(
                status=status,
                headers=Headers.of({"Content-Type": "application/json"} if body is not None else {}),
                body=b"" if body is None else json.dumps(body).encode(),
            ),
            source=Source(kind="ndjson", path="x.ndjson", index=index),
        )
        for index, (path, status, body) in enumerate(_TRAFFIC)
    ]


def _fingerprints(document: Any, exchanges: list[Exchange]) -> set[str]:
    operations = build(parse(json.dumps(document).encode(), path="orders.json"))
    judge = Judge(operations, checks=checks.by_default(), compiler=compiler())
    return {finding.fingerprint for exchange in exchanges for finding in judge.judge(exchange).findings}


@pytest.fixture(scope="module")
def expected() -> set[str]:
    found = _fingerprints(DOCUMENT, _exchanges())
    assert len(found) > 15
    return found


def _shuffled(value: Any, draw: st.DrawFn) -> Any:
    if isinstance(value, dict):
        names = draw(st.permutations(list(value)))
        return {name: _shuffled(value[name], draw) for name in names}
    return [_shuffled(item, draw) for item in value] if isinstance(value, list) else value


@st.composite
def reordered(draw: st.DrawFn) -> Any:
    """The document with the keys of every object in another order."""
    return _shuffled(DOCUMENT, draw)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: names.get(item, item) if key == "$ref" else _renamed(item, names) for key, item in value.items()}
    return [_renamed(item, names) for item in value] if isinstance(value, list) else value


@given(document=reordered())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_keys_changes_no_fingerprint(document: Any, expected: set[str]) -> None:
    assert _fingerprints(document, _exchanges()) == expected


@given(numbers=st.permutations(range(4)))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_names_of_components_change_no_fingerprint(numbers: list[int], expected: set[str]) -> None:
    schemas = DOCUMENT["components"]["schemas"]
    names = {old: f"Schema{number}" for old, number in zip(schemas, numbers, strict=True)}
    document = _renamed(
        DOCUMENT, {f"#/components/schemas/{old}": f"#/components/schemas/{new}" for old, new in names.items()}
    )
    document["components"]["schemas"] = {
        names[old]: schema for old, schema in document["components"]["schemas"].items()
    }
    assert _fingerprints(document, _exchanges()) == expected


@given(exchanges=st.permutations(_exchanges()))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_order_of_exchanges_changes_no_fingerprint(exchanges: list[Exchange], expected: set[str]) -> None:
    assert _fingerprints(DOCUMENT, exchanges) == expected


def test_an_unrelated_reference_changes_no_fingerprint(expected: set[str]) -> None:
    """A schema that is written out, and the same behind a `$ref`; and a component that nobody asked for."""
    schemas = {**DOCUMENT["components"]["schemas"], "New": {"$ref": "#/components/schemas/Order"}}
    order = json.loads(
        json.dumps(schemas["Order"]).replace('{"$ref": "#/components/schemas/State"}', json.dumps(schemas["State"]))
    )
    components = {**DOCUMENT["components"], "schemas": {**schemas, "Order": order}}
    assert _fingerprints({**DOCUMENT, "components": components}, _exchanges()) == expected


def test_the_index_in_a_list_changes_no_fingerprint(expected: set[str]) -> None:
    turned = []
    for exchange in _exchanges():
        body = exchange.response.body
        if b'"orders"' in body:
            data = json.loads(body)
            body = json.dumps({**data, "orders": data["orders"][::-1]}).encode()
        turned.append(replace(exchange, response=replace(exchange.response, body=body)))
    assert _fingerprints(DOCUMENT, turned) == expected


def _states(*values: Any) -> Iterator[set[str]]:
    for value in values:
        exchange = replace(
            _exchanges()[0],
            response=Response(
                status=200,
                headers=Headers.of({"Content-Type": "application/json"}),
                body=json.dumps({"id": "OR12", "state": value}).encode(),
            ),
        )
        yield _fingerprints(DOCUMENT, [exchange])


def test_two_bad_values_of_an_enum_are_two_findings_and_the_same_value_is_one() -> None:
    ajar, lost, again = _states("ajar", "lost", "ajar")
    assert len(ajar) == len(lost) == 1
    assert ajar != lost
    assert ajar == again


def test_two_values_of_a_wrong_type_are_one_finding() -> None:
    three, four = _states(3, 4)
    assert three == four


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the public recordings are not part of the repository")
def test_the_order_of_a_recording_changes_no_fingerprint(tmp_path: Path) -> None:
    lines = RECORDINGS.read_text(encoding="utf-8").splitlines()
    found = []
    for name, ordered in (("there.ndjson", lines), ("back.ndjson", lines[::-1])):
        (tmp_path / name).write_text("\n".join(ordered) + "\n", encoding="utf-8")
        report = check(Settings(), (str(tmp_path / name),)).report
        stateless = [rule for rule, facts in report.subject.rules.items() if facts["subject"] != "sessions"]
        found.append({each.finding.fingerprint for each in report.findings() if each.finding.rule_id in stateless})
    assert found[0] == found[1]


def _numbered(document: Any) -> Any:
    """The document with numbers for the names of its schemas, as some generators give them."""
    schemas = document.get("components", {}).get("schemas", {})
    names = {old: f"Schema{number}" for number, old in enumerate(schemas)}
    made = _renamed(document, {f"{_SCHEMAS}{old}": f"{_SCHEMAS}{new}" for old, new in names.items()})
    made["components"]["schemas"] = {names[old]: schema for old, schema in made["components"]["schemas"].items()}
    return made


def _turned(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in reversed(value)}
    return [_turned(item) for item in value] if isinstance(value, list) else value


_SCHEMAS = "#/components/schemas/"


@pytest.mark.skipif(not RECORDINGS.exists(), reason="the public recordings are not part of the repository")
def test_numbering_and_turning_the_shipped_descriptions_changes_no_fingerprint(tmp_path: Path) -> None:
    found: list[set[str]] = []
    for changed in (False, True):
        folder = tmp_path / str(len(found))
        folder.mkdir()
        for path in (each for each in shipped().iterdir() if each.suffix in {".json", ".yaml"}):
            document = parse(path.read_bytes(), path=path.name).data
            document = _turned(_numbered(document)) if changed else document
            (folder / f"{path.stem}.json").write_text(json.dumps(document, default=str), encoding="utf-8")
        report = check(Settings(specs=(folder,)), (str(RECORDINGS),)).report
        found.append({each.finding.fingerprint for each in report.findings()})
    assert len(found[0]) > 100
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/v1/Things/TH1234/Parts.json?x=1", "GET https://a.example/v1/Things/{}/Parts.json"),
        ("https://a.example/2010-04-01/Calls/CA12.json", "GET https://a.example/2010-04-01/Calls/{}.json"),
        ("https://a.example:8080", "GET https://a.example:8080"),
        ("/v2/Trunks/7", "GET /v2/Trunks/{}"),
    ],
)
def test_a_wrong_path_is_the_same_for_every_resource(url: str, expected: str) -> None:
    assert destination("GET", url) == expected
