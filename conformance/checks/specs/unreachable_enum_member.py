"""The check `unreachable-enum-member`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import THING, thing
from conformance.openapi.flaws import flaw, removal
from conformance.openapi.objects import Kind
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.SEMANTICS,
    severity=Severity.WARNING,
    accepts=[DocumentExample(title="members of the type", document=thing(a={"type": "string", "enum": ["x", "y"]}))],
    objects_to=[
        DocumentExample(
            title="a number among text",
            document=thing(a={"type": "string", "enum": ["x", 1]}),
            at=(f"{THING}/properties/a/enum/1",),
        ),
        DocumentExample(
            title="null without the type null",
            document=thing(a={"type": "string", "enum": ["x", None]}),
            at=(f"{THING}/properties/a/enum/1",),
        ),
        DocumentExample(
            title="one member twice",
            document=thing(a={"type": "string", "enum": ["x", "y", "x"]}),
            at=(f"{THING}/properties/a/enum/2",),
        ),
    ],
)
def unreachable_enum_member(audited: Audited) -> Iterator[Problem]:
    """A member of an enum can never be the value: the rest of the schema excludes it, or it stands there twice.

    A reader takes it for a value to expect. YAML turns `no`, `on` and numbers into something else than text.
    """
    for node in audited.survey.of(Kind.SCHEMA):
        members = node.get("enum")
        if not isinstance(members, list):
            continue
        excluded = [bool(audited.objections(node, member)) for member in members]
        if all(excluded):
            continue
        for index, member in enumerate(members):
            why = "excluded by the rest of the schema" if excluded[index] else "in the enum twice"
            if excluded[index] or any(_same(member, other) for other in members[:index]):
                pointer = f"{node.pointer}/enum/{index}"
                grounds = Grounds(edits=(removal(pointer),), remedy=f"Remove {member!r}.")
                yield flaw(pointer, f"{member!r} is {why}", keyword="enum", actual=member, grounds=grounds)


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)
