"""The check `wrong-content-type`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.model.example import answering, record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Inspector, Matched, Problem, Severity, Stage, check

_PAGE = b"<!DOCTYPE html><title>An error occurred</title>"


def _plant(seen: Matched) -> Iterator[Exchange]:
    response = seen.exchange.response
    if response.body and seen.answer is not None and seen.answer.content:
        headers = response.headers.replace("Content-Type", "text/html; charset=utf-8")
        yield replace(seen.exchange, response=replace(response, headers=headers, body=_PAGE))


_JSON = {"Content-Type": "application/json; charset=utf-8"}


@check(
    severity=Severity.ERROR,
    stage=Stage.MEDIA_TYPE,
    good=[
        Example(
            title="the documented type, with a parameter",
            operation=answering(record()),
            response_headers=_JSON,
            response_body="{}",
        ),
    ],
    bad=[
        Example(
            title="HTML where JSON is documented",
            operation=answering(record()),
            response_headers={"Content-Type": "text/html"},
            response_body="<p>Gateway</p>",
        ),
        Example(title="no type at all", operation=answering(record()), response_headers={}, response_body="{}"),
    ],
    plant=_plant,
    silent_when_clear=True,
)
def wrong_content_type(operation: Operation) -> Inspector | None:
    """The response has a body of a media type that is not documented for its status.

    Clients choose how to read a body by its Content-Type: an HTML error page under a status that promises JSON makes
    them fail while parsing. A status that is documented without content says nothing about its body.
    """
    if not any(answer.content for answer in operation.responses):
        return None
    return _inspect


def _inspect(seen: Matched) -> Iterator[Problem]:
    response = seen.exchange.response
    if seen.answer is None or not seen.answer.content or not response.body or seen.operation.method == "HEAD":
        return
    if seen.response.media_type is None:
        given = response.headers.get("Content-Type")
        expected = [media_type.name for media_type in seen.answer.content]
        shown = f"the media type {given.partition(';')[0].strip()}" if given else "no media type"
        yield Problem(
            message=f"the body has {shown}, not {' or '.join(expected)}",
            instance_pointer="/header/Content-Type",
            spec_pointer=f"{seen.answer.pointer}/content",
            expected=expected,
            actual=given,
            keyword="content",
        )
