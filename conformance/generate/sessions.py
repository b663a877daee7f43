"""Sessions: the life of a resource, from its creation to the proof that it is gone.

Create, fetch, list until it is found, update, fetch what was updated, delete, and ask again for what is gone. What a
path needs comes from the session itself: parents are created first, SIDs that answers have shown are used again
wherever a parameter or a field wants one with their prefix. Only what nobody can make (a conference) is taken from
what the caller knows, from a list, or drawn.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urljoin, urlsplit

import msgspec
from msgspec.structs import replace

from conformance.generate.case import Case, Mode, request
from conformance.generate.draws import Aim, Presence
from conformance.generate.negotiation import anonymous, broken, guarded
from conformance.generate.plan import Context, nowhere, plan, randomness
from conformance.generate.resources import Key, Resource, names, parents, prefixes, resources
from conformance.generate.script import STEP, Dress, Outcome, Script, Step, as_it_is
from conformance.generate.validity import problems
from conformance.model.expectation import Expect
from conformance.model.http import Request, Response
from conformance.model.operation import Operation
from conformance.model.value import Value
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.sids import SID

SESSIONS: Final = 3
"""Sessions of one resource, where nobody asks for another number."""
_PAGES: Final = 20
"""Pages of a list that are looked through."""
_DEEPEST: Final = 6
_SUCCESS: Final = range(200, 300)
_NEXT: Final = ("next_page_url", "next_page_uri", "next")
_VOLATILE: Final = frozenset({"status", "announce_url", "date_expiry", "ttl"})
"""Fields that start something instead of being kept as they are."""
_AIMS: Final = (
    ("required fields only", Aim(presence=Presence.NONE, member=0)),
    ("all fields", Aim(presence=Presence.ALL, member=0)),
    ("all fields, second members", Aim(presence=Presence.ALL, member=1)),
)
_MIX: Final = ("mix", Aim())


class Session(Value, frozen=True, kw_only=True):
    """The life of one resource, to be played."""

    resource: Resource
    number: int
    """Counts from 0 within the resource."""
    label: str
    seed: int
    aim: Aim
    catalogue: Mapping[Key, Resource]

    @property
    def id(self) -> str:
        """The name from which the session can be made again."""
        return f"{self.resource.anchor.key}:{Mode.STATEFUL.value}:{self.number}"

    def script(self, *, context: Context = nowhere, dress: Dress = as_it_is) -> Script:
        """Start the session; the caller sends each request and hands in its outcome."""
        return _Player(self, context, dress).play()


def sessions(operations: Iterable[Operation], *, seed: int = 0, max_sessions: int = SESSIONS) -> Iterator[Session]:
    """Give the sessions of all resources, in the order of the operations."""
    catalogue = resources(tuple(operations))
    for resource in catalogue.values():
        for number in range(max_sessions):
            label, aim = _AIMS[number] if number < len(_AIMS) else _MIX
            yield Session(resource=resource, number=number, label=label, seed=seed, aim=aim, catalogue=catalogue)


class _Player:
    """Plays one session."""

    def __init__(self, session: Session, context: Context, dress: Dress) -> None:
        self._session = session
        self._dress = dress
        self._resource = session.resource
        self._random = randomness(session.seed, session.resource.anchor.key, Mode.STATEFUL, session.number)
        self._known = dict(context(session.resource.anchor))
        self._made: dict[Key, str] = {}
        self._sids: dict[str, list[str]] = {}
        self._steps: list[Step] = []

    def play(self) -> Script:
        """Live the life of the resource."""
        yield from self._life()
        return tuple(self._steps)

    def _life(self) -> Generator[Request, Outcome, None]:
        resource = self._resource
        identity = yield from self._identity(resource, resource.parameter)
        if identity is not None:
            self._made[resource.key] = identity
        if resource.fetch is not None:
            created = resource.create or self._donor(resource)
            keyword = "created" if identity is not None and created else ""
            yield from self._ask(resource.fetch, "fetch", keyword=keyword, values=_id(identity))
        yield from self._list(identity, present=True)
        if resource.update is not None:
            shown = yield from self._update(resource.update)
            if resource.fetch is not None and shown:
                yield from self._ask(resource.fetch, "fetch what was updated", keyword="updated", values=shown)
        for operation in (resource.update, resource.delete):
            if operation is not None and identity is not None and guarded(operation):
                label = f"{operation.method} without credentials"
                yield from self._ask(operation, label, expect=Expect.CHALLENGE)
        if resource.delete is not None:
            yield from self._farewell(resource.delete, identity)

    def _farewell(self, delete: Operation, identity: str | None) -> Generator[Request, Outcome, None]:
        response = yield from self._ask(delete, "delete")
        if response is None or response.status not in _SUCCESS or identity is None:
            return
        resource = self._resource
        for operation, label in ((resource.fetch, "fetch what is deleted"), (delete, "delete once more")):
            if operation is not None:
                yield from self._ask(operation, label, expect=Expect.GONE, keyword="deleted")
        yield from self._list(identity, present=False)

    def _identity(
        self, resource: Resource, name: str | None, depth: int = 0
    ) -> Generator[Request, Outcome, str | None]:
        """Create a resource, or find one; give what the path parameter of this name calls it."""
        create = resource.create or self._donor(resource)
        if create is not None:
            label = "create" if depth == 0 else "create a parent"
            aim = self._session.aim if depth == 0 else _AIMS[0][1]
            response = yield from self._ask(create, label, aim=aim, depth=depth)
            if response is not None and response.status in _SUCCESS:
                return self._named(resource, name, _json(response))
            return None
        if name in self._known:
            self._adopt(resource.anchor)
            return self._known[name]
        if resource.list is not None and name is not None:
            response = yield from self._ask(resource.list, "list to find one", depth=depth)
            found = next(_records(_json(response)), None) if response is not None else None
            return None if found is None else self._named(resource, name, found)
        return None

    def _adopt(self, operation: Operation) -> None:
        """Take the parents of what the caller knows from the caller too."""
        for name, key in parents(operation):
            if name in self._known:
                self._made[key] = self._known[name]

    def _donor(self, resource: Resource) -> Operation | None:
        """Give an operation that creates the same things under another path: a call's recordings are recordings."""
        return next(
            (
                other.create
                for key, other in self._session.catalogue.items()
                if other.create is not None and other.parameter is None and _same_things(key, resource.key)
            ),
            None,
        )

    def _named(self, resource: Resource, name: str | None, body: Any) -> str | None:
        """Give what a resource is called, from its own representation."""
        if name is None or not isinstance(body, Mapping):
            return None
        item = resource.fetch or resource.delete or resource.update
        wanted = prefixes(item, name) if item is not None else ()
        texts = {field: value for field, value in body.items() if isinstance(value, str)}
        for field in (snake_case(name), "sid", "id"):
            if field in texts:
                return texts[field]
        return next((text for text in texts.values() if SID.fullmatch(text) and text[:2] in wanted), None)

    def _list(self, identity: str | None, *, present: bool) -> Generator[Request, Outcome, None]:
        """Look through a list for the resource, page by page."""
        operation = self._resource.list
        if operation is None:
            return
        keyword = "" if identity is None else "listed" if present else "unlisted"
        label = "list" if present else "list without what is deleted"
        wanted = {"query/PageSize"} if present else set()
        aim = Aim(presence=Presence.NONE, only=frozenset(wanted), member=0)
        asked: tuple[tuple[str, str], ...] = ()
        for page in range(_PAGES):
            last = len(self._steps)
            response = yield from self._ask(
                operation, label if page == 0 else f"{label}, page {page + 1}", aim=aim, said=asked
            )
            if response is None or len(self._steps) == last:
                return
            body = _json(response)
            found = identity is not None and _holds(body, identity)
            asked = _next_page(body, self._steps[-1].request.url)
            if found or not asked:
                self._expect(keyword if _is_list(body) else "", _id(identity))
                return

    def _expect(self, keyword: str, values: Mapping[str, Any]) -> None:
        """Say of the last step what its answer has to show."""
        step = self._steps[-1]
        if keyword:
            expectation = replace(step.expectation, keyword=keyword, values=values)
            self._steps[-1] = replace(step, expectation=expectation)

    def _update(self, operation: Operation) -> Generator[Request, Outcome, Mapping[str, Any]]:
        """Update the resource; give the fields that it has to show from then on."""
        aim = self._session.aim if self._session.number else Aim(presence=Presence.ALL, member=0)
        response = yield from self._ask(operation, "update", aim=aim)
        if response is None or response.status not in _SUCCESS:
            return {}
        body = self._steps[-1].case.body
        sent = body if isinstance(body, Mapping) else {}
        return {
            snake_case(name): value
            for name, value in sent.items()
            if isinstance(value, str | bool | int) and snake_case(name) not in _VOLATILE
        }

    def _ask(
        self,
        operation: Operation,
        label: str,
        *,
        aim: Aim = _AIMS[0][1],
        expect: Expect = Expect.ACCEPT,
        keyword: str = "",
        values: Mapping[str, Any] | None = None,
        said: tuple[tuple[str, str], ...] = (),
        depth: int = 0,
    ) -> Generator[Request, Outcome, Response | None]:
        """Send one request and keep the step; None where no response came.

        Where the server's own answers have put something into it that its description forbids, nothing is certain.
        """
        compiled = plan(operation)
        if compiled.impossible:
            return None
        path = yield from self._path(operation, depth)
        case = compiled.draw(self._random, aim, path, mode=Mode.STATEFUL, index=self._session.number, label=label)
        case = self._linked(case, path)
        if said:
            case = replace(case, query={}, pairs=(*case.pairs, *said))
        if expect is Expect.CHALLENGE:
            case = replace(anonymous(case), breaks=broken("no credentials"))
        certain = expect if names(operation) == [] or set(names(operation)) <= path.keys() else Expect.SURVIVE
        if certain is not Expect.SURVIVE and problems(case):
            certain = Expect.SURVIVE
        case = replace(case, expect=certain)
        sent = self._dress(request(case))
        outcome = yield sent
        expectation = replace(
            case.expectation,
            case=f"{self._session.id}{STEP}{len(self._steps)}",
            keyword=keyword if certain is expect else "",
            values=dict(values or {}),
        )
        self._steps.append(
            Step(case=case, request=sent, outcome=outcome, expectation=expectation, session=self._session.id)
        )
        if not isinstance(outcome, Response):
            return None
        if outcome.status in _SUCCESS and not _lists(operation):
            self._remember(_json(outcome))
        return outcome

    def _path(self, operation: Operation, depth: int) -> Generator[Request, Outcome, dict[str, str]]:
        """Give the path parameters that are known, creating what they name where that is possible."""
        found: dict[str, str] = {}
        for name, key in parents(operation):
            if key in self._made:
                found[name] = self._made[key]
                continue
            parent = self._session.catalogue.get(key)
            if parent is not None and parent is not self._resource and depth < _DEEPEST:
                identity = yield from self._identity(parent, name, depth + 1)
                if identity is not None:
                    found[name] = self._made[key] = identity
                    continue
            value = self._known.get(name) or self._seen(prefixes(operation, name))
            if value is not None:
                found[name] = self._made[key] = value
        return found

    def _linked(self, case: Case, path: Mapping[str, str]) -> Case:
        """Give a case that names resources of this session wherever it names any of their kind."""
        unknown = {name: self._link(value) for name, value in case.path.items() if name not in path}
        body = (
            {name: self._link(value) for name, value in case.body.items()} if isinstance(case.body, dict) else case.body
        )
        query = {name: self._link(value) for name, value in case.query.items()}
        return replace(case, path={**case.path, **unknown}, query=query, body=body)

    def _link(self, value: Any) -> Any:
        if not isinstance(value, str) or not SID.fullmatch(value):
            return value
        return self._seen((value[:2],)) or value

    def _seen(self, wanted: Iterable[str]) -> str | None:
        sids = [sid for prefix in wanted for sid in self._sids.get(prefix, ())]
        return sids[int(self._random.random() * len(sids))] if sids else None

    def _remember(self, value: Any) -> None:
        """Keep the SIDs that an answer shows."""
        if isinstance(value, Mapping | list):
            for inner in value.values() if isinstance(value, Mapping) else value:
                self._remember(inner)
        elif isinstance(value, str) and SID.fullmatch(value):
            known = self._sids.setdefault(value[:2], [])
            if value not in known:
                known.append(value)


