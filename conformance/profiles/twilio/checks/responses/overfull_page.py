"""The check `overfull-page`.

What must hold for a page: it has at most as many items as its own `page_size` says, and as the request asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.openapi.document import escape
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.profiles.twilio.paging import asked_size, resized, said
from conformance.schemas.planting import with_query, with_value
from conformance.schemas.walk import spec_pointer


def too_many(items: Any, *sizes: int | None) -> int | None:
    """Give the size that a page exceeds; None where it exceeds none."""
    known = [size for size in sizes if size is not None]
    return min(known) if known and isinstance(items, list) and len(items) > min(known) else None


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    page = None if known is None else page_of(seen, known)
    if known is None or known.items is None or page is None or not isinstance(page.get(known.items), list):
        return
    count = len(page[known.items])
    if count < 1 or (count == 1 and asked_size(seen) is not None):
        return
    if said(page, "page_size") is not None:
        made = with_value(seen, Side.RESPONSE, resized(page, count - 1))
        yield made if asked_size(seen) is None else with_query(made, "PageSize", count - 1)
    elif count > 1:
        takes_size = "Size" in {parameter.name for parameter in seen.operation.parameters}
        yield with_query(seen.exchange, "Size" if takes_size else "PageSize", count - 1)


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example.page("a full page", {"calls": [example.call(1)], "page_size": 1}, query="PageSize=1"),
        example.page("an empty page", {"calls": [], "page_size": 50}),
    ],
    bad=[
        example.page("more calls than its own size", {"calls": [example.call(1), example.call(2)], "page_size": 1}),
        example.page(
            "more calls than were asked for", {"calls": [example.call(1), example.call(2)]}, query="PageSize=1"
        ),
    ],
    plant=_plant,
    needs="a list",
)
def overfull_page(operation: Operation) -> Inspector | None:
    """A page has more items than its size.

    Whoever asks for at most so many has room for so many, and counts pages by it.
    """
    known = shape(operation)
    if known is None or known.items is None:
        return None
    name, spec = known.items, spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        page = page_of(seen, known)
        if page is None:
            return
        size = too_many(page.get(name), said(page, "page_size"), asked_size(seen))
        if size is not None:
            yield Problem(
                message=f"{len(page[name])} items on a page of {size}",
                instance_pointer=f"/{escape(name)}",
                spec_pointer=spec,
                expected=size,
                actual=len(page[name]),
                keyword="page",
            )

    def is_clear(page: Mapping[str, Any] | None, seen: Matched) -> bool:
        return page is None or too_many(page.get(name), said(page, "page_size"), asked_size(seen)) is None

    return Glance(inspect=inspect, part=known.page, is_clear=is_clear)
