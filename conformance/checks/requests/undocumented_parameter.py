"""The check `undocumented-parameter`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.sent_names import are_known, known_names, unknown
from conformance.model.example import FORM, form, query, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.schemas.planting import with_pairs

_URL = "https://api.example.com/things/TH00000000000000000000000000000001?{}"
_LIST = query("PageSize", {"type": "integer"})


def _plant(seen: Matched) -> Iterator[Exchange]:
    yield with_pairs(seen.exchange, [*seen.exchange.request.query_pairs, ("NobodyDocumentedThis", "1")])


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[Example(title="a documented parameter", operation=_LIST, url=_URL.format("PageSize=5"), status=204)],
    bad=[
        Example(title="another query parameter", operation=_LIST, url=_URL.format("Color=red"), status=204),
        Example(
            title="another field in a form",
            operation=form(record(Name={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="Name=one&Color=red",
            status=204,
        ),
    ],
    plant=_plant,
)
def undocumented_parameter(operation: Operation) -> Inspector:
    """The request sends a parameter that the description does not know, in its query, its form or its JSON.

    Servers ignore what they do not know: a filter that is misspelled filters nothing, an option changes nothing, and
    nobody is told. The message names the documented parameter that is nearest.
    """
    return Glance(inspect=_inspect, part=known_names(operation), is_clear=are_known)


def _inspect(seen: Matched) -> Iterator[Problem]:
    for sent in unknown(seen):
        if sent.same is None:
            hint = "" if sent.near is None else f", did you mean {sent.near!r}?"
            yield Problem(
                message=f"the parameter {sent.name!r} is not documented{hint}",
                instance_pointer=sent.pointer,
                spec_pointer=seen.operation.pointer,
                expected=sent.near or "a documented parameter",
                actual=sent.name,
                keyword="undocumented",
            )
