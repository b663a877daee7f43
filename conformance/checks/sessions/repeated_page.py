"""The check `repeated-page`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from conformance.checks.page_walks import NEXT, Page, is_walked, page
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import (
    Example,
    Matched,
    Problem,
    SessionInspector,
    SessionStart,
    Severity,
    Side,
    Stage,
    check,
)
from conformance.model.session import Past
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.profiles.twilio.paging import node
from conformance.schemas.planting import changed, with_pairs, with_value


def repeats(here: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Tell whether a page shows nothing but what the page before it showed."""
    return bool(here) and set(here) <= set(before)


def _plant(seen: Matched, _: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    """Give two pages with the same items, the first of which leads to the second."""
    known = shape(seen.operation)
    body = None if known is None else page_of(seen, known)
    found = page(seen)
    if body is None or found is None or not found.items:
        return
    where, inner = node(body)
    field = next((each for each in (*NEXT, "next_token") if each in inner), None)
    if field is None:
        return
    kept = [pair for pair in seen.exchange.request.query_pairs if pair[0] not in {"Page", "Token", "PageToken"}]
    token = "Token" if field == "next_token" else "PageToken"
    last = with_pairs(seen.exchange, [*kept, (token, "PT9")])
    path = last.request.url.partition("://")[2].partition("/")[2]
    on = "PT9" if field == "next_token" else last.request.url if field == "next_page_url" else f"/{path}"
    first = with_value(seen, Side.RESPONSE, changed(body, f"{where}/{field}", on))
    end = with_value(replace(seen, exchange=last), Side.RESPONSE, changed(body, f"{where}/{field}", None))
    yield replace(first, session="planted"), replace(end, session="planted")


def _page(title: str, token: str, next_token: str | None, *numbers: int) -> Example:
    link = None if next_token is None else f"{example.PAGE}?PageToken={next_token}"
    body = {"calls": [example.call(number) for number in numbers], "next_page_uri": link}
    return example.page(title, body, query=f"PageToken={token}")


_FIRST = _page("", "A", "B", 1, 2)


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        replace(_page("other items", "B", None, 3, 4), before=(_FIRST,)),
        replace(_page("one item that moved on", "B", None, 2, 3), before=(_FIRST,)),
        replace(_page("the first page once more", "A", "B", 1, 2), before=(_FIRST,)),
    ],
    bad=[replace(_page("a second page with the items of the first", "B", None, 1, 2), before=(_FIRST,))],
    plant=_plant,
    needs="a list of resources with a name, whose pages lead on",
)
def repeated_page(operations: tuple[Operation, ...]) -> SessionStart | None:
    """The next page shows nothing but what the page before it showed.

    A client that walks through the list sees some resources twice, and the rest never. Single items may move from one
    page to the next while others are added; a whole page does not.
    """
    walked = frozenset(
        each for each in operations if is_walked(each) and (known := shape(each)) is not None and known.id_field
    )
    return (lambda past: _inspector(walked, past)) if walked else None


def _inspector(walked: frozenset[Operation], past: Past) -> SessionInspector:
    shown = past.memory()
    """By page: what the page showed that leads there."""

    def inspect(seen: Matched) -> list[Problem] | None:
        here: Page | None = page(seen) if seen.operation in walked else None
        if here is None:
            return None
        before = shown.get(here.name)
        if here.leads_to is not None and here.leads_to != here.name:
            shown[here.leads_to] = here.items
        if before is None or not repeats(here.items, before):
            return []
        return [
            Problem(
                message=f"all {len(here.items)} items stand on the page before",
                spec_pointer=seen.operation.pointer,
                expected="other items",
                actual=list(here.items[:3]),
                keyword="page",
            )
        ]

    return inspect
