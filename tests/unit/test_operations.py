"""Descriptions as operations: what is inherited, what is resolved, and what is refused where."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ConformanceError, DocumentError, ReferenceRefused, SettingsError
from conformance.model.operation import Location, Operation
from conformance.openapi import operations
from conformance.openapi.document import parse


def built(text: str) -> tuple[Operation, ...]:
    return operations.build(parse(text.encode(), path="spec.yaml"))


def one(operation: str, *, more: str = "") -> Operation:
    """The operation of a document whose operation is written at the 6th column."""
    found = built(f"openapi: 3.1.0\npaths:\n  /things/{{id}}:\n    get:\n{operation}\n{more}")
    assert len(found) == 1
    return found[0]


HEAD = "openapi: 3.1.0\n"
GET = "openapi: 3.1.0\npaths:\n  /things/{id}:\n    get:\n"

BROKEN = [
    # the document
    pytest.param("[]", 1, 1, "a list as document", id="a list"),
    pytest.param("", 1, 1, "nothing as document", id="nothing"),
    pytest.param("text", 1, 1, "a str as document", id="a text"),
    pytest.param('[{"openapi": "3.1.0"}]', 1, 1, "a list as document", id="a JSON list"),
    pytest.param("info: {}", 1, 1, "openapi: None", id="no version"),
    pytest.param("info: {}\nswagger: '2.0'", 2, 1, "swagger: 2.0", id="Swagger 2.0"),
    pytest.param("info: {}\nopenapi: 3.2.0", 2, 1, "openapi: 3.2.0", id="OpenAPI 3.2"),
    pytest.param("openapi: 3.1", 1, 1, "openapi: 3.1", id="version as number"),
    pytest.param("openapi: 3.10.0", 1, 1, "openapi: 3.10.0", id="OpenAPI 3.10"),
    pytest.param("openapi: 4.0.0", 1, 1, "openapi: 4.0.0", id="OpenAPI 4"),
    pytest.param("openapi: [3.1.0]", 1, 1, "openapi", id="version as list"),
    pytest.param(f"{HEAD}info: text", 2, 1, "a str in the place of an object", id="info"),
    pytest.param(f"{HEAD}paths: []", 2, 1, "list as paths", id="paths as list"),
    pytest.param(f"{HEAD}paths:", 2, 1, "as paths", id="no paths"),
    pytest.param(f"{HEAD}components: []", 2, 1, "a list", id="components"),
    # servers
    pytest.param(f"{HEAD}servers: x", 2, 1, "servers", id="servers"),
    pytest.param(f"{HEAD}servers:\n- x", 3, 3, "a str in the place of an object", id="a server as text"),
    pytest.param(f"{HEAD}servers:\n- description: x", 3, 3, "url: None", id="server without URL"),
    pytest.param(f"{HEAD}servers:\n- url: 'https://[broken'", 3, 3, "https://[broken", id="server with broken URL"),
    pytest.param(f"{HEAD}servers:\n- url: 'https://{{region}}.example.com'", 3, 3, "region", id="server variable"),
    pytest.param(f"{HEAD}servers:\n- url: '{{a}}'\n  variables: {{a: {{enum: [b]}}}}", 3, 3, "{a}", id="no default"),
    pytest.param(f"{HEAD}servers:\n- url: '{{a}}'\n  variables: [a]", 3, 3, "{a}", id="variables as list"),
    # paths
    pytest.param(f"{HEAD}paths:\n  things: {{}}", 3, 3, "the path 'things'", id="path without slash"),
    pytest.param(f"{HEAD}paths:\n  '': {{}}", 3, 3, "the path ''", id="empty path"),
    pytest.param(f"{HEAD}paths:\n  /a: text", 3, 3, "a str in the place of an object", id="path item as text"),
    pytest.param(f"{HEAD}paths:\n  /a:", 3, 3, "nothing in the place of an object", id="empty path item"),
    pytest.param(f"{HEAD}paths:\n  /a: {{$ref: '#/nowhere'}}", 3, 8, "leads nowhere", id="path item reference"),
    pytest.param(f"{HEAD}paths:\n  /a: {{$ref: '#/paths/~1a'}}", 3, 3, "circle", id="path item circle"),
    pytest.param(f"{HEAD}paths:\n  /a: {{parameters: {{}}}}\n  /b:\n    get: 1", 5, 5, "a int", id="operation"),
    pytest.param(f"{HEAD}paths:\n  /a:\n    parameters: x\n    get: {{}}", 4, 5, "parameters", id="path parameters"),
    # operations
    pytest.param(f"{GET}      operationId: 7", 5, 7, "operationId: 7", id="operationId"),
    pytest.param(f"{GET}      tags: 7", 5, 7, "tags: 7", id="tags as number"),
    pytest.param(f"{GET}      tags: text", 5, 7, "tags: 'text'", id="tags as text"),
    pytest.param(
        f"{HEAD}paths:\n  /a: {{get: {{operationId: x}}}}\n  /b:\n    get:\n      operationId: x",
        6, 7, "operationId: 'x'", id="operationId twice",
    ),
    # parameters
    pytest.param(f"{GET}      parameters: {{}}", 5, 7, "parameters", id="parameters as mapping"),
    pytest.param(f"{GET}      parameters: [text]", 5, 20, "a str in", id="parameter as text"),
    pytest.param(f"{GET}      parameters: [{{in: query}}]", 5, 20, "name: None", id="parameter without name"),
    pytest.param(f"{GET}      parameters: [{{name: 7, in: query}}]", 5, 21, "name: 7", id="parameter name"),
    pytest.param(f"{GET}      parameters: [{{name: a}}]", 5, 20, "in: None", id="parameter without in"),
    pytest.param(f"{GET}      parameters: [{{name: a, in: body}}]", 5, 30, "in: 'body'", id="parameter in body"),
    pytest.param(f"{GET}      parameters: [{{name: a, in: [query]}}]", 5, 30, "in: ['query']", id="parameter in list"),
    pytest.param(f"{GET}      parameters: [{{$ref: '#/x'}}]", 5, 21, "leads nowhere", id="parameter reference"),
    pytest.param(f"{GET}      parameters: [{{name: a, in: query, content: []}}]", 5, 41, "content", id="content"),
    pytest.param(
        f"{GET}      parameters: [{{name: a, in: query, style: zigzag}}]", 5, 41, "style: 'zigzag'", id="unknown style"
    ),
    pytest.param(
        f"{GET}      parameters: [{{name: a, in: query, style: matrix}}]", 5, 41, "style: 'matrix'", id="wrong style"
    ),
    # bodies and responses
    pytest.param(f"{GET}      requestBody:", 5, 7, "nothing in the place of an object", id="empty body"),
    pytest.param(f"{GET}      requestBody: {{content: x}}", 5, 21, "content: 'x'", id="body content"),
    pytest.param(f"{GET}      requestBody: {{content: {{a/b: x}}}}", 5, 31, "a str in", id="media type as text"),
    pytest.param(f"{GET}      responses: []", 5, 7, "responses", id="responses as list"),
    pytest.param(f"{GET}      responses:\n        200: text", 6, 9, "a str in", id="response as text"),
    pytest.param(f"{GET}      responses:\n        OK: {{}}", 6, 9, "the status 'OK'", id="status OK"),
    pytest.param(f"{GET}      responses:\n        20X: {{}}", 6, 9, "the status '20X'", id="status 20X"),
    pytest.param(f"{GET}      responses:\n        600: {{}}", 6, 9, "the status '600'", id="status 600"),
    pytest.param(f"{GET}      responses:\n        2000: {{}}", 6, 9, "the status '2000'", id="status 2000"),
    pytest.param(f"{GET}      responses:\n        DEFAULT: {{}}", 6, 9, "the status 'DEFAULT'", id="status DEFAULT"),
    pytest.param(f"{GET}      responses:\n        200: {{headers: {{X: null}}}}", 6, 25, "nothing in", id="no header"),
    pytest.param(f"{GET}      responses:\n        200: {{headers: {{X: a}}}}", 6, 25, "a str in", id="header as text"),
    pytest.param(f"{GET}      responses:\n        200: {{headers: x}}", 6, 15, "headers: 'x'", id="headers"),
    pytest.param(
        f"{GET}      responses:\n        200: {{content: {{a/b: {{examples: {{c: {{$ref: '#/d'}}}}}}}}}}",
        6, 46, "leads nowhere", id="example reference",
    ),
    # security
    pytest.param(f"{GET}      security:\n      - basic: []", 6, 9, "the security scheme 'basic'", id="unknown scheme"),
    pytest.param(f"{HEAD}security: [{{basic: []}}]", 2, 12, "the security scheme 'basic'", id="unknown scheme on top"),
    pytest.param(f"{HEAD}security: [basic]", 2, 12, "a str in", id="security as text"),
    pytest.param(f"{HEAD}security: basic", 2, 1, "security: 'basic'", id="security"),
    pytest.param(
        f"{HEAD}components:\n  securitySchemes:\n    a: text", 4, 5, "a str in", id="security scheme as text"
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "column", "what"), BROKEN)
def test_broken_description_names_its_place(text: str, line: int, column: int, what: str) -> None:
    with pytest.raises(DocumentError) as caught:
        built(text)
    assert what in caught.value.what
    assert (caught.value.line, caught.value.column) == (line, column)


VALID: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "T", "version": "1"},
    "servers": [{"url": "https://{a}.example.com", "variables": {"a": {"default": "b"}}}],
    "tags": [{"name": "x"}],
    "paths": {
        "/a/{b}": {
            "servers": [{"url": "/v1"}],
            "parameters": [{"name": "b", "in": "path", "required": True, "schema": {"type": "string"}}],
            "post": {
                "operationId": "o",
                "summary": "s",
                "description": "d",
                "tags": ["x"],
                "servers": [{"url": "/v2"}],
                "security": [{"basic": []}],
                "parameters": [
                    {"name": "c", "in": "query", "style": "form", "explode": False, "content": {"a/b": {"schema": {}}}}
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {"type": "object", "properties": {"p": {"$ref": "#/components/schemas/S"}}},
                            "examples": {"e": {"value": 1}},
                            "encoding": {"p": {"style": "form"}},
                        }
                    },
                },
                "responses": {
                    "200": {"description": "d", "headers": {"X": {"schema": {"type": "string"}}}, "content": {}},
                    "default": {"$ref": "#/components/responses/R"},
                },
            },
        }
    },
    "components": {
        "schemas": {"S": {"type": "string", "enum": ["a"]}},
        "responses": {"R": {"description": "r"}},
        "securitySchemes": {"basic": {"type": "http", "scheme": "basic"}},
    },
}


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += places(value, (*path, key))
    return found


@pytest.mark.parametrize(
    "junk", [None, 7, True, "text", [], [None], {}, {"x": None}, {"$ref": 1}, {"$ref": "#/nowhere"}]
)
def test_junk_anywhere_is_read_or_refused_by_name(junk: Any) -> None:
    """Whatever stands in the place of whatever: never another exception than ours."""
    for path in places(VALID):
        broken = json.loads(json.dumps(VALID))
        node = broken
        for token in path[:-1]:
            node = node[token]
        node[path[-1]] = junk
        try:
            for operation in operations.build(parse(json.dumps(broken).encode(), path="spec.json")):
                for media_type in operation.request_body.content if operation.request_body else ():
                    assert media_type.schema is None or media_type.schema.json_schema is not None
                for parameter in operation.parameters:
                    assert parameter.schema.json_schema is not None
        except ConformanceError:
            pass


def test_the_path_gives_its_operations_what_they_do_not_say() -> None:
    found = built(
        """
