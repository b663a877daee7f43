"""Response: does what a call returns say what the server answered?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from conformance.model.http import Exchange
from conformance.model.rule import ABSENT, Problem
from conformance.sdk.bodies import UNKNOWN_FIELD, Variant
from conformance.sdk.comparison import Fate, Passage, attributes, passages, plain
from conformance.sdk.observation import Departure, SideResult, departure
from conformance.sdk.session import Heard, always
from conformance.sdk.sides.subject import Subject

_DATED: Final = frozenset({Variant.OFFSET, Variant.FRACTION})


def examine(subject: Subject) -> SideResult:
    """Play every variant of the answer, and compare what comes out.

    Raises:
        DriverFailed: the driver does not answer.

    """
    if subject.bodies is None:
        return _bare(subject)
    result = SideResult()
    types: dict[str, str] = {}
    known: set[tuple[str, str]] = set()
    for variant, body in subject.bodies.all:
        heard = subject.ask(subject.minimal, always(subject.success(body)))
        if not heard.requests:
            return SideResult(not_run=f"{subject.main.call.name} sends nothing: {heard.outcome.raised}")
        exchange = subject.evidence(heard)
        result.exchanges.append(exchange)
        found = list(_judged(subject, variant, body, heard, exchange, types))
        if variant is Variant.FULL:
            known = {(each.rule, each.problem.instance_pointer) for each in found}
            result.departures += found
        else:
            result.departures += [each for each in found if not _repeats(each, known)]
        result.cases[variant.value] = _word(heard, found)
    result.facts["conversions"] = dict(sorted(types.items()))
    return result


def _repeats(found: Departure, known: set[tuple[str, str]]) -> bool:
    """Tell whether the full answer showed the same already."""
    place = found.problem.instance_pointer
    if found.rule == "sdk-intolerance":
        return bool(place) and ({("sdk-lost-field", place), ("sdk-changed-field", place)} & known) != set()
    return found.rule in {"sdk-lost-field", "sdk-changed-field"} and (found.rule, place) in known


def _word(heard: Heard, found: list[Departure]) -> str:
    if heard.outcome.raised is not None:
        return str(heard.outcome.raised)
    return ", ".join(sorted({each.rule for each in found})) or "read"


def _bare(subject: Subject) -> SideResult:
    """An answer without a body: the call has to return, and not with a no."""
    heard = subject.ask(subject.minimal, always(subject.success()))
    if not heard.requests:
        return SideResult(not_run=f"{subject.main.call.name} sends nothing: {heard.outcome.raised}")
    exchange = subject.evidence(heard)
    case = f"{exchange.response.status} without a body"
    result = SideResult(exchanges=[exchange], cases={case: str(heard.outcome.raised or heard.outcome.value)})
    if heard.outcome.raised is not None:
        result.departures.append(_raises(subject, "sdk-answer-raises", heard, case, exchange, case))
    elif heard.outcome.value is False:
        problem = Problem(
            message=f"{subject.main.call.name} returns false for {exchange.response.status}",
            instance_pointer="/result",
            spec_pointer=subject.operation.pointer,
            expected=True,
            actual=False,
            keyword="result",
        )
        result.departures.append(departure("sdk-changed-field", problem, case=case, exchange=exchange))
    return result


def _raises(subject: Subject, rule: str, heard: Heard, case: str, exchange: Exchange, keyword: str) -> Departure:
    problem = Problem(
        message=f"{subject.main.call.name} raises {heard.outcome.raised} on an answer with {case}",
        instance_pointer="/result",
        spec_pointer=subject.operation.pointer,
        expected="a result",
        actual=str(heard.outcome.raised),
        keyword=keyword,
    )
    return departure(rule, problem, case=case, exchange=exchange)


def _judged(
    subject: Subject, variant: Variant, body: Any, heard: Heard, exchange: Exchange, types: dict[str, str]
) -> Iterator[Departure]:
    if heard.outcome.raised is not None:
        rule = "sdk-intolerance" if variant.is_tolerance else "sdk-answer-raises"
        yield _raises(subject, rule, heard, variant.value, exchange, variant.value)
        return
    sent, got = records(subject, body), heard.outcome.value
    pairs = list(zip(sent, got, strict=False)) if isinstance(sent, list) and isinstance(got, list) else [(sent, got)]
    if isinstance(sent, list) and isinstance(got, list) and len(got) < len(sent):
        yield _field(subject, "sdk-lost-field", "/-", sent[0], None, variant, exchange)
    for one, other in pairs:
        for passage in passages(one, other):
            yield from _passage(subject, variant, passage, exchange, types)
        if variant is Variant.FULL:
            yield from _undocumented(subject, one, other, exchange)


def records(subject: Subject, body: Any) -> Any:
    """Give the part of an answer that a call returns: the records of a page, or the whole."""
    bodies = subject.bodies
    if bodies is None or not isinstance(body, Mapping):
        return body
    if bodies.records is not None:
        return body.get(bodies.records, [])
    return body


def _passage(
    subject: Subject, variant: Variant, passage: Passage, exchange: Exchange, types: dict[str, str]
) -> Iterator[Departure]:
    if UNKNOWN_FIELD in passage.pointer:
        if passage.fate is not Fate.SAME:
            yield _field(subject, "sdk-dropped-unknown-field", passage.pointer, passage.sent, None, variant, exchange)
        return
    if variant is Variant.FULL and passage.fate is Fate.CONVERTED:
        types[passage.pointer] = " → ".join(passage.types)
    if passage.fate in {Fate.LOST, Fate.CHANGED}:
        rule = "sdk-lost-field" if passage.fate is Fate.LOST else "sdk-changed-field"
        got = None if passage.got is ABSENT else passage.got
        yield _field(subject, rule, passage.pointer, passage.sent, got, variant, exchange)
    elif variant in _DATED and passage.fate is Fate.SAME and types.get(passage.pointer, "").endswith("date-time"):
        yield _field(subject, "sdk-unsteady-type", passage.pointer, passage.sent, passage.got, variant, exchange)


def _field(
    subject: Subject, rule: str, pointer: str, sent: Any, got: Any, variant: Variant, exchange: Exchange
) -> Departure:
    what = {
        "sdk-lost-field": "does not come out",
        "sdk-changed-field": f"comes out as {_shown(got)}",
        "sdk-unsteady-type": "comes out as text, where other dates come out as dates",
        "sdk-dropped-unknown-field": "cannot be read",
    }[rule]
    problem = Problem(
        message=f"{pointer.rpartition('/')[2]} is {sent!r} and {what} ({variant.value})",
        instance_pointer=pointer,
        spec_pointer=subject.operation.pointer,
        expected=sent,
        actual=_shown(got),
        keyword=variant.value,
    )
    if variant.is_tolerance and rule in {"sdk-lost-field", "sdk-changed-field"}:
        rule = "sdk-intolerance"
    return departure(rule, problem, case=variant.value, exchange=exchange)


def _shown(got: Any) -> Any:
    return got.get("value", got) if isinstance(got, Mapping) and "$" in got else got


def _undocumented(subject: Subject, sent: Any, got: Any, exchange: Exchange) -> Iterator[Departure]:
    """Give the attributes that nothing in the full answer explains."""
    if not isinstance(sent, Mapping) or not (isinstance(got, Mapping) and got.get("$") == "object"):
        return
    for name in sorted(attributes(got) - {plain(each) for each in sent}):
        problem = Problem(
            message=f"results have an attribute {name!r}, which no field of the document explains",
            instance_pointer=f"/{name}",
            spec_pointer=subject.operation.pointer,
            expected="documented fields only",
            actual=name,
            keyword="attribute",
        )
        yield departure("sdk-undocumented-attribute", problem, case=Variant.FULL.value, exchange=exchange)
