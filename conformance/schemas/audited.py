"""A description under audit, with everything that may be asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec import field

from conformance.errors import DocumentError
from conformance.model.audit import Blame, Evidence, Origin, Witness
from conformance.model.operation import Api, Contract, Schema
from conformance.model.rule import Problem
from conformance.model.value import Value
from conformance.openapi.changes import Change
from conformance.openapi.dialect import self_contained
from conformance.openapi.objects import Node
from conformance.openapi.references import Place, References
from conformance.openapi.survey import Survey
from conformance.schemas.compiler import Compiler
from conformance.schemas.observed import Observed
from conformance.schemas.problems import problems


class Difference(Value, frozen=True, kw_only=True):
    """What another description of the same API says differently; that one is the `new` side of the change.

    Where the other one is another version of the same document, it is no second witness: the API may have changed.
    """

    other: str
    """The name of the other description."""
    change: Change
    survey: Survey
    """The other description."""
    is_version: bool = False
    """Another version of the same document, by its title."""

    def evidence(self, what: str, value: Any = None) -> Evidence:
        """Give the difference as evidence."""
        origin = Origin.VERSION if self.is_version else Origin.OTHER
        shown = self.change.new_pointer if value is None else value
        return Evidence(what=what, samples=(Witness(source=self.other, value=shown),), origin=origin)

    @property
    def blame(self) -> Blame:
        """Who is wrong, by this witness alone."""
        return Blame.UNDECIDED if self.is_version else Blame.SPEC


def title(survey: Survey) -> str:
    """Give the title of a document, which versions of it share; empty where it has none."""
    info = survey.root.get("info")
    return str(info.get("title", "")) if isinstance(info, Mapping) else ""


class Audited(Value, frozen=True, kw_only=True):
    """What an audit check looks at."""

    survey: Survey
    sisters: tuple[Survey, ...] = ()
    """The other descriptions of the same run."""
    crowd: tuple[Survey, ...] = ()
    """The description and its sisters, in the order of the run."""
    differences: tuple[Difference, ...] | None = None
    """Against other descriptions of the same API; None where none was given or none has the same operations."""
    compared: frozenset[str] = frozenset()
    """The pointers of the schemas that another description has, too."""
    others: tuple[str, ...] = ()
    """The names of the other descriptions that share an operation with this one."""
    observed: Observed | None = None
    """What recordings show; None where none was given."""
    compiler: Compiler = field(default_factory=Compiler)
    """Knows the formats that are asserted."""
    _schemas: dict[str, Schema] = field(default_factory=dict)
    _by_pointer: dict[str, list[Difference]] = field(default_factory=dict)

    def differing(self, pointer: str, *kinds: str) -> list[Difference]:
        """Give what other descriptions say differently about the object at a pointer, of some kinds of change."""
        if not self._by_pointer:
            for each in self.differences or ():
                self._by_pointer.setdefault(each.change.old_pointer, []).append(each)
        return [each for each in self._by_pointer.get(pointer, ()) if each.change.kind in kinds]

    def objections(self, node: Node, value: Any) -> tuple[Problem, ...]:
        """Give what a schema objects to in a value; nothing where the schema is too broken to say."""
        try:
            return problems(self.compiler.validator(self._schema(node), api=self._api), value)
        except DocumentError:
            return ()

    def has_format(self, name: str, text: str) -> bool:
        """Tell whether a text has a format; False where nobody knows the format."""
        return self._fits(name, text) and not self._fits(name, "\0 of no format")

    def _fits(self, name: str, text: str) -> bool:
        known = self._schemas.get(f"format {name}")
        if known is None:
            schema = {"type": "string", "format": name}
            known = self._schemas[f"format {name}"] = Schema(pointer="", make=lambda: schema)
        return self.compiler.validator(known, api=self._api).is_valid(text)

    def _schema(self, node: Node) -> Schema:
        known = self._schemas.get(node.pointer)
        if known is None:
            document = self.survey.document
            place = Place(document=document, pointer=node.pointer, value=node.value)
            make = partial(self_contained, place, References(document), version=self.survey.version)
            known = self._schemas[node.pointer] = Schema(pointer=node.pointer, make=make)
        return known

    @property
    def _api(self) -> Api:
        document = self.survey.document
        return Api(
            name=self.survey.name,
            title="",
            version="",
            openapi=self.survey.version,
            servers=(),
            digest="",
            contract=Contract.AS_WRITTEN,
            path=document.path,
            locate=document.position,
        )
