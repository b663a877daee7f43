"""What the reference server has in stock: finding, making, changing and removing resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from conformance.mock import relations
from conformance.mock.representation import Representation
from conformance.mock.resources import Kind, Plan, Role, Segments, View
from conformance.mock.store import Draw, Place, Resource, State
from conformance.mock.synthesize import Maker, Synthesizer
from conformance.model.operation import Location, Operation
from conformance.profiles.twilio.fields import snake_case
from conformance.profiles.twilio.lifecycles import Ending, Lifecycle, lifecycle
from conformance.profiles.twilio.sids import prefixes_of_pattern
from conformance.schemas.compiler import Compiler
from conformance.schemas.forms import text

ACCOUNT: Final = "AccountSid"
"""The path parameter that names the account."""
_SID: Final = 34
_SHOWN: Final = ""
"""In place of an id: the list has been filled once."""
_LISTED: Final = 2
"""How many resources a seeded list has at least."""


class Moment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When something happens, in which state and for whom."""

    state: State
    now: int
    """Seconds since 1970, by the clock of the state."""
    account: str


class Stock:
    """The resources of all kinds; what is there stands in the state."""

    def __init__(
        self, operations: Sequence[Operation], plans: Mapping[Operation, Plan], compiler: Compiler, *, seed: int
    ) -> None:
        """Keep the plans; representations are planned when they are first needed."""
        self._operations = operations
        self._plans = plans
        self._compiler = compiler
        self._seed = seed
        self._representations: dict[Kind, Representation] = {}
        self._lives: dict[Kind, Lifecycle | None] = {}
        self._samples: dict[tuple[Operation, str], Maker] = {}
        self.kinds = tuple(dict.fromkeys(plan.kind for plan in plans.values() if plan.kind is not None))

    def shape(self, kind: Kind) -> Representation:
        """Give how the resources of a kind are made and shown."""
        found = self._representations.get(kind)
        if found is None:
            operations = [each for each in self._operations if each.api is kind.api]
            found = self._representations[kind] = Representation(
                kind, operations, api=kind.api, compiler=self._compiler
            )
        return found

    def neighbour(self, kind: Kind, path: Segments) -> Kind | None:
        """Give the kind of the same description that stands at a path."""
        return next((each for each in self.kinds if each.api is kind.api and each.family == path), None)

    def place(self, kind: Kind, account: str, ids: Sequence[str]) -> Place:
        """Give where the resources of a kind stand, for path parameters in order.

        Twilio's resources belong to an account even where the path does not name it.
        """
        tenant = account if kind.twilio and kind.family[0] != "Accounts" else ""
        return (kind.name, tenant, *ids[: kind.depth])

    def draw(self, kind: Kind, number: int, moment: Moment) -> Draw:
        """Give the source of the values of a resource."""
        return Draw(key=f"{self._seed}/{kind.name}/{number}", now=moment.now, account=moment.account, number=number)

    # Finding

    def find(self, moment: Moment, kind: Kind, place: Place, key: str) -> Resource | None:
        """Give a resource as it is at a moment, making those that exist without being created."""
        found = moment.state.find(place, key)
        if found is not None:
            self.age(kind, found, moment.now)
        elif (kind.implicit or (kind.is_account and key == moment.account)) and (
            (place, key) not in moment.state.deleted
        ):
            found = self.make(moment, kind, place, key=key)
        return found

    def age(self, kind: Kind, resource: Resource, now: int) -> None:
        """Let happen what has happened to a resource by itself."""
        life = self.life(kind)
        if life is None:
            return
        steps = life.steps
        while resource.stage < len(steps) and resource.created + steps[resource.stage].after <= now:
            step = steps[resource.stage]
            resource.stage += 1
            self._happen(kind, resource, step.fields, resource.created + step.after)

    def life(self, kind: Kind) -> Lifecycle | None:
        """Give the life of a kind's resources; None where they stay as they are."""
        if kind not in self._lives:
            self._lives[kind] = lifecycle("/".join(kind.family)) if kind.twilio else None
        return self._lives[kind]

    def _happen(self, kind: Kind, resource: Resource, fields: Mapping[str, str], now: int) -> None:
        shape = self.shape(kind)
        for name, value in fields.items():
            shape.tell(resource.values, name, value, now=now, since=resource.created)
        shape.touch(resource.values, now)

    # Making

    def make(
        self,
        moment: Moment,
        kind: Kind,
        place: Place,
        *,
        key: str | None = None,
        said: Mapping[str, Any] | None = None,
        path: Mapping[str, str] | None = None,
    ) -> Resource:
        """Make and store a resource.

        `key` is its id where that is known, `said` the fields of a request, `path` its path parameters (None: those
        before the collection).
        """
        shape = self.shape(kind)
        said = said or {}
        number = moment.state.number()
        draw = self.draw(kind, number, moment)
        values = shape.new(draw)
        life = self.life(kind)
        for name, value in life.start.items() if life else ():
            shape.tell(values, name, value, now=moment.now, since=moment.now)
        shape.write(values, dict(zip(kind.parameters, place[2:], strict=False)) if path is None else path)
        shape.write(values, said)
        resource = Resource(
            id=self._identify(moment, kind, values, key, said, number),
            number=number,
            place=place,
            created=moment.now,
            values=values,
        )
        moment.state.put(resource)
        relations.made(self, moment, kind, resource, said)
        shape.settle(resource, draw)
        return resource

    def _identify(
        self,
        moment: Moment,
        kind: Kind,
        values: dict[str, Any],
        key: str | None,
        said: Mapping[str, Any],
        number: int,
    ) -> str:
        """Give the id of a new resource, and write it into the field that carries it."""
        if kind.single:
            return ""
        if kind.id_field is None:
            return key or str(number)
        shape = self.shape(kind)
        given = self.given_id(kind, said) if key is None else key
        if given is not None:
            shape.put(values, kind.id_field, given)
        if values.get(kind.id_field) is None and key is None and kind.pattern is not None:
            prefix = (prefixes_of_pattern(kind.pattern) or ("",))[0]
            shape.put(values, kind.id_field, prefix + self.draw(kind, number, moment).hex("sid"))
        if key is None and values.get(kind.id_field) is not None:
            key = relations.identity(kind, text(values[kind.id_field]), said)
            shape.put(values, kind.id_field, key)
        return key or str(number)

    def given_id(self, kind: Kind, said: Mapping[str, Any]) -> Any:
        """Give the id that a request chooses: by the name of the id, or a SID of the same pattern; else None."""
        for name, value in said.items():
            if name in {kind.id_field, kind.id_parameter} or snake_case(name) == kind.id_field:
                return value
        if kind.id_field != "sid":
            return None
        shape = self.shape(kind)
        return next(
            (
                value
                for name, value in said.items()
                if name.endswith("Sid") and isinstance(value, str) and len(value) == _SID and shape.fits("sid", value)
            ),
            None,
        )

    def display(self, moment: Moment, kind: Kind, place: Place, view: View | None) -> None:
        """Put into a list what its description shows, where no operation can put anything there.

        Twilio's lists are left alone: what is in them comes about in other ways, or by seeding.
        """
        mark = (place, _SHOWN)
        if kind.twilio or kind.is_created or mark in moment.state.deleted:
            return
        moment.state.deleted.add(mark)
        for example in reversed((view.examples if view else ()) or ({},)):
            self.make(moment, kind, place, said=example)

    # Changing

    def change(self, moment: Moment, kind: Kind, resource: Resource, said: Mapping[str, Any]) -> None:
        """Write what a request says into a resource; its life goes on from there."""
        shape = self.shape(kind)
        life = self.life(kind)
        said = {name: value for name, value in said.items() if name not in kind.parameters}
        status = next((value for name, value in said.items() if snake_case(name) == "status"), None)
        rest = {name: value for name, value in said.items() if life is None or snake_case(name) != "status"}
        shape.write(resource.values, rest)
        if life is not None and isinstance(status, str):
            self._set_status(moment, kind, resource, life, status)
        shape.touch(resource.values, moment.now)
        relations.changed(self, moment, kind, resource, said)
        shape.settle(resource, self.draw(kind, resource.number, moment))

    def _set_status(self, moment: Moment, kind: Kind, resource: Resource, life: Lifecycle, status: str) -> None:
        """Set a status where life goes that way; Twilio leaves a resource alone whose life is over."""
        current = resource.values.get("status")
        ending = life.endings.get(status, Ending(origins=frozenset(), fields={}))
        if current in life.final or (ending.origins and current not in ending.origins):
            return
        fields = {"status": status, **ending.fields}
        if ending.origins:
            resource.stage = len(life.steps)
        self._happen(kind, resource, fields, moment.now)

    # Removing

    def remove(self, moment: Moment, kind: Kind, resource: Resource) -> None:
        """Remove a resource and everything below it."""
        moment.state.remove(resource)
        if kind.implicit or kind.is_account:
            moment.state.deleted.add((resource.place, resource.id))
        for child in kind.children:
            place = (child.name, *resource.place[1:], resource.id)
            for each in list(moment.state.collection(place)):
                self.remove(moment, child, each)

    # Seeding

    def seeded(self, moment: Moment, operation: Operation) -> dict[str, str]:
        """Give path parameters that an operation can be called with, making what has to be there."""
        plan = self._plans[operation]
        ids: list[str] = []
        for name in plan.names:
            kind = plan.kind_of(name)
            if name == ACCOUNT:
                ids.append(moment.account)
            elif kind is None or kind.single:
                ids.append(self._sample(moment, operation, name))
            else:
                fresh = kind is plan.kind and plan.role is Role.DELETE
                ids.append(self._present(moment, kind, self._sample(moment, operation, name), ids, fresh=fresh))
        if plan.kind is not None and plan.kind.single and plan.role is not Role.CREATE:
            place = self.place(plan.kind, moment.account, ids)
            there = moment.state.find(place, "") or self.make(moment, plan.kind, place)
            if len(ids) > plan.kind.depth:
                relations.provided(self, plan.kind, there, ids[-1])
        if plan.kind is not None and plan.role is Role.LIST:
            self._fill(moment, plan, ids)
        return dict(zip(plan.names, ids, strict=True))

    def _fill(self, moment: Moment, plan: Plan, ids: list[str]) -> None:
        """See to it that a list has more than one page can hold, where that page is small."""
        kind = plan.kind
        assert kind is not None  # noqa: S101 - asked for lists only
        place = self.place(kind, moment.account, ids)
        chosen = {name: ids[plan.names.index(parameter)] for name, parameter in plan.restricts.items()}
        for _ in range(_LISTED - len(moment.state.collection(place))):
            self.make(moment, kind, place, path={**dict(zip(kind.parameters, ids, strict=False)), **chosen})

    def _present(self, moment: Moment, kind: Kind, sample: str, ids: list[str], *, fresh: bool) -> str:
        """Give the id of something that is there; `fresh`: of something made for this purpose."""
        place = self.place(kind, moment.account, ids)
        there = None if fresh else next(moment.state.collection(place).newest(), None)
        if there is not None:
            return there.id
        return self.seed(moment, kind, ids, key=sample if kind.implicit or kind.id_field is None else None).id

    def seed(
        self,
        moment: Moment,
        kind: Kind,
        ids: Sequence[str],
        *,
        key: str | None = None,
        said: Mapping[str, Any] | None = None,
    ) -> Resource:
        """Make a resource that no request of its own asked for, below the resources with some ids."""
        place = self.place(kind, moment.account, ids)
        return self.make(moment, kind, place, key=key, said=said)

    def _sample(self, moment: Moment, operation: Operation, name: str) -> str:
        maker = self._samples.get((operation, name))
        if maker is None:
            declared = next((each for each in operation.parameters_in(Location.PATH) if each.name == name), None)
            root = declared.schema.json_schema if declared else True
            synthesizer = Synthesizer(root, api=operation.api, compiler=self._compiler)
            maker = self._samples[operation, name] = synthesizer.maker(root, name, must=True)
        draw = Draw(key=f"{self._seed}/{operation.key}", now=moment.now, account=moment.account)
        return text(maker(draw))
