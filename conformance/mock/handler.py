"""The reference server as a function: a request and a state give a response, and the state has moved on."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from conformance.mock.paging import PARAMETERS, SIZES, Envelope, asked, cut, whole
from conformance.mock.representation import Representation
from conformance.mock.resources import Kind, Plan, Role, json_content, plans
from conformance.mock.routing import Found, Routes
from conformance.mock.store import Draw, Place, Resource, State
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.http import Headers, Request, Response
from conformance.model.operation import Location, Operation
from conformance.model.route import Miss
from conformance.model.rule import ABSENT, Problem, Reading
from conformance.profiles import twilio
from conformance.profiles.twilio import errors
from conformance.profiles.twilio.fields import snake_case
from conformance.schemas import parameters
from conformance.schemas.compiler import Compiler
from conformance.schemas.forms import text
from conformance.schemas.reading import Reader
from conformance.schemas.walk import required

_encode: Final = msgspec.json.Encoder().encode
_ACCOUNT: Final = "AccountSid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a request is not served."""

    status: int
    message: str
    code: int | None = None
    """Twilio's number for it; None for the general one of the status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A response with what the server noticed on the way."""

    response: Response
    operation: Operation | None
    """None where no operation fits the request."""
    problems: tuple[Problem, ...] = ()
    """What the client did wrong."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One request while it is served."""

    plan: Plan
    found: Found
    request: Request
    reading: Reading
    state: State
    now: int
    account: str
    ids: tuple[str, ...] = ()
    """The path parameters in order."""
    said: dict[str, Any] = field(default_factory=dict)
    """The query by its declared types."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The fields of the request body."""
        return self.reading.body if isinstance(self.reading.body, Mapping) else {}


