"""The check `credentials-in-body`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.credentials import is_masked
from conformance.checks.sent_names import are_known, known_names
from conformance.checks.unknown_fields import closed
from conformance.model.example import FORM, answering, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.redact import is_secret_name
from conformance.model.rule import (
    Example,
    Glance,
    Matched,
    MessageInspector,
    Problem,
    Reading,
    Severity,
    Side,
    Stage,
    check,
)
from conformance.schemas.planting import reading_of, with_value


def _plant(seen: Matched, side: Side) -> Iterator[Exchange]:
    body = reading_of(seen, side).body
    if isinstance(body, dict):
        yield with_value(seen, side, {**body, "auth_token": "0123456789abcdef0123456789abcdef"})


_THING = answering(record(id={"type": "string"}))


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        Example(
            title="a token that is documented",
            operation=answering(record(auth_token={"type": "string"})),
            response_body={"auth_token": "0123456789abcdef"},
        ),
        Example(
            title="a webhook of the client's own with a password",
            operation=form(record(Url={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="Url=https%3A%2F%2Fuser%3Apass%40hooks.example.com%2F",
            status=204,
        ),
    ],
    bad=[
        Example(
            title="a token that nobody documented",
            operation=_THING,
            response_body={"id": "1", "auth_token": "0123456789abcdef"},
        ),
        Example(
            title="a password in a form",
            operation=form(record(Name={"type": "string"})),
            method="POST",
            request_headers=FORM,
            request_body="Name=one&Password=not-a-real-one",
            status=204,
        ),
    ],
    plant=_plant,
    silent_when_clear=Side.RESPONSE,
    needs="a body whose fields are documented",
)
def credentials_in_body(operation: Operation, side: Side) -> MessageInspector | None:
    """A body carries credentials that the description does not ask for.

    Bodies are logged, recorded and shown in error reports, where nobody looks for secrets.
    """
    known = closed(operation, side)
    if not known:
        return None

    def inspect(reading: Reading) -> Iterator[Problem]:
        names = None if reading.media_type is None else known.get(reading.media_type)
        for pointer, name, _, node in names.unknown(reading.body) if names is not None else ():
            if is_secret_name(name) and isinstance(node[name], str) and not is_masked(node[name]):
                yield Problem(
                    message=f"the field {name!r} carries a credential",
                    instance_pointer=pointer,
                    spec_pointer=operation.pointer,
                    expected="credentials in the Authorization header",
                    keyword="credentials",
                )

    if side is Side.RESPONSE:
        return inspect
    return Glance(inspect=inspect, part=known_names(operation), is_clear=are_known)
