"""The check `unmet-requirement`.

What must hold for a body: the rules of `conformance.profiles.twilio.requirements` for its operation, by the names of
the fields that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from conformance.model.example import FORM, form, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Side, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.requirements import requirements
from conformance.schemas.naming import plain
from conformance.schemas.planting import with_value


def meant(sent: Iterable[str], known: Mapping[str, str]) -> frozenset[str]:
    """Give the names that are sent, and those that are meant by wrongly cased ones, which is another check's fault."""
    return frozenset(known.get(plain(name), name) for name in sent)


_TEXT = {"type": "string"}
_CREATE = form(record(To=_TEXT, From=_TEXT, Url=_TEXT, Twiml=_TEXT, ApplicationSid=_TEXT))


def _plant(seen: Matched) -> Iterator[Exchange]:
    body = seen.request.body
    if not isinstance(body, dict):
        return
    rules = requirements(seen.operation)
    for rule in rules:
        if rule.when is None and any(name in body for name in rule.one_of):
            kept = {name: value for name, value in body.items() if name not in rule.one_of}
            if all(each is rule or each.met(kept) for each in rules):
                yield with_value(seen, Side.REQUEST, kept)


def _example(title: str, body: str) -> Example:
    return Example(
        title=title,
        operation=_CREATE,
        server=f"{example.HOST}/2010-04-01",
        method="POST",
        path="/Accounts/{AccountSid}/Calls.json",
        url=f"{example.HOST}/2010-04-01{example.PAGE}",
        request_headers=FORM,
        request_body=body,
        status=204,
    )


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[_example("a call with instructions", "To=%2B14155550100&From=%2B14155550101&Twiml=%3CResponse%2F%3E")],
    bad=[_example("a call without instructions", "To=%2B14155550100&From=%2B14155550101")],
    plant=_plant,
    needs="fields of which the text requires one",
)
def unmet_requirement(operation: Operation) -> Inspector | None:
    """The request lacks a field that only the text of the description asks for.

    The schema says nothing of fields of which one has to be there, or of those that ask for another; Twilio refuses a
    request without them. Source: the texts of the operations and Twilio's reference, rule by rule.
    """
    rules = requirements(operation)
    if not rules:
        return None
    known = {plain(name): name for rule in rules for name in rule.one_of}

    def inspect(seen: Matched) -> Iterator[Problem]:
        body = seen.request.body
        if not isinstance(body, dict):
            return
        for rule in rules:
            if (rule.when is not None and rule.when not in body) or not body.keys().isdisjoint(rule.one_of):
                continue
            if meant([*body, *seen.request.form], known).isdisjoint(rule.one_of):
                yield Problem(
                    message=f"none of {', '.join(rule.one_of)} is sent: {rule.because}",
                    spec_pointer=operation.request_body.pointer if operation.request_body else operation.pointer,
                    expected=list(rule.one_of),
                    actual=sorted(body),
                    keyword="requirement",
                )

    return inspect
