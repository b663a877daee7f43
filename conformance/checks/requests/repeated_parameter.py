"""The check `repeated-parameter`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from conformance.model.example import FORM, form, query, record
from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, Location, MediaType, Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.constraints import contents
from conformance.schemas.planting import with_body, with_pairs
from conformance.schemas.problems import REPEATED
from conformance.schemas.walk import properties, types

_URL = "https://api.example.com/things/TH00000000000000000000000000000001?{}"


@lru_cache(maxsize=4096)
def _in_query(operation: Operation) -> frozenset[str]:
    return frozenset(
        parameter.name
        for parameter in operation.parameters_in(Location.QUERY)
        if _is_single(parameter.schema.json_schema, parameter.schema.json_schema) and parameter.media_type is None
    )


@lru_cache(maxsize=4096)
def _in_form(media_type: MediaType) -> frozenset[str]:
    if not media_type.is_form or media_type.schema is None:
        return frozenset()
    root = media_type.schema.json_schema
    return frozenset(name for name, child in properties(root, root).items() if _is_single(child, root))


def _is_single(schema: JsonSchema, root: JsonSchema) -> bool:
    return "array" not in types(schema, root)


def _plant(seen: Matched) -> Iterator[Exchange]:
    pairs = seen.exchange.request.query_pairs
    for name, text in pairs:
        if name in _in_query(seen.operation):
            yield with_pairs(seen.exchange, [*pairs, (name, text)])
    form_fields = _in_form(seen.request.media_type) if seen.request.media_type is not None else frozenset()
    pieces = seen.exchange.request.body.split(b"&")
    for piece, name in zip(pieces, seen.request.form, strict=False):
        if name in form_fields and len(pieces) == len(seen.request.form):
            yield with_body(seen.exchange, Side.REQUEST, b"&".join([*pieces, piece]))


@check(
    severity=Severity.WARNING,
    stage=Stage.SCHEMA,
    good=[
        Example(
            title="a list sent as a repeated parameter",
            operation={
                **query("Tag", {}),
                "parameters": [
                    {"name": "Tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "PageSize", "in": "query", "schema": {"type": "integer"}},
                ],
            },
            url=_URL.format("Tag=a&Tag=b"),
            status=204,
        ),
    ],
    bad=[
        Example(
            title="a number twice in the query",
            operation=query("PageSize", {"type": "integer"}),
            url=_URL.format("PageSize=5&PageSize=50"),
            status=204,
        ),
        Example(
            title="a text twice in a form",
            operation=form(record(Name={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="Name=one&Name=two",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a parameter in a query or a form that is no list",
)
def repeated_parameter(operation: Operation) -> Inspector | None:
    """A parameter that is no list is sent twice.

    Some servers take the first value, some the last, some join both: what was checked on the way is not what arrives.
    """
    if not _in_query(operation) and not any(map(_in_form, contents(operation, Side.REQUEST))):
        return None
    return _inspect


def _inspect(seen: Matched) -> Iterator[Problem]:
    return (problem for problem in seen.request.problems if problem.keyword == REPEATED)
