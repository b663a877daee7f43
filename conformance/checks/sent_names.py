"""The names that a request sends, in its query, its form or its JSON, and those that the description knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Final

from conformance.checks.unknown_fields import closed
from conformance.model.operation import Location, Operation, Parameter
from conformance.model.redact import is_secret_name
from conformance.model.rule import Matched, Part, Side
from conformance.model.value import Value
from conformance.openapi.document import escape
from conformance.profiles.twilio import applies
from conformance.profiles.twilio.parameters import accepted
from conformance.schemas.naming import nearest, plain
from conformance.schemas.walk import properties, types

_PAGING: Final = frozenset({
    "after", "before", "cursor", "limit", "next_token", "offset", "page", "Page", "page_size", "pageSize", "PageSize",
    "page_token", "pageToken", "PageToken", "per_page", "token", "Token",
})  # fmt: skip
"""Which page of a list, as the links of many APIs have it."""


class Sent(Value, frozen=True, kw_only=True):
    """A name that was sent and that the description does not know."""

    pointer: str
    name: str
    same: str | None
    """The documented name with the same letters, in another case or with other signs between."""
    near: str | None
    """The documented name that is nearest; None where none is near."""


@lru_cache(maxsize=4096)
def in_query(operation: Operation) -> frozenset[str]:
    """Give the query names that an operation takes."""
    keys = {
        scheme.parameter
        for alternative in operation.security
        for scheme in alternative
        if scheme.type == "apiKey" and scheme.location == Location.QUERY.value
    }
    names = {name for parameter in operation.parameters_in(Location.QUERY) for name in _names(parameter)}
    linked = accepted(operation) if applies(operation.api) else _linked(operation, frozenset(map(plain, names)))
    return frozenset(names | keys | linked)


def _linked(operation: Operation, declared: frozenset[str]) -> frozenset[str]:
    """Give the names that the links of a list may send, which the server chooses; none that only differ in case."""
    if operation.method != "GET" or operation.path.endswith("}"):
        return frozenset()
    return frozenset(name for name in _PAGING if plain(name) not in declared)


def _names(parameter: Parameter) -> Iterator[str]:
    """Give the names under which a parameter travels: an object may send each property by itself."""
    yield parameter.name
    root = parameter.schema.json_schema
    if "object" in types(root, root) and parameter.style == "form" and parameter.explode:
        yield from properties(root, root)


def unknown(seen: Matched) -> Iterator[Sent]:
    """Give the names of a request that the description does not know; credentials are another check's."""
    query = in_query(seen.operation)
    if not seen.request.query.keys() <= query:
        yield from _unknown("/query", seen.request.query, query)
    media_type = seen.request.media_type
    known = None if media_type is None else closed(seen.operation, Side.REQUEST).get(media_type)
    if known is None or media_type is None:
        return
    if media_type.is_form:
        if known.known is not None and not seen.request.form.keys() <= known.known:
            yield from _unknown("", seen.request.form, known.known)
        return
    for pointer, name, documented, node in known.unknown(seen.request.body):
        found = next(_unknown("", {name: None}, documented | (node.keys() - {name})), None)
        if found is not None:
            same = found.same if found.same in documented - node.keys() else None
            near = found.near if found.near in documented - node.keys() else None
            yield Sent(pointer=pointer, name=name, same=same, near=near)


@lru_cache(maxsize=4096)
def known_names(operation: Operation) -> Part:
    """Whether the description knows all names of a request, so that no check has to look for others."""
    query, bodies = in_query(operation), closed(operation, Side.REQUEST)

    def are_known(seen: Matched) -> bool:
        asked = seen.request
        if asked.query and not asked.query.keys() <= query:
            return False
        names = None if asked.media_type is None else bodies.get(asked.media_type)
        if names is None:
            return True
        return (names.known is None or asked.form.keys() <= names.known) and names.knows(asked.body)

    return Part(of=are_known)


def are_known(known: bool, _: Matched) -> bool:  # noqa: FBT001 - the part of an exchange
    """Tell that there is no unknown name to object to, where `known_names` says so."""
    return known


def _unknown(place: str, sent: Mapping[str, object], known: frozenset[str]) -> Iterator[Sent]:
    for name in sent:
        base = name.partition("[")[0]
        if name in known or base in known or is_secret_name(name):
            continue
        free = sorted(known - sent.keys())
        yield Sent(
            pointer=f"{place}/{escape(name)}",
            name=name,
            same=next((each for each in free if plain(each) == plain(name)), None),
            near=nearest(name, free),
        )
