"""The check `looping-pages`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec.structs import replace

from conformance.checks.page_walks import NEXT, is_walked, page
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

_NUMBERS = {"Page", "Token", "PageToken"}


def _plant(seen: Matched, _: Mapping[Operation, Matched]) -> Iterator[tuple[Exchange, ...]]:
    """Give three pages, of which the third leads back to the second; by token only, so that no number is wrong."""
    known = shape(seen.operation)
    body = None if known is None else page_of(seen, known)
    if body is None:
        return
    where, inner = node(body)
    field = next((each for each in (*NEXT, "next_token") if each in inner), None)
    if field is None:
        return
    empty: dict[str, Any] = {known.items: []} if known is not None and known.items is not None else {}
    if "end" in body:
        empty["end"] = body.get("start")
    token = "Token" if field == "next_token" else "PageToken"
    kept = [pair for pair in seen.exchange.request.query_pairs if pair[0] not in _NUMBERS]

    def step(here: str, there: str) -> Exchange:
        made = with_pairs(seen.exchange, [*kept, (token, here)])
        on = there if field == "next_token" else _link(inner, made, here=here, there=there)
        value = changed({**body, **empty}, f"{where}/{field}", on)
        return replace(with_value(replace(seen, exchange=made), Side.RESPONSE, value), session="planted")

    yield step("PT1", "PT2"), step("PT2", "PT3"), step("PT3", "PT2")


def _link(inner: Mapping[str, Any], made: Exchange, *, here: str, there: str) -> str:
    """Give the link to a page, relative or absolute as the others are."""
    parts = urlsplit(made.request.url.replace(f"PageToken={here}", f"PageToken={there}"))
    relative = f"{parts.path}?{parts.query}"
    is_absolute = any("://" in str(inner.get(name)) for name in ("url", "first_page_url")) or "next_page_url" in inner
    return f"{parts.scheme}://{parts.netloc}{relative}" if is_absolute else relative


def _page(title: str, token: str, next_token: str | None, number: int) -> Example:
    link = None if next_token is None else f"{example.PAGE}?PageToken={next_token}"
    body = {"calls": [example.call(number)], "next_page_uri": link}
    return example.page(title, body, query=f"PageToken={token}")


_WALK = (_page("", "A", "B", 1), _page("", "B", "C", 2))


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        replace(_page("a walk that comes to its end", "C", None, 3), before=_WALK),
        replace(_page("the same list once more", "A", "B", 1), before=_WALK),
    ],
    bad=[replace(_page("a third page that leads back to the second", "C", "B", 3), before=_WALK)],
    plant=_plant,
    needs="a list whose pages lead on",
)
def looping_pages(operations: tuple[Operation, ...]) -> SessionStart | None:
    """A page leads on to one that the same walk has already seen.

    A client that follows the links never comes to an end.
    """
    walked = frozenset(filter(is_walked, operations))
    return (lambda past: _inspector(walked, past)) if walked else None


def _inspector(walked: frozenset[Operation], past: Past) -> SessionInspector:
    on_walk = past.memory()
    """By page: the walk that leads there, and its place on it."""
    places = past.memory()
    """By walk and page: its place on the walk."""

    def inspect(seen: Matched) -> list[Problem] | None:
        here = page(seen) if seen.operation in walked else None
        if here is None:
            return None
        walk, place = on_walk.get(here.name) or (f"{seen.exchange.id} {here.name}", 0)
        places[f"{walk}\n{here.name}"] = place
        if here.leads_to is None:
            return []
        before = places.get(f"{walk}\n{here.leads_to}")
        if before is not None and before <= place:
            return [
                Problem(
                    message="the next page is one that this walk has already seen",
                    spec_pointer=seen.operation.pointer,
                    expected="another page, or none",
                    actual=here.leads_to.partition(" ")[2],
                    keyword="page",
                )
            ]
        on_walk[here.leads_to] = (walk, place + 1)
        return []

    return inspect
