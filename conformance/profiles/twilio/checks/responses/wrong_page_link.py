"""The check `wrong-page-link`.

What must hold for the links of a page: each leads to the list that was asked for, and repeats its filters; where it
says `PageSize`, that is the size of the page; where it says `Page`, that is 0 in the link to the first page, the number
of the page in the link to itself, one more in that to the next and one less in that to the previous page. The first
page has no previous one. A token is not the one that the page was asked for with. Links are compared decoded, relative
to the host, and without whatever path stands before the documented one; what somebody masked is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from conformance.model.http import Exchange
from conformance.model.operation import Location, Operation
from conformance.model.rule import Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import page_of, shape
from conformance.profiles.twilio.links import PAGES, Link, links, parse, same_path
from conformance.profiles.twilio.paging import node, said
from conformance.profiles.twilio.parameters import PAGING
from conformance.profiles.twilio.paths import filled
from conformance.schemas.planting import with_answer, with_query
from conformance.schemas.walk import spec_pointer

_STEPS: Final = {"this": 0, "next": 1, "previous": -1}
_PAGING: Final = tuple(f"{name}=" for name in sorted(PAGING))
_TOKENS: Final = ("next_token", "previous_token")


def wrong(
    which: str, link: Link, *, path: str, number: int | None, size: int | None, sent: Mapping[str, str]
) -> str | None:
    """Say what is wrong with a link of a page; None where nothing is.

    `which` is `first`, `this`, `next` or `previous`; `path` is what was asked for, `sent` are its filters; `number`
    and `size` are what the page says of itself.
    """
    if not same_path(link.path, path):
        return f"it leads to {link.path}, not to {path}"
    given = link.query.get("PageSize")
    if given is not None and size is not None and given != str(size):
        return f"it has PageSize={given}, the page has {size}"
    given = link.query.get("Page")
    wanted = 0 if which == "first" else None if number is None else number + _STEPS[which]
    if given is not None and wanted is not None and given != str(wanted):
        return f"it has Page={given}, not {wanted}"
    lost = next((name for name, text in sent.items() if link.query.get(name) != text), None)
    return None if lost is None else f"it has not {lost}={sent[lost]}, which was asked for"


def _filters(seen: Matched) -> dict[str, str]:
    """Give the filters that were sent once and are right."""
    declared = {parameter.name for parameter in seen.operation.parameters_in(Location.QUERY)} - PAGING
    return {
        name: texts[0]
        for name, texts in seen.request.query.items()
        if name in declared and len(texts) == 1 and f"query/{name}" in seen.request.parameters
    }


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    page = None if known is None else page_of(seen, known)
    if page is None:
        return
    where, inner = node(page)
    for name, text in links(inner, tuple(PAGES)):
        link = parse(text)
        path = quote(link.path)
        if path in text:
            yield with_answer(seen, f"{where}/{name}", text.replace(path, f"{path}/NoSuchList", 1))
        if "Page" in link.query and (said(page, "page") is not None or PAGES[name] == "first"):
            number = link.query["Page"]
            yield with_answer(seen, f"{where}/{name}", text.replace(f"Page={number}", f"Page={number}7"))
    for name in _TOKENS:
        if name in inner:
            token = (seen.request.query.get("Token") or ["PT1"])[0]
            yield with_query(with_answer(seen, f"{where}/{name}", token), "Token", token)


def _next(**query: Any) -> str:
    return f"{example.PAGE}?" + "&".join(f"{name}={quote(str(value))}" for name, value in query.items())


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        example.page(
            "links to the first and the next page",
            {
                "calls": [example.call(1)],
                "page": 0,
                "page_size": 1,
                "first_page_uri": _next(PageSize=1, Page=0),
                "next_page_uri": _next(PageSize=1, Page=1, PageToken="PT1"),
                "previous_page_uri": None,
                "uri": _next(PageSize=1, Page=0),
            },
        ),
        example.page(
            "a link with a masked account",
            {"calls": [], "uri": "/2010-04-01" + example.PAGE.replace(example.ACCOUNT, "AC" + "X" * 32)},
        ),
        example.page("a link with a base path", {"calls": [], "uri": f"/2010-04-01{example.PAGE}"}),
    ],
    bad=[
        example.page(
            "a next page that is this one", {"calls": [], "page": 1, "next_page_uri": _next(Page=1)}, query="Page=1"
        ),
        example.page("a first page that is the second", {"calls": [], "first_page_uri": _next(Page=1)}),
        example.page(
            "pages of another size", {"calls": [], "page_size": 5, "next_page_uri": _next(PageSize=50, Page=1)}
        ),
        example.page(
            "another list", {"calls": [], "next_page_uri": example.PAGE.replace("Calls", "Messages") + "?Page=1"}
        ),
        example.page("something before the first page", {"calls": [], "page": 0, "previous_page_uri": _next(Page=0)}),
    ],
    plant=_plant,
    needs="a page with links or tokens",
)
def wrong_page_link(operation: Operation) -> Inspector | None:
    """A link of a page leads elsewhere than it says: to another list, page or size, or without the filters.

    Clients walk through a list by following these links. One wrong link, and they miss items, read some twice, or never
    come to an end.
    """
    known = shape(operation)
    fields = () if known is None or known.items is None else tuple(known.meta or known.envelope)
    names, tokens = tuple(each for each in fields if each in PAGES), tuple(each for each in fields if each in _TOKENS)
    if known is None or not (names or tokens):
        return None
    spec = spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        page = page_of(seen, known)
        if page is None:
            return
        where, inner = node(page)
        for name, text, reason in _wrong(seen, page, inner, names, tokens):
            yield Problem(
                message=f"{name} is {text!r}: {reason}",
                instance_pointer=f"{where}/{name}",
                spec_pointer=spec,
                expected=seen.exchange.request.path,
                actual=text,
                keyword="link",
            )

    def is_clear(page: Mapping[str, Any] | None, seen: Matched) -> bool:
        return page is None or _are_plain(seen, page, names, tokens)

    return Glance(inspect=inspect, part=known.page, is_clear=is_clear)


def _are_plain(seen: Matched, page: Mapping[str, Any], names: tuple[str, ...], tokens: tuple[str, ...]) -> bool:
    """Tell whether the links of a page are right as they are written: the URL of the request with other paging."""
    inner = node(page)[1]
    number, size = said(page, "page"), said(page, "page_size")
    location, _, query = seen.exchange.request.url.partition("?")
    if "%" in location or "#" in query:
        return False
    path = location[location.find("/", 8) :]
    filters = {piece for piece in query.split("&") if piece and not piece.startswith(_PAGING)}
    fixed = filters if size is None else {*filters, f"PageSize={size}"}
    for name in names:
        text = inner.get(name)
        if text is None:
            continue
        which = PAGES[name]
        if type(text) is not str or number is None or (number == 0 and which == "previous"):
            return False
        to, _, query = text.partition("?")
        pieces = query.split("&") if query else []
        wanted = f"Page={0 if which == 'first' else number + _STEPS[which]}"
        if to not in (path, location) or not filters.issubset(pieces):
            return False
        for piece in pieces:
            if piece not in fixed and piece != wanted and not piece.startswith("PageToken="):
                return False
    return not any(inner.get(name) in seen.request.query.get("Token", ()) for name in tokens)


def _wrong(
    seen: Matched, page: Mapping[str, Any], inner: Mapping[str, Any], names: tuple[str, ...], tokens: tuple[str, ...]
) -> Iterator[tuple[str, str, str]]:
    """Give the links that are wrong: field, text and reason."""
    path = filled(seen)
    number, size = said(page, "page"), said(page, "page_size")
    for name, text in links(inner, names) if path is not None else ():
        which = PAGES[name]
        if which == "previous" and number == 0:
            yield name, text, "there is nothing before the first page"
            continue
        reason = wrong(which, parse(text), path=path or "", number=number, size=size, sent=_filters(seen))
        if reason is not None:
            yield name, text, reason
    for name, text in links(inner, tokens):
        if text in seen.request.query.get("Token", ()):
            yield name, text, "it is the token that this page was asked for with"