openapi: 3.1.0
servers: [{url: 'https://top.example.com/base/'}]
security: [{key: []}]
components: {securitySchemes: {key: {type: apiKey, in: header, name: X-Key}}}
paths:
  /a/{id}:
    servers: [{url: 'https://path.example.com'}]
    parameters:
    - {name: id, in: path, schema: {type: integer}}
    - {name: page, in: query, schema: {type: integer}}
    get:
      parameters:
      - {name: page, in: query, schema: {type: string}}
      - {name: page, in: header, schema: {type: boolean}}
    post:
      servers: [{url: 'https://own.example.com'}, {url: /relative}]
      security: []
  /b:
    delete: {security: [{}, {key: []}]}
"""
    )
    get, post, delete = found
    assert [(each.location, each.name, each.schema.json_schema) for each in get.parameters] == [
        (Location.PATH, "id", {"type": "integer"}),
        (Location.QUERY, "page", {"type": "string"}),
        (Location.HEADER, "page", {"type": "boolean"}),
    ]
    assert [each.name for each in post.parameters] == ["id", "page"]
    assert get.parameters[0].required
    assert not get.parameters[1].required
    assert [server.url for server in get.servers] == ["https://path.example.com"]
    assert [(server.host, server.base_path) for server in post.servers] == [("own.example.com", ""), ("", "/relative")]
    assert [(server.scheme, server.host, server.base_path) for server in delete.servers] == [
        ("https", "top.example.com", "/base")
    ]
    assert [[scheme.name for scheme in each] for each in get.security] == [["key"]]
    assert post.security == ()
    assert [[scheme.name for scheme in each] for each in delete.security] == [[], ["key"]]


def test_operations_come_in_document_order() -> None:
    found = built(
        f"{HEAD}paths:\n  /b:\n    post: {{}}\n    get: {{}}\n    x-note: 1\n  x-more: 1\n  /a:\n    head: {{}}"
    )
    assert [each.key for each in found] == ["spec.POST /b", "spec.GET /b", "spec.HEAD /a"]


def test_key_is_file_stem_and_operation_id() -> None:
    assert one("      operationId: fetchThing").key == "spec.fetchThing"
    assert one("      summary: x").key == "spec.GET /things/{id}"


def test_no_servers_means_the_root_of_any_host() -> None:
    (server,) = one("      servers: []").servers
    assert (server.url, server.scheme, server.host, server.base_path) == ("/", "", "", "")


@pytest.mark.parametrize(
    ("url", "scheme", "host", "base_path"),
    [
        ("https://API.Example.com/v1/", "https", "api.example.com", "/v1"),
        ("HTTPS://api.example.com", "https", "api.example.com", ""),
        ("https://api.example.com:443/v1", "https", "api.example.com", "/v1"),
        ("http://api.example.com:80", "http", "api.example.com", ""),
        ("http://localhost:4010", "http", "localhost:4010", ""),
        ("https://user:secret@api.example.com/v1", "https", "api.example.com", "/v1"),
        ("//api.example.com/v1", "", "api.example.com", "/v1"),
        ("/", "", "", ""),
        ("/v1/", "", "", "/v1"),
        ("v1", "", "", "/v1"),
        ("./v1", "", "", "/v1"),
        ("", "", "", ""),
        ("https://api.example.com/v1?x=1", "https", "api.example.com", "/v1"),
    ],
)
def test_servers_are_told_apart_as_urls_are(url: str, scheme: str, host: str, base_path: str) -> None:
    (server,) = one(f"      servers: [{{url: '{url}'}}]").servers
    assert (server.scheme, server.host, server.base_path) == (scheme, host, base_path)


def test_server_variables_have_their_defaults() -> None:
    (server,) = one(
        "      servers:\n"
        "      - url: 'https://{region}.example.com:{port}/{base}'\n"
        "        variables: {region: {default: us}, port: {default: 8443}, base: {default: v1}}"
    ).servers
    assert server.url == "https://us.example.com:8443/v1"


@pytest.mark.parametrize(
    ("where", "style", "explode"),
    [("path", "simple", False), ("query", "form", True), ("header", "simple", False), ("cookie", "form", True)],
)
def test_parameters_have_the_default_style_of_their_location(where: str, style: str, explode: bool) -> None:
    parameter = one(f"      parameters: [{{name: a, in: {where}}}]").parameters[0]
    assert (parameter.style, parameter.explode, parameter.schema.json_schema) == (style, explode, True)


def test_headers_that_openapi_ignores_are_no_parameters() -> None:
    written = ", ".join(f"{{name: {name}, in: header}}" for name in ("Accept", "CONTENT-TYPE", "authorization", "X-A"))
    assert [each.name for each in one(f"      parameters: [{written}]").parameters] == ["X-A"]


def test_parameter_may_be_described_by_its_content() -> None:
    parameter = one(
        "      parameters: [{name: a, in: query, content: {application/json: {schema: {type: object}}}}]"
    ).parameters[0]
    assert (parameter.media_type, parameter.schema.json_schema) == ("application/json", {"type": "object"})


def test_media_types_keep_their_names_and_examples() -> None:
    body = one(
        """
      requestBody:
        content:
          application/vnd.x+json; charset=utf-8: {schema: {}, example: 1, examples: {b: {value: 2}, c: {}}}
          application/x-www-form-urlencoded: {encoding: {a: {style: form}}}
          text/~1: {encoding: []}
