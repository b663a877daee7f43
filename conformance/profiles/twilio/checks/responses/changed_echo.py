"""The check `changed-echo`.

What must hold for a successful answer that is one resource: a field that has the name of a field that was sent (in
snake_case), and is not null, has the value that was sent. What Twilio is known to normalise is compared as it
normalises: SIDs ignore case, dates are compared as moments, URLs without a trailing slash, text without surrounding
blanks, phone numbers by their digits, and the body of a message may have something before it. An empty value asks for
a default, a state that is asked for may take its time, and what somebody masked is not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from msgspec.structs import replace

from conformance.model.example import FORM, record
from conformance.model.http import Exchange
from conformance.model.operation import JsonSchema, Operation
from conformance.model.rule import ABSENT, Example, Glance, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio.answers import About, is_success, own_parameter, shape
from conformance.profiles.twilio.dates import iso_8601, moment, rfc_2822
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.numbers import is_dialled
from conformance.profiles.twilio.sids import is_masked, same
from conformance.schemas.planting import with_answer, with_body
from conformance.schemas.walk import keyword, properties, spec_pointer, types

_TWILIO = "https://api.twilio.com"
_STATES: Final = frozenset({"status"})
_SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "null"})

Same = Callable[[Any, Any], bool]
"""Tells whether what came back is what was sent."""


def as_text(sent: Any, got: Any) -> bool:
    """Compare text: Twilio trims it, and puts a sentence before a message from a trial account."""
    if not isinstance(sent, str) or not isinstance(got, str):
        return same(sent, got)
    return sent.strip() == got.strip() or same(sent, got) or is_dialled(sent, got)


def as_message(sent: Any, got: Any) -> bool:
    """Compare the body of a message."""
    return as_text(sent, got) or (isinstance(got, str) and isinstance(sent, str) and got.endswith(sent.strip()))


def as_url(sent: Any, got: Any) -> bool:
    """Compare URLs: a slash at the end says nothing."""
    if not isinstance(sent, str) or not isinstance(got, str):
        return same(sent, got)
    return sent.strip().rstrip("/") == got.rstrip("/")


def as_moment(sent: Any, got: Any) -> bool:
    """Compare dates and times, whatever their style."""
    if not isinstance(sent, str) or not isinstance(got, str):
        return same(sent, got)
    one, other = moment(sent), moment(got)
    return one is None or other is None or one == other


def as_number(sent: Any, got: Any) -> bool:
    """Compare numbers: Twilio writes some of them as text."""
    return str(sent) == str(got) or same(sent, got)


def differs(sent: Any, got: Any, equal: Same) -> bool:
    """Tell whether a field of the answer contradicts what was sent."""
    if sent is ABSENT or sent in (None, "") or got is None or equal(sent, got):
        return False
    return not any(isinstance(each, str) and is_masked(each) for each in (sent, got))


def pairs(operation: Operation) -> list[tuple[str, str, Same]]:
    """Give the fields that are sent with those that come back, and how to compare them."""
    known = shape(operation)
    if known is None or known.about is About.PAGE or operation.request_body is None:
        return []
    found: dict[str, tuple[str, str, Same]] = {}
    for media_type in operation.request_body.content:
        if media_type.schema is None:
            continue
        root = media_type.schema.json_schema
        for name, schema in properties(root, root).items():
            field = snake_case(name)
            if field in known.fields and field not in _STATES and snake_case(own_parameter(operation) or "") != field:
                equal = _comparison(field, schema, root, known.fields[field], known.root)
                if equal is not None:
                    found[name] = (name, field, equal)
    return list(found.values())


def _comparison(
    field: str, schema: JsonSchema, root: JsonSchema, answer: JsonSchema, answer_root: JsonSchema
) -> Same | None:
    allowed = types(schema, root) | types(answer, answer_root)
    if not allowed <= _SCALARS:
        return None
    formats = {keyword(schema, root, "format"), keyword(answer, answer_root, "format")}
    if "uri" in formats:
        return as_url
    if formats & {"date-time", "date-time-rfc-2822"}:
        return as_moment
    if allowed & {"integer", "number", "boolean"}:
        return as_number
    return as_message if field == "body" else as_text


def _plant(seen: Matched) -> Iterator[Exchange]:
    sent, body = seen.request.body, seen.response.body
    for name, field, _ in pairs(seen.operation):
        if isinstance(sent, Mapping) and isinstance(body, dict) and sent.get(name) not in (None, "", ABSENT):
            known = shape(seen.operation)
            other = _other(body.get(field), known, field)
            if other is ABSENT or field not in body or known is None:
                continue
            if field == known.id_field:
                text = seen.exchange.response.body.replace(str(body[field]).encode(), str(other).encode())
                yield with_body(seen.exchange, Side.RESPONSE, text)
            else:
                yield with_answer(seen, f"/{field}", other)


def _other(value: Any, known: Any, field: str) -> Any:
    """Give another value that the schema allows as well; `ABSENT` where there is none at hand."""
    members = keyword(known.fields[field], known.root, "enum")
    if members:
        return next((each for each in members if each not in (value, None)), ABSENT)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value else 1
    if not isinstance(value, str) or not value:
        return ABSENT
    if (read := moment(value)) is not None:
        next_day = int(read.timestamp()) + 86_400
        return rfc_2822(next_day) if value[0].isalpha() else iso_8601(next_day)
    if same(value, value.swapcase()) and len(value) == 34:  # noqa: PLR2004 - the length of a SID
        return f"{value[:-1]}{'0' if value[-1] != '0' else '1'}"
    if value[-1].isdigit():
        return f"{value[:-1]}{(int(value[-1]) + 1) % 10}"
    return f"{value}x"


_CREATE: Final = {
    "requestBody": {"content": {FORM["Content-Type"]: {"schema": record(FriendlyName={"type": "string"})}}},
    "responses": {
        "201": {
            "description": "Created",
            "content": {"application/json": {"schema": record(friendly_name={"type": ["string", "null"]})}},
        }
    },
}
_SENT = Example(
    title="",
    operation=_CREATE,
    server=_TWILIO,
    method="POST",
    path="/Queues.json",
    url=f"{_TWILIO}/Queues.json",
    request_headers=FORM,
    request_body="FriendlyName=Support",
    status=201,
)


def _example(title: str, name: str | None, *, sent: str = "Support") -> Example:
    return replace(
        _SENT, title=title, request_body=f"FriendlyName={quote(sent)}", response_body={"friendly_name": name}
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example("the name that was sent", "Support"),
        _example("no name at all", None),
        _example("a number sent without its country", "+14155550100", sent="(415) 555-0100"),
        _example("a masked number", "+1••••••••00", sent="+14155550100"),
    ],
    bad=[
        _example("another name", "Sales"),
        _example("another number", "+14155550101", sent="(415) 555-0100"),
        _example("text with dots at its end", "Sales...", sent="Support..."),
    ],
    plant=_plant,
    needs="a field that is sent and comes back",
)
def changed_echo(operation: Operation) -> Inspector | None:
    """A value that was sent comes back changed.

    Twilio answers a request that creates or changes a resource with the whole resource. A client that reads back
    something else than it sent talks to a mock that makes its answers up, or lost its value on the way.
    """
    known, compared = shape(operation), pairs(operation)
    if known is None or not compared:
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        sent, body = seen.request.body, seen.response.body
        if not isinstance(sent, dict) or not isinstance(body, dict) or not is_success(seen):
            return
        for name, field, equal in compared:
            if field in body and differs(sent.get(name, ABSENT), body[field], equal):
                yield Problem(
                    message=f"{field} is {body[field]!r}, though {name} was sent as {sent[name]!r}",
                    instance_pointer=f"/{field}",
                    spec_pointer=spec,
                    expected=sent[name],
                    actual=body[field],
                    keyword="echo",
                )

    fields = {name: (field, equal) for name, field, equal in compared}

    def is_clear(found: Sequence[Mapping[str, Any]], seen: Matched) -> bool:
        sent = seen.request.body
        for body in found if isinstance(sent, dict) else ():
            for name, value in sent.items():
                if name in fields:
                    field, equal = fields[name]
                    got = body.get(field)
                    if got != value and differs(value, got, equal):
                        return False
        return True

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
