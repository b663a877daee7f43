"""Small operations for the examples of checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def answering(schema: Mapping[str, Any], *, status: str = "200") -> dict[str, Any]:
    """Give an operation with one documented response, in JSON."""
    content = {"application/json": {"schema": schema}}
    return {"responses": {status: {"description": "OK", "content": content}}}


def record(**properties: Mapping[str, Any]) -> dict[str, Any]:
    """Give an object schema with these properties."""
    return {"type": "object", "properties": properties}


def form(schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    """Give an operation that takes a form and answers 204."""
    content = {"application/x-www-form-urlencoded": {"schema": schema}}
    return {
        "requestBody": {"required": required, "content": content},
        "responses": {"204": {"description": "Done"}},
    }


def query(name: str, schema: Mapping[str, Any], *, required: bool = False) -> dict[str, Any]:
    """Give an operation with one query parameter that answers 204."""
    parameter = {"name": name, "in": "query", "required": required, "schema": schema}
    return {"parameters": [parameter], "responses": {"204": {"description": "Done"}}}


FORM: Mapping[str, str] = {"Content-Type": "application/x-www-form-urlencoded"}
"""The header of a form."""
