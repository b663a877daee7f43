"""What an audit has to know of Twilio's descriptions: hosts, SIDs by name and by text."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from conformance.model.rule import Side
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import OperationNode, Survey, host_and_path
from conformance.profiles.twilio.sids import prefixes_of_field, prefixes_of_pattern

_SID_NAME: Final = re.compile(r"(?:^|_)sid$|(?<=[a-z])Sid$|^Sid$")
_SID_TEXT: Final = re.compile(r"\bSIDs\b")
_2010: Final = ("api.twilio.com", "/2010-04-01")
_ACCOUNTS: Final = "/Accounts/{"


def is_twilios(survey: Survey) -> bool:
    """Tell whether a description is Twilio's: one of its servers is."""
    hosts = (host_and_path(url)[0] for operation in survey.operations for url in operation.servers)
    return any(host == "twilio.com" or host.endswith(".twilio.com") for host in hosts)


def is_2010(operation: OperationNode) -> bool:
    """Tell whether an operation belongs to the 2010-04-01 API.

    Where a document names other servers too, its paths tell: those of the 2010 API start with the account.
    """
    places = [host_and_path(url) for url in operation.servers]
    if len(places) > 1:
        return _2010 in places and operation.path.startswith(_ACCOUNTS)
    return places == [_2010] or (places[:1] == [(_2010[0], "")] and operation.path.startswith("/2010-04-01/"))


@lru_cache(maxsize=32)
def only_2010(survey: Survey) -> frozenset[str]:
    """Give the pointers of everything that answers of the 2010-04-01 API use, and no other answer."""
    style = {operation.key: is_2010(operation) for operation in survey.operations}
    return frozenset(
        pointer
        for pointer, uses in survey.uses.items()
        if all(style[key] and side is Side.RESPONSE for key, side in uses)
    )


@lru_cache(maxsize=32)
def never_2010(survey: Survey) -> frozenset[str]:
    """Give the pointers of everything that answers of other APIs use, and none of the 2010-04-01 API."""
    style = {operation.key: is_2010(operation) for operation in survey.operations}
    return frozenset(
        pointer
        for pointer, uses in survey.uses.items()
        if all(not style[key] and side is Side.RESPONSE for key, side in uses)
    )


def sids(survey: Survey) -> Iterator[tuple[str, Node]]:
    """Give the values that are SIDs by their name, and the items of lists that are by their text: name and schema."""
    for node in survey.of(Kind.SCHEMA):
        name = named(node)
        if _SID_NAME.search(name):
            yield name, node
        elif node.field == "items" and node.parent is not None:
            text = node.parent.get("description")
            if isinstance(text, str) and _SID_TEXT.search(text):
                yield named(node.parent), node


def named(node: Node) -> str:
    """Give the name of the property or parameter that a schema describes; empty where it describes none."""
    if node.field == "properties":
        return node.key
    if node.field == "schema" and node.parent is not None and node.parent.kind is Kind.PARAMETER:
        return str(node.parent.get("name") or "")
    return ""


def expected_prefixes(name: str, crowd: Iterable[Survey]) -> tuple[str, ...]:
    """Give the prefixes of a SID by its name: as Twilio uses it, else as the descriptions of the run do.

    Empty where the name has none of its own, as `sid` has not.
    """
    if bare(name) == "sid":
        return ()
    known = prefixes_of_field(name)
    if known is not None:
        return known
    counted = Counter(prefixes for survey in crowd for prefixes in by_name(survey).get(bare(name), ()))
    return counted.most_common(1)[0][0] if len(counted) == 1 else ()


@lru_cache(maxsize=32)
def by_name(survey: Survey) -> dict[str, list[tuple[str, ...]]]:
    """Give the prefixes that patterns of a document allow, by the bare names of their fields."""
    found: dict[str, list[tuple[str, ...]]] = defaultdict(list)
    for name, node in sids(survey):
        pattern = survey.view(node).get("pattern")
        prefixes = prefixes_of_pattern(pattern) if isinstance(pattern, str) else None
        if prefixes:
            found[bare(name)].append(prefixes)
    return found


def bare(name: str) -> str:
    """Give a name without underscores and capitals: `CallSid` and `call_sid` are one."""
    return name.replace("_", "").lower()


def pattern_of(prefixes: tuple[str, ...]) -> str:
    """Give the pattern of SIDs with some prefixes; of any SID where there is none."""
    start = "[A-Z]{2}" if not prefixes else prefixes[0] if len(prefixes) == 1 else f"({'|'.join(prefixes)})"
    return f"^{start}[0-9a-fA-F]{{32}}$"