class Mock:
    """Answers requests as the described APIs would; everything that changes lives in the state."""

    def __init__(self, operations: Sequence[Operation], compiler: Compiler, *, seed: int = 0) -> None:
        """Plan the operations; equal seeds give equal answers to equal requests."""
        self.operations = tuple(operations)
        self.seed = seed
        self.account = f"AC{_digits(f'{seed}/account')}"
        """The account that the server itself makes things for."""
        self.authorization = _basic(self.account, _digits(f"{seed}/token"))
        """An `Authorization` header that the server accepts."""
        self._compiler = compiler
        self._plans = plans(self.operations)
        self._routes = Routes(self.operations, compiler, pattern=self._pattern)
        self._readers: dict[Operation, Reader] = {}
        self._shapes: dict[str, Representation] = {}
        self._envelopes: dict[Operation, Envelope] = {}
        self._bodies: dict[Operation, Maker] = {}
        self._samples: dict[tuple[Operation, str], Maker] = {}
        self._perform: Mapping[Role, Callable[[Call], Any]] = {
            Role.CREATE: self._create,
            Role.LIST: self._list,
            Role.FETCH: self._fetch,
            Role.UPDATE: self._update,
            Role.DELETE: self._delete,
            Role.ACT: self._act,
        }

    def handle(self, request: Request, state: State) -> tuple[Response, State]:
        """Answer a request; the state is the one that was given, moved on."""
        return self.answer(request, state).response, state

    def answer(self, request: Request, state: State) -> Answered:
        """Answer a request, and say what it belongs to and what is wrong with it."""
        now = state.tick()
        found = self._routes.find(request.method, request.url)
        if isinstance(found, Miss):
            refusal = self._unknown(request, found)
            known = found.candidates[0].operation if found.candidates else None
            return Answered(
                response=self._refuse(refusal, state, is_twilio=known is None or twilio.applies(known.api)),
                operation=None,
                problems=(Problem(message=refusal.message, expected="a documented path", keyword="path"),),
            )
        operation = found.match.operation
        plan = self._plans[operation]
        is_twilio = twilio.applies(operation.api)
        account = self._authenticate(request, operation)
        if isinstance(account, Refusal):
            return Answered(
                response=self._refuse(account, state, is_twilio=is_twilio),
                operation=operation,
                problems=(
                    Problem(
                        message=account.message,
                        instance_pointer="/header/Authorization",
                        expected="valid credentials",
                        keyword="security",
                    ),
                ),
            )
        reading = self._reader(operation).read_request(request, found.match.path_parameters)
        call = Call(
            plan=plan,
            found=found,
            request=request,
            reading=reading,
            state=state,
            now=now,
            account=found.match.path_parameters.get(_ACCOUNT, account),
            ids=tuple(found.match.path_parameters[name] for name in plan.names),
            said={
                name.removeprefix("query/"): value
                for name, value in reading.parameters.items()
                if name.startswith("query/")
            },
        )
        refused = self._strict(call)
        result = refused or self._perform[plan.role](call)
        if isinstance(result, Refusal):
            response = self._refuse(result, state, is_twilio=is_twilio)
        else:
            response = self._respond(call, result)
        return Answered(response=response, operation=operation, problems=reading.problems)

    def _pattern(self, operation: Operation, name: str) -> str | None:
        plan = self._plans[operation]
        kind = plan.kind_of(name) if name in plan.names else None
        return None if kind is None else kind.pattern

    # What a request is held to

    def _unknown(self, request: Request, miss: Miss) -> Refusal:
        if any(candidate.reason == "unknown-method" for candidate in miss.candidates):
            return Refusal(status=405, message=f"Method {request.method} not allowed")
        return Refusal(status=404, message=f"The requested resource {request.path} was not found")

    def _authenticate(self, request: Request, operation: Operation) -> str | Refusal:
        """Give the account of a request."""
        if not operation.security:
            return self.account
        for alternative in operation.security:
            for scheme in alternative:
                if scheme.type == "http" and scheme.scheme == "basic":
                    return self._basic_account(request)
        return self.account

    def _basic_account(self, request: Request) -> str | Refusal:
        header = request.headers.get("Authorization")
        if header is None:
            return Refusal(status=401, message="Authentication Error - No credentials provided")
        kind, _, encoded = header.partition(" ")
        try:
            user, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return Refusal(status=401, message="Authenticate")
        if kind.lower() != "basic" or not colon or not user or not password:
            return Refusal(status=401, message="Authenticate")
        return user if user.startswith("AC") else self.account

    def _strict(self, call: Call) -> Refusal | None:
        reading = call.reading
        if reading.body_error is not None:
            return Refusal(status=400, message=reading.body_error.message)
        if not reading.problems:
            return self._empty(call)
        problem = reading.problems[0]
        if problem.instance_pointer.startswith("/path/"):
            return Refusal(status=404, message=f"The requested resource {call.found.path} was not found")
        return Refusal(status=400, message=problem.message)

    def _empty(self, call: Call) -> Refusal | None:
        """Refuse a request without the body that it must have; a form without fields has no bytes."""
        body = call.plan.operation.request_body
        if call.request.body or body is None or not body.required or body.content[0].schema is None:
            return None
        root = body.content[0].schema.json_schema
        missing = sorted(required(root, root))
        if not missing:
            return None
        return Refusal(status=400, message=f"Missing required parameter {missing[0]} in the post body")

    def _reader(self, operation: Operation) -> Reader:
        reader = self._readers.get(operation)
        if reader is None:
            reader = self._readers[operation] = Reader(operation, self._compiler)
        return reader

    # Where resources are

    def _place(self, call: Call, kind: Kind) -> Place:
        return self._place_of(kind, call.account, call.ids)

    def _place_of(self, kind: Kind, account: str, ids: Sequence[str]) -> Place:
        tenant = account if kind.twilio and kind.segments[0] != "Accounts" else ""
        return (kind.name, tenant, *ids[: kind.depth])

    def shape(self, kind: Kind) -> Representation:
        """Give how the resources of a kind are made and shown."""
        found = self._shapes.get(kind.name)
        if found is None:
            operations = [each for each in self.operations if each.api is _api(kind)]
            found = self._shapes[kind.name] = Representation(kind, operations, api=_api(kind), compiler=self._compiler)
        return found

    def _missing(self, call: Call) -> Refusal | None:
        """Say that a resource the path goes through does not exist."""
        for kind in call.plan.parents:
            key = call.ids[kind.depth]
            if self._find(call.state, kind, self._place(call, kind), key, call.now, call.account) is None:
                return self._not_found(call)
        return None

    def _not_found(self, call: Call) -> Refusal:
        return Refusal(status=404, message=f"The requested resource {call.found.path} was not found")

    def _find(self, state: State, kind: Kind, place: Place, key: str, now: int, account: str) -> Resource | None:
        """Give a resource, making those that exist without being created."""
        found = state.find(place, key)
        if found is None and kind.implicit and (place, key) not in state.deleted:
            found = self._make(state, kind, place, now=now, account=account, key=key)
        return found

    def _key(self, call: Call) -> str:
        kind = call.plan.kind
        assert kind is not None  # noqa: S101 - every role but ACT has one
        return "" if kind.single else call.ids[kind.depth]

    def _make(
        self,
        state: State,
        kind: Kind,
        place: Place,
        *,
        now: int,
        account: str,
        key: str | None = None,
        said: Mapping[str, Any] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> Resource:
        """Make and store a resource."""
        shape = self.shape(kind)
        number = state.number()
        draw = Draw(key=f"{self.seed}/{kind.name}/{number}", now=now, account=account, number=number)
        values = shape.new(draw)
        shape.write(values, path or {})
        shape.write(values, said or {})
        if key is None and kind.id_field is not None and not kind.single:
            given = self._given_id(kind, said or {})
            if given is not None:
                shape.put(values, kind.id_field, given)
            if kind.id_field in values:
                key = text(values[kind.id_field])
        if key is None:
            key = "" if kind.single else str(number)
        elif kind.id_field is not None:
            shape.put(values, kind.id_field, key)
        resource = Resource(id=key, number=number, place=place, created=now, values=values)
        state.deleted.discard((place, key))
        state.collections[place].remove(key)
        state.collections[place].add(resource)
        shape.settle(resource, draw, origin="https://example.com", base="")
        return resource

    def _given_id(self, kind: Kind, said: Mapping[str, Any]) -> Any:
        """Give the id that a request chooses: by the name of the id, or a SID of the same pattern."""
        for name in (kind.id_field, kind.id_parameter):
            if name is not None and name in said:
                return said[name]
        for name, value in said.items():
            if snake_case(name) == kind.id_field or (name.endswith("Sid") and self._is_id(kind, value)):
                return value
        return None

    def _is_id(self, kind: Kind, value: Any) -> bool:
        assert kind.id_field is not None  # noqa: S101 - asked only where there is one
        if kind.id_field != "sid":
            return False
        shape = self.shape(kind)
        shown: dict[str, Any] = {}
        return shape.put(shown, kind.id_field, value) and len(text(value)) == 34  # noqa: PLR2004 - the length of a SID

    # What operations do

    def _create(self, call: Call) -> Resource | Refusal:
        kind = call.plan.kind
        assert kind is not None  # noqa: S101 - every role but ACT has one
        missing = self._missing(call)
        if missing is not None:
            return missing
        place = self._place(call, kind)
        path = call.found.match.path_parameters
        if kind.single and (there := call.state.find(place, "")) is not None:
            self._change(call, there)
            return there
        return self._make(call.state, kind, place, now=call.now, account=call.account, said=call.body, path=path)

    def _fetch(self, call: Call) -> Resource | Refusal:
        kind = call.plan.kind
        assert kind is not None  # noqa: S101 - every role but ACT has one
        missing = self._missing(call)
        if missing is not None:
            return missing
        found = self._find(call.state, kind, self._place(call, kind), self._key(call), call.now, call.account)
        return found or self._not_found(call)

    def _update(self, call: Call) -> Resource | Refusal:
        found = self._fetch(call)
        if isinstance(found, Resource):
            self._change(call, found)
        return found

    def _change(self, call: Call, resource: Resource) -> None:
        kind = call.plan.kind
        assert kind is not None  # noqa: S101 - every role but ACT has one
        shape = self.shape(kind)
        draw = Draw(
            key=f"{self.seed}/{kind.name}/{resource.number}", now=call.now, account=call.account, number=resource.number
        )
        shape.write(resource.values, call.body)
        shape.touch(resource.values, draw)
        shape.settle(resource, draw, origin="https://example.com", base="")

    def _delete(self, call: Call) -> Refusal | None:
        found = self._fetch(call)
        if isinstance(found, Refusal):
            return found
        kind = call.plan.kind
        assert kind is not None  # noqa: S101 - every role but ACT has one
        self._remove(call.state, kind, found)
        return None

    def _remove(self, state: State, kind: Kind, resource: Resource) -> None:
        """Remove a resource and everything below it."""
        state.collections[resource.place].remove(resource.id)
        if kind.implicit:
            state.deleted.add((resource.place, resource.id))
        for child in kind.children:
            place = (child.name, *resource.place[1:], resource.id)
            for each in list(state.collections.pop(place, ())):
                self._remove(state, child, each)

    def _list(self, call: Call) -> Any:
        kind, plan = call.plan.kind, call.plan
        assert kind is not None  # noqa: S101 - every role but ACT has one
        missing = self._missing(call)
        if missing is not None:
            return missing
        envelope = self._envelope(plan)
        said = parameters.grouped(call.request.query_pairs)
        paging = {name: texts[-1] for name, texts in said.items() if name in PARAMETERS}
        size = whole(asked(paging, SIZES)) or envelope.default_size
        collection = call.state.collection(self._place(call, kind))
        page = cut(collection, paging, self._wanted(call), size)
        shape = self.shape(kind)
        origin, base = call.found.origin, call.found.base
        items = [shape.show(each, plan.view, origin=origin, base=base) for each in page.items]
        draw = Draw(key=f"{self.seed}/{plan.operation.key}", now=call.now, account=call.account)
        return envelope.wrap(page, items, draw, origin=origin, path=call.found.path, said=said)

    def _wanted(self, call: Call) -> Callable[[Resource], bool] | None:
        """Give the filter of a list: path parameters and query parameters that name fields."""
        wanted = {field: call.found.match.path_parameters[name] for field, name in call.plan.restricts.items()}
        assert call.plan.kind is not None  # noqa: S101 - every role but ACT has one
        shape = self.shape(call.plan.kind)
        for name, value in call.said.items():
            about = shape.field_of(name)
            if about is not None:
                wanted[about] = value
        if not wanted:
            return None
        return lambda resource: all(_same(resource.values.get(name), value) for name, value in wanted.items())

    def _envelope(self, plan: Plan) -> Envelope:
        found = self._envelopes.get(plan.operation)
        if found is None:
            content = json_content(plan.operation.success)
            assert content is not None  # noqa: S101 - a list has a schema, or it would be no list
            assert content.schema is not None  # noqa: S101 - the same
            found = self._envelopes[plan.operation] = Envelope(
                plan.operation,
                content.schema.json_schema,
                plan.envelope,
                api=plan.operation.api,
                compiler=self._compiler,
            )
        return found

    def _act(self, call: Call) -> Any:
        missing = self._missing(call)
        if missing is not None:
            return missing
        return self._plain(call)

    def _plain(self, call: Call) -> Any:
        """Make a body from the schema alone."""
        view = call.plan.view
        if view is None:
            return None
        operation = call.plan.operation
        maker = self._bodies.get(operation)
        if maker is None:
            synthesizer = Synthesizer(view.root, api=operation.api, compiler=self._compiler)
            example = ABSENT if view.example is None else view.example
            maker = self._bodies[operation] = synthesizer.maker(view.node, "body", example=example, must=True)
        number = call.state.requests
        return maker(
            Draw(key=f"{self.seed}/{operation.key}/{number}", now=call.now, account=call.account, number=number)
        )

    # How answers look

    def _respond(self, call: Call, result: Any) -> Response:
        answer = call.plan.operation.success
        status = int(answer.status) if answer is not None and answer.status.isdigit() else 200
        body = result
        if isinstance(result, Resource):
            assert call.plan.kind is not None  # noqa: S101 - a resource has a kind
            shape = self.shape(call.plan.kind)
            body = shape.show(result, call.plan.view, origin=call.found.origin, base=call.found.base)
        if status == 204 or body is None or call.request.method == "HEAD":  # noqa: PLR2004 - No Content
            return Response(
                status=status, reason=_REASONS.get(status, ""), headers=Headers(tuple(self._headers(call.state)))
            )
        return self._json(status, body, call.state)

    def _json(self, status: int, body: Any, state: State) -> Response:
        return Response(
            status=status,
            reason=_REASONS.get(status, ""),
            headers=Headers((("Content-Type", "application/json; charset=utf-8"), *self._headers(state))),
            body=_encode(body),
        )

    def _headers(self, state: State) -> Iterator[tuple[str, str]]:
        yield "Twilio-Request-Id", f"RQ{_digits(f'{self.seed}/request/{state.requests}')}"
        yield "Twilio-Request-Duration", "0.001"
        yield "Twilio-Concurrent-Requests", "1"

    def _refuse(self, refusal: Refusal, state: State, *, is_twilio: bool) -> Response:
        code = errors.code_of(refusal.status) if refusal.code is None else refusal.code
        if is_twilio:
            return self._json(
                refusal.status, errors.body(status=refusal.status, code=code, message=refusal.message), state
            )
        reason = _REASONS.get(refusal.status, "")
        return Response(
            status=refusal.status,
            reason=reason,
            headers=Headers((("Content-Type", "application/problem+json"),)),
            body=_encode({"title": reason, "status": refusal.status, "detail": refusal.message}),
        )

    # What callers need to know

    def seeded(self, operation: Operation, state: State) -> dict[str, str]:
        """Give path parameters that the operation can be called with, making what has to be there."""
        plan = self._plans[operation]
        ids: list[str] = []
        for name in plan.names:
            kind = plan.kind_of(name)
            if name == _ACCOUNT:
                ids.append(self.account)
            elif kind is None or kind.single:
                ids.append(self._sample(operation, name, state))
            else:
                fresh = kind is plan.kind and plan.role is Role.DELETE
                ids.append(self._present(kind, operation, name, ids, state, fresh=fresh))
        if plan.kind is not None and plan.kind.single and plan.role is not Role.CREATE:
            place = self._place_of(plan.kind, self.account, ids)
            if state.find(place, "") is None:
                self._make(state, plan.kind, place, now=state.clock, account=self.account)
        return dict(zip(plan.names, ids, strict=True))

    def _present(
        self, kind: Kind, operation: Operation, name: str, ids: list[str], state: State, *, fresh: bool
    ) -> str:
        place = self._place_of(kind, self.account, ids)
        there = None if fresh else next(state.collection(place).newest(), None)
        if there is not None:
            return there.id
        key = self._sample(operation, name, state) if kind.implicit else None
        path = {} if not ids else dict(zip(_parameter_names(kind), ids, strict=False))
        return self._make(state, kind, place, now=state.clock, account=self.account, key=key, path=path).id

    def _sample(self, operation: Operation, name: str, state: State) -> str:
        maker = self._samples.get((operation, name))
        if maker is None:
            declared = next(each for each in operation.parameters_in(Location.PATH) if each.name == name)
            root = declared.schema.json_schema
            synthesizer = Synthesizer(root, api=operation.api, compiler=self._compiler)
            maker = self._samples[operation, name] = synthesizer.maker(root, name, must=True)
        return text(maker(Draw(key=f"{self.seed}/{operation.key}", now=state.clock, account=self.account)))


def _api(kind: Kind) -> Any:
    return next(iter(kind.operations.values())).api


def _parameter_names(kind: Kind) -> tuple[str, ...]:
    operation = next(iter(kind.operations.values()))
    return tuple(part[1:].partition("}")[0] for part in operation.path.split("/") if part.startswith("{"))


def _same(actual: Any, wanted: Any) -> bool:
    return bool(actual == wanted or (actual is not None and text(actual) == text(wanted)))


def _digits(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


_REASONS: Final = {
    200: "OK",
    201: "Created",
    202: "Accepted",
    204: "No Content",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


__all__ = ["Answered", "Mock", "Refusal"]
