"""The check `wrong-page-range`.

What must hold for a page that says where it starts and ends: `start` is `page` times `page_size`; `end` is the place of
the last item, which is `start` where there is at most one item.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.profiles.twilio.paging import said
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer


def wrong(page: Mapping[str, Any], items: Any) -> Iterator[tuple[str, int, int]]:
    """Give the ends of a page that are wrong: the field, what it says, what it has to be."""
    start, end, number, size = (said(page, name) for name in ("start", "end", "page", "page_size"))
    if start is not None and number is not None and size is not None and start != number * size:
        yield "start", start, number * size
    elif start is not None and end is not None and isinstance(items, list):
        last = start + max(len(items) - 1, 0)
        if end != last:
            yield "end", end, last


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    page = None if known is None else page_of(seen, known)
    if page is None:
        return
    for name in ("start", "end"):
        if (value := said(page, name)) is not None:
            yield with_answer(seen, f"/{name}", value + 7)


_TWO = [example.call(1), example.call(2)]


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example.page(
            "the second page of two",
            {"calls": [example.call(3)], "page": 1, "page_size": 2, "start": 2, "end": 2},
        ),
        example.page("an empty page", {"calls": [], "page": 0, "page_size": 50, "start": 0, "end": 0}),
    ],
    bad=[
        example.page("two calls that end at the first", {"calls": _TWO, "start": 0, "end": 0}),
        example.page(
            "a second page that starts at nought", {"calls": [], "page": 1, "page_size": 2, "start": 0, "end": 0}
        ),
    ],
    plant=_plant,
    needs="a page that says where it starts and ends",
)
def wrong_page_range(operation: Operation) -> Inspector | None:
    """The start or the end of a page does not agree with its number, its size or its items.

    A client that shows "3 to 4 of 9", or that asks for what comes after the end, is led astray.
    """
    known = shape(operation)
    if known is None or known.items is None or not {"start", "end"} <= known.envelope.keys():
        return None
    name, spec = known.items, spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        page = page_of(seen, known)
        if page is None:
            return
        for field, given, right in wrong(page, page.get(name)):
            yield Problem(
                message=f"{field} is {given}, by the rest of the page it is {right}",
                instance_pointer=f"/{field}",
                spec_pointer=spec,
                expected=right,
                actual=given,
                keyword="page",
            )

    def is_clear(page: Mapping[str, Any] | None, _: Matched) -> bool:
        return page is None or not any(wrong(page, page.get(name)))

    return Glance(inspect=inspect, part=known.page, is_clear=is_clear)
