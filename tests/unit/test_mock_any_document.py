"""The reference server for descriptions that are not Twilio's."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from conformance.mock.handler import Answered, Mock
from conformance.mock.store import State
from conformance.model.http import Exchange, Headers, Request, Source
from conformance.openapi.document import Document
from conformance.openapi.operations import build
from conformance.run.suite import compiler
from conformance.schemas.reading import Reader

PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "format": "int64"},
        "name": {"type": "string", "minLength": 1},
        "tag": {"type": "string", "enum": ["cat", "dog"], "default": "dog"},
        "owner": {"$ref": "#/components/schemas/Owner"},
    },
}
OWNER = {
    "type": "object",
    "required": ["email"],
    "properties": {"email": {"type": "string", "format": "email"}, "pets": {"type": "array", "items": PET}},
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {"error": {"type": "string"}},
    "additionalProperties": False,
}


def content(schema: Any, **more: Any) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema, **more}}}


def reference(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


PETS = {
    "/pets": {
        "get": {
            "operationId": "list",
            "parameters": [
                {"name": "tag", "in": "query", "schema": {"type": "string"}},
                {"name": "limit", "in": "query", "schema": {"type": "integer", "default": 2}},
                {"name": "offset", "in": "query", "schema": {"type": "integer"}},
            ],
            "responses": {"200": {"description": "", **content({"type": "array", "items": reference("Pet")})}},
        },
        "post": {
            "operationId": "create",
            "requestBody": {"required": True, **content(reference("Pet"))},
            "responses": {"201": {"description": "", **content(reference("Pet"))}},
        },
    },
    "/pets/{petId}": {
        "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}],
        "get": {
            "operationId": "fetch",
            "responses": {
                "200": {"description": "", **content(reference("Pet"))},
                "404": {"description": "", **content(reference("Error"), example={"error": "no such pet"})},
            },
        },
        "put": {
            "operationId": "replace",
            "requestBody": {"required": True, **content(reference("Pet"))},
            "responses": {"200": {"description": "", **content(reference("Pet"))}},
        },
        "delete": {"operationId": "delete", "responses": {"204": {"description": ""}}},
    },
    "/pets/{petId}/feed": {
        "post": {
            "operationId": "feed",
            "parameters": [{"name": "petId", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "responses": {
                "200": {"description": "", **content({"type": "object", "properties": {"eaten": {"type": "boolean"}}})}
            },
        }
    },
}


class Client:
    def __init__(self, paths: dict[str, Any], *, components: dict[str, Any] | None = None, **more: Any) -> None:
        data = {
            "openapi": "3.1.0",
            "info": {"title": "Pets", "version": "1"},
            "servers": [{"url": "https://pets.example.com/v3"}],
            "paths": paths,
            "components": {"schemas": {"Pet": PET, "Owner": OWNER, "Error": ERROR}, **(components or {})},
            **more,
        }
        document = Document(path="pets.json", text=json.dumps(data).encode(), data=data, is_json=True)
        self.compiler = compiler()
        self.operations = build(document)
        self.mock = Mock(self.operations, self.compiler)
        self.state = State()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        fields = {**headers, **({} if body is None else {"Content-Type": "application/json"})}
        request = Request(
            method=method,
            url=f"https://pets.example.com/v3{path}",
            headers=Headers.of(fields),
            body=b"" if body is None else json.dumps(body).encode(),
        )
        answered = self.mock.answer(request, self.state)
        if answered.operation is not None:
            source = Source(kind="test", path="", index=0)
            exchange = Exchange(id="1", request=request, response=answered.response, source=source)
            seen = Reader(answered.operation, self.compiler).read(exchange, answered.path_parameters)
            assert seen.response.problems == ()
            assert seen.response.body_error is None
        return answered

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return json.loads(self.ask(method, path, body, **headers).response.body)


def test_pets_are_created_fetched_listed_replaced_and_deleted() -> None:
    client = Client(PETS)
    pet = client.json("POST", "/pets", {"id": 7, "name": "Bo", "tag": "cat", "owner": {"email": "a@example.com"}})
    assert (pet["id"], pet["name"], pet["tag"], pet["owner"]["email"]) == (7, "Bo", "cat", "a@example.com")
    assert client.json("GET", "/pets/7") == pet
    assert client.json("PUT", "/pets/7", {"id": 7, "name": "Bob"})["name"] == "Bob"
    assert [each["name"] for each in client.json("GET", "/pets")] == ["Bob"]
    assert client.json("POST", "/pets/7/feed")["eaten"] is False
    assert client.ask("DELETE", "/pets/7").response.status == 204
    answered = client.ask("GET", "/pets/7")
    assert answered.response.status == 404
    assert json.loads(answered.response.body) == {"error": "no such pet"}
    assert client.ask("PUT", "/pets/7", {"id": 7, "name": "Bob"}).response.status == 404
    assert client.ask("POST", "/pets/7/feed").response.status == 404


def test_lists_are_filtered_and_cut_by_the_usual_names() -> None:
    client = Client(PETS)
    for number in range(5):
        client.ask("POST", "/pets", {"id": number, "name": str(number), "tag": "cat" if number % 2 else "dog"})

    def ids(**query: Any) -> list[int]:
        return [each["id"] for each in client.json("GET", f"/pets?{urlencode(query)}")]

    assert ids() == [4, 3]
    assert ids(limit=10) == [4, 3, 2, 1, 0]
    assert ids(limit=2, offset=1) == [3, 2]
    assert ids(tag="cat") == [3, 1]


def test_a_list_without_pages_is_whole() -> None:
    unpaged = {"responses": {"200": {"description": "", **content({"type": "array", "items": reference("Pet")})}}}
    pets: Any = PETS["/pets"]
    client = Client({"/pets": {**pets, "get": unpaged}})
    for number in range(60):
        client.ask("POST", "/pets", {"id": number, "name": str(number)})
    assert len(client.json("GET", "/pets")) == 60


def test_errors_are_problem_details_where_nothing_is_documented() -> None:
    client = Client(PETS)
    answered = client.ask("POST", "/pets", {"name": "Bo"})
    assert answered.response.status == 400
    assert answered.response.headers.get("Content-Type") == "application/problem+json"
    assert json.loads(answered.response.body)["title"] == "Bad Request"
    assert [problem.instance_pointer for problem in answered.problems] == ["/id"]
    assert client.ask("GET", "/pets?colour=red").response.status == 400
    assert "Twilio-Request-Id" not in answered.response.headers


def test_what_nobody_can_create_exists_until_it_is_deleted_and_again_when_it_is_put() -> None:
    paths = {
        "/settings/{key}": {
            "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", **content(SETTING)}}},
            "put": {
                "requestBody": content(SETTING),
                "responses": {"200": {"description": "", **content(SETTING)}},
            },
            "delete": {"responses": {"200": {"description": "", **content(SETTING)}}},
        },
        "/settings/{key}/history": {
            "parameters": [{"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}],
            "get": {"responses": {"200": {"description": "", **content({"type": "array", "items": SETTING})}}},
        },
    }
    client = Client(paths)
    assert client.json("GET", "/settings/colour")["key"] == "colour"
    assert client.json("PUT", "/settings/colour", {"value": "red"})["value"] == "red"
    assert len(client.json("GET", "/settings/colour/history")) == 1
    assert client.json("DELETE", "/settings/colour")["value"] == "red"
    assert client.ask("GET", "/settings/colour").response.status == 404
    assert client.ask("GET", "/settings/colour/history").response.status == 404
    assert client.json("PUT", "/settings/colour", {"value": "blue"})["value"] == "blue"
    assert client.json("GET", "/settings/colour")["value"] == "blue"


SETTING = {"type": "object", "properties": {"key": {"type": "string"}, "value": {"type": "string"}}}


def test_the_one_thing_at_a_path_is_there_and_can_be_changed() -> None:
    paths = {
        "/profile": {
            "get": {"responses": {"200": {"description": "", **content(PROFILE)}}},
            "patch": {"requestBody": content(PROFILE), "responses": {"200": {"description": "", **content(PROFILE)}}},
        }
    }
    client = Client(paths)
    first = client.json("GET", "/profile")
    assert client.json("GET", "/profile") == first
    assert client.json("PATCH", "/profile", {"bio": "Hello"}) == {**first, "bio": "Hello"}


PROFILE = {"type": "object", "properties": {"bio": {"type": "string"}, "age": {"type": "integer", "minimum": 18}}}


def test_examples_are_shown_as_they_are() -> None:
    shown = {"name": "Bo", "id": 3, "extra": [1, 2]}
    paths = {
        "/best": {"get": {"responses": {"200": {"description": "", **content(reference("Pet"), example=shown)}}}},
        "/names/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
                "responses": {"200": {"description": "", **content({"type": "array"}, example=["Bo"])}},
            }
        },
        "/count": {"get": {"responses": {"200": {"description": "", **content({"type": "integer", "example": 42})}}}},
    }
    client = Client(paths)
    assert client.json("GET", "/best") == shown
    assert client.json("GET", "/count") == 42
    assert client.json("GET", "/names/3") == ["Bo"]


def test_a_list_that_nobody_can_fill_shows_its_examples_until_they_are_deleted() -> None:
    pets = [{"id": 3, "name": "Bo"}, {"id": 4, "name": "Rex"}]
    one = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    items = {"type": "object", "properties": {"pets": {"type": "array", "items": reference("Pet")}}}
    paths = {
        "/shown": {"get": {"responses": {"200": {"description": "", **content(items, example={"pets": pets})}}}},
        "/shown/{id}": {
            "parameters": [one],
            "get": {"responses": {"200": {"description": "", **content(reference("Pet"))}}},
            "delete": {"responses": {"204": {"description": ""}}},
        },
        "/made": {"get": {"responses": {"200": {"description": "", **content(items)}}}},
    }
    client = Client(paths)
    assert [each["name"] for each in client.json("GET", "/shown")["pets"]] == ["Bo", "Rex"]
    assert client.json("GET", "/shown/4")["name"] == "Rex"
    for each in (3, 4):
        assert client.ask("DELETE", f"/shown/{each}").response.status == 204
    assert client.json("GET", "/shown")["pets"] == []
    assert len(client.json("GET", "/made")["pets"]) == 1


def test_an_answer_without_a_schema_has_no_body_and_one_with_another_json_type_keeps_it() -> None:
    paths = {
        "/ping": {"post": {"responses": {"202": {"description": ""}}}},
        "/hal": {"get": {"responses": {"200": {"description": "", "content": HAL}}}},
        "/anything": {"get": {"responses": {"default": {"description": ""}}}},
    }
    client = Client(paths)
    assert (client.ask("POST", "/ping").response.status, client.ask("POST", "/ping").response.body) == (202, b"")
    assert client.ask("GET", "/hal").response.headers.get("Content-Type") == "application/hal+json"
    assert client.ask("GET", "/anything").response.status == 200


HAL = {"application/hal+json": {"schema": {"type": "object", "properties": {"total": {"type": "integer"}}}}}

SCHEMES = {
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "oauth": {"type": "oauth2", "flows": {}},
    "mutual": {"type": "mutualTLS"},
}


@pytest.mark.parametrize(
    ("security", "path", "headers", "status"),
    [
        ([{"bearer": []}], "", {}, 401),
        ([{"bearer": []}], "", {"Authorization": "Basic eDp5"}, 401),
        ([{"bearer": []}], "", {"Authorization": "Bearer token"}, 202),
        ([{"oauth": []}], "", {}, 401),
        ([{"oauth": []}], "", {"Authorization": "Bearer token"}, 202),
        ([{"header": []}], "", {}, 401),
        ([{"header": []}], "", {"X-Key": "fake"}, 202),
        ([{"query": []}], "", {}, 401),
        ([{"query": []}], "?key=fake", {}, 202),
        ([{"cookie": []}], "", {"Cookie": "session=fake"}, 202),
        ([{"cookie": []}], "", {"Cookie": "other=fake"}, 401),
        ([{"mutual": []}], "", {}, 202),
        ([{"header": [], "bearer": []}], "", {"X-Key": "fake"}, 401),
        ([{"header": []}, {"bearer": []}], "", {"Authorization": "Bearer token"}, 202),
        ([{"basic": []}], "", {"Authorization": "Basic " + base64.b64encode(b"ada:fake").decode()}, 202),
        ([{"header": []}, {}], "", {}, 202),
    ],
)
def test_any_security_scheme_is_asked_for(
    security: list[dict[str, Any]], path: str, headers: dict[str, str], status: int
) -> None:
    paths = {"/ping": {"post": {"security": security, "responses": {"202": {"description": ""}}}}}
    client = Client(paths, components={"securitySchemes": SCHEMES})
    assert client.ask("POST", f"/ping{path}", **headers).response.status == status


def test_seeded_path_parameters_lead_to_something() -> None:
    client = Client(PETS)
    for operation in client.operations:
        path = operation.path
        for name, value in client.mock.seeded(operation, client.state).items():
            path = path.replace(f"{{{name}}}", value)
        body = {"id": 1000, "name": "Bo"} if operation.request_body else None
        assert client.ask(operation.method, path, body).response.status < 300


def test_a_query_that_holds_the_fields_of_an_object_has_no_unknown_names() -> None:
    parameter = {"name": "filter", "in": "query", "style": "deepObject", "schema": {"type": "object"}}
    paths = {"/find": {"get": {"parameters": [parameter], "responses": {"204": {"description": ""}}}}}
    assert Client(paths).ask("GET", "/find?filter[name]=Bo").response.status == 204


def test_a_body_where_none_is_described_is_told() -> None:
    paths = {"/ping": {"post": {"responses": {"202": {"description": ""}}}}}
    assert [each.keyword for each in Client(paths).ask("POST", "/ping", {"a": 1}).problems] == ["unknown"]


def test_a_required_body_that_is_missing_is_told() -> None:
    answered = Client(PETS).ask("POST", "/pets")
    assert (answered.response.status, [each.keyword for each in answered.problems]) == (400, ["required", "required"])
    anything = {"/any": {"post": {"requestBody": {"required": True, **content({})}, "responses": {}}}}
    assert [each.keyword for each in Client(anything).ask("POST", "/any").problems] == ["required"]
