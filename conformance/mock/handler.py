"""The reference server as a function: a request and a state give a response, and the state has moved on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from conformance.mock import filters, relations
from conformance.mock.credentials import Credentials, basic
from conformance.mock.faults import Ending, Fault, Faults, Plant
from conformance.mock.paging import PARAMETERS, Envelope, cut
from conformance.mock.refusal import REASONS, Refusal, not_found
from conformance.mock.representation import Shape
from conformance.mock.resources import Kind, Plan, Role, View, json_content, plans, usual
from conformance.mock.routing import Found, Routes
from conformance.mock.stock import ACCOUNT, Moment, Stock
from conformance.mock.store import Draw, Place, Resource, State
from conformance.mock.strictness import Objection, Strictness
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.http import Exchange, Headers, Request, Response, Source
from conformance.model.operation import MediaType, Operation, Schema
from conformance.model.route import Miss
from conformance.model.rule import ABSENT, Problem, Reading
from conformance.profiles import twilio
from conformance.profiles.twilio import errors
from conformance.schemas import parameters
from conformance.schemas.compiler import Compiler
from conformance.schemas.reading import Reader

_encode: Final = msgspec.json.Encoder().encode
_JSON: Final = ("Content-Type", "application/json; charset=utf-8")
_PROBLEM: Final = ("Content-Type", "application/problem+json")
_MOST: Final = 100
"""How many things that are wrong with one request are told; a body can have a million."""
_CREATED: Final = 201
_NO_CONTENT: Final = 204
_NOTHING: Final = Reading()
"""What a request says that has nothing but a path."""


class Answered(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A response with what the server noticed on the way.

    One is made for every request, as a struct in a tenth of the time of a frozen dataclass.
    """

    response: Response
    operation: Operation | None
    """None where no operation fits the request."""
    path_parameters: Mapping[str, str]
    problems: tuple[Problem, ...] = ()
    """What the client did wrong."""
    faults: tuple[Fault, ...] = ()
    """What was planted."""
    ending: Ending = Ending.WHOLE

    @property
    def delay(self) -> float:
        """The seconds to wait before the response."""
        return sum(fault.delay for fault in self.faults)


class _Call(Struct, kw_only=True):
    """One request while it is served."""

    plan: Plan
    found: Found
    request: Request
    reading: Reading
    moment: Moment
    ids: tuple[str, ...]
    """The path parameters in order."""

    @property
    def body(self) -> Mapping[str, Any]:
        """The fields of the request body."""
        return self.reading.body if isinstance(self.reading.body, Mapping) else {}

    @property
    def kind(self) -> Kind:
        """The kind of resource; every role but ACT has one."""
        assert self.plan.kind is not None  # noqa: S101 - see above
        return self.plan.kind


