"""Limits that a text names, as the keywords that would say so in its schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from conformance.model.rule import Side
from conformance.openapi import prose
from conformance.openapi.pattern_width import width
from conformance.openapi.prose import Described
from conformance.openapi.survey import Survey, View

_NUMBERS: Final = frozenset({"integer", "number"})
_BY_TYPE: Final = {"least": ("minimum", "minItems"), "most": ("maximum", "maxItems")}


def stated(survey: Survey, found: Described) -> Iterator[tuple[str, int, str]]:
    """Give the limits that hold for values of the type of a schema: keyword, value and the phrase of the text."""
    view = survey.view(found.schema)
    for limit in prose.limits(found.text):
        keyword = _keyword(limit.keyword, view)
        if keyword is not None:
            yield keyword, limit.value, limit.phrase
    if view.type == "array" and prose.says_at_least_one(found.text) and Side.RESPONSE not in survey.sides(found.owner):
        yield "minItems", 1, "at least one"


def _keyword(limit: str, view: View) -> str | None:
    types = view.types or frozenset()
    if limit in {"minLength", "maxLength"}:
        return limit if view.type == "string" else None
    number, items = _BY_TYPE[limit]
    if types and types <= _NUMBERS:
        return number
    return items if view.type == "array" else None


def fulfilled(view: View, keyword: str, value: int) -> bool:
    """Tell whether other keywords see to a limit: a pattern of that length, an enum."""
    if view.has("enum") or view.has("const"):
        return True
    pattern = view.get("pattern")
    lengths = width(pattern) if isinstance(pattern, str) else None
    if lengths is not None and keyword == "maxLength":
        return lengths[1] <= value
    if lengths is not None and keyword == "minLength":
        return lengths[0] >= value
    return False
