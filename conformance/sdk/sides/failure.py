"""Failure: what does a caller learn when a request fails, and how do pages end?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.http import Headers, Response
from conformance.model.rule import ABSENT, Problem
from conformance.model.value import Value
from conformance.profiles.twilio import errors
from conformance.sdk.observation import Departure, SideResult, departure
from conformance.sdk.session import Heard, Script, Scripted, always
from conformance.sdk.sides.subject import Subject
from conformance.sdk.wire import Captured, Ending, Reply, Wire, written

SHORT: Final = 0.05
"""Seconds of the time-out that is set for each operation."""
_LONGER: Final = 0.5
"""Seconds of the time-out where so short a one leaves no time to send anything."""
LONG: Final = 0.5
"""Seconds that the server waits where time-outs are known to hold."""
_BRIEF: Final = 0.08
"""Seconds that it waits where they are known not to hold."""
_PATIENT: Final = (0.2, 0.8)
_IMPATIENT: Final = (0.1, 0.2)
"""Seconds of the time-out, and that the server waits, in the experiment that finds out whether time-outs hold at all;
impatient where they do not hold for another kind of call."""
_LOOPS: Final = 5
_CARRIED: Final = "carried"
"""What an exception does not carry in one case it seldom carries in another."""
ELSEWHERE: Final = "elsewhere.example"
_MESSAGE: Final = "said by the server"
_PAGE: Final = b"<html><body><h1>Bad Gateway</h1></body></html>"
_ENDING, _LOOPING, _LEADING = "pages that end", "a page that links to itself", "a page on another host"
_IDEMPOTENT: Final = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
"""RFC 9110, 9.2.2."""


class Failing(Value, frozen=True, kw_only=True):
    """One way to fail."""

    name: str
    script: Script
    status: int | None = None
    """What the exception should carry; None where there is no status."""
    code: int | None = None
    message: str = ""
    settings: Mapping[str, Any] | None = None
    patient: Script | None = None
    """Asked again with this one where the call returns, so that a busy machine is not taken for a busy server."""
    is_safe: bool = False
    """True where the server did nothing, so that any request may be repeated."""


def _refusal(status: int, reason: str, **headers: str) -> Response:
    body = errors.body(status=status, code=errors.code_of(status), message=_MESSAGE)
    pairs = (("Content-Type", "application/json"), *((name.replace("_", "-"), text) for name, text in headers.items()))
    return Response(status=status, reason=reason, headers=Headers(pairs), body=json.dumps(body).encode())


def _refused(status: int, reason: str, *, name: str = "", is_safe: bool = False, **headers: str) -> Failing:
    return Failing(
        name=name or f"{status} {reason}",
        script=always(_refusal(status, reason, **headers)),
        status=status,
        code=errors.code_of(status),
        message=_MESSAGE,
        is_safe=is_safe,
    )


_BUSY: Final = _refused(429, "Too Many Requests", is_safe=True)
_STATUSES: Final = (
    _refused(400, "Bad Request"),
    _refused(401, "Unauthorized"),
    _refused(404, "Not Found"),
    _refused(409, "Conflict"),
    _BUSY,
    _refused(429, "Too Many Requests", name="429 with Retry-After", is_safe=True, Retry_After="1"),
    _refused(500, "Internal Server Error"),
    _refused(503, "Service Unavailable"),
)
_HTML: Final = Response(status=502, reason="Bad Gateway", headers=Headers((("Content-Type", "text/html"),)), body=_PAGE)
_GONE: Final = Response(status=0, reason="no answer")
"""Stands for the answer that never came."""


def _ways(subject: Subject) -> Iterator[Failing]:
    """Give the ways in which an operation can fail."""
    yield from _STATUSES
    yield Failing(name="HTML instead of an error", script=always(_HTML), status=502)
    reset = Scripted(response=_GONE, reply=Reply(data=b"", ending=Ending.RESET))
    yield Failing(name="connection reset", script=lambda _, __: reset)
    holds = subject.habits.holds_timeout.get(subject.main.call.kind, True)
    slow = _plain(subject)
    late = Scripted(response=slow, reply=Reply(data=written(slow), delay=LONG if holds else _BRIEF))
    later = Scripted(response=slow, reply=Reply(data=written(slow), delay=6 * LONG))
    yield Failing(
        name="time-out",
        script=lambda _, __: late,
        settings={"timeout": SHORT},
        patient=(lambda _, __: later) if holds else None,
    )
    if subject.bodies is None:
        return
    body = slow.body
    cut = Reply(data=written(slow)[: -len(body) // 2], ending=Ending.CLOSE)
    yield Failing(name="answer cut short", script=lambda _, __: Scripted(response=slow, reply=cut))
    yield Failing(name="malformed JSON", script=always(replace(slow, body=body[: len(body) // 2])))
    page = replace(slow, headers=Headers((("Content-Type", "text/html"),)), body=_PAGE)
    yield Failing(name="HTML instead of JSON", script=always(page))


def examine(subject: Subject) -> SideResult:
    """Let the operation fail in every way, then turn its pages.

    Raises:
        DriverFailed: the driver does not answer.

    """
    result = SideResult()
    for way in _ways(subject):
        heard = subject.ask(subject.minimal, way.script, settings=way.settings)
        if not heard.requests and way.settings is not None:  # a busy machine: the client left before it was heard
            heard = subject.ask(subject.minimal, way.patient or way.script, settings={"timeout": _LONGER})
        if heard.outcome.raised is None and way.patient is not None:
            heard = subject.ask(subject.minimal, way.patient, settings=way.settings)
        if not heard.requests:
            if way.settings is None:
                return SideResult(not_run=f"{subject.main.call.name} sends nothing: {heard.outcome.raised}")
            result.cases[way.name] = _told(heard)
            continue
        found = list(_learned(subject, way, heard))
        result.exchanges.append(subject.evidence(heard))
        result.departures += [_with_evidence(each, result) for each in found]
        result.cases[way.name] = _told(heard)
    if subject.bodies is None:
        result.cases["malformed JSON"] = "not applicable: a success has no body"
    _turn_pages(subject, result)
    return result


def _with_evidence(found: Departure, result: SideResult) -> Departure:
    return replace(found, exchange=result.exchanges[-1])


def _told(heard: Heard) -> str:
    """Say in a few words how a call ended."""
    raised = heard.outcome.raised
    text = "returned" if raised is None else raised.type
    if raised is not None:
        carried = [
            name
            for name, value in (
                ("status", raised.status),
                ("code", raised.code),
                ("message", _MESSAGE in raised.message),
            )
            if value
        ]
        text += f" with {', '.join(carried)}" if carried else ""
    count = len(heard.requests)
    return text if count <= 1 else f"{text} after {count} requests"


def _learned(subject: Subject, way: Failing, heard: Heard) -> Iterator[Departure]:
    """Say what the caller does not learn."""
    raised, count = heard.outcome.raised, len(heard.requests)
    if count > 1 and not way.is_safe and subject.operation.method not in _IDEMPOTENT:
        yield _wrong(
            subject, "sdk-repeated-post", way.name, f"the request is sent {count} times", expected=1, actual=count
        )
    if way.settings is not None:
        if not _gave_up(subject, heard):
            message = f"the call waits for the answer and {_ended(heard)}, although the time-out is {SHORT} s"
            yield _wrong(subject, "sdk-ignored-timeout", way.name, message, expected="an exception", actual="a result")
        return
    if raised is None:
        shown = json.dumps(heard.outcome.value)[:80]
        yield _wrong(subject, "sdk-swallowed-error", way.name, f"the call returns {shown}", expected="an exception")
        return
    for rule, name, wanted, got in (
        ("sdk-error-without-status", "status", way.status, raised.status),
        ("sdk-error-without-code", "code", way.code, raised.code),
    ):
        if wanted is not None and got != wanted:
            told = f"{raised.type} {_carries(name, got)}"
            yield _wrong(subject, rule, way.name, told, expected=wanted, actual=got, keyword=_CARRIED)
    if way.message and way.message not in raised.message:
        told = f"{raised.type} says {raised.message[:80]!r}"
        yield _wrong(subject, "sdk-error-without-message", way.name, told, expected=way.message,
                     actual=raised.message[:80], keyword=_CARRIED)  # fmt: skip


def _carries(name: str, value: Any) -> str:
    return f"has no {name}" if value is None else f"has the {name} {value}"


def _gave_up(subject: Subject, heard: Heard) -> bool:
    """Tell whether a call raised because the answer was late: in time, the same answer does not end so."""
    raised = heard.outcome.raised
    if raised is None:
        return False
    in_time = subject.ask(subject.minimal, always(_plain(subject))).outcome.raised
    return in_time is None or in_time.type != raised.type


def _ended(heard: Heard) -> str:
    raised = heard.outcome.raised
    return "returns" if raised is None else f"raises {raised.type}, as it does without any delay"


def _plain(subject: Subject) -> Response:
    """Give an answer with which nothing is wrong."""
    return subject.success(ABSENT if subject.bodies is None else subject.bodies.full)


def _wrong(
    subject: Subject,
    rule: str,
    case: str,
    message: str,
    *,
    expected: Any = None,
    actual: Any = None,
    keyword: str | None = None,
) -> Departure:
    """Give a departure; a keyword makes one finding of those of several cases."""
    problem = Problem(
        message=f"{case}: {message}",
        instance_pointer=f"/{subject.main.call.kind}",
        spec_pointer=subject.operation.pointer,
        expected=expected,
        actual=actual,
        keyword=keyword or case,
    )
    return departure(rule, problem, case=case)


# Pages


def _turn_pages(subject: Subject, result: SideResult) -> None:
    """Let pages follow each other, loop, and lead elsewhere."""
    bodies = subject.bodies
    if bodies is None or bodies.records is None or subject.main.call.kind not in {"list", "stream"}:
        return
    start = f"https://{subject.operation.servers[0].host}"
    if bodies.page(link=f"{start}/next") is None:
        result.cases["paging"] = "not applicable: the answer has no link to a next page"
        return
    for name, experiment in (
        (_ENDING, _ending),
        (_LOOPING, _looping),
        (_LEADING, _leading_elsewhere),
    ):
        heard, found = experiment(subject)
        result.exchanges += [subject.evidence(heard, index) for index in range(min(len(heard.requests), 2))]
        result.departures += [replace(each, exchange=result.exchanges[-1]) for each in found]
        result.cases[name] = _told(heard)


def _linked(subject: Subject, captured: Captured, *, host: str | None = None, token: str) -> Response:
    """Give a page that links to another one."""
    assert subject.bodies is not None  # noqa: S101 - a page has a body
    parts = captured.request.url.partition("?")[0].partition("://")[2].partition("/")
    path = f"/{parts[2]}?Page=1&PageSize=1&PageToken={token}"
    link = path if subject.bodies.has_relative_links and host is None else f"https://{host or parts[0]}{path}"
    return subject.success(subject.bodies.page(link=link, token=token))


def _ending(subject: Subject) -> tuple[Heard, list[Departure]]:
    last = always(_plain(subject))

    def script(captured: Captured, number: int) -> Scripted:
        return last(captured, number) if number else Scripted(response=_linked(subject, captured, token="PT2"))  # noqa: S106 - a page token

    heard = subject.ask(subject.minimal, script)
    got = heard.outcome.value
    if isinstance(got, list) and len(got) == 2 and len(heard.requests) == 2:  # noqa: PLR2004 - two pages
        return heard, []
    shown = str(heard.outcome.raised or (_counted(len(got), "record") if isinstance(got, list) else repr(got)))
    message = f"two pages with a record each give {shown}, after {_counted(len(heard.requests), 'request')}"
    return heard, [_wrong(subject, "sdk-short-paging", _ENDING, message, expected=2, actual=shown)]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _looping(subject: Subject) -> tuple[Heard, list[Departure]]:
    end = always(_plain(subject))

    def script(captured: Captured, number: int) -> Scripted:
        if number >= _LOOPS:
            return end(captured, number)
        return Scripted(response=_linked(subject, captured, token="PT1"))  # noqa: S106 - a page token

    heard = subject.ask(subject.minimal, script)
    if len(heard.requests) <= _LOOPS:
        return heard, []
    message = f"the same URL is read until the server ends it, after {len(heard.requests)} requests"
    return heard, [_wrong(subject, "sdk-endless-paging", _LOOPING, message, expected=2, actual=len(heard.requests))]


def _leading_elsewhere(subject: Subject) -> tuple[Heard, list[Departure]]:
    end = always(_plain(subject))

    def script(captured: Captured, number: int) -> Scripted:
        if number:
            return end(captured, number)
        return Scripted(response=_linked(subject, captured, host=ELSEWHERE, token="PT2"))  # noqa: S106 - a page token

    heard = subject.ask(subject.minimal, script)
    strays = [
        each for each in heard.requests[1:]
        if each.request.url.startswith(f"https://{ELSEWHERE}") and "Authorization" in each.request.headers
    ]  # fmt: skip
    if not strays:
        return heard, []
    message = f"the request to {ELSEWHERE} carries an Authorization header"
    return heard, [
        _wrong(subject, "sdk-leaked-credentials", _LEADING, message, expected="no credentials", actual="Basic")
    ]


# Settings, once for each kind of call


def learn(subject: Subject) -> SideResult:
    """Find out what the settings of a client do, on one operation of a kind, and remember it.

    Raises:
        DriverFailed: the driver does not answer.

    """
    result = SideResult()
    for experiment in (_time_limit, _proxy, _retries):
        for heard, found, case, told in experiment(subject):
            if heard.requests:
                result.exchanges.append(subject.evidence(heard))
            evidence = result.exchanges[-1] if heard.requests else None
            result.departures += [replace(each, exchange=evidence) for each in found]
            result.cases[case] = told
    return result


Learned = Iterator[tuple[Heard, list[Departure], str, str]]


def _time_limit(subject: Subject) -> Learned:
    """Set a time-out that the server lets pass."""
    case = f"time-out setting, {subject.main.call.kind}"
    slow = _plain(subject)
    limit, wait = _PATIENT if all(subject.habits.holds_timeout.values()) else _IMPATIENT
    late = Scripted(response=slow, reply=Reply(data=written(slow), delay=wait))
    heard = subject.ask(subject.minimal, lambda _, __: late, settings={"timeout": limit})
    raised = heard.outcome.raised
    holds = subject.habits.holds_timeout[subject.main.call.kind] = _gave_up(subject, heard)
    if raised is not None and holds:
        yield heard, [], case, f"holds: {raised.type}"
        return
    message = f"{limit} s was set; the call waited {wait} s and {_ended(heard)}"
    found = _wrong(subject, "sdk-ignored-timeout", case, message, expected="an exception", actual="a result")
    yield heard, [found], case, "does not hold"


def _proxy(subject: Subject) -> Learned:
    """Set a proxy, and see who is asked: the proxy, or the server.

    The server is named by an https URL, so that clients with a proxy for encrypted traffic only use it too. Its
    answer to TLS is a closed connection, the proxy's answer to CONNECT a 502: nothing leaves this machine.
    """
    case = f"proxy setting, {subject.main.call.kind}"
    asked: list[Captured] = []

    def refuse(captured: Captured) -> Reply:
        asked.append(captured)
        return Reply(data=written(_HTML), ending=Ending.CLOSE)

    with Wire(refuse) as proxy:
        settings = {"proxy": proxy.url, "base": subject.session.wire.url.replace("http://", "https://")}
        heard = subject.ask(subject.minimal, always(_HTML), settings=settings)
    if asked:
        yield heard, [], case, f"used: {asked[0].request.method} came to the proxy"
        return
    ended = "returned" if heard.outcome.raised is None else f"ended with {heard.outcome.raised.type}"
    message = f"nothing came to the proxy; the call went elsewhere and {ended}"
    found = _wrong(subject, "sdk-ignored-proxy", case, message, expected="CONNECT at the proxy", actual="nothing")
    yield heard, [found], case, "not used"


def _retries(subject: Subject) -> Learned:
    """Fail twice, without and with three retries allowed, and count the requests.

    What a client does over TLS only is looked at over TLS, where this machine can make a certificate.
    """
    kind, base = subject.main.call.kind, subject.session.secure_url
    if base is None:
        case = f"retries setting, {kind}"
        heard = subject.ask(subject.minimal, _BUSY.script)
        yield heard, [], case, f"not run: {subject.session.insecure_reason}"
        return
    happened = 0
    for setting, settings in (("by default", {}), ("setting", {"retries": 3})):
        for name, script, is_safe in (
            ("429", always(_refusal(429, "Too Many Requests", Retry_After="0")), True),
            ("503", always(_refusal(503, "Service Unavailable")), False),
            ("reset", lambda _, __: Scripted(response=_GONE, reply=Reply(data=b"", ending=Ending.RESET)), False),
        ):
            case = f"retries {setting} on {name}, {kind}"
            heard = subject.ask(subject.minimal, _failing_twice(subject, script), settings={**settings, "base": base})
            count = len(heard.requests) - 1
            happened += count if settings else 0
            found = []
            if count and not is_safe and subject.operation.method not in _IDEMPOTENT:
                message = f"the request is sent {count + 1} times"
                found.append(_wrong(subject, "sdk-repeated-post", case, message, expected=1, actual=count + 1))
            told = "a result" if heard.outcome.raised is None else heard.outcome.raised.type
            yield heard, found, case, f"{'1 retry' if count == 1 else f'{count} retries'}, then {told}"
    if not happened:
        case = f"retries setting on 429, {kind}"
        message = "three retries were allowed; none happens on 429, on 503 or on a reset connection"
        heard = subject.ask(subject.minimal, _BUSY.script)
        yield heard, [_wrong(subject, "sdk-ignored-retries", case, message, expected=2, actual=0)], case, "0 retries"


def _failing_twice(subject: Subject, failing: Script) -> Script:
    """Give the script that fails two times, then succeeds."""
    success = always(_plain(subject))
    return lambda captured, number: success(captured, number) if number >= 2 else failing(captured, number)  # noqa: PLR2004
