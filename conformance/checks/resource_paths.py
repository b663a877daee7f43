"""Which resource a request is about, so that requests of one session can be held against each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from conformance.model.operation import Operation
from conformance.model.rule import ABSENT, Matched
from conformance.openapi.document import escape
from conformance.profiles.twilio.answers import shape
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.sids import SID

_PARAMETER: Final = re.compile(r"\{([^{}/]+)\}")
_SUFFIX: Final = re.compile(r"\.[a-z]+$")
_NAMES: Final = ("sid", "id", "uuid", "name")


def target(seen: Matched) -> str | None:
    """Give the name of the resource that a path names; None where it names none, or a value in it is wrong."""
    last = seen.operation.path.rsplit("/", 1)[-1]
    own = _PARAMETER.findall(last)
    if not own or own[-1] not in seen.path_parameters or is_placeholder(seen.path_parameters[own[-1]]):
        return None
    return named(seen.operation, seen.operation.path, seen.path_parameters)


def named(operation: Operation, template: str, values: Mapping[str, str]) -> str | None:
    """Give the name of the resource at a template with some values; None where one is missing."""
    try:
        path = _PARAMETER.sub(lambda found: _plain(values[found[1]]), template)
    except KeyError:
        return None
    return f"{operation.api.name} {_SUFFIX.sub('', path)}"


def _plain(text: str) -> str:
    lower = text.lower() if SID.fullmatch(text) else text
    return escape(lower)


def is_placeholder(text: str) -> bool:
    """Tell whether a name only stands for one: a SID of one or two different digits, as documents write them."""
    return len(set(text[2:].lower())) <= 2 and len(text) >= 10  # noqa: PLR2004 - two digits in ten or more characters


def below(name: str, above: str) -> bool:
    """Tell whether a resource is inside another one."""
    return name.startswith(f"{above}/")


def items_of(operations: Iterable[Operation]) -> dict[Operation, Operation]:
    """Give, for each operation that makes resources in a collection, the one that fetches such a resource."""
    known = tuple(operations)
    found: dict[Operation, Operation] = {}
    for maker in known:
        last = maker.path.rsplit("/", 1)[-1]
        if maker.method != "POST" or "{" in last or maker.answer(201) is None:
            continue
        suffix = _SUFFIX.search(last)
        end = suffix[0] if suffix is not None else ""
        item = re.compile(re.escape(maker.path.removesuffix(end)) + r"/\{[^{}/]+\}" + re.escape(end))
        for each in known:
            if each.method == "GET" and each.api is maker.api and item.fullmatch(each.path):
                found[maker] = each
    return found


def made(seen: Matched, item: Operation) -> str | None:
    """Give the name of the resource that a request made; None where the answer does not say which one."""
    own = given_name(seen, item)
    if own is None or is_placeholder(own):
        return None
    return named(item, item.path, {**seen.path_parameters, _PARAMETER.findall(item.path)[-1]: own})


def given_name(seen: Matched, item: Operation) -> str | None:
    """Give what an answer calls the resource that a request made, as it is written there."""
    if seen.exchange.response.status != 201 or seen.answer is None:  # noqa: PLR2004 - Created
        return None
    return next(_own(seen, _PARAMETER.findall(item.path)[-1]), None)


def _own(seen: Matched, parameter: str) -> Iterator[str]:
    body: Any = seen.response.body
    known = shape(seen.operation)
    names = [known.id_field] if known is not None and known.id_field is not None else [snake_case(parameter), *_NAMES]
    if body is not ABSENT and isinstance(body, dict):
        for name in names:
            if isinstance(body.get(name), str | int) and not isinstance(body[name], bool):
                yield str(body[name])
    location = seen.exchange.response.headers.get("Location")
    if location:
        yield _SUFFIX.sub("", location.partition("?")[0].rstrip("/").rpartition("/")[2])
