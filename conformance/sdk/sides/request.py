"""Request: is what a call sends what its arguments say, in the way that the document wants it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.http import Exchange, Request
from conformance.model.operation import JsonSchema, Location, Operation
from conformance.model.rule import ABSENT, Problem
from conformance.openapi.document import escape
from conformance.schemas.reading import Reader
from conformance.schemas.walk import keyword, properties
from conformance.sdk.comparison import moment, plain
from conformance.sdk.discovery import WHOLE_BODY, Binding, Where, is_form, pairs_of
from conformance.sdk.observation import DISCOVERY, Departure, Question, SideResult, departure
from conformance.sdk.rules import SdkSide
from conformance.sdk.session import Script, always
from conformance.sdk.sides.subject import Subject, said

LOCAL: Final = "2025-07-02T01:00:00+02:00"
"""A moment that is on another day in UTC."""
_SIZES: Final = ("PageSize", "Size")
_LIMIT: Final = "limit"
_WORSE: Final = {
    "sdk-lost-argument": ("missing-required-field", "wrongly-cased-parameter"),
    "sdk-unasked-field": ("undocumented-parameter", "wrongly-cased-parameter"),
}
"""Checks that say more of the same field: that it was required, that no document has it, that its case is wrong."""
_MISSING: Final = "missing-required-field"
"""The check that says of a lost argument that it was required, which is worse."""


def examine(subject: Subject) -> SideResult:
    """Put every question through every call that offers its parameters.

    Raises:
        DriverFailed: the driver does not answer.

    """
    result = SideResult()
    script = always(subject.success(ABSENT if subject.bodies is None else subject.bodies.full))
    for binding in subject.bindings:
        for question in subject.questions:
            _case(subject, binding, question, script, result)
        _with_offset(subject, binding, script, result)
        _beyond(subject, binding, script, result)
        result.departures += _awkward(subject, binding)
    result.departures += _offered(subject)
    return result


def _awkward(subject: Subject, binding: Binding) -> Iterator[Departure]:
    """Give the ways to write a body that the SDK refuses."""
    for form, raised in binding.refused.items():
        problem = Problem(
            message=f"{binding.call.name} refuses a {form} body: {raised}; what it takes is {binding.form}",
            instance_pointer="/call",
            spec_pointer=subject.operation.pointer,
            expected="a request",
            actual=raised,
            keyword=form,
        )
        yield departure("sdk-call-refused", problem, case=DISCOVERY)


def _case(
    subject: Subject,
    binding: Binding,
    question: Question,
    script: Script,
    result: SideResult,
    *,
    is_judged: bool = True,
) -> None:
    """Put one question through one call, and compare what is sent with what was asked."""
    case = f"{binding.call.kind}, {question.label}"
    heard = subject.ask(question, script, binding=binding)
    found = list(_strictness(subject, binding, question, case))
    if heard.requests:
        exchange = subject.evidence(heard)
        result.exchanges.append(exchange)
        found += _wrong(subject, binding, question, exchange, case, is_judged=is_judged)
    else:
        found.append(_refused(subject, binding, str(heard.outcome.raised), case))
    result.departures += found
    result.cases[case] = "as asked" if not found else ", ".join(sorted({each.rule for each in found}))


def _wrong(
    subject: Subject, binding: Binding, question: Question, exchange: Exchange, case: str, *, is_judged: bool
) -> list[Departure]:
    """Give what is wrong with a request; what a check says already is not said again."""
    mislabelled = list(_labelled(subject.operation, exchange.request, case, exchange))
    if mislabelled:
        return mislabelled  # nothing in such a body is what it seems
    judged = subject.judged(subject.operation, exchange) if is_judged else []
    told = {(rule, _name(problem)) for rule, _, problem in judged}
    compared = [
        each
        for each in _compared(subject, binding, question, exchange, case)
        if not any((rule, _name(each.problem)) in told for rule in _WORSE.get(each.rule, ()))
    ]
    return compared + [
        Departure(rule=rule, side=SdkSide.REQUEST, severity=severity, problem=problem, case=case, exchange=exchange)
        for rule, severity, problem in judged
    ]


def _name(problem: Problem) -> str:
    """Give the plain name of the field that a problem is about."""
    return plain(problem.instance_pointer.rpartition("/")[2])


def _refused(subject: Subject, binding: Binding, raised: str, case: str) -> Departure:
    problem = Problem(
        message=f"{binding.call.name} raises before it sends anything: {raised}",
        instance_pointer="/call",
        spec_pointer=subject.operation.pointer,
        expected="a request",
        actual=raised,
        keyword="call",
    )
    return departure("sdk-call-refused", problem, case=case)


def _strictness(subject: Subject, binding: Binding, question: Question, case: str) -> Iterator[Departure]:
    for argument in subject.stricter(binding, question):
        where = binding.wires.get(argument.name)
        problem = Problem(
            message=f"{binding.call.name} requires {argument.name!r}, the document does not",
            instance_pointer=f"/argument/{escape(argument.name if where is None else where[1])}",
            spec_pointer=subject.operation.pointer,
            expected="an optional argument",
            actual="a required one",
            keyword="required",
        )
        yield departure("sdk-stricter-argument", problem, case=case)


# What was sent against what was asked


def _compared(
    subject: Subject, binding: Binding, question: Question, exchange: Exchange, case: str
) -> Iterator[Departure]:
    operation, request = subject.operation, exchange.request
    path = {name: str(value) for name, value in question.path.items()}
    reading = Reader(operation, subject.compiler).read_request(request, path)
    body = reading.body if isinstance(reading.body, Mapping) else {}
    asked = said(question)
    sent = dict(pairs_of(request))
    for where, value in asked.items():
        if binding.argument(where) is None:
            continue
        if where == WHOLE_BODY:
            yield from _body(value, reading.body, operation, case, exchange)
            continue
        read = (
            reading.parameters.get(f"query/{where[1]}", ABSENT) if where[0] == "query" else body.get(where[1], ABSENT)
        )
        got = sent.get(where, ABSENT) if read is ABSENT else read
        if got is not ABSENT:
            if not same(value, got):
                yield _changed(where, value, got, operation, case, exchange)
        elif not any(other[0] == where[0] and other[1].startswith(f"{where[1]}.") for other in sent):
            yield _lost(where, value, operation, case, exchange)


def same(asked: Any, got: Any) -> bool:
    """Tell whether a value on the wire says what was asked."""
    if isinstance(asked, list) and isinstance(got, list):
        return len(asked) == len(got) and all(map(same, asked, got))
    if isinstance(asked, Mapping) and isinstance(got, Mapping):
        return asked.keys() == got.keys() and all(same(asked[name], got[name]) for name in asked)
    if isinstance(asked, bool) or isinstance(got, bool):
        return asked is got or str(asked).lower() == str(got).lower()
    if asked == got or str(asked) == str(got):
        return True
    before, after = moment(asked), moment(got)
    if before is None or after is None:
        return False
    is_day = isinstance(got, str) and len(got) == len("2025-07-01")
    return before.astimezone(after.tzinfo).date() == after.date() if is_day else before == after


def _lost(where: Where, value: Any, operation: Operation, case: str, exchange: Exchange) -> Departure:
    problem = Problem(
        message=f"{where[1]} was given and is not sent",
        instance_pointer=f"/{where[0]}/{escape(where[1])}",
        spec_pointer=operation.pointer,
        expected=value,
        keyword="lost",
    )
    return departure("sdk-lost-argument", problem, case=case, exchange=exchange)


def _changed(where: Where, value: Any, got: Any, operation: Operation, case: str, exchange: Exchange) -> Departure:
    problem = Problem(
        message=f"{where[1]} was given as {value!r} and is sent as {got!r}",
        instance_pointer=f"/{where[0]}/{escape(where[1])}",
        spec_pointer=operation.pointer,
        expected=value,
        actual=got,
        keyword="date" if moment(value) is not None else "value",
    )
    return departure("sdk-changed-argument", problem, case=case, exchange=exchange)


def _body(asked: Any, got: Any, operation: Operation, case: str, exchange: Exchange) -> Iterator[Departure]:
    """Compare a whole body, field by field."""
    if got is ABSENT:
        return  # a check of the request says why it cannot be read
    if not isinstance(asked, Mapping) or not isinstance(got, Mapping):
        if not same(asked, got):
            yield _changed(WHOLE_BODY, asked, got, operation, case, exchange)
        return
    for name, value in asked.items():
        if name in got and not same(value, got[name]):
            yield _changed(("body", name), value, got[name], operation, case, exchange)
        elif name not in got and value is not None:
            yield _lost(("body", name), value, operation, case, exchange)
    for name, value in got.items():
        if name not in asked and value is not None:
            yield _unasked(name, operation, case, exchange)


def _unasked(name: str, operation: Operation, case: str, exchange: Exchange) -> Departure:
    problem = Problem(
        message=f"{name} is sent, which nobody asked for",
        instance_pointer=f"/body/{escape(name)}",
        spec_pointer=operation.pointer,
        expected="the fields that were given",
        actual=name,
        keyword="unasked",
    )
    return departure("sdk-unasked-field", problem, case=case, exchange=exchange)


def documented(operation: Operation) -> dict[Where, JsonSchema]:
    """Give every parameter of an operation that an argument may become, with its schema."""
    found: dict[Where, JsonSchema] = {
        ("query", each.name): each.schema.json_schema for each in operation.parameters_in(Location.QUERY)
    }
    for content in operation.request_body.content if operation.request_body else ():
        if content.is_form and content.schema is not None:
            root = content.schema.json_schema
            found |= {("body", name): node for name, node in properties(root, root).items()}
    return found


def _labelled(operation: Operation, request: Request, case: str, exchange: Exchange) -> Iterator[Departure]:
    """Hold a Content-Type against the bytes; that JSON is none is said by a check."""
    label = (request.headers.get("Content-Type") or "").partition(";")[0].strip().lower()
    if not request.body or is_form(request) or not label.endswith("form-urlencoded"):
        return
    problem = Problem(
        message=f"the header says {label}, the bytes are {request.body[:60]!r}",
        instance_pointer="/body",
        spec_pointer=operation.pointer,
        expected=f"bytes of {label}",
        actual=request.body[:60].decode("utf-8", "replace"),
        keyword="encoding",
    )
    yield departure("sdk-mislabelled-body", problem, case=case, exchange=exchange)


# Arguments beyond the usual


def _with_offset(subject: Subject, binding: Binding, script: Script, result: SideResult) -> None:
    """Give every date as a moment in another time zone."""
    dated = [each for each in binding.call.arguments if each.type == "date-time" and each.name in binding.wires]
    if not dated:
        return
    query = {
        **subject.minimal.query,
        **{binding.wires[each.name][1]: LOCAL for each in dated if binding.wires[each.name][0] == "query"},
    }
    fields = {binding.wires[each.name][1]: LOCAL for each in dated if binding.wires[each.name][0] == "body"}
    given = subject.minimal.body if isinstance(subject.minimal.body, Mapping) else {}
    body = {**given, **fields} if given or fields else subject.minimal.body
    question = replace(subject.minimal, label="dates of another time zone", query=query, body=body)
    _case(subject, binding, question, script, result, is_judged=False)


def _beyond(subject: Subject, binding: Binding, script: Script, result: SideResult) -> None:
    """Ask for more on a page than the document allows."""
    for parameter in subject.operation.parameters_in(Location.QUERY):
        schema = parameter.schema.json_schema
        most = keyword(schema, schema, "maximum")
        argument = binding.argument(("query", parameter.name))
        if parameter.name not in _SIZES or not isinstance(most, int) or argument is None:
            continue
        given = subject.arguments(binding, subject.minimal)
        cases = {"a page size beyond the maximum": {**given, argument.name: most + 1}}
        limit = next((each for each in binding.call.arguments if each.name == _LIMIT), None)
        if limit is not None:
            cases["a limit beyond the maximum"] = {**given, limit.name: most + 1}
        for label, arguments in cases.items():
            _size(subject, binding, (parameter.name, most), (label, arguments), script, result)


def _size(
    subject: Subject,
    binding: Binding,
    wanted: tuple[str, int],
    case: tuple[str, Mapping[str, Any]],
    script: Script,
    result: SideResult,
) -> None:
    name, most = wanted
    label = f"{binding.call.kind}, {case[0]}"
    heard = subject.ask(subject.minimal, script, binding=binding, arguments=case[1])
    if not heard.requests:
        result.cases[label] = f"refused: {heard.outcome.raised}"
        return
    exchange = subject.evidence(heard)
    result.exchanges.append(exchange)
    sent = next((text for key, text in exchange.request.query_pairs if key == name), "")
    if sent.isdecimal() and int(sent) > most:
        problem = Problem(
            message=f"{name}={sent} is sent, the document allows {most}",
            instance_pointer=f"/query/{name}",
            spec_pointer=subject.operation.pointer,
            expected=most,
            actual=int(sent),
            keyword="maximum",
        )
        result.departures.append(departure("sdk-oversized-page", problem, case=label, exchange=exchange))
        result.cases[label] = "passed on"
    else:
        result.cases[label] = f"{name}={sent or 'nothing'} is sent"


def _offered(subject: Subject) -> Iterator[Departure]:
    """Hold the arguments of all calls against the parameters of the document."""
    known = documented(subject.operation)
    offered = {where for binding in subject.bindings for where in binding.wires.values()}
    has_whole_body = WHOLE_BODY in offered
    for where in known:
        if where not in offered and not (where[0] == "body" and has_whole_body):
            problem = Problem(
                message=f"no argument becomes {where[1]}",
                instance_pointer=f"/{where[0]}/{escape(where[1])}",
                spec_pointer=subject.operation.pointer,
                expected=f"an argument for {where[1]}",
                keyword="missing",
            )
            yield departure("sdk-missing-argument", problem, case=DISCOVERY)
    for binding in subject.bindings:
        for name, where in binding.wires.items():
            if where not in known and where != WHOLE_BODY:
                problem = Problem(
                    message=f"the argument {name!r} becomes {where[1]}, which the document does not have",
                    instance_pointer=f"/{where[0]}/{escape(where[1])}",
                    spec_pointer=subject.operation.pointer,
                    expected="documented parameters only",
                    actual=where[1],
                    keyword="undocumented",
                )
                yield departure("sdk-undocumented-argument", problem, case=DISCOVERY)
