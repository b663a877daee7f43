"""The check `unused-component`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.model.audit import Grounds, Technique
from conformance.model.rule import DocumentExample, Problem, Severity, audit
from conformance.model.specimen import component
from conformance.openapi.flaws import flaw, removal
from conformance.openapi.objects import Kind, Node
from conformance.openapi.survey import Survey
from conformance.schemas.audited import Audited


@audit(
    technique=Technique.STRUCTURE,
    severity=Severity.WARNING,
    accepts=[
        DocumentExample(
            title="a component that a component uses",
            document=component({"items": {"$ref": "#/components/schemas/Part"}}, Part={"type": "string"}),
        ),
    ],
    objects_to=[
        DocumentExample(
            title="a component that nothing uses, and one that only it uses",
            document=component(
                {"type": "string"},
                Whole={"type": "array", "items": {"$ref": "#/components/schemas/Part"}},
                Part={"type": "string"},
            ),
            at=("/components/schemas/Whole", "/components/schemas/Part"),
        ),
    ],
)
def unused_component(audited: Audited) -> Iterator[Problem]:
    """No operation uses a component, directly or through others.

    A reader takes it for a part of the API, and generators make types of it that nobody needs. Often an operation that
    should use it lacks its schema.
    """
    survey = audited.survey
    if not survey.operations:
        return
    used = _used(survey)
    waiting = [node for node in survey.of(Kind.COMPONENTS) for node in survey.children(node)]
    unused = [node for node in waiting if node.pointer not in used]
    holders = _holders(survey)
    for node in unused:
        users = sorted(holders.get(node.pointer, ()))
        what = (
            f"{node.key} is used by {', '.join(users)} only, which nothing uses"
            if users
            else f"nothing uses {node.key}"
        )
        edits = () if users else (removal(node.pointer),)
        yield flaw(node, what, keyword="unused", grounds=Grounds(edits=edits, remedy=f"Remove {node.key}."))


def _used(survey: Survey) -> set[str]:
    starts = [node for node in survey.children(survey.root) if node.kind is not Kind.COMPONENTS]
    reached = {node.pointer for node in survey.reach(starts)}
    named = {name for node in survey.of(Kind.SECURITY) if isinstance(node.value, Mapping) for name in node.value}
    reached |= {node.pointer for node in survey.of(Kind.SECURITY_SCHEME) if node.key in named}
    meant = [found for node in survey.of(Kind.SCHEMA) if node.pointer in reached for found in _mapped(survey, node)]
    return reached | {node.pointer for node in survey.reach(meant)}


def _mapped(survey: Survey, node: Node) -> Iterator[Node]:
    """What a discriminator names."""
    discriminator = node.get("discriminator")
    mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
    for target in mapping.values() if isinstance(mapping, Mapping) else ():
        name = str(target)
        found = survey.node(name[1:] if name.startswith("#/") else f"/components/schemas/{name}")
        if found is not None:
            yield found


def _holders(survey: Survey) -> dict[str, set[str]]:
    """The names of the components that refer to a component, itself apart."""
    found: dict[str, set[str]] = {}
    for node in survey.referrers:
        target = survey.follow(node)
        chain = [node, *node.ancestors()]
        owner = next((each for each in chain if each.parent and each.parent.kind is Kind.COMPONENTS), None)
        if target is not None and owner is not None and owner is not target:
            found.setdefault(target.pointer, set()).add(owner.key)
    return found
