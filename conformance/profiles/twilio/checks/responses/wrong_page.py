"""The check `wrong-page`.

What must hold for a page: where the request asks for a page and a size, and the envelope says which it is, the two
are the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.profiles.twilio.paging import asked, asked_size, node, resized, said
from conformance.schemas.planting import with_query, with_value
from conformance.schemas.walk import spec_pointer


def differs(wanted: int | None, given: int | None) -> bool:
    """Tell whether the envelope contradicts the request."""
    return wanted is not None and given is not None and wanted != given


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    page = None if known is None else page_of(seen, known)
    size = None if page is None else said(page, "page_size")
    if page is not None and size is not None and asked_size(seen) is not None:
        yield with_value(seen, Side.RESPONSE, resized(page, size + 1))
    elif size is not None:
        yield with_query(seen.exchange, "PageSize", size + 1 if size < 1000 else size - 1)  # noqa: PLR2004 - the most


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example.page("the page that was asked for", {"calls": [], "page": 2, "page_size": 5}, query="Page=2&PageSize=5")
    ],
    bad=[
        example.page("another size", {"calls": [], "page": 0, "page_size": 50}, query="PageSize=5"),
        example.page("another page", {"calls": [], "meta": {"page": 0}}, query="Page=2", meta=True),
    ],
    plant=_plant,
    needs="a page that says its number or its size",
)
def wrong_page(operation: Operation) -> Inspector | None:
    """The envelope is that of another page, or of pages of another size, than was asked for.

    A client that walks by page number skips or repeats what such a server sends.
    """
    known = shape(operation)
    if known is None or not {"page", "page_size"} & {*known.envelope, *known.meta}:
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        page = page_of(seen, known)
        if page is None or not seen.request.query:
            return
        for name, parameter, wanted in (
            ("page_size", "PageSize", asked_size(seen)),
            ("page", "Page", asked(seen, "Page")),
        ):
            given = said(page, name)
            if differs(wanted, given):
                yield Problem(
                    message=f"{name} is {given}, though {parameter}={wanted} was asked for",
                    instance_pointer=f"{node(page)[0]}/{name}",
                    spec_pointer=spec,
                    expected=wanted,
                    actual=given,
                    keyword="page",
                )

    def is_clear(page: Mapping[str, Any] | None, seen: Matched) -> bool:
        if page is None or not seen.request.query:
            return True
        return not differs(asked_size(seen), said(page, "page_size")) and not differs(
            asked(seen, "Page"), said(page, "page")
        )

    return Glance(inspect=inspect, part=known.page, is_clear=is_clear)
