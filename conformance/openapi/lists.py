"""Operations that give a list, page by page: their items, their envelope, their paging parameters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from conformance.model.value import Value
from conformance.openapi.objects import Node
from conformance.openapi.survey import OperationNode, Survey

_PAGING: Final = re.compile(
    r"(?:page|page_?size|page_?token|page_?number|per_?page|limit|offset|cursor|size|token|after|before|starting_after)",
    re.IGNORECASE,
)
_ENVELOPE: Final = re.compile(
    r"(?:(?:first|next|previous|last|prev)_page_?ur[il]|next_?page(?:_?token)?|page(?:_?size)?|total(?:_?count)?|num_pages"
    r"|start|end|ur[il]|meta|links|next|previous|cursor|next_?token|has_?more)",
    re.IGNORECASE,
)


class Listing(Value, frozen=True, kw_only=True, eq=False):
    """An operation that gives a list."""

    survey: Survey
    operation: OperationNode
    body: Node
    """The schema of the answer."""
    items_name: str
    """The property that holds the list."""
    envelope: dict[str, Node]
    """The properties beside it that look like an envelope."""
    parameters: dict[str, Node]
    """The paging parameters."""


@lru_cache(maxsize=32)
def listings(survey: Survey) -> tuple[Listing, ...]:
    """Give the operations that answer with one list of objects, in document order."""
    return tuple(_listings(survey))


def _listings(survey: Survey) -> Iterator[Listing]:
    for operation in survey.operations:
        if operation.method != "GET":
            continue
        for response in operation.successes.values():
            for body in survey.bodies(response).values():
                properties = survey.properties(body)
                lists = [name for name, node in properties.items() if _holds_objects(survey, node)]
                if len(lists) == 1:
                    yield Listing(
                        survey=survey,
                        operation=operation,
                        body=survey.plain(body),
                        items_name=lists[0],
                        envelope={
                            name: node
                            for name, node in properties.items()
                            if name != lists[0] and _ENVELOPE.fullmatch(name)
                        },
                        parameters={
                            str(node.get("name")): node
                            for node in operation.parameters
                            if node.get("in") == "query" and _PAGING.fullmatch(str(node.get("name")))
                        },
                    )
                    break


def _holds_objects(survey: Survey, node: Node) -> bool:
    inner = survey.items(node)
    return inner is not None and bool(survey.properties(inner))


def is_plain_list(listing: Listing) -> bool:
    """Tell whether the answer is nothing but the list and its envelope, not an object that happens to have a list."""
    others = survey_properties(listing) - {listing.items_name} - set(listing.envelope)
    return not others


def survey_properties(listing: Listing) -> set[str]:
    """Give the names of all properties of the answer."""
    return set(listing.survey.properties(listing.body))