"""
    ).request_body
    assert body is not None
    json_like, form, odd = body.content
    assert (json_like.essence, json_like.is_json, json_like.examples) == ("application/vnd.x+json", True, (1, 2))
    assert (form.is_form, form.is_json, form.schema, form.encoding) == (True, False, None, {"a": {"style": "form"}})
    assert (odd.name, odd.encoding) == ("text/~1", {})


def test_answers_are_found_by_status_then_range_then_default() -> None:
    operation = one("      responses: {200: {}, 2xx: {}, 4XX: {}, default: {}, x-note: 1}")
    found = {status: operation.answer(status) for status in (200, 204, 404, 500)}
    assert {status: answer and answer.status for status, answer in found.items()} == {
        200: "200", 204: "2xx", 404: "4XX", 500: "default",
    }  # fmt: skip
    assert operation.success is operation.answer(200)
    assert one("      responses: {200: {}}").answer(201) is None
    assert one("      responses: {404: {}}").success is None
    assert one("      summary: no responses").answer(200) is None


def test_headers_and_schemes_keep_names_with_slashes() -> None:
    operation = one(
        "      responses: {200: {headers: {X/Y: {schema: {type: string}}, X~Z: {}}}}\n      security: [{a/b~c: []}]",
        more="components: {securitySchemes: {a/b~c: {type: http, scheme: Basic}}}",
    )
    assert {name: schema.json_schema for name, schema in operation.responses[0].headers.items()} == {
        "X/Y": {"type": "string"},
        "X~Z": True,
    }
    assert operation.security[0][0].name == "a/b~c"
    assert operation.security[0][0].scheme == "basic"


def test_references_give_the_pointer_of_their_target() -> None:
    operation = one(
        """
      parameters: [{$ref: '#/components/parameters/P'}]
      requestBody: {$ref: '#/components/requestBodies/B'}
      responses: {200: {$ref: '#/components/responses/R'}}
