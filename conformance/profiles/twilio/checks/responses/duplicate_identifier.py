"""The check `duplicate-identifier`.

What must hold for a page: no two of its items have the same name of their own. SIDs ignore case; names that are null,
missing or masked are not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, resources, shape
from conformance.profiles.twilio.sids import is_masked
from conformance.schemas.planting import changed, with_value
from conformance.schemas.walk import spec_pointer


def repeated(names: Sequence[Any]) -> Iterator[int]:
    """Give the places of names that stand before as well."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if isinstance(name, str) and name and not is_masked(name):
            if name.lower() in seen:
                yield index
            seen.add(name.lower())


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None or known.items is None or known.id_field is None or page_of(seen, known) is None:
        return
    items = [item for _, item in resources(seen, known)]
    if len(items) > 1 and items[0].get(known.id_field):
        yield with_value(seen, Side.RESPONSE, changed(seen.response.body, f"/{known.items}/1", items[0]))


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[example.page("two calls", {"calls": [example.call(1), example.call(2)]})],
    bad=[example.page("one call twice", {"calls": [example.call(1), example.call(2), example.call(1)]})],
    plant=_plant,
    needs="a list of resources with a name of their own",
)
def duplicate_identifier(operation: Operation) -> Inspector | None:
    """A list has one resource twice.

    Who counts, bills or deletes what a list shows does so twice.
    """
    known = shape(operation)
    if known is None or known.items is None or known.id_field is None:
        return None
    name, spec = known.id_field, spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        found = list(resources(seen, known))
        for index in repeated([item.get(name) for _, item in found]):
            pointer, item = found[index]
            yield Problem(
                message=f"{name} {item[name]!r} stands in the list before",
                instance_pointer=f"{pointer}/{name}",
                spec_pointer=spec,
                expected="another name",
                actual=item[name],
                keyword="identifier-uniqueness",
            )

    def is_clear(items: Sequence[Mapping[str, Any]], _: Matched) -> bool:
        names = [own.lower() for item in items if type(own := item.get(name)) is str]
        return len(set(names)) == len(names)

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
