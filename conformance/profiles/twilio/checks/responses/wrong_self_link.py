"""The check `wrong-self-link`.

What must hold for `uri` or `url` of a resource: where the path of the request names the resource, the link has that
path, or the one with what the resource says of itself (`foreign-resource` compares the two), or another path that
ends in the same name and has no other SID of the same kind: one resource may be reached by several paths. Where the
resource was made by the request or stands in a list, the link ends in the name of the resource, and no more is
compared. Links are compared decoded, SIDs without regard to case, and without whatever path stands before the
documented one, or `.json` after it; what somebody masked is not compared.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from conformance.model.example import record
from conformance.model.http import Exchange
from conformance.model.operation import Operation
from conformance.model.rule import Example, Glance, Inspector, Matched, Problem, Severity, Stage, check
from conformance.profiles.twilio import example
from conformance.profiles.twilio.answers import About, Shape, resources, shape
from conformance.profiles.twilio.links import (
    SELF,
    are_plain,
    last_name,
    links,
    lowered,
    parse,
    plain_links,
    same_path,
    sids,
)
from conformance.profiles.twilio.paths import filled
from conformance.profiles.twilio.sids import is_masked, is_sid
from conformance.schemas.planting import with_answer
from conformance.schemas.walk import spec_pointer


def wrong(text: str, *, paths: Sequence[str], name: Any) -> str | None:
    """Give the path or the name that a link should have; None where it is right.

    `paths` are that of the request, where it names the resource, and the same with what the resource says of itself;
    `name` is the resource's own.
    """
    link = parse(text)
    if paths:
        return None if any(leads_to(link.path, path) for path in paths) else paths[0]
    if not isinstance(name, str) or not is_sid(name) or _is_named(link.path, name):
        return None
    return name


def leads_to(link: str, path: str) -> bool:
    """Tell whether a link may lead to what a path does."""
    if same_path(link, path):
        return True
    if not _is_named(link, last_name(path)):
        return False
    kinds = {sid[:2] for sid in sids(path)}
    return not any(sid[:2] in kinds for sid in set(sids(link)) - set(sids(path)))


def _is_named(link: str, name: str) -> bool:
    last = last_name(link)
    return lowered(last) == lowered(name) or is_masked(last)


def _plant(seen: Matched) -> Iterator[Exchange]:
    known = shape(seen.operation)
    if known is None or not _fields(known):
        return
    for pointer, resource in resources(seen, known):
        if not any(links(resource, _fields(known))) and _names_one(known, resource):
            relative = f"/{'CA' + '0' * 31 + 'f'}"
            host = seen.exchange.request.url.partition(seen.exchange.request.path)[0]
            name = _fields(known)[0]
            yield with_answer(seen, f"{pointer}/{name}", relative if name == "uri" else f"{host}{relative}")
        for name, text in links(resource, _fields(known)):
            last = quote(parse(text).path.rpartition("/")[2])
            for form in (last, parse(text).path.rpartition("/")[2]):
                if _names_one(known, resource) and form and form in text:
                    yield with_answer(seen, f"{pointer}/{name}", _replaced(text, form))
                    break


def _replaced(text: str, last: str) -> str:
    before, _, after = text.rpartition(last)
    name, dot, suffix = last.partition(".")
    return f"{before}{name[:2] if is_sid(name) else name}{'0' * 31 + 'f' if is_sid(name) else '0'}{dot}{suffix}{after}"


def _names_one(known: Shape, resource: Mapping[str, Any]) -> bool:
    name = resource.get(known.id_field) if known.id_field is not None else None
    return known.about is About.RESOURCE or (isinstance(name, str) and is_sid(name))


def _paths(seen: Matched, known: Shape, resource: Mapping[str, Any]) -> Iterator[str]:
    """Give the path of the request, and the same with the values that the resource has."""
    asked = filled(seen)
    if asked is not None:
        yield asked
        pairs = ((name, resource.get(field)) for name, field in known.repeats)
        yield filled(seen, {name: value for name, value in pairs if isinstance(value, str) and value}) or asked


def _fields(known: Shape) -> tuple[str, ...]:
    return tuple(name for name in SELF if name in known.fields)


_CALL = record(sid={"type": "string"}, uri={"type": "string"})
_ONE = Example(
    title="",
    operation={
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": _CALL}}}},
    },
    server=example.HOST,
    path="/Accounts/{AccountSid}/Calls/{CallSid}.json",
    url=f"{example.HOST}{example.PAGE.removesuffix('.json')}/CA{'a' * 32}.json",
)


def _uri(number: int) -> str:
    return f"/Calls/{example.call(number)['sid']}.json"


def _example(title: str, uri: str) -> Example:
    return replace(_ONE, title=title, response_body={"sid": f"CA{'a' * 32}", "uri": uri})


@check(
    severity=Severity.WARNING,
    stage=Stage.RELATION,
    good=[
        _example(
            "the path of the request after a base path, its SID in capitals",
            f"/2010-04-01{example.PAGE.removesuffix('.json')}/CA{'A' * 32}.json",
        ),
        _example("another path to the same call, without .json", f"/Queues/QU{'b' * 32}/Calls/CA{'a' * 32}"),
        example.page("a call in a list", {"calls": [{**example.call(1), "uri": _uri(1)}]}),
    ],
    bad=[
        _example("the path of another call", f"{example.PAGE.removesuffix('.json')}/CA{'b' * 32}.json"),
        _example("the call of another account", f"/Accounts/AC{'b' * 32}/Calls/CA{'a' * 32}.json"),
        example.page("another call in a list", {"calls": [{**example.call(1), "uri": _uri(2)}]}),
    ],
    plant=_plant,
    needs="a resource with a link to itself",
)
def wrong_self_link(operation: Operation) -> Inspector | None:
    """The link of a resource to itself leads to another one.

    Clients fetch, change and delete a resource again by this link.
    """
    known = shape(operation)
    if known is None or not _fields(known) or (known.about is not About.RESOURCE and known.id_field is None):
        return None
    names, spec = _fields(known), spec_pointer(known.media_type.schema, []) if known.media_type.schema else ""

    def inspect(seen: Matched) -> Iterator[Problem]:
        for pointer, resource in resources(seen, known):
            paths = list(_paths(seen, known, resource)) if known.about is About.RESOURCE else []
            if not paths and known.about is About.RESOURCE:
                return
            own = None if known.id_field is None else resource.get(known.id_field)
            for name, text in links(resource, names):
                right = wrong(text, paths=paths, name=own)
                if right is not None:
                    yield Problem(
                        message=f"{name} is {text!r}, not the link of {right}",
                        instance_pointer=f"{pointer}/{name}",
                        spec_pointer=spec,
                        expected=right,
                        actual=text,
                        keyword="link",
                    )

    return Glance(inspect=inspect, part=plain_links(operation, known), is_clear=are_plain)
