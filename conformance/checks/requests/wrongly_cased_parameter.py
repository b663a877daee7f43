"""The check `wrongly-cased-parameter`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.sent_names import are_known, known_names, unknown
from conformance.model.example import FORM, form, query, record
from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.constraints import contents
from conformance.schemas.naming import objects
from conformance.schemas.planting import with_pairs, with_value
from conformance.schemas.walk import properties, required

_URL = "https://api.example.com/things/TH00000000000000000000000000000001?{}"
_LIST = query("PageSize", {"type": "integer"})


def _plant(seen: Matched) -> Iterator[Exchange]:
    optional = {each.name for each in seen.operation.parameters_in(Location.QUERY) if not each.required}
    pairs = seen.exchange.request.query_pairs
    for name in sorted(optional):
        wrong = _other(name)
        if wrong not in optional and wrong not in dict(pairs):
            kept = [(wrong if each == name else each, text) for each, text in pairs]
            yield with_pairs(seen.exchange, kept if name in dict(pairs) else [*pairs, (wrong, "1")])
            break
    media_type, body = seen.request.media_type, seen.request.body
    if media_type is None or media_type.schema is None or not isinstance(body, dict):
        return
    root = media_type.schema.json_schema
    declared = properties(root, root)
    for name in body:
        if name in declared and name not in required(root, root) and _other(name) not in declared:
            renamed = {_other(name) if each == name else each: value for each, value in body.items()}
            yield with_value(seen, Side.REQUEST, renamed)


def _other(name: str) -> str:
    return name.lower() if name.lower() != name else name.upper()


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[Example(title="the documented name", operation=_LIST, url=_URL.format("PageSize=5"), status=204)],
    bad=[
        Example(title="the name in lower case", operation=_LIST, url=_URL.format("pagesize=5"), status=204),
        Example(
            title="the name of the response's field",
            operation=form(record(FriendlyName={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="friendly_name=one",
            status=204,
        ),
    ],
    plant=_plant,
    needs="an optional parameter in a query, a form or JSON",
)
def wrongly_cased_parameter(operation: Operation) -> Inspector | None:
    """The request sends a documented parameter in the wrong case, or with other signs between its words.

    Names are compared letter by letter: to the server this is another parameter, which it ignores. Where the parameter
    is required, `missing-required-field` says so instead.
    """
    optional = frozenset(_optional(operation))
    if not optional:
        return None

    def inspect(seen: Matched) -> Iterator[Problem]:
        for sent in unknown(seen):
            if sent.same in optional:
                yield Problem(
                    message=f"the parameter {sent.name!r} is not documented, {sent.same!r} is",
                    instance_pointer=sent.pointer,
                    spec_pointer=operation.pointer,
                    expected=sent.same,
                    actual=sent.name,
                    keyword="case",
                )

    return Glance(inspect=inspect, part=known_names(operation), is_clear=are_known)


def _optional(operation: Operation) -> Iterator[str]:
    """Give the names of an operation that need not be sent; one that must is missing where it is misspelled."""
    yield from (each.name for each in operation.parameters_in(Location.QUERY) if not each.required)
    for media_type in contents(operation, Side.REQUEST):
        if media_type.schema is not None:
            root = media_type.schema.json_schema
            for part in objects(root, root):
                yield from properties(part, root).keys() - required(part, root)
