"""Pages as they were asked for, and as they say they are."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from conformance.model.rule import Matched

MOST: Final = 1000
"""The largest page (https://www.twilio.com/docs/api/errors/20007)."""


def said(page: Mapping[str, Any], name: str) -> int | None:
    """Give a number of the envelope, flat or in its `meta`; None where it has none."""
    meta = page.get("meta")
    value = meta.get(name) if isinstance(meta, dict) else page.get(name)
    return value if type(value) is int else None


def asked_size(seen: Matched) -> int | None:
    """Give how long the page may be by the request; None where it says nothing that counts."""
    size = asked(seen, "PageSize")
    size = asked(seen, "Size") if size is None else size
    return size if size is not None and 0 < size <= MOST else None


def asked(seen: Matched, name: str) -> int | None:
    """Give a number of the query; None where it has none, or one that is wrong."""
    texts = seen.request.query.get(name)
    if not texts or not (texts[0].isascii() and texts[0].isdigit()) or _is_broken(seen, name):
        return None
    return int(texts[0])


def _is_broken(seen: Matched, name: str) -> bool:
    """Tell whether a declared parameter was taken out of the reading because it is wrong."""
    return f"query/{name}" not in seen.request.parameters and any(
        parameter.name == name for parameter in seen.operation.parameters
    )


def node(page: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Give where the envelope keeps its numbers and links: its `meta` where it has one, with the JSON Pointer."""
    meta = page.get("meta")
    return ("/meta", meta) if isinstance(meta, dict) else ("", page)


def resized(body: Mapping[str, Any], size: int) -> dict[str, Any]:
    """Give a page that says another size of itself and is right in everything else, its items apart."""
    where = node(body)[0]
    found: dict[str, Any] = _relinked(body, said(body, "page_size"), size)
    inner = found["meta"] if where else found
    inner["page_size"] = size
    number = said(body, "page")
    if "start" in inner and number is not None:
        moved = number * size - inner["start"]
        inner["start"] += moved
        inner["end"] = inner.get("end", 0) + moved
    return found


def _relinked(value: Any, old: int | None, new: int) -> Any:
    """Give a copy of an envelope whose links ask for pages of another size."""
    if isinstance(value, dict):
        return {name: _relinked(each, old, new) for name, each in value.items()}
    if isinstance(value, str):
        return value.replace(f"PageSize={old}", f"PageSize={new}")
    return copy.deepcopy(value)
