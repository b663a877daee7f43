"""The check `missing-identifier`.

What must hold for every resource in a successful answer: the documented field that names it is there, and is neither
null nor empty. Where the description requires the field, `missing-required-field` says so instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from operator import methodcaller
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import resources, shape
from conformance.schemas.naming import nearest
from conformance.schemas.planting import with_value
from conformance.schemas.reading import without
from conformance.schemas.walk import required, spec_pointer

_CALL = answering(record(sid={"type": ["string", "null"]}, status={"type": "string"}))


def lacks(resource: Mapping[str, Any], name: str) -> bool:
    """Tell whether a resource does not say which one it is."""
    return resource.get(name) in (None, "")


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None or known.id_field is None:
        return
    for pointer, resource in resources(seen, known):
        if known.id_field in resource:
            yield with_value(seen, Side.RESPONSE, without(seen.response.body, f"{pointer}/{known.id_field}"))


def _example(title: str, body: Any) -> Example:
    return Example(
        title=title,
        operation=_CALL,
        server=example.HOST,
        path="/Calls/{CallSid}.json",
        url=f"{example.HOST}/Calls/CA{'a' * 32}.json",
        response_body=body,
    )


@check(
    severity=Severity.NOTE,
    stage=Stage.SCHEMA,
    good=[_example("a call that says which one it is", {"sid": f"CA{'a' * 32}"})],
    bad=[
        _example("a call that does not say which one it is", {"status": "busy"}),
        _example("a call without a name", {"sid": None}),
    ],
    plant=_plant,
    needs="a resource with a documented name of its own",
)
def missing_identifier(operation: Operation) -> Inspector | None:
    """A resource does not say which one it is.

    The description does not require the field, so this is a note: but Twilio sends it always, and without it a resource
    can neither be fetched nor changed.
    """
    known = shape(operation)
    if known is None or known.id_field is None or known.id_field in required(known.schema, known.root):
        return None
    name, spec = known.id_field, spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    own = methodcaller("get", name)

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            if lacks(resource, name) and not _is_misspelled(resource, name, known.fields):
                yield Problem(
                    message=f"the resource has no {name}",
                    instance_pointer=f"{pointer}/{name}",
                    spec_pointer=spec,
                    expected=f"a field {name!r}",
                    actual=resource.get(name),
                    keyword="identifier-presence",
                )

    def is_clear(found: Sequence[Mapping[str, Any]], _: Matched) -> bool:
        return all(map(own, found))

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)


def _is_misspelled(resource: Mapping[str, Any], name: str, fields: Mapping[str, Any]) -> bool:
    """Tell whether an undocumented field is meant to be this one; then that is the fault."""
    absent = [each for each in fields if each not in resource]
    return any(nearest(each, absent) == name for each in resource if each not in fields)
