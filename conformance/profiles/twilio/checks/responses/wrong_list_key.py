"""The check `wrong-list-key`.

What must hold for a page whose `meta` has a `key`: it is the name of the field with the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    page = None if known is None else page_of(seen, known)
    if page is not None and isinstance(page.get("meta"), dict) and "key" in page["meta"]:
        yield with_answer(seen, "/meta/key", "records")


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[example.page("the name of the list", {"calls": [], "meta": {"key": "calls"}}, meta=True)],
    bad=[example.page("another name", {"calls": [], "meta": {"key": "records"}}, meta=True)],
    plant=_plant,
    needs="a page with `meta.key`",
)
def wrong_list_key(operation: Operation) -> Inspector | None:
    """`meta.key` does not name the list.

    Twilio's SDKs find the items of a page by it: with another name they find none.
    """
    known = shape(operation)
    if known is None or known.items is None or "key" not in known.meta:
        return None
    name, spec = known.items, spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        page = page_of(seen, known)
        meta = None if page is None else page.get("meta")
        if isinstance(meta, dict) and "key" in meta and meta["key"] != name:
            yield Problem(
                message=f"meta.key is {meta['key']!r}, the list is {name!r}",
                instance_pointer="/meta/key",
                spec_pointer=spec,
                expected=name,
                actual=meta["key"],
                keyword="page",
            )

    def is_clear(page: Mapping[str, Any] | None, _: Matched) -> bool:
        meta = None if page is None else page.get("meta")
        return not isinstance(meta, dict) or meta.get("key", name) == name

    return Glance(inspect=inspect, part=known.page, is_clear=is_clear)
