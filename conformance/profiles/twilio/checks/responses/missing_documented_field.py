"""The check `missing-documented-field`.

What must hold for every resource and every page in a successful answer: each documented field is there, be it null,
apart from those in `absences.toml`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, resources, shape
from conformance.schemas.naming import nearest
from conformance.schemas.planting import with_value
from conformance.schemas.reading import without
from conformance.schemas.walk import required, spec_pointer


@cache
def sometimes() -> frozenset[str]:
    """Give the fields that Twilio does not always send."""
    table = tomllib.loads((files("conformance.profiles.twilio") / "absences.toml").read_text(encoding="utf-8"))
    return frozenset(table["sometimes"])


def lacking(node: Mapping[str, Any], expected: frozenset[str]) -> list[str]:
    """Give the fields that an object lacks, in order; a field whose name is misspelled is another check's."""
    if node.keys() >= expected:
        return []
    absent = sorted(expected - node.keys())
    meant = {nearest(name, absent) for name in node if name not in expected}
    return [name for name in absent if name not in meant]


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, resource in resources(seen, known):
        for name in sorted(_expected(known.fields, known.schema, known.root) - {known.id_field} & resource.keys()):
            if name in resource:
                yield with_value(seen, Side.RESPONSE, without(seen.response.body, f"{pointer}/{name}"))


def _expected(fields: Mapping[str, Any], schema: Any, root: Any) -> frozenset[str]:
    return frozenset(fields) - sometimes() - required(schema, root)


def _example(title: str, body: Any) -> Example:
    return Example(
        title=title,
        operation=answering(record(sid={"type": "string"}, price={"type": ["string", "null"]})),
        server=example.HOST,
        path="/Calls/{CallSid}.json",
        url=f"{example.HOST}/Calls/CA{'a' * 32}.json",
        response_body={"sid": f"CA{'a' * 32}", **body},
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.SCHEMA,
    strict=True,
    good=[_example("a call without a price", {"price": None})],
    bad=[_example("a call that says nothing of its price", {})],
    plant=_plant,
    needs="a resource with documented fields",
)
def missing_documented_field(operation: Operation) -> Inspector | None:
    """A documented field that Twilio always sends is missing.

    Twilio sends every field of a resource, and null where there is nothing to say. The 74 resources in public samples
    that are still in their source lack no documented field but the three in `absences.toml`; older ones lack what was
    added after them. So a server that leaves fields out is not Twilio as it is now, and a client that reads them
    without looking fails. No description says so, so this is only said where somebody asks for strictness.
    """
    known = shape(operation)
    if known is None:
        return None
    expected = _expected(known.fields, known.schema, known.root) - {known.id_field or ""}
    envelope = _expected(known.envelope, known.root, known.root) if known.items is not None else frozenset()
    if not expected | envelope:
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            for name in lacking(resource, expected):
                yield _problem(f"{pointer}/{name}", name, spec)
        page = page_of(seen, known)
        for name in lacking(page, envelope) if page is not None else ():
            yield _problem(f"/{name}", name, spec)

    return inspect


def _problem(pointer: str, name: str, spec: str) -> Problem:
    return Problem(
        message=f"the documented field {name!r} is missing",
        instance_pointer=pointer,
        spec_pointer=spec,
        expected=f"a field {name!r}, be it null",
        keyword="presence",
    )
