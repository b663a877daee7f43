"""The check `foreign-resource`.

What must hold for every resource in a successful answer: a field that repeats a path parameter, and is not null, has
the value that the path has. SIDs and domain names ignore case. A path that names a resource otherwise (by its unique
name) is not compared with its SID, nor is what somebody masked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio.answers import resources, shape
from conformance.profiles.twilio.sids import SID, is_masked, is_sid
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer

_TWILIO = "https://api.twilio.com"
_CALL = answering(record(sid={"type": "string"}, account_sid={"type": "string"}))
_PATH = "/Accounts/{AccountSid}/Calls/{CallSid}.json"
_URL = f"{_TWILIO}/Accounts/AC{'1' * 32}/Calls/CA{'a' * 32}.json"


def differs(text: str, value: Any) -> bool:
    """Tell whether a field contradicts the path parameter that it repeats."""
    if not isinstance(value, str) or text == value:
        return False
    if (is_sid(value) and not is_sid(text)) or text.lower() == value.lower():
        return False
    return not is_masked(text) and not is_masked(value)


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None:
        return
    for pointer, resource in resources(seen, known):
        for parameter, name in known.repeats:
            text = seen.path_parameters.get(parameter)
            if text is not None and isinstance(resource.get(name), str) and resource[name]:
                yield with_answer(seen, f"{pointer}/{name}", _other(resource[name]))


def _other(text: str) -> str:
    """Give another value of the same kind."""
    if SID.fullmatch(text):
        return text[:2] + "".join("fedcba9876543210"[int(digit, 16)] for digit in text[2:])
    if text[-1].isdigit():
        return f"{text[:-1]}{(int(text[-1]) + 1) % 10}"
    return f"other-{text}"


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(
            title="the resource that the path names, its SID in capitals",
            operation=_CALL,
            server=_TWILIO,
            path=_PATH,
            url=_URL,
            response_body={"sid": f"CA{'A' * 32}", "account_sid": f"AC{'1' * 32}"},
        ),
        Example(
            title="a masked account",
            operation=_CALL,
            server=_TWILIO,
            path=_PATH,
            url=_URL,
            response_body={"sid": f"CA{'a' * 32}", "account_sid": f"AC{'X' * 32}"},
        ),
    ],
    bad=[
        Example(
            title="another call",
            operation=_CALL,
            server=_TWILIO,
            path=_PATH,
            url=_URL,
            response_body={"sid": f"CA{'b' * 32}", "account_sid": f"AC{'1' * 32}"},
        ),
        Example(
            title="a call of another account",
            operation=_CALL,
            server=_TWILIO,
            path=_PATH,
            url=_URL,
            response_body={"sid": f"CA{'a' * 32}", "account_sid": f"AC{'2' * 32}"},
        ),
    ],
    plant=_plant,
    needs="an answer that repeats a path parameter",
)
def foreign_resource(operation: Operation) -> Inspector | None:
    """The answer is about another resource than the path names.

    Every resource says which one it is and where it belongs: its own SID, its account, its call, its service. Where the
    path names them too, they have to agree, in the resource itself and in every item of a list.
    """
    known = shape(operation)
    if known is None or not known.repeats:
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        given = [(name, field) for name, field in known.repeats if name in seen.path_parameters]
        for pointer, resource in resources(seen, known):
            for name, field in given:
                value, text = resource.get(field, ABSENT), seen.path_parameters[name]
                if differs(text, value):
                    yield Problem(
                        message=f"{field} is {value!r}, the path has {text!r} as {name}",
                        instance_pointer=f"{pointer}/{field}",
                        spec_pointer=spec,
                        expected=text,
                        actual=value,
                        keyword="path-parameter",
                    )

    def is_clear(found: Sequence[Mapping[str, Any]], seen: Matched) -> bool:
        for name, field in known.repeats:
            text = seen.path_parameters.get(name)
            for resource in found:
                if resource.get(field) != text:
                    return False
        return True

    return Glance(inspect=inspect, part=known.resources, is_clear=is_clear)
