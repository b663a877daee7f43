"""Valid requests with other headers: credentials that are missing or no good, and content negotiation."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from conformance.generate.case import FAKE_ACCOUNT, Case
from conformance.model.expectation import Expect
from conformance.model.operation import Operation
from conformance.model.rule import Problem
from conformance.model.value import Value

if TYPE_CHECKING:
    from conformance.generate.plan import Plan

_CREDENTIALS: Final = frozenset({"authorization", "cookie"})


class Exchanged(Value, frozen=True, kw_only=True):
    """A change of the headers of a valid case."""

    label: str
    change: Callable[[Case], Case]
    expect: Expect


def exchanged(plan: Plan) -> tuple[Exchanged, ...]:
    """Give the changes that make sense for an operation."""
    return (*_credentials(plan.operation), *_accepting(), *_sending(plan))


def apply(case: Case, found: Exchanged) -> Case:
    """Give a valid case with its headers changed."""
    changed = replace(found.change(case), expect=found.expect, label=found.label)
    if found.expect in {Expect.ACCEPT, Expect.SURVIVE}:
        return changed
    return replace(changed, breaks=broken(found.label))


def broken(what: str) -> Problem:
    """Give the problem of a request with wrong headers."""
    return Problem(message=f"the request has {what}", instance_pointer="/header", keyword="header")


def guarded(operation: Operation) -> bool:
    """Tell whether an operation asks for credentials; one that offers to do without does not."""
    return bool(operation.security) and all(operation.security)


def _credentials(operation: Operation) -> Iterator[Exchanged]:
    if not guarded(operation):
        return
    yield Exchanged(label="no credentials", change=anonymous, expect=Expect.CHALLENGE)
    if not any(scheme.type == "http" for alternative in operation.security for scheme in alternative):
        return
    for label, value in _BAD_CREDENTIALS.items():
        yield Exchanged(label=label, change=_with("Authorization", value), expect=Expect.CHALLENGE)


_BAD_CREDENTIALS: Final = {
    "credentials of an unknown scheme": "Unknown not-a-real-token",
    "Basic without credentials": "Basic",
    "Basic that is no Base64": "Basic !!!",
    "Basic without a colon": f"Basic {b64encode(FAKE_ACCOUNT.encode()).decode()}",
    "Basic with neither user nor password": f"Basic {b64encode(b':').decode()}",
}


def _accepting() -> Iterator[Exchanged]:
    yield Exchanged(label="Accept: */*", change=_with("Accept", "*/*"), expect=Expect.ACCEPT)
    wanted = "application/json;q=0.9, */*;q=0.1"
    yield Exchanged(label=f"Accept: {wanted}", change=_with("Accept", wanted), expect=Expect.ACCEPT)
    for value in ("image/png", "application/json;q=0", "no media type", ""):
        yield Exchanged(label=f"Accept: {value or 'empty'}", change=_with("Accept", value), expect=Expect.SURVIVE)
    long = "a" * 4_000
    yield Exchanged(label="a header of 4,000 characters", change=_with("X-Long", long), expect=Expect.SURVIVE)


def _sending(plan: Plan) -> Iterator[Exchanged]:
    if not plan.bodies:
        return
    first = plan.bodies[0].media_type
    charset = f"{first.name}; charset=utf-8"
    yield Exchanged(label="Content-Type with a charset", change=_with("Content-Type", charset), expect=Expect.ACCEPT)
    yield Exchanged(
        label="Content-Type in capitals", change=_with("Content-Type", first.name.upper()), expect=Expect.ACCEPT
    )
    for value in ("text/plain", "application/octet-stream", "nonsense"):
        declared = {body.media_type.essence for body in plan.bodies}
        certain = Expect.REFUSE if not declared & {value, "*/*", "text/*", "application/*"} else Expect.SURVIVE
        required = plan.body_place is None
        yield Exchanged(
            label=f"Content-Type: {value}",
            change=_with("Content-Type", value),
            expect=certain if required else Expect.SURVIVE,
        )


def anonymous(case: Case) -> Case:
    """Give a case without its credentials."""
    kept = tuple(pair for pair in case.headers if pair[0].lower() not in _CREDENTIALS | _keys(case.operation))
    names = {
        scheme.parameter for alternative in case.operation.security for scheme in alternative if scheme.type == "apiKey"
    }
    return replace(case, headers=kept, pairs=tuple(pair for pair in case.pairs if pair[0] not in names))


def _keys(operation: Operation) -> frozenset[str]:
    return frozenset(
        scheme.parameter.lower()
        for alternative in operation.security
        for scheme in alternative
        if scheme.location == "header"
    )


def _with(name: str, value: str) -> Callable[[Case], Case]:
    def change(case: Case) -> Case:
        kept = tuple(pair for pair in case.headers if pair[0].lower() != name.lower())
        return replace(case, headers=(*kept, (name, value)))

    return change
