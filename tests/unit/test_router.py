"""From a method and a URL to an operation, or to why there is none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.checks.judge import Judge
from conformance.model.http import Request
from conformance.model.operation import Operation
from conformance.model.route import Match, Miss
from conformance.openapi.document import parse
from conformance.openapi.operations import build
from conformance.openapi.router import Router, problem
from conformance.schemas.compiler import Compiler

SID = "^CA[0-9a-fA-F]{32}$"
CALL = f"CA{'0' * 30}aB"


def described(
    paths: Mapping[str, Any], *, servers: tuple[str, ...] = ("https://api.example.com",), name: str = "spec"
) -> tuple[Operation, ...]:
    """Operations of paths: a list of methods, or a mapping as in the document."""
    items = {
        path: item if isinstance(item, dict) else {method: {"responses": {}} for method in item}
        for path, item in paths.items()
    }
    data = {"openapi": "3.1.0", "servers": [{"url": url} for url in servers], "paths": items}
    return build(parse(json.dumps(data).encode(), path=f"{name}.json"))


def router(*operations: Operation) -> Router:
    return Judge(operations, checks=(), compiler=Compiler()).router


def path(found: Match | Miss) -> str:
    assert isinstance(found, Match), found
    return found.operation.path


def reasons(found: Match | Miss) -> list[tuple[str, str]]:
    assert isinstance(found, Miss), found
    return [(candidate.reason, candidate.operation.path) for candidate in found.candidates]


def with_schema(schema: Any, name: str = "id", method: str = "get") -> dict[str, Any]:
    parameter = {"name": name, "in": "path", "required": True, "schema": schema}
    return {method: {"parameters": [parameter], "responses": {}}}


def test_router_prefers_literal_segments() -> None:
    for paths in (["/a/{x}", "/a/b"], ["/a/b", "/a/{x}"]):
        made = router(*described({each: ["get"] for each in paths}))
        assert path(made.match("GET", "https://api.example.com/a/b")) == "/a/b"
        assert path(made.match("GET", "https://api.example.com/a/c")) == "/a/{x}"


def test_router_prefers_the_earlier_literal() -> None:
    made = router(*described({"/{x}/b": ["get"], "/a/{y}": ["get"], "/{x}/{y}": ["get"]}))
    assert path(made.match("GET", "https://api.example.com/a/b")) == "/a/{y}"
    assert path(made.match("GET", "https://api.example.com/c/b")) == "/{x}/b"
    assert path(made.match("GET", "https://api.example.com/c/d")) == "/{x}/{y}"


def test_router_prefers_templates_that_spell_out_more() -> None:
    for paths in (["/{x}", "/{x}.json", "/v{x}", "/v{x}.json"], ["/v{x}.json", "/v{x}", "/{x}.json", "/{x}"]):
        made = router(*described({each: ["get"] for each in paths}))
        found = {name: path(made.match("GET", f"https://api.example.com/{name}")) for name in ("a", "a.json", "v1")}
        assert found == {"a": "/{x}", "a.json": "/{x}.json", "v1": "/v{x}"}
        assert path(made.match("GET", "https://api.example.com/v1.json")) == "/v{x}.json"


@pytest.mark.parametrize(
    ("template", "url", "values"),
    [
        ("/a/{x}.json", "/a/b.json", {"x": "b"}),
        ("/a/{x}.json", "/a/b.json.json", {"x": "b.json"}),
        ("/a/{x}:cancel", "/a/b:cancel", {"x": "b"}),
        ("/a/{x}-{y}", "/a/1-2", {"x": "1", "y": "2"}),
        ("/a/({x})", "/a/(1)", {"x": "1"}),
        ("/a.b/{x}", "/a.b/1", {"x": "1"}),
        ("/{x}/{y}/{z}", "/1/2/3", {"x": "1", "y": "2", "z": "3"}),
        ("/{some name}", "/1", {"some name": "1"}),
    ],
)
def test_template_gives_the_text_of_its_parameters(template: str, url: str, values: dict[str, str]) -> None:
    found = router(*described({template: ["get"]})).match("GET", f"https://api.example.com{url}")
    assert isinstance(found, Match)
    assert found.path_parameters == values


@pytest.mark.parametrize(
    "url", ["/a", "/a/", "/a/b/", "/a//", "/a/b/c", "//a/b", "/a/b.json.", "/aa/b", "/A/b", "/a.b"]
)
def test_template_fits_whole_segments_only(url: str) -> None:
    made = router(*described({"/a/{x}.json": ["get"]}))
    assert isinstance(made.match("GET", f"https://api.example.com{url}"), Miss)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1/a/b",
        "HTTPS://API.Example.COM/v1/a/b",
        "https://api.example.com:443/v1/a/b",
        "https://user:secret@api.example.com/v1/a/b",
        "https://api.example.com/v1/a/b?x=/c?d",
        "https://api.example.com/v1/a/b#fragment",
        "https://api.example.com/v1/a/b?#",
    ],
)
def test_scheme_host_port_and_query_do_not_hide_an_operation(url: str) -> None:
    for server in ("https://api.example.com/v1", "https://API.example.com:443/v1/"):
        found = router(*described({"/a/{x}": ["get"]}, servers=(server,))).match("GET", url)
        assert isinstance(found, Match)
        assert found.path_parameters == {"x": "b"}
        assert found.server.url == server


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("/a%20b/c%20d", "c d"),
        ("/a b/c d", "c d"),
        ("/a%20b/%63", "c"),
        ("/%61%20b/c%2Fd", "c/d"),
        ("/a%20b/c%252Fd", "c%2Fd"),
        ("/a%20b/%C3%A9", "é"),
        ("/a%20b/%FF", "\ufffd"),
        ("/a%20b/100%", "100%"),
        ("/a%20b/%zz", "%zz"),
        ("/a%20b/c%3Fd%23e", "c?d#e"),
        ("/a%20b/c%0A", "c\n"),
    ],
)
def test_percent_encoding_is_undone_once(url: str, value: str) -> None:
    for template in ("/a b/{x}", "/a%20b/{x}"):
        found = router(*described({template: ["get"]})).match("GET", f"https://api.example.com{url}")
        assert isinstance(found, Match), found
        assert found.path_parameters == {"x": value}


def test_encoded_literal_still_comes_before_a_template() -> None:
    made = router(*described({"/Calls/{x}": ["get"], "/Calls/Feedback.json": ["get"]}))
    assert path(made.match("GET", "https://api.example.com/Calls/Feedb%61ck.json")) == "/Calls/Feedback.json"


def test_encoded_slash_separates_nothing() -> None:
    made = router(*described({"/a/{x}": ["get"], "/a/{x}/c": ["get"]}))
    assert path(made.match("GET", "https://api.example.com/a/b%2Fc")) == "/a/{x}"


@pytest.mark.parametrize(
    ("server", "url"),
    [("https://api.example.com", ""), ("https://api.example.com/", "/"), ("https://api.example.com", "?q=1")],
)
def test_empty_path_is_the_root(server: str, url: str) -> None:
    made = router(*described({"/": ["get"]}, servers=(server,)))
    assert path(made.match("GET", f"https://api.example.com{url}")) == "/"


def test_trailing_slash_is_another_path() -> None:
    made = router(*described({"/a": ["get"], "/b/": ["get"]}))
    assert path(made.match("GET", "https://api.example.com/b/")) == "/b/"
    for url in ("/a/", "/b"):
        assert isinstance(made.match("GET", f"https://api.example.com{url}"), Miss)


def test_every_server_serves_every_operation() -> None:
    servers = ("https://one.example.com/v1", "https://two.example.com", "/relative")
    made = router(*described({"/a": ["get"]}, servers=servers))
    for url, server in (
        ("https://one.example.com/v1/a", servers[0]),
        ("https://two.example.com/a", servers[1]),
        ("http://anything.test:81/relative/a", servers[2]),
        ("/relative/a", servers[2]),
    ):
        found = made.match("GET", url)
        assert isinstance(found, Match)
        assert found.server.url == server


def test_named_host_comes_before_a_relative_server() -> None:
    relative = described({"/a": ["get"]}, servers=("/",), name="relative")
    named = described({"/a": ["get"]}, name="named")
    found = router(*relative, *named).match("GET", "https://api.example.com/a")
    assert isinstance(found, Match)
    assert found.operation.api.name == "named"


def test_host_decides_between_documents() -> None:
    one = described({"/v1/Services": ["get"]}, servers=("https://one.example.com",), name="one")
    two = described({"/Services": ["get"]}, servers=("https://two.example.com/v1",), name="two")
    made = router(*one, *two)
    for host in ("one", "two"):
        found = made.match("GET", f"https://{host}.example.com/v1/Services")
        assert isinstance(found, Match)
        assert found.operation.api.name == host


def test_earlier_document_wins_where_two_fit() -> None:
    first = described({"/a/{x}": ["get"]}, name="first")
    second = described({"/a/{y}": ["get"], "/a/b": ["get"]}, name="second")
    made = router(*first, *second)
    found = made.match("GET", "https://api.example.com/a/c")
    assert isinstance(found, Match)
    assert found.operation.api.name == "first"
    assert path(made.match("GET", "https://api.example.com/a/b")) == "/a/b"


def test_schema_of_a_path_parameter_decides_between_templates() -> None:
    made = router(
        *described(
            {
                "/a/{id}": with_schema({"type": "string", "pattern": SID}),
                "/a/{number}": with_schema({"type": "integer", "minimum": 10}, "number"),
                "/a/{word}": with_schema({"enum": ["x", "y"]}, "word"),
            }
        )
    )
    for text, template in ((CALL, "/a/{id}"), ("12", "/a/{number}"), ("x", "/a/{word}")):
        assert path(made.match("GET", f"https://api.example.com/a/{text}")) == template


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (CALL, True),
        (CALL.replace("CA", "SM"), True),  # the right length: a wrong prefix
        (CALL[:-1], True),  # the right prefix: a wrong length
        (f"{CALL}%0A", True),
        ("FeedbackSummary", False),
        ("5", False),
    ],
)
def test_value_that_resembles_its_pattern_still_finds_its_operation(text: str, fits: bool) -> None:
    made = router(*described({"/Calls/{id}.json": with_schema({"type": "string", "pattern": SID})}))
    found = made.match("GET", f"https://api.example.com/Calls/{text}.json")
    assert isinstance(found, Match) is fits
    if not fits:
        assert reasons(found) == [("unknown-path", "/Calls/{id}.json")]


def test_value_without_pattern_finds_its_operation_whatever_its_type() -> None:
    made = router(*described({"/a/{id}": with_schema({"type": "integer"})}))
    found = made.match("GET", "https://api.example.com/a/seven")
    assert isinstance(found, Match)
    assert found.path_parameters == {"id": "seven"}


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "string", "pattern": "^(AC|SM)[0-9]{4}$"}, ["AC1234", "SM1234"], ["XX12345", "ac1234x"]),
        ({"type": "string", "pattern": "^CA[0-9]{4}$", "maxLength": 5}, [], ["CX12345"]),
        ({"type": "string", "pattern": "^CA[0-9]{4}$", "minLength": 6, "maxLength": 6}, ["CA1234"], ["XY123456"]),
        ({"type": "string", "pattern": "[0-9]{2}"}, ["a12b"], ["a1b"]),
        ({"pattern": "^CA[0-9]{4}$"}, ["CA1234"], ["XY123456"]),
        ({"type": "string", "enum": ["a"], "description": "x"}, ["a", "b"], []),
        ({"type": "string", "format": "uuid"}, ["a"], []),
        (True, ["a"], []),
        ({"$ref": "#/components/schemas/X"}, ["a"], []),
    ],
)
def test_any_schema_of_a_path_parameter_is_heeded(schema: Any, good: list[str], bad: list[str]) -> None:
    data = {
        "openapi": "3.1.0",
        "servers": [{"url": "https://api.example.com"}],
        "paths": {"/a/{id}": with_schema(schema)},
        "components": {"schemas": {"X": {"type": "integer"}}},
    }
    made = router(*build(parse(json.dumps(data).encode(), path="spec.json")))
    for text in good:
        assert path(made.match("GET", f"https://api.example.com/a/{text}")) == "/a/{id}"
    for text in bad:
        assert reasons(made.match("GET", f"https://api.example.com/a/{text}")) == [("unknown-path", "/a/{id}")]


def test_miss_says_which_methods_are_documented() -> None:
    made = router(*described({"/a/{x}": ["post", "delete"], "/b": ["get"]}))
    found = made.match("GET", "https://api.example.com/a/1")
    assert reasons(found) == [("unknown-method", "/a/{x}"), ("unknown-method", "/a/{x}")]
    assert isinstance(found, Miss)
    assert found.candidates[0].message == "GET is not documented here, only DELETE, POST"


def test_miss_says_on_which_host_the_path_is_documented() -> None:
    made = router(*described({"/a/{x}": ["get"]}))
    found = made.match("GET", "https://other.example.com/a/1")
    assert reasons(found) == [("unknown-host", "/a/{x}")]
    assert isinstance(found, Miss)
    assert "api.example.com" in found.candidates[0].message
    assert "other.example.com" in found.candidates[0].message


def test_miss_says_that_https_is_documented() -> None:
    made = router(*described({"/a": ["get"]}))
    assert reasons(made.match("GET", "http://api.example.com/a")) == [("plain-http", "/a")]
    assert reasons(made.match("GET", "http://api.example.com:80/a")) == [("plain-http", "/a")]


def test_https_is_good_enough_where_http_is_documented() -> None:
    made = router(*described({"/a": ["get"]}, servers=("http://api.example.com",)))
    assert path(made.match("GET", "https://api.example.com/a")) == "/a"
    assert path(made.match("GET", "http://api.example.com/a")) == "/a"


def test_miss_says_which_paths_came_nearest_and_why() -> None:
    made = router(
        *described(
            {"/a": ["get"], "/a/b/c": ["get", "post"], "/a/{id}/d": with_schema({"pattern": SID}), "/x": ["get"]}
        )
    )
    found = made.match("GET", "https://api.example.com/a/b/d")
    assert isinstance(found, Miss)
    assert [(each.operation.method, each.operation.path, each.message) for each in found.candidates] == [
        ("GET", "/a/{id}/d", "id may not be 'b'"),
        ("GET", "/a/b/c", "the segment 'd' is not 'c'"),
        ("POST", "/a/b/c", "the segment 'd' is not 'c'"),
    ]
    (shorter,) = {
        each.message
        for each in candidates(made.match("GET", "https://api.example.com/q/r/s/t"))
        if each.operation.path == "/a/b/c"
    }
    assert shorter == "it has 3 path segments, the request 4"


def candidates(found: Match | Miss) -> tuple[Any, ...]:
    assert isinstance(found, Miss)
    return found.candidates


def test_request_that_resembles_nothing_has_no_candidates() -> None:
    made = router(*described({"/a": ["get"]}))
    assert candidates(made.match("GET", "https://elsewhere.example.com/b")) == ()
    assert candidates(made.match("GET", "")) == ()
    assert candidates(router().match("GET", "https://api.example.com/a")) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://[::1/a",
        "https://[x]/a",
        "https://\u2100.example.com/a",
        "https:/a",
        "://",
        "a b\n",
        "https://api.example.com/\x00",
        "%",
        "https://api.example.com/%",
        "//api.example.com/a",
    ],
)
def test_any_text_as_url_gives_an_answer(url: str) -> None:
    for servers in (("https://api.example.com",), ("/",)):
        found = router(*described({"/b": ["get"], "/c/{x}": ["get"]}, servers=servers)).match("GET", url)
        assert isinstance(found, Miss)
        if found.candidates:
            (said,) = problem(found.candidates[0].reason, Request(method="GET", url=url), found)
            assert said.actual == f"GET {url}"


def test_url_is_read_as_one_operation_whatever_stands_before() -> None:
    made = router(
        *described({"/a/{x}": ["get"], "/b/{id}": with_schema({"pattern": SID})}, servers=("/v1", "https://h/v2"))
    )
    first, second = made.operations if hasattr(made, "operations") else [route.operation for route in made._all][::2]
    found = made.under(first, "http://127.0.0.1:4010/prefix/a/7?q=1")
    assert found is not None
    assert found.path_parameters == {"x": "7"}
    assert made.under(first, "http://127.0.0.1:4010/b/7") is None
    assert made.under(second, "http://127.0.0.1/b/7") is None
    assert made.under(second, f"http://127.0.0.1/b/{CALL[:-1]}") is not None


def test_problem_names_the_nearest_operation_once() -> None:
    made = router(*described({"/a/{x}": ["post"]}))
    request = Request(method="GET", url="https://api.example.com/a/1?secret=2")
    missed = made.match("GET", request.url)
    assert isinstance(missed, Miss)
    (found,) = problem("unknown-method", request, missed)
    assert found.message == (
        "GET /a/1 is no documented operation: not POST /a/{x}, GET is not documented here, only POST"
    )
    assert (found.expected, found.actual) == ("POST https://api.example.com/a/{x}", "GET https://api.example.com/a/1")
    assert (found.spec_pointer, found.keyword) == ("/paths/~1a~1{x}/post", "route")
    assert list(problem("unknown-path", request, missed)) == []


def test_another_host_and_a_value_that_only_resembles_are_no_known_path() -> None:
    made = router(*described({"/a/{id}": with_schema({"type": "string", "pattern": "^CA[0-9]{4}$"})}))
    assert reasons(made.match("GET", "https://other.example.com/a/CA0001")) == [("unknown-host", "/a/{id}")]
    assert reasons(made.match("GET", "https://other.example.com/a/XY0001")) == []
    assert path(made.match("GET", "https://api.example.com/a/XY0001")) == "/a/{id}"


def test_an_encoded_path_is_found_at_once_where_nothing_stays_encoded() -> None:
    made = router(*described({"/a/{id}": with_schema({"type": "string"}), "/a/plus+": ["get"]}))
    quick = made.quick("GET", "https://api.example.com/a/%2B15005550006")
    assert quick is not None
    assert quick[1] == ("+15005550006",)
    found = made.quick("GET", "https://api.example.com/a/plus%2B")
    assert found is not None
    assert found[0].operation.path == "/a/plus+"
    for text in ("%2F", "%25", "%23", "100%"):
        assert made.quick("GET", f"https://api.example.com/a/{text}") is None
        assert path(made.match("GET", f"https://api.example.com/a/{text}")) == "/a/{id}"
