"""Small descriptions for the examples of audit checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

OK: Final[Mapping[str, Any]] = {"200": {"description": "OK"}}
"""Responses that say nothing but that all went well."""


def content(schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    """Give a `content` with one media type."""
    return {media_type: {"schema": schema}}


def response(schema: Any, description: str = "OK") -> dict[str, Any]:
    """Give a response with a JSON body."""
    return {"description": description, "content": content(schema)}


def path(template: str = "/things", method: str = "get", **operation: Any) -> dict[str, Any]:
    """Give a description with one operation that answers 200 where nothing else is said."""
    return {"paths": {template: {method: {"responses": dict(OK), **operation}}}}


def answering(schema: Any, **rest: Any) -> dict[str, Any]:
    """Give a description whose one operation answers with a schema."""
    return {**path(responses={"200": response(schema)}), **rest}


def asking(schema: Any, *, media_type: str = "application/json", **rest: Any) -> dict[str, Any]:
    """Give a description whose one operation, `POST /things`, takes a body of a schema."""
    return {**path(method="post", requestBody={"required": True, "content": content(schema, media_type)}), **rest}


def query(name: str, schema: Any, **parameter: Any) -> dict[str, Any]:
    """Give a description whose one operation takes a query parameter."""
    return path(parameters=[{"name": name, "in": "query", "schema": schema, **parameter}])


def thing(**properties: Any) -> dict[str, Any]:
    """Give a description whose one operation answers with the component `Thing`, an object with these properties."""
    return component({"type": "object", "properties": properties})


def component(schema: Any, **others: Any) -> dict[str, Any]:
    """Give a description whose one operation answers with the component `Thing`; `others` are further components."""
    return answering(
        {"$ref": "#/components/schemas/Thing"}, components={"schemas": {"Thing": schema, **others}}
    )  # fmt: skip


THING: Final = "/components/schemas/Thing"
"""Where `thing` and `component` put their component."""
ANSWER: Final = "/paths/~1things/get/responses/200/content/application~1json/schema"
"""Where `answering` puts its schema."""
BODY: Final = "/paths/~1things/post/requestBody/content/application~1json/schema"
"""Where `asking` puts its schema."""
QUERY: Final = "/paths/~1things/get/parameters/0"
"""Where `query` puts its parameter."""


def seen(
    body: Any = None, *, status: int = 200, method: str = "GET", query: str = "", sent: str = ""
) -> dict[str, Any]:
    """Give a recorded exchange with `/things`, in the form of exchange NDJSON."""
    request: dict[str, Any] = {"method": method, "url": f"https://api.example.com/things{query}"}
    if sent:
        request |= {"body": sent, "headers": {"Content-Type": "application/json"}}
    return {"request": request, "response": {"status": status, **({} if body is None else {"body": body})}}
