"""The check `misspelled-response-field`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.unknown_fields import closed, must_have, unknown
from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.schemas.naming import nearest
from conformance.schemas.planting import with_value
from conformance.schemas.walk import spec_pointer

_LEAST = 4


def _plant(seen: Matched) -> Iterator[Exchange]:
    media_type, body = seen.response.media_type, seen.response.body
    known = None if media_type is None else closed(seen.operation, Side.RESPONSE).get(media_type)
    if known is None or known.known is None or not isinstance(body, dict):
        return
    for name in body:
        for wrong in (f"{name[:-2]}{name[-1]}{name[-2]}", f"{name[0]}{name}"):
            rest = known.known - (body.keys() - {name})
            fits = name in known.known and name not in must_have(seen) and len(name) >= _LEAST
            if fits and wrong not in known.known and nearest(wrong, rest) == name:
                yield with_value(
                    seen, Side.RESPONSE, {wrong if each == name else each: value for each, value in body.items()}
                )
                break


_THING = record(friendly_name={"type": "string"}, status={"type": "string"})


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(
            title="the documented names",
            operation=answering(_THING),
            response_body={"friendly_name": "One", "status": "open"},
        ),
    ],
    bad=[
        Example(title="two letters exchanged", operation=answering(_THING), response_body={"sttaus": "open"}),
        Example(title="another case", operation=answering(_THING), response_body={"friendlyName": "One"}),
        Example(title="words in another order", operation=answering(_THING), response_body={"name_friendly": "One"}),
    ],
    plant=_plant,
    silent_when_clear=True,
    needs="a response whose fields are documented",
)
def misspelled_response_field(operation: Operation) -> Inspector | None:
    """The response has a field whose name is nearly a documented one, which is missing.

    The schema allows it, and every client finds the documented field empty.
    """
    return _inspect if closed(operation, Side.RESPONSE) else None


def _inspect(seen: Matched) -> Iterator[Problem]:
    if seen.response.body is ABSENT or seen.response.media_type is None or seen.response.media_type.schema is None:
        return
    for found in unknown(seen):
        if found.meant is not None and found.meant not in must_have(seen):
            yield Problem(
                message=f"the field {found.name!r} is not documented, {found.meant!r} is",
                instance_pointer=found.pointer,
                spec_pointer=spec_pointer(seen.response.media_type.schema, []),
                expected=found.meant,
                actual=found.name,
                keyword="misspelled",
            )
