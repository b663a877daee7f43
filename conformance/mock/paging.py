"""The pages of a list: which resources stand on one, and the envelope that links to the others.

Three shapes are known by the fields of the answer: flat with relative links (`next_page_uri`), a `meta` object with
absolute links (`next_page_url`), and a `meta` object with bare tokens (`next_token`). Any other answer is filled in
as its schema says. A token names the last resource of the page before, so pages stay as they are while resources come
and go.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from conformance.mock.store import Collection, Draw, Resource
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.operation import Api, JsonSchema, Location, Operation
from conformance.model.rule import ABSENT
from conformance.model.value import Value
from conformance.schemas.compiler import Compiler
from conformance.schemas.walk import keyword, properties

SIZES: Final = ("PageSize", "Size", "page_size", "pageSize", "per_page", "perPage", "limit", "size")
PAGES: Final = ("Page", "page")
TOKENS: Final = ("PageToken", "Token", "page_token", "pageToken", "cursor", "token")
OFFSETS: Final = ("offset", "skip")
PARAMETERS: Final = frozenset({*SIZES, *PAGES, *TOKENS, *OFFSETS})
DEFAULT_SIZE: Final = 50
_MARK: Final = "PT"
"""What a token starts with; the number of a resource in hexadecimal follows."""


class Page(Value, frozen=True, kw_only=True):
    """A page as it was asked for, with what stands on it."""

    items: tuple[Resource, ...]
    number: int
    """Counts from 0."""
    size: int
    token: str | None
    """The token it was asked for with."""
    next_token: str | None
    """None on the last page."""
    previous_token: str | None
    start: int
    """How many resources come before."""


def asked(said: Mapping[str, str], names: Iterable[str]) -> str | None:
    """Give the first of some parameters that a request has; None where it has none."""
    return next((said[name] for name in names if name in said), None)


def cut(collection: Collection, said: Mapping[str, str], wanted: Callable[[Resource], bool] | None, size: int) -> Page:
    """Give the page that query parameters ask for, of what passes a filter (None: of everything)."""
    token = asked(said, TOKENS)
    number = whole(asked(said, PAGES)) or 0
    offset = whole(asked(said, OFFSETS)) or number * size
    before = _decode(token)
    found: Iterable[Resource] = collection.newest(before=before)
    if wanted is not None:
        found = filter(wanted, found)
    rest = iter(found)
    if before is None:
        for _ in islice(rest, min(offset, sys.maxsize)):
            pass
    items = tuple(islice(rest, size))
    more = next(rest, None) is not None
    return Page(
        items=items,
        number=number,
        size=size,
        token=token,
        next_token=f"{_MARK}{items[-1].number:x}" if more and items else None,
        previous_token=token if before is not None else None,
        start=offset,
    )


def whole(said: str | None) -> int | None:
    """Read a parameter as a number from 0; None where it is none."""
    return int(said) if said is not None and said.isdecimal() else None


def _decode(token: str | None) -> int | None:
    if token is None or not token.startswith(_MARK):
        return None
    try:
        return int(token.removeprefix(_MARK), 16)
    except ValueError:
        return None


class Envelope:
    """How the answer of one list operation wraps its items."""

    def __init__(
        self, operation: Operation, root: JsonSchema, items: str | None, *, api: Api, compiler: Compiler
    ) -> None:
        """Keep the schema of the answer and the field that holds the items (None: the answer is the list)."""
        self._root = root
        self._items = items
        self._synthesizer = Synthesizer(root, api=api, compiler=compiler)
        self._default_size = self._documented_size(operation)
        self._is_paged = bool(PARAMETERS & {parameter.name for parameter in operation.parameters_in(Location.QUERY)})

    def size(self, said: Mapping[str, str]) -> int:
        """Give how many items stand on a page; all of them where the description knows no pages.

        A client could not go on from the first one.
        """
        if self._is_paged or self._meta or _FLAT & self._fields.keys():
            return whole(asked(said, SIZES)) or self._default_size
        return sys.maxsize

    @staticmethod
    def _documented_size(operation: Operation) -> int:
        for parameter in operation.parameters_in(Location.QUERY):
            if parameter.name in SIZES:
                declared = keyword(parameter.schema.json_schema, parameter.schema.json_schema, "default")
                return declared if isinstance(declared, int) and declared > 0 else DEFAULT_SIZE
        return DEFAULT_SIZE

    @cached_property
    def _fields(self) -> dict[str, JsonSchema]:
        return properties(self._root, self._root) if self._items is not None else {}

    @cached_property
    def _makers(self) -> dict[str, Maker]:
        made = self._synthesizer.fields(self._root)
        return {name: maker for name, maker in made.items() if name not in {self._items, *_FLAT, "meta"}}

    @cached_property
    def _meta(self) -> dict[str, JsonSchema]:
        node = self._fields.get("meta")
        return {} if node is None else properties(node, self._root)

    def wrap(self, page: Page, items: list[Any], draw: Draw, *, origin: str, path: str, said: Mapping[str, Any]) -> Any:
        """Give the body of an answer; `said` is what its links repeat of the query."""
        if self._items is None:
            return items
        body: dict[str, Any] = {}
        for name, node in self._fields.items():
            if name == self._items:
                body[name] = items
            elif name == "meta" and self._meta:
                body[name] = self._fill(self._meta, page, origin + path, said)
            elif name in _FLAT:
                start = path if self._is_relative(name, node) else origin + path
                self._set(body, name, node, _value(name, page, start, said, self._items))
            elif name in self._makers and (made := self._makers[name](draw)) is not ABSENT:
                body[name] = made
        return body

    def _fill(self, nodes: Mapping[str, JsonSchema], page: Page, start: str, said: Mapping[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, node in nodes.items():
            self._set(found, name, node, _value(name, page, start, said, self._items))
        return found

    def _set(self, target: dict[str, Any], name: str, node: JsonSchema, value: Any) -> None:
        """Set a field; what has no value is null where the schema allows null, else left out."""
        if value is not None or self._allows_null(name, node):
            target[name] = value

    def _is_relative(self, name: str, node: JsonSchema) -> bool:
        """Tell whether a link may stand without scheme and host, as the 2010-04-01 API writes them."""
        known = self._relatives.get(name)
        if known is None:
            known = self._relatives[name] = self._synthesizer.accepts(node)("/")
        return known

    @cached_property
    def _relatives(self) -> dict[str, bool]:
        return {}

    def _allows_null(self, name: str, node: JsonSchema) -> bool:
        known = self._nulls.get(name)
        if known is None:
            known = self._nulls[name] = self._synthesizer.accepts(node)(None)
        return known

    @cached_property
    def _nulls(self) -> dict[str, bool]:
        return {}


_FLAT: Final = frozenset({
    "end", "first_page_uri", "last_page_uri", "next_page_uri", "num_pages", "page", "page_size", "previous_page_uri",
    "start", "total", "uri",
})  # fmt: skip


def _value(name: str, page: Page, start: str, said: Mapping[str, Any], items: str | None) -> Any:
    match name:
        case "page":
            return page.number
        case "page_size":
            return page.size
        case "start":
            return page.start
        case "end":
            return page.start + max(len(page.items) - 1, 0)
        case "key":
            return items
        case "uri" | "url":
            return _link(start, said, page.size, page.number, page.token)
        case "first_page_uri" | "first_page_url":
            return _link(start, said, page.size, 0, None)
        case "next_page_uri" | "next_page_url":
            return page.next_token and _link(start, said, page.size, page.number + 1, page.next_token)
        case "previous_page_uri" | "previous_page_url":
            return _link(start, said, page.size, page.number - 1, None) if page.number > 0 else None
        case "next_token":
            return page.next_token
        case "previous_token":
            return page.previous_token
        case _:
            return None


def _link(start: str, said: Mapping[str, Any], size: int, number: int, token: str | None) -> str:
    pairs = [(name, value) for name, value in said.items() if name not in PARAMETERS]
    pairs += [("PageSize", size), ("Page", number)]
    if token is not None:
        pairs.append(("PageToken", token))
    return f"{start}?{urlencode(pairs, doseq=True)}"
