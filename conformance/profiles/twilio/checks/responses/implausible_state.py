"""The check `implausible-state`.

What must hold for every call, message, recording and conference that has the fields: none of the combinations in `ODD`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.model.value import Value
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import About, Shape, resources, shape
from conformance.schemas.planting import changed, with_value
from conformance.schemas.walk import keyword, spec_pointer


class Oddity(Value, frozen=True, kw_only=True):
    """A state of a resource together with what does not go with it."""

    field: str
    """The field that does not fit."""
    needs: frozenset[str]
    """Fields that a resource of this kind has."""
    states: frozenset[str]
    """Values of `status` with which the field does not fit; empty for any."""
    is_odd: Callable[[Any], bool]
    planted: Any
    """A value that does not fit."""
    because: str
    created: bool = False
    """Whether this is said of resources that the request made."""


def _is_set(value: Any) -> bool:
    return value not in (None, "", "0", 0)


_MESSAGE: Final = frozenset({"num_segments", "error_code"})
_CALL: Final = frozenset({"answered_by", "end_time"})
ODD: Final = (
    Oddity(
        field="date_sent",
        needs=_MESSAGE,
        states=frozenset({"accepted", "queued", "scheduled"}),
        is_odd=_is_set,
        planted=None,
        because="a message that waits was not sent",
    ),
    Oddity(
        field="error_code",
        needs=_MESSAGE,
        states=frozenset({"delivered", "queued", "read", "received", "sent"}),
        is_odd=_is_set,
        planted=30008,
        because="only a message that failed has an error",
    ),
    Oddity(
        field="end_time",
        needs=_CALL,
        states=frozenset({"queued", "ringing", "in-progress"}),
        is_odd=_is_set,
        planted=None,
        because="a call that goes on has not ended",
    ),
    Oddity(
        field="duration",
        needs=_CALL,
        states=frozenset({"queued", "ringing"}),
        is_odd=lambda value: isinstance(value, str) and value.isdecimal() and int(value) > 0,
        planted="17",
        because="a call that was not answered has no duration",
    ),
    Oddity(
        field="reason_conference_ended",
        needs=frozenset({"call_sid_ending_conference"}),
        states=frozenset({"init", "in-progress"}),
        is_odd=_is_set,
        planted="last-participant-left",
        because="a conference that goes on has not ended",
    ),
    Oddity(
        field="direction",
        needs=frozenset({"direction", "sid"}),
        states=frozenset(),
        is_odd=lambda value: isinstance(value, str) and not value.startswith("outbound-api"),
        planted="inbound",
        because="what a request makes goes out by the API",
        created=True,
    ),
)
"""Source: the life cycles in https://www.twilio.com/docs/voice/api/call-resource and
https://www.twilio.com/docs/messaging/api/message-resource."""


def odd(resource: Mapping[str, Any], oddity: Oddity) -> bool:
    """Tell whether a resource that has one of its states shows an oddity."""
    value = resource.get(oddity.field)
    return value is not None and oddity.is_odd(value)


def _oddities(known: Shape) -> tuple[Oddity, ...]:
    return tuple(
        each
        for each in ODD
        if each.needs <= known.fields.keys()
        and each.field in known.fields
        and (not each.states or "status" in known.fields)
        and (not each.created or known.about is About.CREATED)
    )


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, resource in resources(seen, known):
        for each in _oddities(known):
            planted = each.planted or resource.get("start_time") or resource.get("date_created")
            if planted is None:
                continue
            body = changed(seen.response.body, f"{pointer}/{each.field}", planted)
            members = keyword(known.fields["status"], known.root, "enum") if "status" in known.fields else None
            state = next((name for name in sorted(each.states) if not members or name in members), None)
            if state is not None:
                body = changed(body, f"{pointer}/status", state)
            yield with_value(seen, Side.RESPONSE, body)


def _example(title: str, **call: str | None) -> Example:
    text = {"type": ["string", "null"]}
    return Example(
        title=title,
        operation=answering(record(status=text, end_time=text, answered_by=text)),
        server=example.HOST,
        path="/Calls/{CallSid}.json",
        url=f"{example.HOST}/Calls/CA{'a' * 32}.json",
        response_body=call,
    )


@check(
    severity=Severity.NOTE,
    stage=Stage.RELATION,
    good=[_example("a call that rings", status="ringing", end_time=None)],
    bad=[_example("a call that rings and has ended", status="ringing", end_time="Fri, 14 Oct 2016 21:56:34 +0000")],
    plant=_plant,
    needs="a call, a message or a conference",
)
def implausible_state(operation: Operation) -> Inspector | None:
    """A resource has a value that does not go with its state.

    No description says so, and Twilio's clocks run side by side: therefore this is a note. A mock that fills every
    field whatever the state teaches its clients what does not happen.
    """
    known = shape(operation)
    if known is None or not _oddities(known):
        return None
    oddities, spec = _oddities(known), spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""
    anywhere = tuple(each for each in oddities if not each.states)
    by_state: dict[Any, tuple[Oddity, ...]] = {
        state: tuple(each for each in oddities if not each.states or state in each.states)
        for state in {state for each in oddities for state in each.states}
    }

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            for each in by_state.get(resource.get("status"), anywhere):
                if odd(resource, each):
                    yield Problem(
                        message=f"{each.field} is {resource[each.field]!r}: {each.because}",
                        instance_pointer=f"{pointer}/{each.field}",
                        spec_pointer=spec,
                        expected=each.because,
                        actual=resource[each.field],
                        keyword="state",
                    )

    def is_clear(found: Sequence[Mapping[str, Any]], _: Matched) -> bool:
        for resource in found:
            for each in by_state.get(resource.get("status"), anywhere):
                if odd(resource, each):
                    return False
        return True

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
