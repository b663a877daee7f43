"""The check `wrong-list`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from conformance.model.example import answering, record
from conformance.model.expectation import Expect, Expectation
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import CaseInspector, Example, Matched, Problem, Severity, Stage, check

_ID: Final = "TH00000000000000000000000000000001"
_LISTED: Final = Expectation(
    case="api.example:stateful:0/2", label="list", expect=Expect.ACCEPT, keyword="listed", values={"id": _ID}
)
_UNLISTED: Final = replace(_LISTED, keyword="unlisted", label="list without what is deleted")
_LIST: Final = answering(record(things={"type": "array", "items": record(sid={"type": "string"})}))


def _plant(seen: Matched) -> Iterator[Exchange]:
    body = seen.response.body
    lists = [value for value in body.values() if isinstance(value, list)] if isinstance(body, dict) else []
    if seen.operation.method == "GET" and lists:
        yield replace(seen.exchange, extra=replace(_LISTED, values={"id": "TH-not-there"}).written())


@check(
    severity=Severity.ERROR,
    stage=Stage.RELATION,
    good=[
        Example(title="it is listed", operation=_LIST, response_body={"things": [{"sid": _ID}]}, expected=_LISTED),
        Example(title="it is not listed any more", operation=_LIST, response_body={"things": []}, expected=_UNLISTED),
    ],
    bad=[
        Example(title="created, but not listed", operation=_LIST, response_body={"things": []}, expected=_LISTED),
        Example(
            title="deleted, but still listed",
            operation=_LIST,
            response_body={"things": [{"sid": _ID}]},
            expected=_UNLISTED,
        ),
    ],
    plant=_plant,
)
def wrong_list(_: Operation) -> CaseInspector:
    """A list lacks what its session has created, or shows what it has deleted.

    The session walked through all pages of the list; this is the last of them.
    """

    def inspect(expected: Expectation, seen: Matched) -> Iterator[Problem]:
        wanted = expected.values.get("id")
        if expected.keyword not in {"listed", "unlisted"} or seen.exchange.response.status != 200:  # noqa: PLR2004 - OK
            return
        there = _holds(seen.response.body, wanted)
        if there is not (expected.keyword == "listed"):
            what = "is not listed, though this session has created it" if not there else "is listed, though deleted"
            yield Problem(
                message=f"{wanted} {what}", expected=expected.keyword, actual=wanted, keyword=f"not {expected.keyword}"
            )

    return inspect


def _holds(value: Any, wanted: Any) -> bool:
    match value:
        case list():
            return any(_holds(item, wanted) for item in value)
        case dict():
            return any(_holds(item, wanted) for item in value.values())
    return bool(value == wanted)
