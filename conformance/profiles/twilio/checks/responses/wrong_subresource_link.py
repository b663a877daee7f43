"""The check `wrong-subresource-link`.

What must hold for every link in `links` and `subresource_uris` of a resource: it names no SID but those in the path of
the request, in the resource's link to itself and in its own name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.openapi.document import escape
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import Shape, resources, shape
from conformance.profiles.twilio.links import BELOW, SELF, are_plain, links, parse, plain_links, sids
from conformance.profiles.twilio.paths import filled
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer, types


def foreign(text: str, known: frozenset[str]) -> str | None:
    """Give a SID in a link that is none of the known ones; None where there is none."""
    return next((sid for sid in sids(parse(text).path) if sid not in known), None)


def allowed(resource: Mapping[str, Any], path: str | None, id_field: str | None) -> frozenset[str]:
    """Give the SIDs that the links of a resource may name, in lower case."""
    found = [sid for _, text in links(resource, SELF) for sid in sids(parse(text).path)]
    name = resource.get(id_field) if id_field is not None else None
    return frozenset([*found, *sids(path or ""), *([name.lower()] if isinstance(name, str) else [])])


def _fields(known: Shape) -> tuple[str, ...]:
    return tuple(name for name in BELOW if name in known.fields and "object" in types(known.fields[name], known.root))


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, resource in resources(seen, known):
        for field in _fields(known):
            below = resource.get(field)
            for name, text in links(below, tuple(below)) if isinstance(below, dict) else ():
                named = sids(parse(text).path)
                if named:
                    other = f"{named[-1][:2].upper()}{'0' * 31}f"
                    at = text.lower().rindex(named[-1])
                    place = f"{pointer}/{field}/{escape(name)}"
                    yield with_answer(seen, place, f"{text[:at]}{other}{text[at + len(other) :]}")


_CALL = answering(
    record(uri={"type": "string"}, subresource_uris={"type": "object", "additionalProperties": {"type": "string"}})
)
_URI = f"{example.PAGE.removesuffix('.json')}/CA{'a' * 32}"


def _example(title: str, link: str) -> Example:
    return Example(
        title=title,
        operation=_CALL,
        server=example.HOST,
        path="/Accounts/{AccountSid}/Calls/{CallSid}.json",
        url=f"{example.HOST}{_URI}.json",
        response_body={"uri": f"{_URI}.json", "subresource_uris": {"recordings": link}},
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example("what belongs to the call", f"{_URI}/Recordings.json"),
        _example("what belongs to all calls", f"{example.PAGE.removesuffix('.json')}/FeedbackSummary.json"),
    ],
    bad=[_example("what belongs to another call", f"{_URI[:-1]}b/Recordings.json")],
    plant=_plant,
    needs="a resource with links to what belongs to it",
)
def wrong_subresource_link(operation: Operation) -> Inspector | None:
    """A link to what belongs to a resource leads to what belongs to another one.

    A client that follows it reads, or deletes, what is not meant.
    """
    known = shape(operation)
    if known is None or not _fields(known):
        return None
    fields, spec = _fields(known), spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        path = filled(seen)
        for pointer, resource in resources(seen, known):
            named = allowed(resource, path, known.id_field)
            for field in fields if named else ():
                below = resource.get(field)
                for name, text in links(below, tuple(below)) if isinstance(below, dict) else ():
                    other = foreign(text, named)
                    if other is not None:
                        yield Problem(
                            message=f"{field}.{name} is {text!r}, which names {other}",
                            instance_pointer=f"{pointer}/{field}/{escape(name)}",
                            spec_pointer=spec,
                            expected=sorted(named),
                            actual=text,
                            keyword="link",
                        )

    return Glance(inspect=inspect, part=plain_links(operation, known), is_clear=are_plain)
