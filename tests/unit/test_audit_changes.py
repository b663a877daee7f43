"""Each kind of change between two documents, and whom it breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.openapi.changes import Change, changes, paired, paired_by_url
from conformance.openapi.document import parse
from conformance.openapi.survey import Survey
from conformance.run.document_diff import difference, render

CLIENTS, SERVERS, BOTH, NOBODY = "clients", "servers", "both", "nobody"


def survey(paths: dict[str, Any], **rest: Any) -> Survey:
    document = {"openapi": "3.1.0", "info": {"title": "T", "version": "1"}, "paths": paths, **rest}
    return Survey(parse(json.dumps(document).encode(), path="t.json"))


def operation(**fields: Any) -> dict[str, Any]:
    return {"/a": {"post": {"operationId": "a", "responses": {"200": {"description": "OK"}}, **fields}}}


def asking(schema: Any) -> dict[str, Any]:
    return operation(requestBody={"content": {"application/json": {"schema": schema}}})


def answering(schema: Any) -> dict[str, Any]:
    return operation(responses={"200": {"description": "OK", "content": {"application/json": {"schema": schema}}}})


def found(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    before, after = survey(old), survey(new)
    return list(changes(before, after, paired(before, after)))


def told(change: Change) -> tuple[str, str]:
    whom = {
        (True, True): BOTH,
        (True, False): CLIENTS,
        (False, True): SERVERS,
        (False, False): NOBODY,
    }
    return change.kind, whom[change.breaks_clients, change.breaks_servers]


SCHEMAS: list[tuple[str, Any, Any, str, str, str]] = [
    ("type-changed", {"type": "string"}, {"type": "integer"}, "types replaced", BOTH, BOTH),
    ("type-changed", {"type": "integer"}, {"type": "number"}, "integers become numbers", SERVERS, CLIENTS),
    ("type-changed", {"type": ["string", "integer"]}, {"type": "string"}, "a type less", CLIENTS, SERVERS),
    ("type-changed", {}, {"type": "string"}, "typed at last", CLIENTS, SERVERS),
    ("type-changed", {"type": "string"}, {}, "type dropped", SERVERS, CLIENTS),
    ("null-allowed", {"type": "string"}, {"type": ["string", "null"]}, "null allowed", SERVERS, CLIENTS),
    ("null-forbidden", {"type": ["string", "null"]}, {"type": "string"}, "null forbidden", CLIENTS, SERVERS),
    ("enum-added", {"type": "string"}, {"type": "string", "enum": ["a"]}, "enum added", CLIENTS, SERVERS),
    ("enum-removed", {"type": "string", "enum": ["a"]}, {"type": "string"}, "enum removed", SERVERS, CLIENTS),
    ("enum-member-added", {"enum": ["a"]}, {"enum": ["a", "b"]}, "member added", SERVERS, CLIENTS),
    ("enum-member-removed", {"enum": ["a", "b"]}, {"enum": ["a"]}, "member removed", CLIENTS, SERVERS),
    ("format-changed", {"type": "string"}, {"type": "string", "format": "date"}, "format added", CLIENTS, SERVERS),
    ("format-changed", {"format": "date"}, {"format": "date-time"}, "format replaced", BOTH, BOTH),
    ("format-changed", {"type": "integer"}, {"type": "integer", "format": "int64"}, "annotation", NOBODY, NOBODY),
    ("pattern-changed", {"pattern": "a"}, {"pattern": "b"}, "pattern replaced", BOTH, BOTH),
    ("pattern-changed", {"pattern": "a"}, {}, "pattern dropped", SERVERS, CLIENTS),
    ("max-length-changed", {"maxLength": 5}, {"maxLength": 3}, "shorter", CLIENTS, SERVERS),
    ("minimum-changed", {"minimum": 5}, {"minimum": 3}, "lower", SERVERS, CLIENTS),
    ("multiple-of-changed", {"multipleOf": 2}, {"multipleOf": 3}, "other multiples", BOTH, BOTH),
    ("default-changed", {"default": 1}, {"default": 2}, "default", NOBODY, NOBODY),
    ("property-removed", {"properties": {"x": {}}}, {}, "property removed", CLIENTS, CLIENTS),
    ("property-added", {}, {"properties": {"x": {}}}, "optional property added", SERVERS, NOBODY),
    ("property-added", {}, {"properties": {"x": {}}, "required": ["x"]}, "required property added", BOTH, SERVERS),
    (
        "property-became-required",
        {"properties": {"x": {}}},
        {"properties": {"x": {}}, "required": ["x"]},
        "now required",
        CLIENTS,
        SERVERS,
    ),
    (
        "property-became-optional",
        {"properties": {"x": {}}, "required": ["x"]},
        {"properties": {"x": {}}},
        "now optional",
        SERVERS,
        CLIENTS,
    ),
    ("properties-closed", {}, {"additionalProperties": False}, "closed", CLIENTS, SERVERS),
    ("properties-opened", {"additionalProperties": False}, {}, "opened", SERVERS, CLIENTS),
    ("items-changed", {"type": "array"}, {"type": "array", "items": {"type": "string"}}, "items", CLIENTS, SERVERS),
    ("any-of-changed", {"anyOf": [{}]}, {"anyOf": [{}, {}]}, "one branch more", SERVERS, CLIENTS),
    ("one-of-changed", {"oneOf": [{}, {}]}, {"oneOf": [{}]}, "one branch less", CLIENTS, SERVERS),
    ("any-of-changed", {}, {"anyOf": [{}]}, "a union at last", BOTH, BOTH),
]


@pytest.mark.parametrize(
    ("kind", "old", "new", "title", "asked", "answered"), SCHEMAS, ids=[case[3] for case in SCHEMAS]
)
def test_change_of_a_schema(kind: str, old: Any, new: Any, title: str, asked: str, answered: str) -> None:
    assert [told(change) for change in found(asking(old), asking(new))] == [(kind, asked)]
    assert [told(change) for change in found(answering(old), answering(new))] == [(kind, answered)]


QUERY = {"name": "q", "in": "query", "schema": {"type": "string"}}
JSON = {"application/json": {"schema": {"type": "string"}}}
OK = {"description": "OK"}
OPERATIONS: list[tuple[str, str, dict[str, Any], dict[str, Any]]] = [
    ("operation-removed", CLIENTS, operation(), {}),
    ("operation-added", SERVERS, {}, operation()),
    ("operation-id-changed", NOBODY, operation(), operation(operationId="b")),
    ("deprecated", NOBODY, operation(), operation(deprecated=True)),
    ("server-added", SERVERS, operation(servers=[{"url": "/v1"}]), operation(servers=[{"url": "/v1"}, {"url": "/v2"}])),
    ("server-removed", CLIENTS, operation(servers=[{"url": "/v1"}, {"url": "/"}]), operation(servers=[{"url": "/"}])),
    ("parameter-removed", CLIENTS, operation(parameters=[QUERY]), operation()),
    ("parameter-added", SERVERS, operation(), operation(parameters=[QUERY])),
    ("parameter-added", BOTH, operation(), operation(parameters=[{**QUERY, "required": True}])),
    (
        "parameter-became-required",
        CLIENTS,
        operation(parameters=[QUERY]),
        operation(parameters=[{**QUERY, "required": True}]),
    ),
    ("style-changed", BOTH, operation(parameters=[QUERY]), operation(parameters=[{**QUERY, "style": "deepObject"}])),
    ("schema-removed", SERVERS, operation(parameters=[QUERY]), operation(parameters=[{"name": "q", "in": "query"}])),
    ("schema-added", CLIENTS, operation(parameters=[{"name": "q", "in": "query"}]), operation(parameters=[QUERY])),
    ("request-body-added", SERVERS, operation(), operation(requestBody={"content": JSON})),
    ("request-body-added", BOTH, operation(), operation(requestBody={"content": JSON, "required": True})),
    ("request-body-removed", CLIENTS, operation(requestBody={"content": JSON}), operation()),
    (
        "request-body-became-optional",
        SERVERS,
        operation(requestBody={"content": JSON, "required": True}),
        operation(requestBody={"content": JSON}),
    ),
    (
        "media-type-added",
        SERVERS,
        operation(requestBody={"content": JSON}),
        operation(requestBody={"content": {**JSON, "text/plain": {}}}),
    ),
    (
        "media-type-removed",
        BOTH,
        operation(responses={"200": {**OK, "content": {**JSON, "text/plain": {}}}}),
        operation(responses={"200": {**OK, "content": JSON}}),
    ),
    ("status-added", CLIENTS, operation(), operation(responses={"200": OK, "202": OK})),
    ("status-added", NOBODY, operation(), operation(responses={"200": OK, "404": OK})),
    ("status-removed", SERVERS, operation(responses={"200": OK, "404": OK}), operation()),
    (
        "header-removed",
        CLIENTS,
        operation(responses={"200": {**OK, "headers": {"Link": {"schema": {}}}}}),
        operation(),
    ),
    (
        "header-added",
        SERVERS,
        operation(),
        operation(responses={"200": {**OK, "headers": {"Link": {"required": True, "schema": {}}}}}),
    ),
    (
        "format-changed",
        SERVERS,
        operation(responses={"200": {**OK, "headers": {"Link": {"schema": {"type": "string"}}}}}),
        operation(responses={"200": {**OK, "headers": {"Link": {"schema": {"type": "string", "format": "uri"}}}}}),
    ),
]


@pytest.mark.parametrize(
    ("kind", "whom", "old", "new"), OPERATIONS, ids=[f"{case[0]} {case[1]}" for case in OPERATIONS]
)
def test_change_of_an_operation(kind: str, whom: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    assert [told(change) for change in found(old, new)] == [(kind, whom)]


def test_a_renamed_path_parameter_breaks_nobody() -> None:
    def described(name: str) -> dict[str, Any]:
        parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        return {f"/a/{{{name}}}": {"get": {"parameters": [parameter], "responses": {"200": OK}}}}

    assert [told(change) for change in found(described("Sid"), described("Id"))] == [("path-parameter-renamed", NOBODY)]


def test_security_is_compared_by_what_it_asks_for() -> None:
    def described(name: str, **scheme: str) -> Survey:
        return survey(operation(), security=[{name: []}], components={"securitySchemes": {name: scheme}})

    basic, same = described("a", type="http", scheme="basic"), described("b", type="http", scheme="basic")
    bearer = described("a", type="http", scheme="bearer")
    assert not list(changes(basic, same, paired(basic, same)))
    (change,) = changes(basic, bearer, paired(basic, bearer))
    assert (told(change), change.place) == (("security-changed", BOTH), "every operation")


def test_a_server_of_the_document_is_one_change() -> None:
    paths = {"/a": {"get": {"responses": {"200": OK}}}, "/b": {"get": {"responses": {"200": OK}}}}
    before, after = survey(paths, servers=[{"url": "/v1"}]), survey(paths, servers=[{"url": "/v1"}, {"url": "/v2"}])
    assert [change.place for change in changes(before, after, paired(before, after))] == ["every operation"]


def test_a_shared_schema_is_one_change() -> None:
    def described(kind: str) -> Survey:
        content = {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}
        get = {"get": {"responses": {"200": {**OK, "content": content}}}}
        return survey({"/a": get, "/b": get}, components={"schemas": {"A": {"type": kind}}})

    before, after = described("string"), described("boolean")
    (change,) = changes(before, after, paired(before, after))
    assert (change.old_pointer, change.place) == ("/components/schemas/A", "GET /a 200")


def test_a_recursive_schema_ends() -> None:
    def described(kind: str) -> Survey:
        tree = {"type": "object", "properties": {"up": {"$ref": "#/components/schemas/T"}, "x": {"type": kind}}}
        return survey(answering({"$ref": "#/components/schemas/T"}), components={"schemas": {"T": tree}})

    before, after = described("string"), described("boolean")
    (change,) = changes(before, after, paired(before, after))
    assert change.place == "POST /a 200 /x"


def test_operations_of_different_documents_are_paired_by_url() -> None:
    mine = survey({"/a/{Sid}": {"get": {"responses": {"200": OK}}}}, servers=[{"url": "https://x.test/v1"}])
    theirs = survey({"/v1/a/{Id}": {"get": {"responses": {"200": OK}}}}, servers=[{"url": "https://x.test"}])
    ((left, right),) = paired_by_url(mine, theirs)
    assert left is not None
    assert right is not None


def test_the_difference_of_a_document_with_itself_is_empty(tmp_path: Path) -> None:
    for path in sorted(Path("specs").glob("twilio_*")):
        same = difference(path, path)
        assert (same.changes, same.exit_code, render(same)) == ((), 0, "no changes")


def test_the_rendering_names_whom_it_breaks(tmp_path: Path) -> None:
    def written(name: str, schema: Any) -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"openapi": "3.1.0", "info": {}, "paths": answering(schema)}))
        return path

    old = written("old.json", {"type": "object", "properties": {"x": {"type": "string"}, "y": {}}})
    new = written("new.json", {"type": "object", "properties": {"x": {"type": ["string", "null"]}, "z": {}}})
    seen = difference(old, new)
    assert render(seen).splitlines() == [
        "breaks clients: null-allowed: POST /a 200 /x: null is now allowed",
        "breaks clients: property-removed: POST /a 200 /y: the property y was removed",
        "compatible: property-added: POST /a 200 /z: the optional property z was added",
        "3 changes: 2 break clients, 0 break servers",
    ]
    assert seen.exit_code == 1
    assert [change["side"] for change in seen.to_json()["changes"]] == ["response"] * 3
