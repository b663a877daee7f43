"""The check `unfiltered-item`.

What must hold for every item of a page, for every filter that was sent and names a field of the items: the field has
the value that was asked for. A day asks for all moments of that day in UTC; `Name<` and `Name>` ask for that day and
those before or after it. Fields that are null or missing are not compared, phone numbers only in E.164.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio.answers import resources, shape
from conformance.profiles.twilio.dates import iso_8601, moment, rfc_2822
from conformance.profiles.twilio.filters import filters
from conformance.profiles.twilio.sids import SID
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import keyword, spec_pointer

_TWILIO = "https://api.twilio.com"


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for name, field, excludes in filters(seen.operation):
        for wanted in seen.request.query.get(name, ())[:1]:
            for pointer, item in resources(seen, known):
                other = _other(item.get(field), known, field)
                if item.get(field) is not None and other is not None and excludes(wanted, other):
                    yield with_answer(seen, f"{pointer}/{field}", other)


def _other(value: Any, known: Any, field: str) -> Any:
    members = keyword(known.fields[field], known.root, "enum")
    if members:
        return next((each for each in members if each not in (value, None)), None)
    if isinstance(value, bool):
        return not value
    if keyword(known.fields[field], known.root, "format") == "iso-country-code":
        return "US" if value != "US" else "GB"
    if not isinstance(value, str) or not value:
        return None
    if (read := moment(value)) is not None:
        year_before = int(read.timestamp()) - 400 * 86_400
        return iso_8601(year_before) if value.endswith("Z") else rfc_2822(year_before)
    if SID.fullmatch(value) or value[-1].isdigit():
        return f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"
    return f"Other {value}"


_TEXT: Final = {"type": ["string", "null"]}
_LIST: Final = {
    **answering(
        record(
            calls={
                "type": "array",
                "items": record(status={"type": "string"}, start_time={"type": ["string", "null"]}),
            },
            page={"type": "integer"},
        )
    ),
    "parameters": [
        {"name": "Status", "in": "query", "schema": {"type": "string"}},
        {"name": "StartTime", "in": "query", "schema": {"type": "string", "format": "date"}},
    ],
}


def _example(title: str, query: str, **call: str | None) -> Example:
    return Example(
        title=title,
        operation=_LIST,
        server=_TWILIO,
        path="/Calls.json",
        url=f"{_TWILIO}/Calls.json?{query}",
        response_body={"calls": [call]},
    )


_NOON = "Fri, 14 Oct 2016 12:00:00 +0000"


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example("a call of the status that was asked for", "Status=busy", status="busy"),
        _example("a call of the day that was asked for", "StartTime=2016-10-14", start_time=_NOON),
        _example("a call of a later day", "StartTime%3E=2016-10-13", start_time=_NOON),
        _example("a call that has not started", "StartTime=2016-10-14", start_time=None),
    ],
    bad=[
        _example("a call of another status", "Status=busy", status="completed"),
        _example("a call of another day", "StartTime=2016-10-13", start_time=_NOON),
        _example("a call after the last day that was asked for", "StartTime%3C=2016-10-13", start_time=_NOON),
    ],
    plant=_plant,
    needs="a filter that names a field of the list",
)
def unfiltered_item(operation: Operation) -> Inspector | None:
    """A list holds an item that the request's filter excludes.

    Whoever filters acts on all that comes back: deletes it, bills it, calls it. A list that ignores the filter looks
    right and is not.
    """
    known, about = shape(operation), filters(operation)
    if known is None or not about:
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        query = seen.request.query
        sent = [
            (name, field, excludes, query[name][0])
            for name, field, excludes in about
            if name in query and (f"query/{name}" in seen.request.parameters or name[-1] in "<>") and query[name][0]
        ]
        for pointer, item in resources(seen, known) if sent else ():
            for name, field, excludes, wanted in sent:
                value = item.get(field)
                if value is not None and excludes(wanted, value):
                    yield Problem(
                        message=f"{field} is {value!r}, though {name}={wanted} was asked for",
                        instance_pointer=f"{pointer}/{field}",
                        spec_pointer=spec,
                        expected=f"{name}={wanted}",
                        actual=value,
                        keyword="filter",
                    )

    names = frozenset(name for name, _, _ in about)

    def is_clear(_: object, seen: Matched) -> bool:
        return names.isdisjoint(seen.request.query)

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