class Mock:
    """Answers requests as the described APIs would; everything that changes lives in the state."""

    def __init__(
        self,
        operations: Sequence[Operation],
        compiler: Compiler,
        *,
        seed: int = 0,
        accounts: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
        plants: Mapping[str, Plant] | None = None,
    ) -> None:
        """Plan the operations; equal seeds give equal answers to equal requests.

        `accounts` are the users that are let in, with their passwords; None: everybody who has a password. `faults`
        are planted; `plants` says how to plant those that have the names of checks.

        Raises:
            SettingsError: a fault is neither built in nor among the plants.

        """
        self.operations = tuple(operations)
        self.seed = seed
        self.account = next(iter(accounts or ()), f"AC{_digits(f'{seed}/account')}")
        """The account that the server itself makes things for."""
        self.authorization = basic(self.account, (accounts or {}).get(self.account, _digits(f"{seed}/token")))
        """An `Authorization` header that the server accepts."""
        self._compiler = compiler
        self._plans = plans(self.operations)
        self.credentials = Credentials(account=self.account, accounts=accounts)
        self._routes = Routes(self.operations, compiler, pattern=self._pattern)
        self._stock = Stock(self.operations, self._plans, compiler, seed=seed)
        self._faults = Faults(faults, plants or {}, seed=seed)
        self._lies = bool(faults)
        self._readers: dict[Operation, Reader] = {}
        self._strictness: dict[Operation, Strictness] = {}
        self._envelopes: dict[Operation, Envelope] = {}
        self._bodies: dict[Operation, Maker] = {}
        self._acts: dict[Operation, Shape] = {}
        self._errors: dict[Schema, Maker] = {}
        self._replies: dict[Operation, tuple[int, tuple[tuple[str, str]]]] = {}
        self._perform: Mapping[Role, Callable[[_Call], Any]] = {
            Role.CREATE: self._create,
            Role.LIST: self._list,
            Role.FETCH: self._fetch,
            Role.UPDATE: self._update,
            Role.DELETE: self._delete,
            Role.ACT: self._act,
        }

    def find(self, method: str, url: str) -> Found | Miss:
        """Give the operation that a request would belong to, or what came nearest."""
        return self._routes.find(method, url)

    def handle(self, request: Request, state: State) -> tuple[Response, State]:
        """Answer a request; the state is the one that was given, moved on."""
        return self.answer(request, state).response, state

    def answer(self, request: Request, state: State) -> Answered:
        """Answer a request, and say what it belongs to and what is wrong with it."""
        now = state.tick()
        found = self._routes.find(request.method, request.url)
        if isinstance(found, Miss):
            return self._nowhere(request, state, found)
        operation = found.match.operation
        named = found.match.path_parameters
        account = self.credentials.account(request, operation)
        if isinstance(account, Refusal):
            return Answered(
                response=self._refuse(account, state, operation),
                operation=operation,
                path_parameters=named,
                problems=(_unauthorized(account, operation),),
            )
        plan = self._plans[operation]
        strictness = self._strict(plan)
        plain = strictness.is_plain(request, named)
        call = _Call(
            plan=plan,
            found=found,
            request=request,
            reading=_NOTHING if plain else self._reader(operation).read_request(request, named),
            moment=Moment(state=state, now=now, account=named.get(ACCOUNT, account)),
            ids=tuple([named[name] for name in plan.names]),
        )
        lies = self._lies or "Prefer" in request.headers
        faults = self._faults.striking(operation, request, state.requests) if lies else ()
        objections = () if plain else tuple(islice(strictness.objections(request, call.reading, found.path), _MOST))
        answered = Answered(
            response=self._serve(call, objections, next((fault.status for fault in faults if fault.status), None)),
            operation=operation,
            path_parameters=named,
            problems=tuple([objection.problem for objection in objections]),
        )
        return self._spoil(answered, faults, request, state) if faults else answered

    def _serve(self, call: _Call, objections: Sequence[Objection], status: int | None) -> Response:
        """Do what was asked, or refuse to; a demanded status that is no success keeps anything from being done."""
        result: Any
        if status is not None and not _is_success(status):
            result = Refusal(status=status, message=f"{REASONS.get(status, 'Fault')} (planted)")
        elif objections:
            result = objections[0].refusal
        else:
            result = self._perform[call.plan.role](call)
        if isinstance(result, Refusal):
            return self._refuse(result, call.moment.state, call.plan.operation)
        return self._respond(call, result, status)

    def _spoil(self, answered: Answered, faults: tuple[Fault, ...], request: Request, state: State) -> Answered:
        """Plant faults into a response."""
        assert answered.operation is not None  # noqa: S101 - faults strike operations
        preferred = [
            f"fault={fault.name}" if fault.status is None else f"status={fault.status}"
            for fault in self._faults.preferred(request)
        ]
        response = answered.response
        if preferred:
            headers = Headers((*response.headers, ("Preference-Applied", ", ".join(preferred))))
            response = replace(response, headers=headers)
        exchange = Exchange(
            id=str(state.requests),
            request=request,
            response=response,
            source=Source(kind="serve", path="serve", index=state.requests),
        )
        seen = self._reader(answered.operation).read(exchange, answered.path_parameters)
        spoiled = self._faults.plant(faults, seen, state.requests)
        return msgspec.structs.replace(answered, response=spoiled.response, ending=spoiled.ending, faults=faults)

    def seeded(
        self, operation: Operation, state: State, *, account: str | None = None, count: int = 0
    ) -> dict[str, str]:
        """Give path parameters that an operation can be called with, making what has to be there.

        `account` is whose that is; None: the server's own. `count` is how many more resources a list shows.
        """
        moment = Moment(state=state, now=state.clock, account=account or self.account)
        named = self._stock.seeded(moment, operation)
        plan = self._plans[operation]
        if plan.role is Role.LIST and plan.kind is not None:
            place = self._stock.place(plan.kind, moment.account, tuple(named.values()))
            for _ in range(count):
                self._stock.make(moment, plan.kind, place, path=named)
        return named

    def _pattern(self, operation: Operation, name: str) -> str | None:
        plan = self._plans[operation]
        kind = plan.kind_of(name) if name in plan.names else None
        return None if kind is None else kind.pattern

    def _reader(self, operation: Operation) -> Reader:
        reader = self._readers.get(operation)
        if reader is None:
            reader = self._readers[operation] = Reader(operation, self._compiler)
        return reader

    def _strict(self, plan: Plan) -> Strictness:
        found = self._strictness.get(plan.operation)
        if found is None:
            found = self._strictness[plan.operation] = Strictness(plan, fits=self._routes.fits)
        return found

    # What operations do: each gives a resource, a body, None for no body, or a refusal

    def _missing(self, call: _Call) -> Refusal | None:
        """Say that a resource that the path goes through is not there."""
        for kind in call.plan.parents:
            if self._there(call, kind, call.ids[kind.depth]) is None:
                return not_found(call.found.path)
        return None

    def _there(self, call: _Call, kind: Kind, key: str) -> Resource | None:
        return self._stock.find(call.moment, kind, self._place(call, kind), key)

    def _place(self, call: _Call, kind: Kind) -> Place:
        return self._stock.place(kind, call.moment.account, call.ids)

    def _create(self, call: _Call) -> Resource | Refusal:
        """Create a resource; one that is there already is a conflict where the description knows conflicts."""
        missing = self._missing(call)
        if missing is not None:
            return missing
        kind, place = call.kind, self._place(call, call.kind)
        given = "" if kind.single else self._stock.given_id(kind, call.body)
        there = None if given is None else self._stock.find(call.moment, kind, place, str(given))
        if there is None:
            return self._stock.make(call.moment, kind, place, said=call.body, path=call.found.match.path_parameters)
        refused = next((status for status in (409, 400) if call.plan.operation.answer(status)), None)
        if kind.single or refused is None:
            self._stock.change(call.moment, kind, there, call.body)
            return there
        return Refusal(status=refused, message=f"{given} is there already", code=errors.conflict(call.found.path))

    def _fetch(self, call: _Call) -> Resource | Refusal:
        missing = self._missing(call)
        if missing is not None:
            return missing
        key = "" if call.kind.single else call.ids[call.kind.depth]
        return self._there(call, call.kind, key) or not_found(call.found.path)

    def _update(self, call: _Call) -> Resource | Refusal:
        found = self._fetch(call)
        if isinstance(found, Resource):
            self._stock.change(call.moment, call.kind, found, call.body)
        elif self._makes(call) and not self._missing(call):
            place, key = self._place(call, call.kind), call.ids[call.kind.depth]
            return self._stock.make(call.moment, call.kind, place, key=key, said=call.body)
        return found

    def _makes(self, call: _Call) -> bool:
        """Tell whether an operation on one resource makes what is not there: nothing else does, and it says so."""
        if Role.CREATE in call.kind.operations or call.kind.single:
            return False
        return call.request.method == "PUT" or self._reply(call.plan.operation)[0] == _CREATED

    def _delete(self, call: _Call) -> Resource | Refusal | None:
        found = self._fetch(call)
        if isinstance(found, Refusal):
            return found
        if call.kind.single and len(call.ids) > call.kind.depth:
            part = call.ids[call.kind.depth]
            gone = relations.removed(self._stock, call.moment, call.kind, found, part)
            return None if gone else not_found(call.found.path)
        self._stock.remove(call.moment, call.kind, found)
        return None if call.plan.view is None else found

    def _list(self, call: _Call) -> Any:
        missing = self._missing(call)
        if missing is not None:
            return missing
        plan, moment = call.plan, call.moment
        shape = self._stock.shape(call.kind)
        envelope = self._envelope(plan)
        said = parameters.grouped(call.request.query_pairs)
        paging = {name: texts[-1] for name, texts in said.items() if name in PARAMETERS}
        fixed = {field: call.found.match.path_parameters[name] for field, name in plan.restricts.items()}
        test = filters.wanted(shape, said, fixed)
        place = self._place(call, call.kind)
        self._stock.display(moment, call.kind, place, plan.view)
        collection = moment.state.collection(place)
        if test is not None:
            self._age(call.kind, collection, moment.now)
        page = cut(collection, paging, test, envelope.size(paging))
        self._age(call.kind, page.items, moment.now)
        origin, base = call.found.origin, call.found.base
        items = [shape.show(each, plan.view, origin=origin, base=base) for each in page.items]
        draw = Draw(key=f"{self.seed}/{plan.operation.key}", now=moment.now, account=moment.account)
        return envelope.wrap(page, items, draw, origin=origin, path=call.found.path, said=said)

    def _age(self, kind: Kind, found: Iterable[Resource], now: int) -> None:
        if self._stock.life(kind) is not None:
            for each in found:
                self._stock.age(kind, each, now)

    def _envelope(self, plan: Plan) -> Envelope:
        found = self._envelopes.get(plan.operation)
        if found is None:
            content = json_content(usual(plan.operation))
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

    def _act(self, call: _Call) -> Any:
        missing = self._missing(call)
        if missing is not None:
            return missing
        body = self._plain(call)
        if isinstance(body, dict) and call.plan.view is not None:
            self._act_shape(call.plan.operation, call.plan.view).echo(
                body, {**call.found.match.path_parameters, **call.body}
            )
        asked_for = call.body.get("phone_numbers")
        if isinstance(body, dict) and "results" in body and isinstance(asked_for, list):
            body["results"] = [relations.eligibility(each, call.moment.account) for each in asked_for]
        return body

    def _act_shape(self, operation: Operation, view: View) -> Shape:
        found = self._acts.get(operation)
        if found is None:
            found = self._acts[operation] = Shape(view, api=operation.api, compiler=self._compiler)
        return found

    def _plain(self, call: _Call) -> Any:
        """Make a body from the schema alone."""
        view, operation = call.plan.view, call.plan.operation
        if view is None:
            return None
        maker = self._bodies.get(operation)
        if maker is None:
            synthesizer = Synthesizer(view.root, api=operation.api, compiler=self._compiler)
            example = ABSENT if view.example is None else view.example
            maker = self._bodies[operation] = synthesizer.maker(view.node, "body", example=example, must=True)
        number = call.moment.state.requests
        key = f"{self.seed}/{operation.key}/{number}"
        return maker(Draw(key=key, now=call.moment.now, account=call.moment.account, number=number))

    # How answers look

    def _nowhere(self, request: Request, state: State, miss: Miss) -> Answered:
        nearest = miss.candidates[0] if miss.candidates else None
        if nearest is not None and nearest.reason == "unknown-method":
            refusal = Refusal(status=405, message=f"Method {request.method} is not allowed here")
        else:
            refusal = not_found(request.path)
        problem = Problem(
            message=nearest.message if nearest else "no description has a path like this",
            spec_pointer=nearest.operation.pointer if nearest else "",
            expected="a documented request",
            actual=f"{request.method} {request.path}",
            keyword="route",
        )
        response = self._refuse(refusal, state, nearest.operation if nearest else None)
        if refusal.status == 405:  # noqa: PLR2004 - RFC 9110, 15.5.6: it says what is allowed
            allowed = ", ".join(sorted({candidate.operation.method for candidate in miss.candidates}))
            response = replace(response, headers=Headers((*response.headers, ("Allow", allowed))))
        return Answered(
            response=response,
            operation=None,
            path_parameters={},
            problems=(problem,),
        )

    def _respond(self, call: _Call, result: Any, status: int | None = None) -> Response:
        operation = call.plan.operation
        usual, content_type = self._reply(operation)
        status = status or usual
        body = result
        view = call.plan.view
        if isinstance(result, Resource) and view is not None and not view.is_object:
            body = self._plain(call)
        elif isinstance(result, Resource):
            shape = self._stock.shape(call.kind)
            body = shape.show(result, view, origin=call.found.origin, base=call.found.base)
        if status == _NO_CONTENT or body is None or operation.method == "HEAD":
            return self._response(status, (), b"", call.moment.state, is_twilio=call.plan.twilio)
        return self._response(status, content_type, _encode(body), call.moment.state, is_twilio=call.plan.twilio)

    def _reply(self, operation: Operation) -> tuple[int, tuple[tuple[str, str]]]:
        """Give status and Content-Type of a successful answer."""
        found = self._replies.get(operation)
        if found is None:
            answer = usual(operation)
            status = int(answer.status) if answer is not None and answer.status.isdigit() else 200
            content = json_content(answer)
            is_json = content is None or content.essence == "application/json"
            field = _JSON if content is None or is_json else ("Content-Type", content.name)
            found = self._replies[operation] = (status, (field,))
        return found

    def _response(
        self, status: int, fields: tuple[tuple[str, str], ...], body: bytes, state: State, *, is_twilio: bool
    ) -> Response:
        if is_twilio:
            fields = (
                *fields,
                ("Twilio-Request-Id", f"RQ{_digits(f'{self.seed}/request/{state.requests}')}"),
                ("Twilio-Request-Duration", "0.001"),
                ("Twilio-Concurrent-Requests", "1"),
            )
        return Response(status=status, reason=REASONS.get(status, ""), headers=Headers(fields), body=body)

    def _refuse(self, refusal: Refusal, state: State, operation: Operation | None) -> Response:
        is_twilio = operation is None or twilio.applies(operation.api)
        body: Any = refusal.body(is_twilio=is_twilio)
        fields: tuple[tuple[str, str], ...] = (_JSON if is_twilio else _PROBLEM,)
        documented = json_content(operation.answer(refusal.status)) if operation else None
        if documented is not None and documented.schema is not None and operation is not None:
            fields = (_JSON if documented.essence == "application/json" else ("Content-Type", documented.name),)
            body = self._error_body(documented, documented.schema, operation, body, state)
        if refusal.status == 401 and is_twilio:  # noqa: PLR2004 - Unauthorized
            fields = (*fields, ("WWW-Authenticate", 'Basic realm="Twilio API"'))
        return self._response(refusal.status, fields, _encode(body), state, is_twilio=is_twilio)

    def _error_body(self, documented: MediaType, schema: Schema, operation: Operation, body: Any, state: State) -> Any:
        """Give the body of an error where the description says how it looks."""
        if self._compiler.validator(schema, api=operation.api).is_valid(body):
            return body
        maker = self._errors.get(schema)
        if maker is None:
            synthesizer = Synthesizer(schema.json_schema, api=operation.api, compiler=self._compiler)
            example = documented.examples[0] if documented.examples else ABSENT
            maker = self._errors[schema] = synthesizer.maker(schema.json_schema, "error", example=example, must=True)
        return maker(Draw(key=f"{self.seed}/error/{state.requests}", now=state.clock, account=self.account))


def _is_success(status: int) -> bool:
    return 200 <= status < 300  # noqa: PLR2004 - RFC 9110, 15.3


def _unauthorized(refusal: Refusal, operation: Operation) -> Problem:
    return Problem(
        message=refusal.message,
        instance_pointer="/header/Authorization",
        spec_pointer=operation.pointer,
        expected="valid credentials",
        keyword="security",
    )


def _digits(key: str) -> str:
    return hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