def _lists(operation: Operation) -> bool:
    """Tell whether an operation asks a collection, which may hold what others have made."""
    return operation.method == "GET" and not operation.path.rstrip("/").partition(".json")[0].endswith("}")


def _same_things(key: Key, other: Key) -> bool:
    return key != other and key[0] == other[0] and key[-1] == other[-1] and len(key) > len(other)


def _id(identity: str | None) -> Mapping[str, str]:
    return {} if identity is None else {"id": identity}


def _json(response: Response | None) -> Any:
    try:
        return None if response is None else msgspec.json.decode(response.body)
    except (ValueError, RecursionError):
        return None


def _records(value: Any) -> Iterator[Mapping[str, Any]]:
    """Give the objects of the first list in a body."""
    lists = [value] if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
    for found in lists:
        if isinstance(found, list):
            yield from (item for item in found if isinstance(item, Mapping))


def _is_list(value: Any) -> bool:
    """Tell whether a body holds a list of objects, or an empty list."""
    lists = [value] if isinstance(value, list) else list(value.values()) if isinstance(value, Mapping) else []
    return any(isinstance(found, list) and all(isinstance(item, Mapping) for item in found) for found in lists)


def _holds(value: Any, identity: str) -> bool:
    """Tell whether a text stands anywhere in a value."""
    match value:
        case str():
            return value == identity
        case list():
            return any(_holds(item, identity) for item in value)
        case dict():
            return any(_holds(item, identity) for item in value.values())
    return False


def _next_page(body: Any, url: str) -> tuple[tuple[str, str], ...]:
    """Give the query of the next page; nothing where there is none."""
    if not isinstance(body, Mapping):
        return ()
    places = [body, body["meta"]] if isinstance(body.get("meta"), Mapping) else [body]
    link = next((place[name] for place in places for name in _NEXT if isinstance(place.get(name), str)), None)
    if link is None:
        return ()
    target = urlsplit(urljoin(url, link))
    return tuple(parse_qsl(target.query, keep_blank_values=True)) if target.path == urlsplit(url).path else ()


__all__ = ["SESSIONS", "Session", "sessions"]