""",
        more="""
components:
  parameters: {P: {name: p, in: query, schema: {$ref: '#/components/schemas/S'}}}
  requestBodies: {B: {content: {a/b: {schema: {}}}}}
  responses: {R: {content: {a/b: {schema: {$ref: '#/components/schemas/S'}}}}}
  schemas: {S: {type: string}}
""",
    )
    assert operation.parameters[0].pointer == "/components/parameters/P"
    assert operation.parameters[0].schema.pointer == "/components/schemas/S"
    assert operation.request_body is not None
    assert operation.request_body.content[0].pointer == "/components/requestBodies/B/content/a~1b"
    assert operation.responses[0].content[0].schema is not None
    assert operation.responses[0].content[0].schema is operation.parameters[0].schema


def test_path_items_may_be_shared() -> None:
    found = built(
        f"{HEAD}paths:\n  /a: {{$ref: '#/components/pathItems/I'}}\n  /b: {{$ref: '#/paths/~1a'}}\n"
        "components: {pathItems: {I: {get: {summary: x}}}}"
    )
    assert [(each.path, each.pointer) for each in found] == [
        ("/a", "/components/pathItems/I/get"),
        ("/b", "/components/pathItems/I/get"),
    ]


def test_document_without_paths_has_no_operations() -> None:
    assert built(HEAD) == ()


def test_empty_descriptions_are_empty() -> None:
    operation = one("      summary:\n      description:\n      tags:")
    assert (operation.summary, operation.description, operation.tags) == ("", "", ())


def test_files_may_be_referred_to_where_they_are_named(tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text(f"{GET}      responses: {{200: {{$ref: 'answers.yaml#/ok'}}}}")
    (tmp_path / "answers.yaml").write_text(
        "ok: {content: {application/json: {schema: {$ref: '#/thing'}}}}\nthing: {type: integer}"
    )
    with pytest.raises(ReferenceRefused, match=r"spec\.yaml:5:25: .*--allow-reference answers\.yaml"):
        operations.read(spec)
    (operation,) = operations.read(spec, allowed=frozenset({"answers.yaml"}))
    schema = operation.responses[0].content[0].schema
    assert schema is not None
    assert isinstance(schema.json_schema, dict)
    assert list(schema.json_schema["$defs"].values()) == [{"type": "integer"}]


def test_folders_give_their_documents_by_name(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.json", "c.yml", "notes.md", ".hidden"):
        (tmp_path / name).write_text("x")
    (tmp_path / "overlays").mkdir()
    (tmp_path / "overlays" / "d.yaml").write_text("x")
    (tmp_path / "e.yaml").mkdir()
    found = operations.find((tmp_path, tmp_path / "b.yaml"))
    assert [file.name for file in found] == ["a.json", "b.yaml", "c.yml"]


def test_paths_without_documents_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"no \.json, \.yaml or \.yml in it"):
        operations.find((tmp_path,))
    with pytest.raises(SettingsError, match="no such file or folder"):
        operations.find((tmp_path / "none.yaml",))


def test_names_of_values_help_a_reader() -> None:
    operation = one("      operationId: x\n      parameters: [{name: a, in: query}]")
    assert repr(operation) == "Operation(spec.x)"
    assert repr(operation.parameters[0].schema) == "Schema(/paths/~1things~1{id}/get/parameters/0)"
